//! Calling a plugin's tools in memory, in microseconds, without a transport.
//!
//! The call takes the same road as in a server: [`authorize`], the permit, the
//! dispatch shim. What the client would have received is recorded.
//!
//! ```no_run
//! # use mcp_factory_sdk::{PluginDefinition, testing::TestPlugin};
//! # async fn example(definition: &'static PluginDefinition) {
//! use serde_json::json;
//! let plugin = TestPlugin::start(definition, json!({})).await.expect("it starts");
//! let output = plugin.call("repeat", json!({ "text": "hello" })).await.expect("it answers");
//! assert_eq!(output.blocks()[0].as_text(), Some("hello"));
//! # }
//! ```

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::{
    Arguments, BoxFuture, Call, Capability, CompletionTarget, Event, Health, Instance, LogRecord,
    Output, Peer, PluginDefinition, Principal, Progress, Prompt, Question, Resource,
    ScopeHierarchy, ScopeSet, StartContext, StartError, ToolDefinition, ToolError, Variables,
    authorize,
};

/// A started plugin to be called by a test.
#[derive(Debug)]
pub struct TestPlugin {
    definition: &'static PluginDefinition,
    declared: &'static [ToolDefinition],
    instance: Instance,
    principal: Arc<Principal>,
    peer: Arc<RecordingPeer>,
    cancelled: CancellationToken,
    timeout: Option<Duration>,
    answers: Map<String, Value>,
}

impl TestPlugin {
    /// Starts the plugin with its section of the configuration.
    ///
    /// # Errors
    /// Whatever a server would have refused to start with.
    pub async fn start(
        definition: &'static PluginDefinition,
        config: Value,
    ) -> Result<Self, StartError> {
        Self::start_declared(definition, &[], config).await
    }

    /// Starts the plugin with tools that a manifest would declare for it; each is checked first, as when a
    /// server is built.
    ///
    /// # Errors
    /// As [`start`](Self::start), or what the plugin says of a declaration.
    pub async fn start_declared(
        definition: &'static PluginDefinition,
        declared: &'static [ToolDefinition],
        config: Value,
    ) -> Result<Self, StartError> {
        for tool in declared {
            tool.check().map_err(StartError::new)?;
        }
        let context = StartContext::new(definition.name()).with_declared(declared);
        let instance = definition.start(config, context).await?;
        Ok(Self {
            definition,
            declared,
            instance,
            principal: Arc::new(Principal::local()),
            peer: Arc::default(),
            cancelled: CancellationToken::new(),
            timeout: None,
            answers: Map::new(),
        })
    }

    /// From here on, calls as somebody with these scopes only (under the default hierarchy).
    #[must_use]
    pub fn with_scopes(mut self, scopes: &[&str]) -> Self {
        let granted = ScopeSet::granted(scopes, &ScopeHierarchy::default());
        self.principal = Arc::new(Principal::new("test", granted));
        self
    }

    /// From here on, calls carry a deadline.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// From here on, the client supports these.
    #[must_use]
    pub fn with_capabilities(self, capabilities: impl IntoIterator<Item = Capability>) -> Self {
        self.peer.lock().capabilities.extend(capabilities);
        self
    }

    /// From here on, calls carry these answers, as a client's retry does.
    #[must_use]
    pub fn with_answers(mut self, answers: Map<String, Value>) -> Self {
        self.answers = answers;
        self
    }

    /// What the client has been sent so far.
    pub fn record(&self) -> Record {
        self.peer.lock().record.clone()
    }

    /// Cancels all calls, those to come too.
    pub fn cancel(&self) {
        self.cancelled.cancel();
    }

    fn next_call(&self) -> Call {
        Call {
            peer: Arc::<RecordingPeer>::clone(&self.peer),
            plugin: self.definition.name().into(),
            cancelled: Some(self.cancelled.clone()),
            deadline: self.timeout.map(|timeout| Instant::now() + timeout),
            answers: self.answers.clone(),
            hold: None,
        }
    }

