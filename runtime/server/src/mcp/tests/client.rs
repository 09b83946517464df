//! A client of the legacy era, which talks to a started server as the HTTP transport does.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use mcp_factory_sdk::Principal;
use serde_json::{Value, json};

use super::{fixture::callers, lanes::message};
use crate::{
    frame::{Frame, FrameLimits},
    pipeline::Origin,
    protocol::Protocol as _,
    runtime::Runtime,
};

/// A client of the legacy era.
pub(super) struct Client<'a> {
    pub(super) server: &'a Runtime,
    pub(super) caller: Arc<Principal>,
    pub(super) session: Option<HeaderValue>,
}

/// An answer as a client sees it, whole or as the last event of a stream.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) message: Value,
}

/// What came back, and whether it was one whole answer of the fast lane.
pub(super) struct Came {
    pub(super) headers: HeaderMap,
    pub(super) seen: Seen,
    pub(super) fast: bool,
}

pub(super) fn handshake() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        }
    })
}

pub(super) fn call(id: i64, tool: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool } })
}

pub(super) fn asked(id: i64, method: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method })
}

pub(super) fn notice(method: &str) -> Value {
    json!({ "jsonrpc": "2.0", "method": method })
}

impl<'a> Client<'a> {
    pub(super) fn of(server: &'a Runtime, caller: &Arc<Principal>) -> Self {
        Self {
            server,
            caller: Arc::clone(caller),
            session: None,
        }
    }

    /// A client whose session is open.
    pub(super) async fn in_session(server: &'a Runtime) -> Self {
        let [caller, ..] = callers();
        let mut client = Self::of(server, &caller);
        client.open().await;
        client
    }

    pub(super) async fn open(&mut self) {
        self.session = None;
        let came = self.says(&handshake()).await;
        assert_eq!(came.seen.status, 200, "{:?}", came.seen);
        let id = came.headers.get("mcp-session-id").cloned();
        self.session = Some(id.expect("there is room"));
    }

    pub(super) async fn says(&self, message: &Value) -> Came {
        let came = self.sends(&message.to_string(), &[]).await;
        came.expect("a message that nobody refuses before")
    }

    /// Sends a body; `None` when it comes to neither lane.
    pub(super) async fn sends(&self, body: &str, more: &[(&'static str, String)]) -> Option<Came> {
        let bytes = Bytes::from(body.to_owned());
        let frame = Frame::parse(bytes.clone(), &FrameLimits::default()).ok()?;
        let mut request = self.request(Method::POST);
        for (name, value) in more {
            let value = HeaderValue::from_str(value).ok()?;
            let name = HeaderName::from_static(name);
            // Said twice, these are refused before.
            if name == "mcp-protocol-version" || name == "mcp-session-id" {
                request.headers_mut().insert(name, value);
            } else {
                request.headers_mut().append(name, value);
            }
        }
        if let Some(session) = &self.session {
            let headers = request.headers_mut();
            headers.insert("mcp-session-id", session.clone());
        }
        let origin = Arc::default();
        let server = &self.server.protocol;
        if server.lacks(&self.caller, &origin, &frame).is_some() {
            return None;
        }
        let headers = request.headers();
        let answer = server.answer(headers, &frame, &self.caller, &origin).await;
        if let Some(answer) = answer {
            return Some(Came {
                headers: HeaderMap::new(),
                seen: Seen {
                    status: answer.status.as_u16(),
                    message: message(&answer.body),
                },
                fast: true,
            });
        }
        *request.body_mut() = Full::new(bytes);
        request.extensions_mut().insert(Arc::new(frame));
        Some(self.came(request).await)
    }

    /// Sends a request without a message.
    pub(super) async fn asks(&self, method: Method) -> Came {
        let request = self.request(method);
        self.came(request).await
    }

    pub(super) fn request(&self, method: Method) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::default());
        *request.method_mut() = method;
        *request.uri_mut() = http::Uri::from_static("/mcp");
        let headers = request.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        let both = HeaderValue::from_static("application/json, text/event-stream");
        headers.insert(header::ACCEPT, both);
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        if let Some(session) = &self.session {
            headers.insert("mcp-session-id", session.clone());
        }
        let extensions = request.extensions_mut();
        extensions.insert(Arc::clone(&self.caller));
        extensions.insert(Arc::<Origin>::default());
        request
    }

    async fn came(&self, request: Request<Full<Bytes>>) -> Came {
        let (parts, body) = self.server.protocol.handle(request).await.into_parts();
        let body = body.collect().await.expect("a body that never fails");
        let body = body.to_bytes();
        let events = String::from_utf8_lossy(&body);
        let last = events.lines().filter_map(|line| line.strip_prefix("data:"));
        let last = last.map(str::trim).rfind(|data| !data.is_empty());
        Came {
            seen: Seen {
                status: parts.status.as_u16(),
                message: message(last.map_or(&body, str::as_bytes)),
            },
            headers: parts.headers,
            fast: false,
        }
    }

    /// How many sessions the library has, which is those that are awake.
    pub(super) async fn awake(&self) -> usize {
        self.server.protocol.awake().await
    }
}
