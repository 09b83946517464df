//! The way out of a server: names, addresses, TLS and HTTP.

#![forbid(unsafe_code)]
