//! The S3 plugin against a store of another author, which checks every signature, and against faults.

#![allow(
    clippy::unwrap_used,
    clippy::format_collect,
    clippy::needless_pass_by_value,
    reason = "in tests a panic is the report, also in their helpers"
)]

mod configuration;
mod faults;
mod guards;
mod links;
mod objects;
mod requests;
mod store;
mod surface;
