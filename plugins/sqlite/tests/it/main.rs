//! The SQLite plugin on real databases: every tool, every limit, every refusal, and every way around them
//! that we know of.

#![expect(
    clippy::unwrap_used,
    reason = "in tests a panic is the report, also in their helpers"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests set up and inspect databases past the plugin"
)]

mod benign;
mod bombs;
mod bypass;
mod cancelling;
mod configuration;
mod declared;
mod fixture;
mod insights;
mod mash;
mod outside;
mod reading;
mod tables;
mod tools;
mod values;
mod writing;
