//! The fetch plugin against real servers on loopback, as a client calls it.

#![expect(
    clippy::unwrap_used,
    reason = "in tests a panic is the report, also in their helpers"
)]

mod bounds;
mod configuration;
mod pages;
mod reach;
mod robots;
mod site;
mod surface;
