//! The protocol behind HTTP: which of `rmcp`'s two services a request goes to, and answers of one form.
//!
//! Everything that can be refused without knowing the protocol was refused before (`crate::http`).

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::{BodyExt, Empty, Full, StreamBody, combinators::BoxBody};
use mcp_factory_sdk::Principal;
use rmcp::{
    model::{InitializeRequestParams, ProtocolVersion},
    transport::{
        common::server_side_http,
        streamable_http_server::{
            StreamableHttpServerConfig, StreamableHttpService,
            session::{SessionManager as _, never::NeverSessionManager},
        },
    },
};
use serde_json::json;

use super::{
    Shared,
    call::nobody,
    handler::Handler,
    session::{Library, Visit},
    sessions::Sessions,
    status::StatusHint,
};
use crate::{
    frame::Frame,
    header_names::{SESSION_ID, VERSION},
    held::hold,
    http::retry_after,
    lifecycle::Lifecycle,
};

/// Bytes of an `initialize`: a session keeps what it says of the client for as long as it lives.
const INITIALIZE_LIMIT: u64 = 64 << 10;

/// Both services over one set of plugins.
pub(crate) struct HttpProtocol {
    stateless: StreamableHttpService<Handler, NeverSessionManager>,
    stateful: StreamableHttpService<Handler, Sessions>,
    sessions: Arc<Sessions>,
    lifecycle: Lifecycle,
}

