//! What a call must pass after its scope: rates, the second factor, and the record of what happened.
//!
//! In the room: limits per caller and per address (`rate`), the gate (`gate`), the audit record
//! (`audit`), the logs of calls with their arguments (`calls`), the thread and the files of both (`queue`, `file`),
//! and the Redis that replicas of a server may share the first two through (`shared`).
//! Not here: who is calling (`mcp-factory-identity`), the protocol and transports (`mcp-factory-server`).

mod audit;
mod calls;
pub mod duration;
mod escape;
mod file;
mod gate;
mod line;
mod problem;
mod queue;
mod rate;
mod shared;
mod timestamp;

pub use audit::{Audit, AuditConfig, AuditTarget, Fingerprint, NotATarget, Record};
pub use calls::{CallLog, CallsConfig, FileConfig, Kept, LoggedCall, Place, Room, Written};
pub use file::{
    LogFile, NotAFile, NotARotation, Rotate, Rotation, can_be_put_aside, is_same_file, not_opened,
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
