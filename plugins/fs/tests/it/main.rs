//! The file plugin on real files: every tool, every limit, every refusal and every known way out of a root.

#![expect(
    clippy::disallowed_methods,
    reason = "tests set up and inspect files from outside of the roots"
)]
#![expect(
    clippy::unwrap_used,
    reason = "in tests a panic is the report, also in their helpers"
)]

mod addressing;
mod configuration;
mod deny;
mod descriptors;
mod editing;
mod escapes;
mod fifo;
mod full_disk;
mod grepping;
mod listing;
mod race;
mod reading;
mod removing;
mod resolver;
mod resources;
mod sandbox;
mod searching;
mod server;
mod tools;
mod transferring;
mod trees;
mod writing;
