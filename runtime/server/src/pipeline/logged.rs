//! A tool's call on its way into the logs of calls: with what it was called with, and what came back.
//!
//! Nothing of it is copied before it is over. Not here: what is written of it, without its secrets
//! (`mcp_factory_guard`).

use std::sync::Arc;

use mcp_factory_guard::{CallLog, Kept, LoggedCall};
use mcp_factory_sdk::{Output, Principal, Scope};

use super::{CallFailure, Origin, Pipeline, failure::shown};
use crate::{frame::Frame, registry::Registry};

/// The logs, and what the schemas of each tool mark as secret.
#[derive(Debug)]
pub(crate) struct Calls {
    log: CallLog,
    /// In the order of the registry's tools.
    marked: Vec<Arc<[String]>>,
    /// Of what is no tool.
    unmarked: Arc<[String]>,
}

impl Calls {
    pub(crate) fn new(log: CallLog, registry: &Registry) -> Self {
        let marked = registry.tools().iter().map(|tool| {
            let output = tool.definition.output_schema();
            CallLog::marked([tool.definition.input_schema()].into_iter().chain(output))
        });
        Self {
            log,
            marked: marked.collect(),
            unmarked: Arc::default(),
        }
    }

    pub(crate) const fn log(&self) -> &CallLog {
        &self.log
    }

    fn marked(&self, tool: Option<usize>) -> Arc<[String]> {
        let marked = tool.and_then(|index| self.marked.get(index));
        Arc::clone(marked.unwrap_or(&self.unmarked))
    }

    fn record(
        &self,
        arguments: Option<&str>,
        result: Option<Kept>,
        call: impl FnOnce() -> LoggedCall,
    ) {
        let bytes = arguments.map_or(0, str::len) + result.as_ref().map_or(0, Kept::bytes);
        self.log.record(bytes, || LoggedCall {
            arguments: arguments.map(Kept::new),
            result,
            ..call()
        });
    }
}

/// One call, as far as only the logs want to know.
pub(super) struct Logged<'a> {
    calls: &'a Calls,
    arguments: &'a str,
    tool: Option<usize>,
    error: Option<String>,
    result: Option<Kept>,
}

impl<'a> Logged<'a> {
    pub(super) const fn begin(calls: &'a Calls, arguments: &'a str) -> Self {
        Self {
            calls,
            arguments,
            tool: None,
            error: None,
            result: None,
        }
    }

    /// Notes which of the tools it is.
    pub(super) const fn tool(&mut self, index: usize) {
        self.tool = Some(index);
    }

    /// Notes what the tool answered, or what its caller is told of its failure.
    pub(super) fn answered(&mut self, outcome: &Result<Output, CallFailure>) {
        match outcome {
            Ok(output) if self.calls.log.wants_results() => self.result = Some(Kept::of(output)),
            Err(CallFailure::Tool(error) | CallFailure::Gated(error)) => {
                self.error = error.public_message().map(str::to_owned);
            }
            _ => {}
        }
    }

    /// Writes it with what else is known.
    pub(super) fn write(self, known: impl FnOnce() -> LoggedCall) {
        let marked = || self.calls.marked(self.tool);
        let error = self.error;
        self.calls
            .record(Some(self.arguments), self.result, || LoggedCall {
                marked: marked(),
                error,
                ..known()
            });
    }
}

/// What is known of every call: who, from where, as a part of what.
pub(super) fn logged_from(principal: &Arc<Principal>, origin: &Origin) -> LoggedCall {
    LoggedCall {
        principal: Arc::clone(principal),
        transport: origin.transport.as_str(),
        address: origin.address,
        trace: origin.trace.map(|trace| trace.id),
        request: origin.request.clone(),
        session: origin.session.clone(),
        plugin: None,
        tool: String::new(),
        scope: None,
        arguments: None,
        marked: Arc::default(),
        refused: true,
        outcome: "",
        cached: false,
        duration: None,
        error_id: None,
        error: None,
        result: None,
    }
}

impl Pipeline {
    /// There are callers from here on.
    pub(crate) fn begin(&self) {
        if let Some(calls) = self.calls() {
            calls.log().begin();
        }
    }

    /// The same, writing tools' calls to `log`.
    pub(crate) fn logged(self, log: Option<CallLog>) -> Self {
        let calls = log.map(|log| Calls::new(log, self.registry()));
        Self { calls, ..self }
    }

    pub(crate) const fn calls(&self) -> Option<&Calls> {
        self.calls.as_ref()
    }

    /// The origin of a call in this session, where somebody wants to know.
    pub(crate) fn in_session(&self, origin: &Arc<Origin>, id: &[u8]) -> Arc<Origin> {
        if self.calls.is_none() {
            return Arc::clone(origin);
        }
        Arc::new(Origin {
            session: Some(CallLog::session(id)),
            ..Origin::clone(origin)
        })
    }

    /// Writes a call that never came to be one: it was refused, or taken back, before anything of it ran.
    pub(super) fn log_unrun(
        &self,
        (principal, origin): (&Principal, &Origin),
        frame: Option<&Frame>,
        name: &str,
        scope: Option<Scope>,
        outcome: &'static str,
    ) {
        let Some(calls) = &self.calls else { return };
        let arguments = frame.map(|frame| frame.arguments().unwrap_or("{}"));
        let tool = self.registry.tool(name);
        let id = frame.and_then(Frame::request_id).map(ToString::to_string);
        calls.record(arguments, None, || {
            let known = logged_from(&Arc::new(principal.clone()), origin);
            LoggedCall {
                request: id.map(Into::into).or(known.request.clone()),
                plugin: tool.map(|tool| Arc::clone(&self.names[tool.mount])),
                tool: shown(name),
                scope,
                marked: calls.marked(tool.map(|tool| tool.index)),
                refused: outcome != "cancelled",
                outcome,
                ..known
            }
        });
    }
}
