//! The protocol behind HTTP: which of `rmcp`'s two services a request goes to, and answers of one form.
//!
//! Everything that can be refused without knowing the protocol was refused before (`crate::http`).

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use mcp_factory_sdk::Principal;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService,
    session::{SessionManager as _, never::NeverSessionManager},
};
use serde_json::json;

use super::{
    Shared, claims::Claims, handler::Handler, owners::Owners, sessions::BoundedSessions,
    status::StatusHint,
};
use crate::{
    frame::{Frame, FrameKind},
    held::hold,
    http::retry_after,
    lifecycle::Lifecycle,
};

pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// How many callers it takes to have all sessions, and how many each may have of a few.
const SHARES: usize = 4;
const LEAST_SHARE: usize = 4;

/// Bytes of an `initialize`: a session keeps what it says of the client for as long as it lives.
const INITIALIZE_LIMIT: u64 = 64 << 10;

/// Both services over one set of plugins.
pub(crate) struct HttpProtocol {
    stateless: StreamableHttpService<Handler, NeverSessionManager>,
    stateful: StreamableHttpService<Handler, BoundedSessions>,
    sessions: Arc<BoundedSessions>,
    claims: Claims,
    owners: Owners,
    lifecycle: Lifecycle,
}

impl HttpProtocol {
    /// `session_limit` is the number of legacy sessions held at once. A client that comes when all are
    /// taken is served without one: everything works but being asked something during a call.
    pub(crate) fn new(shared: &Arc<Shared>, session_limit: usize) -> Self {
        let sessions = Arc::new(BoundedSessions::new(session_limit));
        let stop = shared.lifecycle.stop_token();
        let config = || {
            StreamableHttpServerConfig::default()
                .disable_allowed_hosts()
                .disable_allowed_origins()
                .with_max_request_body_bytes(usize::MAX)
                .with_cancellation_token(stop.child_token())
        };
        let factory = |shared: &Arc<Shared>| {
            let shared = Arc::clone(shared);
            move || Ok(Handler::new(Arc::clone(&shared)))
        };
        Self {
            stateless: StreamableHttpService::new(
                factory(shared),
                Arc::default(),
                config()
                    .with_legacy_session_mode(false)
                    .with_json_response(true),
            ),
            stateful: StreamableHttpService::new(factory(shared), Arc::clone(&sessions), config()),
            sessions,
            claims: Claims::default(),
            owners: Owners::default(),
            lifecycle: shared.lifecycle.clone(),
        }
    }

