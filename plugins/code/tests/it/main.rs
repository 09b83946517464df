//! The code plugin: what scripts do, and every bomb and way out that is known.

#![expect(
    clippy::unwrap_used,
    reason = "in tests a panic is the report, also in their helpers"
)]

mod bombs;
mod escapes;
mod running;
mod support;
