//! What replicas share, against a real Redis: `redis-server` must be installed.
//!
//! Each test starts its own, on a port of its own, and kills it at the end.

mod faults;
mod impostors;
mod log;
mod overload;
mod rates;
mod server;
mod tls;