    /// Answers one request that passed every guard.
    pub(crate) async fn handle(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Response<BoxBody<Bytes, Infallible>> {
        let hint = Arc::new(StatusHint::default());
        request.extensions_mut().insert(Arc::clone(&hint));
        let frame = request.extensions().get::<Arc<Frame>>().cloned();
        let caller = request.extensions().get::<Arc<Principal>>().cloned();
        let modern = is_modern(&request);
        if modern {
            // There are no sessions in this era, whatever a client says.
            request.headers_mut().remove(SESSION_ID);
        }
        let mut response = if !self.owners.allow(session_id(&request), caller.as_deref()) {
            // Somebody else's session looks like one that does not exist.
            let message = "there is no such session";
            error(StatusCode::NOT_FOUND, message, frame.as_deref())
        } else if request.method() == Method::DELETE {
            self.end_session(request).await
        } else if request.method() == Method::GET {
            until_drained(self.stateful.handle(request).await, &self.lifecycle)
        } else if modern {
            self.stateless.handle(request).await
        } else if let Some(session) = request.headers().get(SESSION_ID).cloned() {
            self.in_session(&session, request, frame.as_deref()).await
        } else if frame
            .as_ref()
            .is_some_and(|frame| frame.method() == "initialize")
        {
            if request.body().size_hint().lower() > INITIALIZE_LIMIT {
                let message = "an initialize request of this size is none";
                return error(StatusCode::PAYLOAD_TOO_LARGE, message, frame.as_deref());
            }
            // Kept until the session is in the map, so that a burst cannot overshoot the limit.
            let place = match caller.as_deref() {
                Some(caller) if self.has_its_share(caller).await => None,
                _ => self.sessions.reserve().await,
            };
            match place {
                Some(_reservation) => {
                    let response = self.stateful.handle(request).await;
                    self.own(&response, caller.as_deref()).await;
                    response
                }
                None => self.stateless.handle(request).await,
            }
        } else {
            self.stateless.handle(request).await
        };
        // The answers of a session travel in a stream whose head has been sent.
        if let Some((status, wait)) = hint.get()
            && is(&response, "application/json")
        {
            *response.status_mut() = status;
            if let Some(wait) = wait {
                let headers = response.headers_mut();
                headers.insert(header::RETRY_AFTER, retry_after(wait));
            }
        }
        with_json_body(response, frame.as_deref()).await
    }

    /// Whether the caller has as many sessions as one caller may.
    async fn has_its_share(&self, caller: &Principal) -> bool {
        let share = self.sessions.limit().div_ceil(SHARES).max(LEAST_SHARE);
        let live = self.sessions.ids().await;
        self.owners.count(caller.key(), &live) >= share
    }

    /// Remembers whose the session is that `response` opens. Nobody else can know its id yet.
    async fn own<B>(&self, response: &Response<B>, caller: Option<&Principal>) {
        if let (Some(session), Some(caller)) = (response_session(response), caller) {
            let live = self.sessions.ids().await;
            self.owners.insert(session, caller.key(), &live);
        }
    }

    async fn in_session(
        &self,
        session: &HeaderValue,
        request: Request<Full<Bytes>>,
        frame: Option<&Frame>,
    ) -> Response<BoxBody<Bytes, Infallible>> {
        let wanted = frame.filter(|frame| matches!(frame.kind(), FrameKind::Request(_)));
        let (Ok(session), Some(id)) = (session.to_str(), wanted.and_then(Frame::id)) else {
            return self.stateful.handle(request).await;
        };
        let Some(claim) = self.claims.claim(session, id) else {
            let message = "a request with this id is in flight in this session";
            return error(StatusCode::BAD_REQUEST, message, frame);
        };
        // The id is free again when the stream of its answer is gone.
        hold(self.stateful.handle(request).await, claim)
    }

    async fn end_session(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Response<BoxBody<Bytes, Infallible>> {
        let id = request
            .headers()
            .get(SESSION_ID)
            .and_then(|id| id.to_str().ok())
            .map(str::to_owned);
        if let Some(id) = id
            && !self.sessions.has_session(&id.into()).await.unwrap_or(false)
        {
            return error(StatusCode::NOT_FOUND, "there is no such session", None);
        }
        let mut response = self.stateful.handle(request).await;
        if response.status() == StatusCode::ACCEPTED {
            // Clients take 202 for "not yet"; the session is gone.
            *response.status_mut() = StatusCode::OK;
        }
        response
    }
}

fn session_id<T>(request: &Request<T>) -> Option<&str> {
    let id = request.headers().get(SESSION_ID)?;
    // An id that is no text is nobody's.
    Some(id.to_str().unwrap_or_default())
}

fn response_session<T>(response: &Response<T>) -> Option<&str> {
    response.headers().get(SESSION_ID)?.to_str().ok()
}

/// Whether the request speaks of itself as one of the 2026-07-28 era. Revisions are dates.
fn is_modern<T>(request: &Request<T>) -> bool {
    let version = request.headers().get("mcp-protocol-version");
    version.is_some_and(|version| version.as_bytes() >= b"2026-07-28".as_slice())
}

fn is<T>(response: &Response<T>, kind: &str) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|given| given.as_bytes().starts_with(kind.as_bytes()))
}

/// Ends a stream that waits for events, which would otherwise hold up the drain to its deadline.
fn until_drained(
    response: Response<BoxBody<Bytes, Infallible>>,
    lifecycle: &Lifecycle,
) -> Response<BoxBody<Bytes, Infallible>> {
    let drained = lifecycle.drain_token().cancelled_owned();
    response.map(|body| {
        let frames = body
            .into_data_stream()
            .map_ok(http_body::Frame::data)
            .take_until(drained);
        BodyExt::boxed(StreamBody::new(frames))
    })
}

/// Replaces a plain-text refusal of the library by a JSON-RPC error.
async fn with_json_body(
    response: Response<BoxBody<Bytes, Infallible>>,
    frame: Option<&Frame>,
) -> Response<BoxBody<Bytes, Infallible>> {
    let is_text =
        !response.headers().contains_key(header::CONTENT_TYPE) || is(&response, "text/plain");
    let status = response.status();
    if !is_text || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let said = String::from_utf8_lossy(&text);
    let mut replaced = match status {
        // The frame is good JSON-RPC, so this is a message that no method and no waiting call expects.
        StatusCode::UNSUPPORTED_MEDIA_TYPE => error(
            StatusCode::BAD_REQUEST,
            "this message is not understood",
            frame,
        ),
        status if status.is_server_error() => {
            error(status, "the request could not be served", frame)
        }
        status => error(status, &said, frame),
    };
    if let Some(allow) = parts.headers.get(header::ALLOW) {
        replaced.headers_mut().insert(header::ALLOW, allow.clone());
    }
    replaced
}

fn error(
    status: StatusCode,
    message: &str,
    frame: Option<&Frame>,
) -> Response<BoxBody<Bytes, Infallible>> {
    let id = frame
        .and_then(Frame::id)
        .map_or_else(|| "null".to_owned(), ToString::to_string);
    let code = if status.is_server_error() {
        -32603
    } else {
        -32600
    };
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":{id},"error":{}}}"#,
        json!({ "code": code, "message": message })
    );
    let mut response = Response::new(Full::new(Bytes::from(body)).boxed());
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
