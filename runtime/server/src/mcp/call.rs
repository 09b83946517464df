//! The surroundings of one request: who sent it, in which era's words, and what came with it.

use std::sync::Arc;

use mcp_factory_sdk::{Principal, ScopeSet};
use rmcp::{
    RoleServer,
    model::{
        ErrorData, InputRequiredResult, InputResponses, LoggingLevel, MetaObject, ProtocolVersion,
    },
    service::RequestContext,
};
use serde_json::{Map, Value};

use super::{Shared, peer::ClientPeer, questions, respond::Era, state::Binding};
use crate::{
    frame::Frame,
    pipeline::{CallFailure, Caller, Pipeline},
};

/// One request, as far as it is the same for every method.
pub(super) struct Request {
    pub(super) era: Era,
    shared: Arc<Shared>,
    principal: Arc<Principal>,
    frame: Option<Arc<Frame>>,
    context: RequestContext<RoleServer>,
    log_level: Option<LoggingLevel>,
}

impl Request {
    /// `connection_level` is what a client of the legacy era set for its connection.
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
        // A request whose sender no transport vouched for may do nothing.
        let principal = extension::<Arc<Principal>>(&context).unwrap_or_else(|| {
            Arc::new(Principal::new(
                "unknown",
                ScopeSet::Granted(std::collections::BTreeSet::new()),
            ))
        });
        let frame = extension::<Arc<Frame>>(&context);
        Self {
            era,
            shared: Arc::clone(shared),
            principal,
            frame,
            context,
            log_level,
        }
    }

    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.shared.pipeline
    }

    /// Who answers, for a result of the era that wants to know.
    pub(super) fn result_meta(&self) -> Option<MetaObject> {
        (self.era == Era::Modern).then(|| self.shared.result_meta())
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
        state: Option<&str>,
        responses: Option<InputResponses>,
        binding: impl FnOnce() -> Binding,
    ) -> Result<Map<String, Value>, ErrorData> {
        let mut answers = match state {
            None => Map::new(),
            Some(state) => self.shared.seal.open(state, &binding()).ok_or_else(|| {
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
    pub(super) fn caller(&self, answers: Map<String, Value>) -> Caller {
        Caller {
            principal: Arc::clone(&self.principal),
            peer: Arc::new(ClientPeer {
                shared: Arc::clone(&self.shared),
                peer: self.context.peer.clone(),
                era: self.era,
                capabilities: self.context.client_capabilities().unwrap_or_default(),
                progress_token: self.context.meta.get_progress_token(),
                log_level: self.log_level,
            }),
            cancelled: self.context.ct.clone(),
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

/// What a transport attached to a request: directly on stdio, in the HTTP request's parts over HTTP.
pub(super) fn extension<T: Clone + Send + Sync + 'static>(
    context: &RequestContext<RoleServer>,
) -> Option<T> {
    let parts = context.extensions.get::<http::request::Parts>();
    context
        .extensions
        .get::<T>()
        .or_else(|| parts.and_then(|parts| parts.extensions.get::<T>()))
        .cloned()
}