    /// Calls a tool by its own name.
    ///
    /// # Errors
    /// The tool's own error; or one saying that there is no such tool, or that a scope is missing.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<Output, ToolError> {
        let found = self
            .definition
            .tools()
            .iter()
            .chain(self.declared)
            .find(|definition| definition.name() == tool);
        let definition =
            found.ok_or_else(|| ToolError::not_found(format!("there is no tool `{tool}`")))?;
        let permit = authorize(&self.principal, definition).map_err(denied)?;
        let text = arguments.to_string();
        permit
            .invoke(&self.instance, Arguments::new(&text), self.next_call())
            .await
    }

    /// Calls a tool and reads its structured content.
    ///
    /// # Errors
    /// As [`call`](Self::call); or one saying that there was no structured content.
    pub async fn call_json(&self, tool: &str, arguments: Value) -> Result<Value, ToolError> {
        let output = self.call(tool, arguments).await?;
        let json = output
            .structured_json()
            .ok_or_else(|| ToolError::new("the tool returned no structured content"))?;
        Ok(serde_json::from_str(json)?)
    }

    /// Reads a resource by its URI.
    ///
    /// # Errors
    /// The function's own error; or one saying that there is no such resource, or that a scope is missing.
    pub async fn read(&self, uri: &str) -> Result<Resource, ToolError> {
        let found = self.definition.resources().iter().find_map(|definition| {
            definition
                .template()
                .matches(uri)
                .map(|variables| (definition, variables))
        });
        let (definition, variables) =
            found.ok_or_else(|| ToolError::not_found(format!("there is no resource `{uri}`")))?;
        let permit = authorize(&self.principal, definition).map_err(denied)?;
        permit
            .read(&self.instance, variables, self.next_call())
            .await
    }

    /// Gets a prompt.
    ///
    /// # Errors
    /// The function's own error; or one saying that there is no such prompt, or that a scope is missing.
    pub async fn prompt(
        &self,
        name: &str,
        arguments: &[(&str, &str)],
    ) -> Result<Prompt, ToolError> {
        let found = self
            .definition
            .prompts()
            .iter()
            .find(|definition| definition.name() == name);
        let definition =
            found.ok_or_else(|| ToolError::not_found(format!("there is no prompt `{name}`")))?;
        let permit = authorize(&self.principal, definition).map_err(denied)?;
        permit
            .get(&self.instance, variables(arguments), self.next_call())
            .await
    }

    /// Completes an argument.
    ///
    /// # Errors
    /// The function's own error; or one saying that nothing completes this, or that a scope is missing.
    pub async fn complete(
        &self,
        target: CompletionTarget,
        argument: &str,
        typed: &str,
        others: &[(&str, &str)],
    ) -> Result<Vec<String>, ToolError> {
        let found =
            self.definition.completions().iter().find(|definition| {
                definition.target() == target && definition.argument() == argument
            });
        let definition =
            found.ok_or_else(|| ToolError::not_found("nothing completes this argument"))?;
        let permit = authorize(&self.principal, definition).map_err(denied)?;
        permit
            .complete(
                &self.instance,
                typed.to_owned(),
                variables(others),
                self.next_call(),
            )
            .await
    }

    /// How the plugin says it is doing.
    pub async fn health(&self) -> Health {
        self.instance.health().await
    }

    /// Stops the plugin.
    pub async fn stop(self) {
        self.instance.stop().await;
    }
}

fn denied(denied: crate::Denied) -> ToolError {
    ToolError::new(denied.to_string())
}

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// What a client would have received beside the answers.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Progress reports, in order.
    pub progress: Vec<Progress>,
    /// Log records, in order.
    pub logs: Vec<LogRecord>,
    /// Published events, in order.
    pub events: Vec<Event>,
}

#[derive(Debug, Default)]
pub(crate) struct RecordingPeer(Mutex<Recording>);

#[derive(Debug, Default)]
struct Recording {
    record: Record,
    capabilities: BTreeSet<Capability>,
}

impl RecordingPeer {
    fn lock(&self) -> std::sync::MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Peer for RecordingPeer {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, ()> {
        self.lock().record.progress.push(progress);
        Box::pin(std::future::ready(()))
    }

    fn log(&self, record: LogRecord) -> BoxFuture<'_, ()> {
        self.lock().record.logs.push(record);
        Box::pin(std::future::ready(()))
    }

    fn publish(&self, event: Event) {
        self.lock().record.events.push(event);
    }

    fn supports(&self, capability: Capability) -> bool {
        self.lock().capabilities.contains(&capability)
    }

    fn ask<'a>(
        &'a self,
        _questions: &'a [(String, Question)],
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, ToolError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
