//! How often: per caller and tool, shared with replicas where there is a Redis, and per address.
//!
//! In the room: the limits (`callers`, `addresses`), the arithmetic (`charge`), the rows of callers
//! (`table`), how they are found (`row_key`), and the same arithmetic in Redis (`replicas`).

mod addresses;
mod callers;
mod charge;
mod replicas;
mod row_key;
mod table;

use std::time::Duration;

pub use self::{addresses::AddressLimits, callers::RateLimits};

/// Too many calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many calls: the next is let through in {retry_after:?}")]
pub struct Exceeded {
    /// When the next one will be let through, if nothing else comes before it. Never zero.
    pub retry_after: Duration,
}
