//! A plugin whose answers are kept and tell how many of its calls ran, servers of it, and its clients.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use mcp_factory_guard::{Audit, RateLimits};
use mcp_factory_sdk::{
    Arguments, Ask, BoxFuture, Capability, Event, Instance, LogRecord, Output, Peer, Principal,
    Progress, Question, ResourceBody, ScopeHierarchy, ScopeSet, ToolError, prelude::*,
};
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::super::guarded::over_http;
use crate::{
    config::{KeepFor, ToolLimits, Visibility},
    mount,
    mount::Mount,
    pipeline::{CallFailure, CallLimits, Caller, Guards, Pipeline, Tenant, Tenants},
    registry::Registry,
};

/// Counts what ran.
#[derive(Debug, Default)]
struct Counter(AtomicUsize);

impl Counter {
    fn run(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Answers with how many calls ran.
#[plugin(name = "counter", stateless)]
impl Counter {
    /// Answers at once.
    #[tool(scope = "read", read_only, cache = "60s")]
    async fn count(
        &self,
        /// Anything.
        first: Option<Value>,
        /// Anything.
        second: Option<Value>,
    ) -> String {
        drop((first, second));
        self.run().to_string()
    }

    /// Takes a second.
    #[tool(scope = "read", read_only, cache = "60s")]
    async fn slow(&self) -> String {
        let run = self.run();
        sleep(Duration::from_secs(1)).await;
        run.to_string()
    }

    /// Takes a while and fails so often.
    #[tool(scope = "read", read_only, cache = "60s", timeout = "5s")]
    async fn stumble(
        &self,
        /// How often it fails.
        failures: usize,
        /// How long it takes, in seconds.
        seconds: u64,
    ) -> Result<String, ToolError> {
        let run = self.run();
        sleep(Duration::from_secs(seconds)).await;
        if run <= failures {
            return Err(ToolError::new("not yet"));
        }
        Ok(run.to_string())
    }

    /// Panics once.
    #[tool(scope = "read", read_only, cache = "60s")]
    async fn panic(&self) -> String {
        let run = self.run();
        sleep(Duration::from_secs(1)).await;
        assert!(run > 1, "the canary sings");
        run.to_string()
    }

    /// Answers with so many bytes.
    #[tool(scope = "read", read_only, cache = "60s")]
    async fn long(
        &self,
        /// How many.
        bytes: usize,
    ) -> String {
        self.run();
        sleep(Duration::from_secs(1)).await;
        "x".repeat(bytes)
    }

    /// Asks the client for its name, if it can be asked.
    #[tool(scope = "read", read_only, cache = "60s")]
    async fn greet(
        &self,
        cx: &Context,
        /// What to do with the client.
        what: String,
    ) -> Result<String, ToolError> {
        let run = self.run();
        match what.as_str() {
            "ask" => drop(cx.ask(Ask::new().roots("name")).await?),
            "look" => drop(cx.client_supports(Capability::Sampling)),
            "publish" => cx.publish(Event::ResourceUpdated("counter://page".to_owned())),
            _ => cx.progress(1.0, None, Some("on the way")).await,
        }
        Ok(run.to_string())
    }

    /// Its author says nothing.
    #[tool(scope = "read", read_only)]
    async fn plain(&self) -> String {
        self.run().to_string()
    }

    /// Changes something.
    #[tool(scope = "write")]
    async fn change(&self) -> String {
        self.run().to_string()
    }

    /// Never ends.
    #[tool(scope = "read")]
    async fn wait(&self) -> String {
        std::future::pending().await
    }

    /// A page.
    #[resource(uri = "counter://pages/{name}", scope = "read", cache = "60s")]
    async fn page(&self, name: String) -> String {
        format!("{name} {}", self.run())
    }

    /// Another page.
    #[resource(uri = "counter://fresh", scope = "read")]
    async fn fresh(&self) -> String {
        self.run().to_string()
    }
}

static MOUNTS: &[Mount] = &[mount("counter", &PLUGIN)];

fn tenants() -> Tenants {
    let tenant = || Tenant::new(vec![Instance::new(Counter::default())], None, None);
    Tenants {
        nobodys: Some(tenant()),
        named: ["acme", "umbrella"]
            .map(|name| (name.to_owned(), tenant()))
            .into(),
    }
}

pub(super) fn pipeline_of(limits: CallLimits, tool_limits: &[(&str, ToolLimits)]) -> Pipeline {
    let guards = Guards {
        hierarchy: ScopeHierarchy::default(),
        visibility: Visibility::Show,
        rates: RateLimits::new(100, None),
        gates: None,
        audit: Arc::new(Audit::off()),
        validators: Vec::new(),
    };
    let tool_limits: BTreeMap<String, ToolLimits> = tool_limits
        .iter()
        .map(|(name, limits)| ((*name).to_owned(), limits.clone()))
        .collect();
    let registry = Registry::new(MOUNTS, false);
    Pipeline::new(registry, tenants(), limits, &tool_limits, guards)
}

pub(super) fn pipeline() -> Pipeline {
    pipeline_of(CallLimits::default(), &[])
}

pub(super) fn kept(cache: Option<Duration>) -> ToolLimits {
    ToolLimits {
        cache: Some(KeepFor(cache)),
        ..ToolLimits::default()
    }
}

pub(super) fn principal(id: &str, scopes: &[&str]) -> Principal {
    Principal::new(id, ScopeSet::granted(scopes, &ScopeHierarchy::default()))
}

pub(super) fn ann() -> Caller {
    over_http(principal("ann", &["read"]))
}

pub(super) async fn call_as(
    pipeline: &Pipeline,
    tool: &str,
    arguments: &str,
    caller: Caller,
) -> Result<String, CallFailure> {
    let arguments = Arguments::new(arguments);
    let output: Output = pipeline.call_tool(tool, arguments, caller).await?;
    Ok(output.blocks()[0].as_text().expect("a text").to_owned())
}

pub(super) async fn call(
    pipeline: &Pipeline,
    tool: &str,
    arguments: &str,
) -> Result<String, CallFailure> {
    call_as(pipeline, tool, arguments, ann()).await
}

/// How many calls ran, when those answered.
pub(super) async fn runs(pipeline: &Pipeline, tool: &str, arguments: &str) -> usize {
    let answer = call(pipeline, tool, arguments).await.expect("it answers");
    answer.parse().expect("a number")
}

pub(super) async fn page(pipeline: &Pipeline, uri: &str) -> (String, Duration) {
    let read = pipeline.read_resource(uri, ann()).await;
    let (resource, _, fresh_for) = read.expect("it is there");
    match &resource.parts[0].body {
        ResourceBody::Text(text) => (text.clone(), fresh_for),
        ResourceBody::Blob(_) => panic!("it is a text"),
    }
}

/// A client that answers every question: while the call waits, or in another call.
pub(super) struct Client {
    pub(super) waits: bool,
}

impl Peer for Client {
    fn progress(&self, _: Progress) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn log(&self, _: LogRecord) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn publish(&self, _: Event) {}

    fn supports(&self, _: Capability) -> bool {
        true
    }

    fn ask<'a>(
        &'a self,
        questions: &'a [(String, Question)],
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, ToolError>> {
        let answer = |(key, _): &(String, Question)| (key.clone(), roots());
        let answers = self.waits.then(|| questions.iter().map(answer).collect());
        Box::pin(std::future::ready(Ok(answers)))
    }
}

pub(super) fn roots() -> Value {
    json!({ "roots": [] })
}
