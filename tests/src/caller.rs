//! Somebody who talks to a server with a token, in both eras' words.

use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};

use crate::{HttpServer, Response, message};

/// A client with a token, or with none.
#[derive(Debug)]
pub struct Caller<'a> {
    server: &'a HttpServer,
    authorization: Option<String>,
    session: Option<String>,
    id: AtomicI64,
}

impl<'a> Caller<'a> {
    /// Somebody without a token.
    pub const fn anonymous(server: &'a HttpServer) -> Self {
        Self {
            server,
            authorization: None,
            session: None,
            id: AtomicI64::new(1),
        }
    }

    /// Somebody with `token`.
    pub fn bearer(server: &'a HttpServer, token: &str) -> Self {
        let mut caller = Self::anonymous(server);
        caller.authorization = Some(format!("Bearer {token}"));
        caller
    }

    /// The same caller in a session of the older revisions.
    ///
    /// Fails when the server opens none.
    #[must_use]
    pub fn in_session(mut self) -> Self {
        let response = self.legacy_message(&message::initialize(0));
        assert_eq!(response.status, 200, "{}", response.text());
        let session = response.header("mcp-session-id").expect("there is room");
        self.session = Some(session.to_owned());
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(self.legacy_message(&ready).status, 202);
        self
    }

    /// The session's id, when there is a session.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// A request in the words of the era that the caller is in: the newest, but for one in a session.
    pub fn request(&self, method: &str, params: &Value) -> Response {
        let id = self.id.fetch_add(1, Ordering::Relaxed);
        if self.session.is_some() {
            return self.legacy_message(&message::legacy(id, method, params));
        }
        let mut connection = self.server.connect();
        let request = message::modern(id, method, params);
        connection.request_with(&request, &self.headers());
        connection.response()
    }

    /// Calls a tool.
    pub fn call(&self, tool: &str, arguments: &Value) -> Response {
        self.request(
            "tools/call",
            &json!({ "name": tool, "arguments": arguments }),
        )
    }

    /// The text of what a tool answers; fails when it does not.
    pub fn text(&self, tool: &str, arguments: &Value) -> String {
        message::text(&self.call(tool, arguments).json()).to_owned()
    }

    /// How often the plugin `guarded` ran `name`.
    pub fn ran(&self, name: &str) -> u64 {
        let answer = self.call("ran", &json!({})).json();
        let ran = &answer["result"]["structuredContent"]["ran"];
        assert!(ran.is_object(), "{answer}");
        ran[name].as_u64().unwrap_or(0)
    }

    /// The headers that say who this is.
    pub fn headers(&self) -> Vec<(&str, &str)> {
        let authorization = self.authorization.as_deref();
        let session = self.session.as_deref();
        authorization
            .map(|value| ("authorization", value))
            .into_iter()
            .chain(session.map(|value| ("mcp-session-id", value)))
            .collect()
    }

    fn legacy_message(&self, message: &Value) -> Response {
        let mut headers = self.headers();
        if self.session.is_some() {
            headers.push(("mcp-protocol-version", message::LEGACY));
        }
        self.server.post(message.to_string().as_bytes(), &headers)
    }
}
