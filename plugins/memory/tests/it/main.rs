//! The memory plugin on real files: parity with the reference server, several processes, crashes, limits.

#![expect(
    clippy::unwrap_used,
    reason = "in tests a panic is the report, also in their helpers"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests inspect the file past the plugin"
)]

mod configuration;
mod crash;
mod fixture;
mod importing;
mod limits;
mod paging;
mod parity;
mod replay;
mod sharing;
mod tools;
