//! What the audit, the logs of calls and the metrics say of one call: begun when it is known who wants what, written
//! when it is over, however it ends.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use mcp_factory_guard::{Audit, Fingerprint, LoggedCall, Record};
use mcp_factory_sdk::{Output, Scope};

use super::{
    CallFailure, Caller, Pipeline, cache::Served, failure::shown, logged::Logged,
    logged::logged_from,
};
use crate::metrics::{Metrics, Refused, Row};
use crate::trace::{Finished, Recorder};

/// The record of one call in the making. Dropped before its end, it says that the call was cancelled.
pub(super) struct Decision<'a> {
    audit: &'a Audit,
    metrics: Option<&'a Metrics>,
    /// Where the call is counted; nowhere before it is known what it calls.
    row: Option<&'a Row>,
    /// Of a call that is told of.
    recorder: Option<&'a Recorder>,
    /// Of a tool's call that is written with what it was called with.
    logged: Option<Box<Logged<'a>>>,
    argument_bytes: Option<usize>,
    caller: Option<Caller>,
    /// `None` when nobody is told how long it took.
    begun: Option<Instant>,
    method: &'static str,
    name: String,
    plugin: Option<&'a Arc<str>>,
    scope: Option<Scope>,
    arguments: Option<Fingerprint>,
    cached: bool,
}

impl<'a> Decision<'a> {
    /// Begins a record; costs nothing when nobody reads the audit.
    pub(super) fn begin(
        pipeline: &'a Pipeline,
        caller: &Caller,
        method: &'static str,
        name: &str,
        arguments: Option<&'a str>,
    ) -> Self {
        let (audit, metrics) = (pipeline.audit(), pipeline.metrics());
        let recorder = pipeline
            .recorder()
            .filter(|_| caller.origin.trace.is_some_and(|trace| trace.sampled));
        let logged = pipeline
            .calls()
            .zip(arguments)
            .map(|(calls, arguments)| Box::new(Logged::begin(calls, arguments)));
        let wanted = audit.is_on() || recorder.is_some() || logged.is_some();
        Self {
            audit,
            row: metrics.and_then(|metrics| metrics.method(method)),
            metrics,
            recorder,
            logged,
            argument_bytes: arguments.map(str::len),
            caller: wanted.then(|| caller.clone()),
            begun: (wanted || metrics.is_some()).then(Instant::now),
            method,
            name: if wanted { shown(name) } else { String::new() },
            plugin: None,
            scope: None,
            arguments: arguments.and_then(|arguments| audit.fingerprint(arguments.as_bytes())),
            cached: false,
        }
    }

    /// Notes what was found under the name.
    pub(super) fn found(&mut self, plugin: &'a Arc<str>, scope: Scope) {
        self.plugin = Some(plugin);
        self.scope = Some(scope);
    }

    /// Notes which of the tools it is.
    pub(super) fn tool(&mut self, index: usize) {
        self.row = self.metrics.and_then(|metrics| metrics.tool(index));
        if let Some(logged) = &mut self.logged {
            logged.tool(index);
        }
    }

    /// Notes what a tool answered.
    pub(super) fn answered(&mut self, outcome: &Result<Output, CallFailure>) {
        if let Some(logged) = &mut self.logged {
            logged.answered(outcome);
        }
    }

    /// Notes whether anything ran for the answer.
    pub(super) fn served<T>(&mut self, served: &Served<T>) {
        self.cached = served.again;
    }

    /// Writes the record.
    pub(super) fn end<T>(mut self, outcome: &Result<T, CallFailure>) {
        match outcome {
            Ok(_) => self.write("ok", None),
            Err(failure) => self.write(failure.outcome(), failure.error_id()),
        }
    }

    fn write(&mut self, outcome: &'static str, error_id: Option<&str>) {
        let refused = matches!(
            outcome,
            "denied" | "gated" | "rate_limited" | "overloaded" | "unknown"
        );
        if let Some(metrics) = self.metrics.take() {
            let took = (!refused).then(|| self.took());
            match self.row {
                Some(row) => row.add(outcome, took, self.cached),
                None => metrics.refuse(Refused::UnknownTool),
            }
        }
        let Some(caller) = self.caller.take() else {
            return;
        };
        let took = self.took();
        if let Some((recorder, trace)) = self.recorder.zip(caller.origin.trace) {
            recorder.record(Finished {
                trace,
                method: self.method,
                name: self.name.clone(),
                plugin: self.plugin.cloned(),
                scope: self.scope,
                argument_bytes: self.argument_bytes,
                principal: Arc::clone(&caller.principal),
                transport: caller.origin.transport.as_str(),
                outcome,
                error_id: error_id.map(str::to_owned),
                cached: self.cached,
                began: SystemTime::now()
                    .checked_sub(took)
                    .unwrap_or(SystemTime::UNIX_EPOCH),
                took,
            });
        }
        if self.audit.is_on() {
            self.audit(&caller, outcome, refused, took, error_id);
        }
        let Some(logged) = self.logged.take() else {
            return;
        };
        logged.write(|| LoggedCall {
            plugin: self.plugin.cloned(),
            tool: std::mem::take(&mut self.name),
            scope: self.scope,
            refused,
            outcome,
            cached: self.cached,
            duration: (!refused).then_some(took),
            error_id: error_id.map(str::to_owned),
            ..logged_from(&caller.principal, &caller.origin)
        });
    }

    /// How long it has been, where somebody will be told.
    fn took(&self) -> Duration {
        self.begun.map(|begun| begun.elapsed()).unwrap_or_default()
    }

    fn audit(
        &self,
        caller: &Caller,
        outcome: &'static str,
        refused: bool,
        took: Duration,
        error_id: Option<&str>,
    ) {
        let trace_id = caller.origin.trace.map(|trace| trace.id());
        self.audit.record(&Record {
            event: if refused { "refused" } else { "call" },
            principal: Some(caller.principal.id()),
            tenant: caller.principal.tenant(),
            transport: caller.origin.transport.as_str(),
            address: caller.origin.address,
            method: Some(self.method),
            name: Some(&self.name),
            plugin: self.plugin.map(|plugin| &**plugin),
            scope: self.scope.as_ref().map(Scope::as_str),
            outcome,
            arguments: self.arguments,
            cached: self.cached,
            duration: (!refused).then_some(took),
            trace_id: trace_id.as_deref(),
            error_id,
        });
    }
}

impl Drop for Decision<'_> {
    fn drop(&mut self) {
        self.write("cancelled", None);
    }
}
