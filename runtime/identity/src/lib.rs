//! Who is calling, over HTTP.
//!
//! An [`Authenticator`] is made of the operator's settings ([`AuthConfig`]) and asked about each request's
//! headers. It answers with a principal, or with a [`Refusal`] and the challenge that goes with it.
//!
//! - `jwt`: access tokens checked here, with the keys of their issuer.
//! - `introspection`: access tokens checked by asking their issuer.
//! - `keys`: API keys, kept as hashes.
//!
//! Nothing here knows the protocol above HTTP, serves anything, or lets a credential out: it is in no error,
//! no log and no `Debug`.

#![deny(missing_docs)]

mod authenticator;
mod challenge;
mod config;
mod credential;
mod discovery;
mod fetch;
mod grants;
mod introspection;
mod jwks;
mod jwt;
mod keys;
mod metadata;
mod preset;
mod refresh;
mod refusal;
mod strict_json;
#[cfg(test)]
mod test_log;
#[cfg(test)]
mod testing;
mod verified;

pub use authenticator::{Authenticator, Surroundings};
pub use config::{AuthConfig, Expiry, KeyDigest, KeyEntry, Mode, Problem};
/// The clock of the SDK, which says when now is.
pub use mcp_factory_sdk::Clock;
pub use refusal::Refusal;
