//! The HTTP transport: one endpoint, `/mcp`, and two probes.
//!
//! In the room: where to listen (`listen`, `descriptors`), taking connections in
//! (`accept`), one connection and its silences (`connection`, `pulse`, `linger`), the guards
//! in their order (`service`: `hosts`, `origins`, `gatekeeper`, `negotiate`, `body`) and how a
//! refusal looks (`refusal`). Not here: what a message means, how a credential is verified.

mod accept;
mod body;
mod connection;
mod descriptors;
mod gatekeeper;
mod hosts;
mod linger;
mod listen;
mod negotiate;
mod origins;
mod pulse;
mod refusal;
mod service;
#[cfg(test)]
mod tests;

pub(crate) use accept::serve;
pub(crate) use descriptors::affordable_connections;
pub(crate) use gatekeeper::{Gatekeeper, GatekeeperParts};
pub(crate) use hosts::HostList;
pub(crate) use listen::Listen;
pub(crate) use origins::{OriginList, public_url};
pub(crate) use pulse::Patience;
pub(crate) use refusal::retry_after;
pub(crate) use service::{HttpLimits, Service};
