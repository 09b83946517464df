//! The way out of a server: names, addresses, TLS and HTTP.
//!
//! Every byte a plugin sends to another machine leaves through here, so that the questions of every such
//! program have one answer each:
//!
//! - **Where may it go?** [`Reach`]: the address that was vetted is the address that is dialled, for names
//!   and for addresses written in the URL alike, on every hop.
//! - **How much, how long?** Bodies are counted while they are read, and one deadline covers a request from
//!   the look-up of its name to the last byte of its answer.
//! - **Whom does it trust?** [`tls`]: Mozilla's roots inside the binary, those of the system besides.
//! - **What does it tell?** [`OutboundError`] prints no URL, no secret and no address.
//!
//! Beside that, what plugins of web services have in common: the operator's address ([`base_url`]), a
//! credential that may be replaced while the server runs ([`Credential`]), pages ([`Position`], [`fit`]), and
//! faults ([`Upstream`]): so many requests at once, rate limits kept by all ([`Pauses`]), repetitions only of
//! what may be done twice, and a [`Breaker`] that leaves a failing service alone.
//!
//! HTTP/1.1 only, no proxy, no cookies, no decompression: each of them is a way around one of the above.
//! Not in the room: what any service's answers mean.

#![forbid(unsafe_code)]

mod address;
mod base;
mod breaker;
mod client;
mod connect;
mod credential;
mod error;
mod halt;
mod page;
mod pauses;
mod percent;
mod reach;
mod redirect;
mod request;
pub mod resolve;
mod response;
pub mod retry;
mod said;
mod settings;
pub mod signature_v4;
pub mod sse;
#[cfg(test)]
mod testing;
pub mod tls;
mod upstream;

pub use address::inner_addresses;
pub use base::{base_url, is_loopback};
pub use breaker::{Breaker, BreakerSettings, Change, Condition, Pass};
pub use bytes::Bytes;
pub use client::{Client, ClientBuilder};
pub use credential::Credential;
pub use error::{OutboundError, RedirectProblem, Refusal};
pub use halt::Halt;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use ipnet::IpNet;
pub use page::{Position, fit};
pub use pauses::{LONGEST_PAUSE, Pauses, TooLong};
pub use percent::percent_encode;
pub use reach::Reach;
pub use redirect::Redirects;
pub use request::Request;
pub use resolve::Resolver;
pub use response::Response;
pub use said::{Fault, Said};
pub use settings::{BreakerConfig, DEFAULT_RETRIES, Faults, duration_setting};
pub use upstream::{Upstream, UpstreamSettings, Work};
pub use url::{Host, Url};
