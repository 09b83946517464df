//! The surroundings of one request: who sent it, in which era's words, and what came with it.

use std::{borrow::Cow, sync::Arc};

use mcp_factory_sdk::{Peer, Principal, Scope, ScopeSet};
use rmcp::{
    RoleServer,
    model::{
        CallToolResult, ClientCapabilities, ErrorData, Extensions, InputRequiredResult,
        InputResponses, LoggingLevel, MetaObject, ProgressToken, ProtocolVersion,
    },
    service::RequestContext,
};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::{
    Shared,
    peer::ClientPeer,
    questions,
    respond::{self, Era},
    state::Binding,
    status::StatusHint,
};
use crate::{
    frame::{Frame, RequestId},
    pipeline::{CallFailure, Caller, Origin, Pipeline},
    trace::Trace,
};

/// Where a message says which trace it belongs to, and a result which one its call was in.
const TRACEPARENT: &str = "traceparent";

/// One request, as far as it is the same for every method and on both lanes.
pub(super) struct Request {
    pub(super) era: Era,
    pub(super) shared: Arc<Shared>,
    pub(super) principal: Arc<Principal>,
    pub(super) origin: Arc<Origin>,
    /// The way back to the client; `None` where nothing that runs can take it, as for most calls.
    pub(super) client: Option<Box<Client>>,
    /// Fires when the client takes the request back; `None` where the request's future is dropped then.
    pub(super) cancelled: Option<CancellationToken>,
    /// Where HTTP wants to hear of a status.
    pub(super) hint: Option<Arc<StatusHint>>,
    pub(super) frame: Option<Arc<Frame>>,
}

/// What is known of the client of one request.
pub(super) struct Client {
    /// `None` where nothing can be sent before the answer.
    pub(super) peer: Option<rmcp::Peer<RoleServer>>,
    /// The request, on whose stream it is asked. The library knows it only in the task that it began.
    pub(super) request: Option<rmcp::model::RequestId>,
    pub(super) capabilities: ClientCapabilities,
    pub(super) progress_token: Option<ProgressToken>,
    /// The least serious level that the client wants to hear of; nothing at all when `None`.
    pub(super) log_level: Option<LoggingLevel>,
}

