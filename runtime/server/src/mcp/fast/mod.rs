//! The fast lane: a request that has one JSON answer, from the checked bytes to the bytes of the answer,
//! without the library.
//!
//! What it takes: tool calls, resource reads and prompts that cannot speak to their client before they
//! answer, the lists, `server/discover` and `ping`. What it leaves to `rmcp`: whatever streams, asks back or
//! subscribes, and every request with anything odd about it, so that only one place knows what to say to
//! those. Both lanes run the same code from [`Request`] on and serve the same pages; a differential test holds
//! their answers to each other.
//!
//! In the room: which requests it takes (`asked`, and over HTTP `headers`), doing them (`perform`), the
//! bytes of an answer (`message`), of a tool's result (`tool_result`) and of the lists (`pages`), what comes of
//! a panic (`survive`), and how the lane is driven inside a legacy session (`session`) and from stdio (`wire`).
//!
//! [`Request`]: super::call::Request

mod asked;
mod headers;
mod message;
mod pages;
mod perform;
mod session;
mod survive;
mod tool_result;
mod wire;

use std::{
    pin::pin,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use mcp_factory_sdk::{Principal, ToolDefinition};
use rmcp::model::{ErrorCode, ErrorData};

use super::{Shared, respond::Era};
use crate::{
    frame::{Frame, RequestId},
    pipeline::Origin,
    protocol::Answer,
    registry::Entry,
};
use asked::{Asked, Way, What};
use message::Message;
use pages::Pages;
use survive::survive;
pub(super) use wire::Wire;

/// Answers requests of one server.
#[derive(Debug)]
pub(super) struct FastLane {
    shared: Arc<Shared>,
    /// Where every call on stdin comes from.
    local: Arc<Origin>,
    pages: Pages,
    /// By tool: whether headers repeat arguments of it (SEP-2243), found out at its first call.
    header_arguments: Vec<OnceLock<bool>>,
}

impl FastLane {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let tools = shared.pipeline.registry().tools().len();
        Self {
            shared: Arc::clone(shared),
            local: Arc::default(),
            pages: Pages::new(shared),
            header_arguments: std::iter::repeat_with(OnceLock::new).take(tools).collect(),
        }
    }

    /// The answer to a request over HTTP that belongs to no session; `None` when this lane does not take it.
    pub(super) async fn answer(
        &self,
        headers: &HeaderMap,
        frame: &Frame,
        principal: &Arc<Principal>,
        origin: &Arc<Origin>,
    ) -> Option<Answer> {
        let id = frame.request_id()?;
        let work = pin!(async {
            let era = headers::era(headers)?;
            let asked = Asked::read(frame, era, Way::Once)?;
            if era == Era::Modern && !headers::agree(headers, frame) {
                return None;
            }
            let speaks = self.speaks(&asked)?;
            let way = WayBack::Once;
            Some(pin!(self.perform(id, asked, way, speaks, principal, origin)).await)
        });
        survive(id, frame.method(), work).await
    }

    /// Whether what is asked for can speak to its client before it answers. What does not exist cannot.
    fn takes_context(&self, what: &What<'_>) -> bool {
        let registry = self.shared.pipeline.registry();
        match what {
            What::CallTool { name, .. } => registry
                .tool(name)
                .is_some_and(|tool| tool.definition.takes_context()),
            What::ReadResource { uri } => registry
                .resource(uri)
                .is_some_and(|(resource, _)| resource.definition.takes_context()),
            What::GetPrompt { name, .. } => registry
                .prompt(name)
                .is_some_and(|prompt| prompt.definition.takes_context()),
            What::Ping | What::Discover | What::List(_) => false,
        }
    }

    /// The same over HTTP; `None` when it may not be asked for this way: its client would have to hear of it, or the
    /// headers repeat arguments of it.
    fn speaks(&self, asked: &Asked<'_>) -> Option<bool> {
        let registry = self.shared.pipeline.registry();
        // Looked up once: this is the way of most calls.
        let speaks = match asked.what.tool().and_then(|name| registry.tool(name)) {
            Some(tool) if asked.era == Era::Modern && self.repeats_arguments(tool) => return None,
            Some(tool) => tool.definition.takes_context(),
            None => self.takes_context(&asked.what),
        };
        (!(asked.hears && speaks)).then_some(speaks)
    }

    /// Whether the headers of a call repeat arguments of this tool.
    fn repeats_arguments(&self, tool: &Entry<ToolDefinition>) -> bool {
        *self.header_arguments[tool.index].get_or_init(|| {
            let schema = tool.definition.input_schema();
            schema.to_string().contains("\"x-mcp-header\"")
        })
    }
}

/// How a call reaches its client.
enum WayBack {
    /// Only with its answer.
    Once,
    /// At any time.
    Wire(Wire),
}

/// An answer that HTTP has to know nothing of.
fn plain(body: Bytes) -> Answer {
    Answer {
        status: StatusCode::OK,
        retry_after: None,
        body,
    }
}

/// An error, with the status that its code has over HTTP.
fn refused(id: &RequestId, error: &ErrorData, era: Era) -> Answer {
    let status = match error.code {
        _ if era == Era::Legacy => StatusCode::OK,
        ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY => StatusCode::BAD_REQUEST,
        ErrorCode::METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    };
    Answer {
        status,
        ..plain(Message::error(id, error))
    }
}
