//! The shell plugin with real programs: what commands do, and every way out of one that is known.
//!
//! The programs are git and perl, which every Debian has (`apt-get install git perl-base`). Run as root, the
//! tests let the programs run as nobody, as a server should.

#![expect(
    clippy::unwrap_used,
    reason = "in tests a panic is the report, also in their helpers"
)]

mod declaring;
mod ending;
mod fallback;
mod files;
mod injections;
mod processes;
mod running;
mod starting;
mod support;
mod system_calls;