impl Request {
    /// A request that came through the library; `connection_level` is what a client of the legacy era set
    /// for its connection.
    pub(super) fn new(
        shared: &Arc<Shared>,
        context: RequestContext<RoleServer>,
        connection_level: LoggingLevel,
    ) -> Self {
        let version = context.protocol_version();
        let modern = version
            .is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str());
        let (era, log_level) = if modern {
            (Era::Modern, context.meta.log_level())
        } else {
            (Era::Legacy, Some(connection_level))
        };
        let client = Client {
            capabilities: context.client_capabilities().unwrap_or_default(),
            progress_token: context.meta.get_progress_token(),
            log_level,
            peer: Some(context.peer.clone()),
            request: Some(context.id.clone()),
        };
        Self {
            era,
            shared: Arc::clone(shared),
            principal: principal(&context),
            origin: origin(shared, &context),
            client: Some(Box::new(client)),
            hint: extension::<Arc<StatusHint>>(&context),
            frame: extension::<Arc<Frame>>(&context),
            cancelled: Some(context.ct),
        }
    }

    /// Notes the request's id, as JSON, where somebody wants to know; it is the library's, if it is not given.
    pub(super) fn note_id(&mut self, id: Option<&RequestId>) {
        if self.pipeline().calls().is_none() {
            return;
        }
        let client = self.client.as_ref();
        let of_library = || serde_json::to_string(client?.request.as_ref()?).ok();
        let id = id.map(ToString::to_string).or_else(of_library);
        Arc::make_mut(&mut self.origin).request = id.map(Into::into);
    }

    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.shared.pipeline
    }

    pub(super) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Whether the caller is told of something that demands `scope`.
    pub(super) fn sees(&self, scope: Scope) -> bool {
        self.shared.pipeline.shows(&self.principal, scope)
    }

    /// The answer to a failure of a call that is no tool's, or never reached its tool.
    pub(super) fn failure(&self, failure: CallFailure) -> ErrorData {
        if let Some(hint) = &self.hint {
            hint.failure(&failure);
        }
        respond::failure_data(failure, self.era)
    }

    /// The answer to a failed tool call.
    pub(super) fn tool_failure(&self, failure: CallFailure) -> Result<CallToolResult, ErrorData> {
        if let Some(hint) = &self.hint {
            hint.failure(&failure);
        }
        respond::tool_failure(failure, self.era)
    }

    /// Who answers, for a result of the era that wants to know, and in which trace, if it is in one.
    pub(super) fn result_meta(&self) -> Option<MetaObject> {
        let mut meta = (self.era == Era::Modern).then(|| self.shared.result_meta());
        if let Some(trace) = self.origin.trace {
            let meta = meta.get_or_insert_default();
            meta.insert(TRACEPARENT.to_owned(), trace.to_string().into());
        }
        meta
    }

    /// The same as JSON.
    pub(super) fn result_meta_json(&self) -> Option<Cow<'_, str>> {
        let who = (self.era == Era::Modern).then(|| self.shared.result_meta_json());
        let Some(trace) = self.origin.trace else {
            return who.map(Cow::Borrowed);
        };
        // Behind what is there, as it would be written.
        let (open, comma) = match who.and_then(|who| who.strip_suffix('}')) {
            Some(open) => (open, ","),
            None => ("{", ""),
        };
        Some(Cow::Owned(format!(
            "{open}{comma}\"{TRACEPARENT}\":\"{trace}\"}}"
        )))
    }

    /// The arguments as they stand in the request, or as `parsed` if the transport kept no bytes.
    pub(super) fn arguments(&self, parsed: Option<&Map<String, Value>>) -> String {
        let raw = self
            .frame
            .as_deref()
            .and_then(Frame::arguments)
            .filter(|raw| *raw != "null");
        match (raw, parsed) {
            (Some(raw), _) => raw.to_owned(),
            (None, Some(parsed)) => Value::Object(parsed.clone()).to_string(),
            (None, None) => "{}".to_owned(),
        }
    }

    /// What this call's state is bound to. Hashes the arguments, so it is made only for a call that asks.
    pub(super) fn binding(
        &self,
        method: &str,
        name: &str,
        arguments: Option<&Map<String, Value>>,
    ) -> Binding {
        let arguments = arguments.map(|arguments| Value::Object(arguments.clone()));
        Binding::new(&self.principal, method, name, arguments.as_ref())
    }

    /// The answers that came with this request and with the rounds before it.
    pub(super) fn answers(
        &self,
        (method, name): (&'static str, &str),
        state: Option<&str>,
        responses: Option<InputResponses>,
        binding: impl FnOnce() -> Binding,
    ) -> Result<Map<String, Value>, ErrorData> {
        let mut answers = match state {
            None => Map::new(),
            Some(state) => self.shared.seal.open(state, &binding()).ok_or_else(|| {
                self.pipeline()
                    .refused(&self.principal, &self.origin, method, name, "invalid_state");
                ErrorData::invalid_params(
                    "the requestState is not one of this call, or has expired; call again without it",
                    None,
                )
            })?,
        };
        answers.extend(responses.into_iter().flatten());
        Ok(answers)
    }

    /// Who calls, for the pipeline.
    pub(super) fn caller(&mut self, answers: Map<String, Value>) -> Caller {
        let peer: Arc<dyn Peer> = match self.client.take() {
            None => self.shared.unreachable_peer(),
            Some(client) => Arc::new(ClientPeer {
                shared: Arc::clone(&self.shared),
                principal: Arc::clone(&self.principal),
                era: self.era,
                client,
            }),
        };
        Caller {
            principal: Arc::clone(&self.principal),
            origin: Arc::clone(&self.origin),
            peer,
            cancelled: self.cancelled.clone(),
            answers,
        }
    }

    /// The questions of a call that stopped to ask, with the state that the client must bring back.
    ///
    /// # Errors
    /// The failure itself when it is no question.
    pub(super) fn input_required(
        &self,
        failure: CallFailure,
        answers: &Map<String, Value>,
        binding: impl FnOnce() -> Binding,
    ) -> Result<InputRequiredResult, CallFailure> {
        let CallFailure::Tool(error) = failure else {
            return Err(failure);
        };
        let Some(asked) = error.questions() else {
            return Err(CallFailure::Tool(error));
        };
        let requests = questions::input_requests(&asked.questions).map_err(CallFailure::Tool)?;
        let state = self.shared.seal.close(answers, &binding());
        Ok(InputRequiredResult::new(Some(requests), Some(state))
            .with_meta(self.shared.result_meta()))
    }
}

/// Who sent a request. One whose sender no transport vouched for may do nothing.
pub(super) fn principal(context: &RequestContext<RoleServer>) -> Arc<Principal> {
    extension(context).unwrap_or_else(nobody)
}

pub(super) fn nobody() -> Arc<Principal> {
    let nothing = ScopeSet::Granted(std::collections::BTreeSet::new());
    Arc::new(Principal::new("unknown", nothing))
}

/// Where a request came in. What the message itself says of its trace is nearer than a header.
fn origin(shared: &Shared, context: &RequestContext<RoleServer>) -> Arc<Origin> {
    let origin: Arc<Origin> = extension(context).unwrap_or_default();
    let traceparent = context.meta.get(TRACEPARENT).and_then(Value::as_str);
    nearer(shared, origin, traceparent)
}

/// The origin of a request whose message says that its trace is `traceparent`.
pub(super) fn nearer(
    shared: &Shared,
    origin: Arc<Origin>,
    traceparent: Option<&str>,
) -> Arc<Origin> {
    let trace = traceparent.and_then(Trace::parse);
    shared.pipeline.traced(origin, trace)
}

/// What a transport attached to a request: directly on stdio, in the HTTP request's parts over HTTP.
pub(super) fn extension<T: Clone + Send + Sync + 'static>(
    context: &RequestContext<RoleServer>,
) -> Option<T> {
    known(&context.extensions)
}

/// The same for any message.
pub(super) fn known<T: Clone + Send + Sync + 'static>(extensions: &Extensions) -> Option<T> {
    let parts = extensions.get::<http::request::Parts>();
    extensions
        .get::<T>()
        .or_else(|| parts.and_then(|parts| parts.extensions.get::<T>()))
        .cloned()
}
