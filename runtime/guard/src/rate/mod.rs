//! How often: limits per caller and tool, and per address.

use std::{net::IpAddr, sync::Arc, time::Duration};

use mcp_factory_sdk::Rate;

use crate::Shared;

/// Too many calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many calls: try again in {retry_after:?}")]
pub struct Exceeded {
    /// When the next one will be let through, if nothing else comes before it.
    pub retry_after: Duration,
}
