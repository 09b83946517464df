//! What a call must pass after its scope: rates, the second factor, and the record of what happened.
//!
//! In the room: limits per caller and per address (`rate`), the gate (`gate`), the audit record
//! (`audit`), and the Redis that replicas of a server may share the first two through (`shared`).
//! Not here: who is calling (`mcp-factory-identity`), the protocol and transports (`mcp-factory-server`).

pub mod duration;
mod problem;
mod shared;

pub use problem::Problem;
pub use shared::{BadUrl, RedisConfig, RedisUrl, Shared, Target, Unavailable};