impl HttpProtocol {
    /// `session_limit` is the number of legacy sessions held at once. A client that comes when all are
    /// taken is served without one: everything works but being asked something during a call.
    pub(crate) fn new(shared: &Arc<Shared>, session_limit: usize) -> Self {
        let sessions = Sessions::new(shared, session_limit);
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
            lifecycle: shared.lifecycle.clone(),
        }
    }

    pub(super) fn sessions(&self) -> usize {
        self.sessions.count()
    }

    #[cfg(test)]
    pub(super) async fn awake(&self) -> usize {
        self.sessions.library.sessions.read().await.len()
    }

    /// Begins something in the session that a request names. `None` when `caller` has no such session.
    pub(super) fn enter(&self, id: &HeaderValue, caller: Option<&Principal>) -> Option<Visit> {
        // An id that is no text is nobody's.
        self.sessions.enter(id.to_str().ok()?, caller)
    }

    /// Answers one request that passed every guard.
    pub(crate) async fn handle(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Response<BoxBody<Bytes, Infallible>> {
        let hint = Arc::new(StatusHint::default());
        request.extensions_mut().insert(Arc::clone(&hint));
        let frame = request.extensions().get::<Arc<Frame>>().cloned();
        let frame = frame.as_deref();
        let caller = request.extensions().get::<Arc<Principal>>().cloned();
        let modern = is_modern(request.headers());
        if modern {
            // There are no sessions in this era, whatever a client says.
            request.headers_mut().remove(SESSION_ID);
        }
        let mut response = if let Some(id) = request.headers().get(SESSION_ID) {
            match self.enter(id, caller.as_deref()) {
                // Somebody else's session looks like one that does not exist.
                None => no_such_session(frame),
                Some(visit) if request.method() == Method::DELETE => {
                    self.end_session(visit, request).await
                }
                Some(visit) => self.in_session(visit, request, frame).await,
            }
        } else if request.method() != Method::POST {
            self.stateful.handle(request).await
        } else if !modern && frame.is_some_and(|frame| frame.method() == "initialize") {
            self.initialize(request, caller.as_deref(), frame).await
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
        with_json_body(response, frame).await
    }

    /// Answers a handshake, and opens a session if there is room for one.
    async fn initialize(
        &self,
        request: Request<Full<Bytes>>,
        caller: Option<&Principal>,
        frame: Option<&Frame>,
    ) -> Response<BoxBody<Bytes, Infallible>> {
        if request.body().size_hint().lower() > INITIALIZE_LIMIT {
            let message = "an initialize request of this size is none";
            return error(StatusCode::PAYLOAD_TOO_LARGE, message, frame);
        }
        // Kept until the session is there, so that a burst cannot overshoot the limit.
        let Some(place) = caller.and_then(|caller| self.sessions.reserve(caller)) else {
            return self.stateless.handle(request).await;
        };
        if !self.sessions.shared.fast_lane {
            let response = self.stateful.handle(request).await;
            if let Some(id) = response_session(&response) {
                place.open(id.into(), Library::Awake);
                if !self.sessions.has_session(&id.into()).await.unwrap_or(false) {
                    self.sessions.forget(id);
                }
            }
            return response;
        }
        let readable =
            |params: &&str| serde_json::from_str::<InitializeRequestParams>(params).is_ok();
        let params = frame.and_then(Frame::params).filter(readable);
        let mut response = self.stateless.handle(request).await;
        let id = server_side_http::session_id();
        if let (Some(params), Ok(name), StatusCode::OK) =
            (params, HeaderValue::from_str(&id), response.status())
        {
            response.headers_mut().insert(SESSION_ID, name);
            place.open(id, Library::Asleep(params.into()));
        }
        response
    }

    async fn in_session(
        &self,
        mut visit: Visit,
        request: Request<Full<Bytes>>,
        frame: Option<&Frame>,
    ) -> Response<BoxBody<Bytes, Infallible>> {
        let caller = request.extensions().get::<Arc<Principal>>().cloned();
        let caller = caller.unwrap_or_else(nobody);
        if let Some(id) = frame.and_then(Frame::request_id)
            && !visit.claim(id, None)
        {
            let message = "a request with this id is in flight in this session";
            return error(StatusCode::BAD_REQUEST, message, frame);
        }
        if let Some(frame) = frame
            && names_known_version(request.headers())
            && self.hears(&visit, frame, caller.tenant()).await
        {
            let mut accepted = Response::new(Empty::new().boxed());
            *accepted.status_mut() = StatusCode::ACCEPTED;
            return accepted;
        }
        if !self.sessions.wake(&visit.session, &caller).await {
            return no_such_session(frame);
        }
        let waits = request.method() == Method::GET;
        let response = self.stateful.handle(request).await;
        // The session is in use, and the id of a request taken, until the stream of its answer is gone.
        let response = hold(response, visit);
        if waits {
            return until_drained(response, &self.lifecycle);
        }
        response
    }

    /// Whether a notification is for us, and the library need not hear of it: one that takes back a call of the
    /// fast lane, or that comes while the session sleeps and would wake it for nothing.
    async fn hears(&self, visit: &Visit, frame: &Frame, tenant: Option<&str>) -> bool {
        // Odd ones are the library's to refuse.
        let is_odd = frame.meta().is_some_and(|meta| !meta.starts_with('{'));
        if frame.id().is_some() || is_odd {
            return false;
        }
        let taken_back = frame.cancels();
        if taken_back.as_ref().is_some_and(|id| visit.cancel(id)) {
            return true;
        }
        // Not while it wakes: the library is told then whether the client is ready.
        let library = visit.session.library.lock().await;
        let asleep = matches!(*library, Library::Asleep(_));
        let ready = frame.method() == "notifications/initialized";
        if asleep && ready {
            let changes = self.sessions.shared.events.changes_of(tenant);
            visit.session.set_ready(changes);
        }
        asleep && (ready || taken_back.is_some())
    }

    async fn end_session(
        &self,
        visit: Visit,
        request: Request<Full<Bytes>>,
    ) -> Response<BoxBody<Bytes, Infallible>> {
        if !names_known_version(request.headers()) {
            return self.stateful.handle(request).await;
        }
        self.sessions.end(&visit.session.id).await;
        Response::new(Empty::new().boxed())
    }
}

fn response_session<T>(response: &Response<T>) -> Option<&str> {
    response.headers().get(SESSION_ID)?.to_str().ok()
}

fn no_such_session(frame: Option<&Frame>) -> Response<BoxBody<Bytes, Infallible>> {
    error(StatusCode::NOT_FOUND, "there is no such session", frame)
}

/// Whether a request speaks of itself as one of the 2026-07-28 era. Revisions are dates.
pub(super) fn is_modern(headers: &HeaderMap) -> bool {
    let version = headers.get(VERSION);
    version.is_some_and(|version| version.as_bytes() >= b"2026-07-28".as_slice())
}

/// Whether the revision that a request names, if it names one, is known.
fn names_known_version(headers: &HeaderMap) -> bool {
    headers.get(VERSION).is_none_or(|version| {
        let mut known = ProtocolVersion::KNOWN_VERSIONS.iter();
        known.any(|known| known.as_str().as_bytes() == version.as_bytes())
    })
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
