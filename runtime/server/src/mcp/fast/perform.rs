//! Doing what was asked: the same calls of the pipeline as on the other lane.

use std::{pin::pin, sync::Arc};

use mcp_factory_sdk::{Arguments, Principal};
use rmcp::{
    Peer,
    model::{GetPromptRequestParams, ReadResourceRequestParams, ServerResult},
};
use serde_json::{Map, Value};

use super::{
    Answer, FastLane, WayBack,
    asked::{Asked, What},
    message::Message,
    pages::json,
    plain, refused, tool_result,
};
use crate::{
    frame::RequestId,
    mcp::{
        call::{Client, Request, nearer},
        perform::ToolAnswer,
        respond::{self, Era},
        status::{StatusHint, status_of},
    },
    pipeline::{CallFailure, Origin},
};

impl FastLane {
    /// Does what was asked and says what came of it. `speaks` says whether that can reach its client before it
    /// answers.
    pub(super) async fn perform(
        &self,
        id: &RequestId,
        asked: Asked<'_>,
        way: WayBack,
        speaks: bool,
        principal: &Arc<Principal>,
        origin: &Arc<Origin>,
    ) -> Answer {
        let era = asked.era;
        // What is rarer than a call of a tool is boxed: this future is made for each request, as large as its largest part.
        let request = |speaks| self.request(&asked, way, speaks, principal, origin);
        match &asked.what {
            What::Ping => plain(Message::whole(id, &Map::new())),
            What::Discover => listed(id, &self.pages.discovery()),
            What::List(list) => match self.pages.list(*list, principal, era) {
                Ok(page) => listed(id, &page),
                Err(error) => refused(id, &error, era),
            },
            What::CallTool { name, arguments } => {
                self.call_tool(id, request(speaks), name, *arguments).await
            }
            What::ReadResource { uri } => {
                let mut request = request(speaks);
                if !self.shared.pipeline.registry().has_resources() {
                    return no_such_method::<rmcp::model::ReadResourceRequestMethod>(id, era);
                }
                let hint = request.hint.insert(Arc::default()).clone();
                let params = ReadResourceRequestParams::new(uri.as_ref());
                let result = Box::pin(request.read_resource(params)).await;
                told(id, result.map(ServerResult::from), era, &hint)
            }
            What::GetPrompt { name, arguments } => {
                let mut request = request(speaks);
                if self.shared.pipeline.registry().prompts().is_empty() {
                    return no_such_method::<rmcp::model::GetPromptRequestMethod>(id, era);
                }
                let hint = request.hint.insert(Arc::default()).clone();
                let mut params = GetPromptRequestParams::new(name.as_ref());
                params.arguments = arguments.clone();
                let result = Box::pin(request.get_prompt(params)).await;
                told(id, result.map(ServerResult::from), era, &hint)
            }
        }
    }

    async fn call_tool(
        &self,
        id: &RequestId,
        mut request: Request,
        name: &str,
        arguments: Option<&str>,
    ) -> Answer {
        let era = request.era;
        request.note_id(Some(id));
        if self.shared.pipeline.registry().tools().is_empty() {
            return no_such_method::<rmcp::model::CallToolRequestMethod>(id, era);
        }
        let raw = arguments;
        let binding = |request: &Request| {
            let given: Option<Map<String, Value>> =
                raw.and_then(|arguments| serde_json::from_str(arguments).ok());
            request.binding("tools/call", name, given.as_ref())
        };
        let arguments = arguments.map_or(Arguments::none(), Arguments::new);
        let outcome = pin!(request.run_tool(name, arguments, Map::new(), binding)).await;
        match outcome {
            Ok(ToolAnswer::Output(output)) => {
                let mut message = Message::result(id, tool_result::size(&output));
                let meta = request.result_meta_json();
                tool_result::write(&mut message, &output, era, meta.as_deref());
                plain(message.finish())
            }
            Ok(ToolAnswer::Questions(questions)) => {
                plain(Message::whole(id, &ServerResult::from(questions)))
            }
            Err(failure) => failed(id, failure, &request),
        }
    }

    /// The request, for what runs; `speaks` says whether that can reach its client before it answers.
    fn request(
        &self,
        asked: &Asked<'_>,
        way: WayBack,
        speaks: bool,
        principal: &Arc<Principal>,
        origin: &Arc<Origin>,
    ) -> Request {
        Request {
            era: asked.era,
            shared: Arc::clone(&self.shared),
            principal: Arc::clone(principal),
            origin: nearer(
                &self.shared,
                Arc::clone(origin),
                asked.traceparent.as_deref(),
            ),
            client: speaks.then(|| Box::new(client(asked, way))),
            cancelled: None,
            hint: None,
            frame: None,
        }
    }
}

/// The client of a request that can be reached.
fn client(asked: &Asked<'_>, way: WayBack) -> Client {
    // What is no token and no level is none to the library, too.
    let progress_token = asked
        .progress_token
        .and_then(|token| serde_json::from_str(token).ok());
    let (peer, level) = match way {
        WayBack::Once => (None, None),
        WayBack::Wire(wire) => (wire.peer, Some(wire.log_level)),
    };
    let (capabilities, log_level) = match asked.era {
        Era::Modern => {
            let level = asked
                .log_level
                .and_then(|level| serde_json::from_str(level).ok());
            (asked.capabilities(), level)
        }
        Era::Legacy => {
            let info = peer.as_ref().and_then(Peer::peer_info);
            let stated = info.map(|info| info.capabilities.clone());
            (stated.unwrap_or_default(), level)
        }
    };
    Client {
        peer,
        request: None,
        capabilities,
        progress_token,
        log_level,
    }
}

fn listed(id: &RequestId, page: &[u8]) -> Answer {
    let mut message = Message::result(id, page.len());
    message.raw(page);
    plain(message.finish())
}

/// The answer to a tool call that failed.
fn failed(id: &RequestId, failure: CallFailure, request: &Request) -> Answer {
    let era = request.era;
    let status = status_of(&failure);
    let answer = match respond::tool_failure(failure, era) {
        Ok(mut result) => {
            result.meta = request.result_meta();
            let mut message = Message::result(id, 256);
            message.raw(&json(result, era));
            plain(message.finish())
        }
        Err(error) => refused(id, &error, era),
    };
    with_status(answer, status)
}

/// The answer to anything else that went through the pipeline.
fn told(
    id: &RequestId,
    result: Result<ServerResult, rmcp::model::ErrorData>,
    era: Era,
    hint: &StatusHint,
) -> Answer {
    let answer = match result {
        Ok(result) => listed(id, &json(result, era)),
        Err(error) => refused(id, &error, era),
    };
    with_status(answer, hint.get())
}

fn no_such_method<M: rmcp::model::ConstString>(id: &RequestId, era: Era) -> Answer {
    refused(id, &rmcp::model::ErrorData::method_not_found::<M>(), era)
}

fn with_status(
    answer: Answer,
    status: Option<(http::StatusCode, Option<std::time::Duration>)>,
) -> Answer {
    match status {
        None => answer,
        Some((status, retry_after)) => Answer {
            status,
            retry_after,
            ..answer
        },
    }
}
