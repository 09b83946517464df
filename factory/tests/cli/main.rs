//! The real binary, driven as a user drives it: every mistake with its message and its exit code.
//!
//! Nothing here compiles a server; that is done end to end in the workspace's `tests/`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod client;
mod declared;
mod deploy;
mod doctor;
mod driver;
mod environment;
mod examples;
mod gates;
mod generate;
mod image;
mod inspect;
mod install;
mod manifest;
mod new;
mod output;
mod path_plugins;
mod plan;
mod plugins;
mod read_only;
mod server_features;
