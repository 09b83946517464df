//! What a call must pass after its scope: rates, the second factor, and the record of what happened.
//!
//! In the room: limits per caller and per address (`rate`), the gate (`gate`), the audit record
//! (`audit`), and the Redis that replicas of a server may share the first two through (`shared`).
//! Not here: who is calling (`mcp-factory-identity`), the protocol and transports (`mcp-factory-server`).

mod audit;
pub mod duration;
mod gate;
mod problem;
mod rate;
mod shared;
mod timestamp;

pub use audit::{
    Audit, AuditConfig, AuditTarget, Fingerprint, LogFile, NotAFile, NotARotation, NotATarget,
    Record, Rotate, Rotation, not_opened,
};
pub use gate::{
    Closed, GATE_PLUGIN, GateConfig, GatePlugin, Gates, GroupConfig, GroupStatus, NotLocked,
    NotOpened, Opened,
};
/// The clock of the SDK, which says when now is.
pub use mcp_factory_sdk::Clock;
pub use problem::Problem;
pub use rate::{AddressLimits, Exceeded, RateLimits};
pub use shared::{BadUrl, RedisConfig, RedisUrl, Shared, Unavailable};
pub use timestamp::Timestamp;
