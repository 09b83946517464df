//! The order of the guards, from the route to the protocol.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, RETRY_AFTER,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt, Full, StreamBody};
use mcp_factory_identity::Authenticator;
use mcp_factory_sdk::Principal;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::gatekeeper::Gatekeeper;
use super::hosts::HostList;
use super::incoming::Incoming;
use super::origins::OriginList;
use super::pages::{self, Pages, Table};
use super::peer::Peer;
use super::refusal::{Refusal, json, retry_after};
use super::silence::Patience;
use super::{body, negotiate};
use crate::frame::{Frame, FrameLimits, RequestId};
use crate::header_names::{METHOD, NAME};
use crate::held::hold;
use crate::lifecycle::Lifecycle;
use crate::metrics::Refused;
use crate::pipeline::Origin;
use crate::protocol::{Answer, BoxedBody, Protocol};
use crate::response_body::ResponseBody;
use crate::trace::Trace;

/// Where a client looks for the metadata of a resource whose path it does not know.
const METADATA_ROOT: &str = "/.well-known/oauth-protected-resource";
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Bounds of the HTTP transport.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HttpLimits {
    /// Size and depth of one message, which is one request's body.
    pub(crate) frame: FrameLimits,
    /// Connections open at once; more are turned away with 503.
    pub(crate) connections: usize,
    /// Requests answered at once; more are turned away with 503. A stream of
    /// events counts until its head is sent.
    pub(crate) in_flight: usize,
    /// From the end of the headers to the end of the body.
    pub(crate) body: Duration,
    /// How long a connection may be silent.
    pub(crate) patience: Patience,
    /// How long a stream of events lasts where callers are known: whoever opens it anew shows a credential
    /// that is still good.
    pub(crate) stream: Duration,
    /// Whether GET and DELETE have a meaning: sessions of the older protocol era.
    pub(crate) sessions: bool,
}

/// Everything that the connections share.
pub(crate) struct Service<P> {
    protocol: Arc<P>,
    hosts: HostList,
    origins: OriginList,
    limits: HttpLimits,
    gatekeeper: Gatekeeper,
    places: Arc<Semaphore>,
    in_flight: Arc<Semaphore>,
    large_bodies: Semaphore,
    lifecycle: Lifecycle,
    /// Of a listener that has pages instead of an endpoint.
    pub(super) table: Option<Table>,
}

impl<P: Protocol> Service<P> {
    pub(crate) fn new(
        protocol: Arc<P>,
        hosts: HostList,
        origins: OriginList,
        gatekeeper: Gatekeeper,
        limits: HttpLimits,
        lifecycle: Lifecycle,
    ) -> Self {
        Self {
            protocol,
            hosts,
            origins,
            limits,
            gatekeeper,
            places: Arc::new(Semaphore::new(limits.connections)),
            in_flight: Arc::new(Semaphore::new(limits.in_flight)),
            large_bodies: Semaphore::new(body::LARGE_AT_ONCE),
            lifecycle,
            table: None,
        }
    }

    /// The same connections and guards for a listener that has `pages`, under the names `hosts`, and no endpoint.
    pub(crate) fn of_pages(
        protocol: Arc<P>,
        hosts: HostList,
        gatekeeper: Gatekeeper,
        pages: Arc<dyn Pages>,
        lifecycle: Lifecycle,
    ) -> Self {
        let limits = HttpLimits {
            frame: FrameLimits::default(),
            connections: pages::CONNECTIONS,
            in_flight: pages::IN_FLIGHT,
            body: Duration::ZERO,
            patience: pages::PATIENCE,
            stream: Duration::ZERO,
            sessions: false,
        };
        let table = Table {
            pages,
            hosts,
            in_flight: Semaphore::new(pages::IN_FLIGHT),
        };
        let none = (HostList::loopback(), OriginList::loopback());
        Self {
            table: Some(table),
            ..Self::new(protocol, none.0, none.1, gatekeeper, limits, lifecycle)
        }
    }

    /// The places of connections.
    pub(super) const fn places(&self) -> &Arc<Semaphore> {
        &self.places
    }

    /// Connections that are open, and requests that are being answered.
    pub(crate) fn load(&self) -> (usize, usize) {
        let used = |all: usize, places: &Semaphore| all.saturating_sub(places.available_permits());
        (
            used(self.limits.connections, &self.places),
            used(self.limits.in_flight, &self.in_flight),
        )
    }

    /// A connection was turned away, for want of a place.
    pub(super) fn turned_away(&self) {
        self.gatekeeper.count(Refused::Connections);
    }

    pub(super) fn limits(&self) -> &HttpLimits {
        &self.limits
    }

    pub(super) fn patience(&self) -> Patience {
        self.limits.patience
    }

