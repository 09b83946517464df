//! The order of the guards, from the route to the protocol.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use mcp_factory_sdk::{Principal, ScopeSet};
use tokio::sync::Semaphore;

use super::hosts::HostList;
use super::origins::OriginList;
use super::pulse::Patience;
use super::refusal::{Refusal, json};
use super::{body, negotiate};
use crate::frame::{Frame, FrameLimits};
use crate::held::hold;
use crate::lifecycle::Lifecycle;
use crate::protocol::{Protocol, ResponseBody};

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
    /// Whether GET and DELETE have a meaning: sessions of the older protocol era.
    pub(crate) sessions: bool,
}

/// Everything that the connections share.
pub(crate) struct Service<P> {
    protocol: Arc<P>,
    hosts: HostList,
    origins: OriginList,
    limits: HttpLimits,
    /// Who every request is from. Nothing authenticates yet: whoever reaches the port is trusted, which
    /// is why the port is a loopback one unless the operator insists.
    principal: Arc<Principal>,
    in_flight: Arc<Semaphore>,
    large_bodies: Semaphore,
    lifecycle: Lifecycle,
}

impl<P: Protocol> Service<P> {
    pub(crate) fn new(
        protocol: Arc<P>,
        hosts: HostList,
        origins: OriginList,
        limits: HttpLimits,
        lifecycle: Lifecycle,
    ) -> Self {
        Self {
            protocol,
            hosts,
            origins,
            limits,
            principal: Arc::new(Principal::new("anonymous", ScopeSet::All)),
            in_flight: Arc::new(Semaphore::new(limits.in_flight)),
            large_bodies: Semaphore::new(body::LARGE_AT_ONCE),
            lifecycle,
        }
    }

    pub(super) fn limits(&self) -> &HttpLimits {
        &self.limits
    }

    pub(super) fn patience(&self) -> Patience {
        self.limits.patience
    }

    /// Answers one request, whatever it is.
    pub(super) async fn respond(&self, request: Request<Incoming>) -> Response<ResponseBody> {
        match request.uri().path() {
            "/mcp" => self
                .message(request)
                .await
                .unwrap_or_else(Refusal::into_response),
            // Probes come from the orchestrator under an address of its own, so no
            // Host is asked for; there is nothing to steal and nothing to change.
            "/livez" => probe(request.method(), true),
            "/readyz" => probe(request.method(), !self.lifecycle.is_draining()),
            _ => json(
                StatusCode::NOT_FOUND,
                r#"{"error":"not found: the server is at /mcp"}"#,
            ),
        }
    }

    async fn message(&self, request: Request<Incoming>) -> Result<Response<ResponseBody>, Refusal> {
        let (mut parts, incoming) = request.into_parts();
        self.hosts.check(&parts)?;
        self.origins.check(&parts.headers)?;
        match parts.method {
            Method::POST => negotiate::post(&mut parts.headers)?,
            Method::GET if self.limits.sessions => negotiate::get(&mut parts.headers)?,
            Method::DELETE if self.limits.sessions => {}
            _ if self.limits.sessions => {
                return Err(Refusal::method_not_allowed("POST, GET, DELETE"));
            }
            _ => return Err(Refusal::method_not_allowed("POST")),
        }
        parts.extensions.insert(Arc::clone(&self.principal));
        if parts.method != Method::POST {
            let _place = self
                .in_flight
                .try_acquire()
                .map_err(|_| Refusal::overloaded(None).closing())?;
            let request = Request::from_parts(parts, Full::default());
            return Ok(Box::pin(self.protocol.handle(request)).await);
        }
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
            .map_err(|_| Refusal::overloaded(frame.id()))?;
        let endless = frame.method() == "subscriptions/listen";
        parts.extensions.insert(Arc::new(frame));
        let request = Request::from_parts(parts, Full::new(body.bytes.clone()));
        // Boxed, because a connection keeps room for its largest future while it is idle.
        let response = Box::pin(self.protocol.handle(request)).await;
        // An answer stays in memory until the client has read it, so it stays in flight until then. A
        // stream of events that nobody called for holds little, and may wait for hours.
        if endless {
            return Ok(response);
        }
        Ok(hold(response, place))
    }
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
