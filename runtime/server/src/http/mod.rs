//! The HTTP transport: one endpoint, `/mcp`, and two probes.
//!
//! In the room: where to listen (`listen`, `descriptors`), taking connections in (`accept`, the last of them
//! `closing`), one connection and which version of HTTP it speaks (`connection`, `socket`, `tls`, `http1`, `http2`), who
//! is at its other end (`peer`), its silences (`watch`, `watched`, `silence`, `pulse`, `linger`), the guards in their
//! order (`service`: `hosts`, `origins`, `gatekeeper`, `negotiate`, `body`) and how a refusal looks (`refusal`); and the
//! same for a listener that has pages instead of an endpoint (`pages`). Not here: what a message means, how a credential
//! is verified.

mod accept;
mod body;
mod closing;
mod connection;
mod date;
mod descriptors;
mod gatekeeper;
mod guests;
mod hosts;
mod http1;
mod http2;
mod incoming;
mod linger;
mod listen;
mod negotiate;
mod origins;
mod pages;
mod peer;
mod pulse;
mod refusal;
mod service;
mod silence;
mod socket;
#[cfg(test)]
mod tests;
mod tls;
mod watch;
mod watched;

pub(crate) use accept::serve;
pub(crate) use descriptors::affordable_connections;
pub(crate) use gatekeeper::{Gatekeeper, GatekeeperParts};
pub(crate) use hosts::HostList;
pub(crate) use listen::Listen;
pub(crate) use origins::{OriginList, public_url};
pub(crate) use pages::{Asked, Pages, page};
pub(crate) use refusal::retry_after;
pub(crate) use service::{HttpLimits, Service};
pub(crate) use silence::Patience;
pub(crate) use tls::{Tls, TlsFiles};