    /// Answers one request of the client at `peer`, whatever it is.
    pub(super) async fn respond(
        &self,
        request: Request<Incoming>,
        peer: &Peer,
    ) -> Response<ResponseBody> {
        if let Some(table) = self.table() {
            return Box::pin(table.respond(request, peer.address())).await;
        }
        // They stay here and are lent: what is handed on by value is copied at each step.
        let (mut parts, incoming) = request.into_parts();
        let is_endpoint = parts.uri.path() == "/mcp";
        let is_message = is_endpoint && parts.method == Method::POST;
        let unread = !is_message && !incoming.is_end_stream();
        let mut response = if is_endpoint {
            let answered = pin!(self.message(&mut parts, incoming, peer)).await;
            answered.unwrap_or_else(Refusal::into_response)
        } else {
            self.beside(&parts)
        };
        // A body that nobody reads: hyper may have to close the connection after the answer, and then that is said.
        if unread {
            let headers = response.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// What stands beside the endpoint.
    fn beside(&self, parts: &Parts) -> Response<ResponseBody> {
        match parts.uri.path() {
            // Probes come from the orchestrator under an address of its own, so no
            // Host is asked for; there is nothing to steal and nothing to change.
            "/livez" => probe(&parts.method, true),
            "/readyz" => probe(&parts.method, !self.lifecycle.is_draining()),
            path if self.is_metadata(path) => self.metadata(&parts.method),
            _ => json(
                StatusCode::NOT_FOUND,
                r#"{"error":"not found: the server is at /mcp"}"#,
            ),
        }
    }

    /// Protected Resource Metadata (RFC 9728 §3.1): at the path of the resource, and at the root for clients
    /// that only look there.
    fn is_metadata(&self, path: &str) -> bool {
        let Some(authenticator) = self.gatekeeper.authenticator() else {
            return false;
        };
        authenticator.metadata().is_some()
            && (path == METADATA_ROOT || path == authenticator.metadata_path())
    }

    fn metadata(&self, method: &Method) -> Response<ResponseBody> {
        let document = self
            .gatekeeper
            .authenticator()
            .and_then(Authenticator::metadata);
        let mut response = match *method {
            Method::GET | Method::HEAD => {
                json(StatusCode::OK, document.cloned().unwrap_or_default())
            }
            Method::OPTIONS => {
                let mut response = json(StatusCode::NO_CONTENT, "");
                let headers = response.headers_mut();
                headers.remove(CONTENT_TYPE);
                let methods = HeaderValue::from_static("GET");
                headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
                // Clients of the protocol send its version along.
                let any = HeaderValue::from_static("*");
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, any);
                response
            }
            _ => return Refusal::method_not_allowed("GET, HEAD, OPTIONS").into_response(),
        };
        // It is public, and a client in a browser has to read it before it can ask for a token.
        let anybody = HeaderValue::from_static("*");
        response
            .headers_mut()
            .insert(ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
        response
    }

    async fn message(
        &self,
        parts: &mut Parts,
        incoming: Incoming,
        peer: &Peer,
    ) -> Result<Response<ResponseBody>, Refusal> {
        self.hosts.check(parts)?;
        self.origins.check(&parts.headers)?;
        let (principal, origin) = self.identify(&parts.headers, peer).await?;
        negotiate::once(&parts.headers)?;
        match parts.method {
            Method::POST => {
                negotiate::post(&parts.headers)?;
                return pin!(self.post(parts, incoming, principal, origin)).await;
            }
            Method::GET if self.limits.sessions => negotiate::get(&mut parts.headers)?,
            Method::DELETE if self.limits.sessions => {}
            _ if self.limits.sessions => {
                return Err(Refusal::method_not_allowed("POST, GET, DELETE"));
            }
            _ => return Err(Refusal::method_not_allowed("POST")),
        }
        let _place = self
            .in_flight
            .try_acquire()
            .map_err(|_| self.overloaded(None).closing())?;
        let request = for_protocol(parts, Full::default(), principal, origin);
        let response = Box::pin(self.protocol.handle(request)).await;
        Ok(self.for_a_while(response).map(ResponseBody::Boxed))
    }

    fn overloaded(&self, id: Option<&RequestId>) -> Refusal {
        self.gatekeeper.count(Refused::Overloaded);
        Refusal::overloaded(id)
    }

    /// One message: the body, its scopes, and whoever answers it.
    async fn post(
        &self,
        parts: &mut Parts,
        incoming: Incoming,
        principal: Arc<Principal>,
        origin: Arc<Origin>,
    ) -> Result<Response<ResponseBody>, Refusal> {
        let limits = &self.limits;
        let body = body::read(
            incoming,
            limits.frame.max_bytes,
            limits.body,
            &self.large_bodies,
        )
        .await?;
        let frame =
            Frame::parse(body.bytes.clone(), &limits.frame).map_err(Refusal::not_a_message)?;
        let place = Arc::clone(&self.in_flight)
            .try_acquire_owned()
            .map_err(|_| self.overloaded(frame.id()))?;
        if let Some(lacking) = self.protocol.lacks(&principal, &origin, &frame) {
            let challenge = self
                .gatekeeper
                .authenticator()
                .map(|authenticator| authenticator.insufficient_scope(&lacking.scopes));
            return Err(Refusal::denied(lacking.message, frame.id(), challenge));
        }
        let headers = &parts.headers;
        let answer = self.protocol.answer(headers, &frame, &principal, &origin);
        let answer = pin!(answer).await;
        // An answer stays in memory until the client has read it, so it stays in flight until then.
        if let Some(answer) = answer {
            return Ok(answered(answer, std::mem::take(&mut parts.headers), place));
        }
        let mut request = for_protocol(parts, Full::new(body.bytes.clone()), principal, origin);
        negotiate::plain(request.headers_mut());
        let endless = frame.method() == "subscriptions/listen";
        request.extensions_mut().insert(Arc::new(frame));
        // Boxed, because a connection keeps room for its largest future until it rests; this one is larger than that of
        // the fast lane by far.
        let response = Box::pin(self.protocol.handle(request)).await;
        // A stream of events that nobody called for holds little, and may wait for hours.
        let response = if endless {
            self.for_a_while(response)
        } else {
            hold(response, place)
        };
        Ok(response.map(ResponseBody::Boxed))
    }
}

/// A request as the protocol gets it: with its caller, and without the credential. Nothing behind this line
/// sees that, and no plugin does.
fn for_protocol(
    parts: &mut Parts,
    body: Full<Bytes>,
    principal: Arc<Principal>,
    origin: Arc<Origin>,
) -> Request<Full<Bytes>> {
    let mut parts = std::mem::replace(parts, Request::new(()).into_parts().0);
    parts.headers.remove(AUTHORIZATION);
    parts.headers.remove(API_KEY);
    parts.extensions.insert(principal);
    parts.extensions.insert(origin);
    Request::from_parts(parts, body)
}

impl<P: Protocol> Service<P> {
    /// Ends a stream of events after a time, so that it does not outlive the credential that opened it by
    /// more than that.
    fn for_a_while(&self, response: Response<BoxedBody>) -> Response<BoxedBody> {
        if self.gatekeeper.authenticator().is_none() {
            return response;
        }
        let over = tokio::time::sleep(self.limits.stream);
        response.map(|body| {
            let frames = body.into_data_stream().map_ok(http_body::Frame::data);
            BodyExt::boxed(StreamBody::new(frames.take_until(over)))
        })
    }

    /// Who sends a request with these headers, and from where.
    async fn identify(
        &self,
        headers: &HeaderMap,
        peer: &Peer,
    ) -> Result<(Arc<Principal>, Arc<Origin>), Refusal> {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let address = self.gatekeeper.address(peer.address(), headers);
        // The newer revision of the protocol says in its headers what a request is about.
        let hint = || {
            text(&METHOD)
                .zip(text(&NAME))
                .and_then(|(method, name)| self.protocol.demanded(method, name))
        };
        let principal = self.gatekeeper.admit(headers, address, hint).await?;
        if !self.protocol.serves(&principal) {
            self.gatekeeper.note("denied", Some(&principal), address);
            let message = "the caller belongs to no tenant of this server".to_owned();
            return Err(Refusal::denied(message, None, None).closing());
        }
        let trace = text(&TRACEPARENT).and_then(Trace::parse);
        Ok((principal, peer.origin(address, trace)))
    }
}

/// A whole answer as HTTP, in its place; an empty one for a request that has none any more. Its headers are
/// written where the request's were: hyper keeps that room for the next request of the connection.
fn answered(
    answer: Answer,
    mut headers: HeaderMap,
    place: OwnedSemaphorePermit,
) -> Response<ResponseBody> {
    headers.clear();
    // Empty: the request was taken back, a stream that ends without its answer.
    let kind = if answer.body.is_empty() {
        "text/event-stream"
    } else {
        "application/json"
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(wait) = answer.retry_after {
        headers.insert(RETRY_AFTER, retry_after(wait));
    }
    let mut response = Response::new(ResponseBody::Whole {
        rest: answer.body,
        _place: Some(place),
    });
    *response.status_mut() = answer.status;
    *response.headers_mut() = headers;
    response
}

fn probe(method: &Method, well: bool) -> Response<ResponseBody> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Refusal::method_not_allowed("GET, HEAD").into_response();
    }
    if well {
        json(StatusCode::OK, r#"{"status":"ok"}"#)
    } else {
        json(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#)
    }
}

impl<P> std::fmt::Debug for Service<P> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Service")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
