//! The seam between the transports and the protocol behind them.
//!
//! Transports deliver messages that passed the strict check and take finished
//! bytes back. No type of the MCP library crosses this line.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::Full;
use http_body_util::combinators::BoxBody;
use mcp_factory_sdk::Principal;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::frame::Frame;
use crate::pipeline::Origin;
use crate::stdio::Slot;

// JSON-RPC codes of our own: outside of the range that the specification keeps for itself, each ending in
// the HTTP status it goes with.

/// Nobody knows who is asking.
pub(crate) const UNAUTHENTICATED: i32 = -31401;
/// The caller lacks a scope, or belongs to no tenant.
pub(crate) const DENIED: i32 = -31403;
/// Too many of one caller.
pub(crate) const RATE_LIMITED: i32 = -31429;
/// Too busy, or something that is needed is down: try again.
pub(crate) const OVERLOADED: i32 = -31503;

/// Resource URIs that one client may subscribe to.
pub(crate) const MAX_SUBSCRIBED_URIS: usize = 128;

/// Bytes of a URI: the server keeps it, echoes it and logs it.
pub(crate) const MAX_URI_BYTES: usize = 4_096;

/// A response body: buffered, or a stream of events that ends when the answer is complete.
pub(crate) type BoxedBody = BoxBody<Bytes, Infallible>;

/// One message from stdin.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// The checked message.
    pub(crate) frame: Frame,
    /// Of a request only: its place among the calls in flight. Keep it until the
    /// answer is handed over or it is certain that none will come; dropping it
    /// frees the id, and the drain at the end waits for the last one.
    pub(crate) slot: Option<Slot>,
}

/// A whole answer to one request over HTTP: JSON, with the status that goes with it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// When the client may come again.
    pub(crate) retry_after: Option<Duration>,
    /// One JSON-RPC response; empty when the client took its request back.
    pub(crate) body: Bytes,
}

/// The scopes that a caller has to ask for.
#[derive(Debug)]
pub(crate) struct Lacking {
    /// In words.
    pub(crate) message: String,
    /// All that a token must grant for this and for what the caller could do already.
    pub(crate) scopes: Vec<&'static str>,
}

/// What the transports need from the protocol.
pub(crate) trait Protocol: Send + Sync + 'static {
    /// Answers one HTTP request that passed every guard.
    ///
    /// Its extensions hold an `Arc<Frame>` when it is a POST; the body is the
    /// frame's own bytes. `Content-Type` and `Accept` are normalised. Dropping
    /// the future means that the client has gone.
    fn handle(
        &self,
        request: http::Request<Full<Bytes>>,
    ) -> impl Future<Output = http::Response<BoxedBody>> + Send;

    /// Answers a request that has one answer, without the detour of [`Self::handle`]; `None` leaves it
    /// to that. Which of the two answered is nothing that a client can see. Dropping the future means that the
    /// client has gone.
    fn answer(
        &self,
        headers: &HeaderMap,
        frame: &Frame,
        principal: &Arc<Principal>,
        origin: &Arc<Origin>,
    ) -> impl Future<Output = Option<Answer>> + Send;

    /// Whether callers like `principal` are served at all.
    fn serves(&self, principal: &Principal) -> bool;

    /// What `principal` must still be granted before `frame` is handled. Asked so that HTTP can say it in
    /// its own words; whoever handles the frame asks again.
    fn lacks(
        &self,
        principal: &Arc<Principal>,
        origin: &Arc<Origin>,
        frame: &Frame,
    ) -> Option<Lacking>;

    /// The scopes of using `name` by `method`, for the challenge to a caller that is not known yet.
    fn demanded(&self, method: &str, name: &str) -> Option<&'static str>;

    /// Serves the one connection that stdin and stdout are.
    ///
    /// `outbound` takes messages without a line end. When `inbound` ends, answer
    /// what is in flight, end long-lived streams, and return; after `cancel`,
    /// return at once.
    fn connect(
        &self,
        inbound: mpsc::Receiver<Incoming>,
        outbound: mpsc::Sender<Bytes>,
        cancel: CancellationToken,
    ) -> impl Future<Output = ()> + Send;
}
