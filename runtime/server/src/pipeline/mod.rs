//! The one road to a plugin: look up → authorize → gate → rate → validate → an answer that is kept, or
//! admit → run with deadline, cancel and panic guard → audit.
//!
//! Whatever wants to call something (stdio, HTTP, the `call` command) goes through here, and nothing
//! here knows the protocol. In the room: the kinds of call, of which completions are in `completion`. What is decided before them is in
//! `checks`, which answers are given again in `cache`, what surrounds a running call in `guard`, on which thread
//! it runs in `aside`, how quick its tool has been in `pace`, how much it may take in `limits`, whose plugins it reaches in `tenants`, what a transport may ask beforehand in
//! `judge`, what is written about it in `decision` and `logged`, and the ways in which it can fail in `failure`.
//!
//! The futures on the way of a tool call are pinned where they are made: what is awaited by value is copied once more,
//! with all that it has room for.

mod aside;
mod cache;
mod checks;
mod completion;
mod decision;
mod failure;
mod guard;
mod judge;
mod limits;
mod logged;
mod pace;
mod tenants;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use mcp_factory_guard::{Audit, Gates, RateLimits};
use mcp_factory_sdk::{
    Arguments, Output, Peer, Principal, Prompt, Resource, ResourceDefinition, Scope,
    ScopeHierarchy, Variables, authorize,
};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use aside::Aside;
use cache::{Responses, Served, Wanted};
use decision::Decision;
pub(crate) use failure::CallFailure;
pub(crate) use guard::server_panicked;
pub(crate) use limits::{CallLimits, may_be_kept};
use limits::{ToolBudget, budgets, places};
pub(crate) use logged::Calls;
use pace::Pace;
pub(crate) use tenants::{PluginHealth, Tenant, Tenants};

use crate::{
    config::{ToolLimits, Visibility},
    metrics::Metrics,
    registry::{Entry, Registry},
    trace::{Recorder, Trace},
};

/// Who calls, and how to reach them.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Arc<Principal>,
    pub(crate) peer: Arc<dyn Peer>,
    /// Where the call came in.
    pub(crate) origin: Arc<Origin>,
    /// Fires when the client cancels or goes away, or the server stops; `None` where the call's future is
    /// dropped then.
    pub(crate) cancelled: Option<CancellationToken>,
    /// Answers to questions of earlier rounds of the same call.
    pub(crate) answers: Map<String, Value>,
}

/// Where a call came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) transport: Transport,
    /// The client's address, as far as proxies in front are trusted to tell it.
    pub(crate) address: Option<IpAddr>,
    /// The trace that it belongs to, and where in it.
    pub(crate) trace: Option<Trace>,
    /// The id of the request, as JSON, and what tells its session from others: where calls are logged.
    pub(crate) request: Option<Arc<str>>,
    pub(crate) session: Option<Arc<str>>,
}

/// By which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Transport {
    /// The trusted user who started the server.
    #[default]
    Stdio,
    Http,
}

impl Transport {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Http => "http",
        }
    }
}

/// What stands between a caller and the plugins, and is not a value of the call.
#[derive(Debug)]
pub(crate) struct Guards {
    pub(crate) hierarchy: ScopeHierarchy,
    pub(crate) visibility: Visibility,
    pub(crate) rates: RateLimits,
    /// Of a server with gated tools.
    pub(crate) gates: Option<Arc<Gates>>,
    pub(crate) audit: Arc<Audit>,
    /// The mounts whose plugins judge every call.
    pub(crate) validators: Vec<usize>,
}

/// The started plugins and the guards before them.
#[derive(Debug)]
pub(crate) struct Pipeline {
    registry: Registry,
    tenants: Tenants,
    names: Vec<Arc<str>>,
    limits: CallLimits,
    /// One per tool of the registry, in the same order.
    budgets: Vec<ToolBudget>,
    /// One per tool as well, and one for what is no tool.
    paces: Vec<Arc<Pace>>,
    other_pace: Arc<Pace>,
    aside: Aside,
    responses: Responses,
    places: Arc<Semaphore>,
    guards: Guards,
    /// Of a server that somebody may ask for it.
    metrics: Option<Arc<Metrics>>,
    /// Of a server whose calls are told of.
    recorder: Option<Recorder>,
    /// Of a server that writes what tools are called with.
    calls: Option<Calls>,
}

impl Pipeline {
    /// A pipeline over `registry`, whose mounts were started for each of `tenants`, in the same order.
    pub(crate) fn new(
        registry: Registry,
        tenants: Tenants,
        limits: CallLimits,
        tool_limits: &BTreeMap<String, ToolLimits>,
        guards: Guards,
    ) -> Self {
        let names = registry
            .mounts()
            .iter()
            .map(|mount| mount.name().into())
            .collect();
        Self {
            names,
            budgets: budgets(&registry, &limits, tool_limits),
            paces: registry.tools().iter().map(|_| Arc::default()).collect(),
            other_pace: Arc::default(),
            aside: Aside::new(limits.concurrency),
            responses: Responses::new(limits.cache),
            places: places(limits.concurrency),
            registry,
            tenants,
            limits,
            guards,
            metrics: None,
            recorder: None,
            calls: None,
        }
    }

    /// The same with counters.
    pub(crate) fn measured(self) -> Self {
        let metrics = Some(Arc::new(Metrics::new(self.registry.tools().len())));
        Self { metrics, ..self }
    }

    /// The same, telling `recorder` of its calls.
    pub(crate) fn recorded(self, recorder: Option<Recorder>) -> Self {
        Self { recorder, ..self }
    }

    pub(crate) const fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// The origin of a call in the trace of `nearer`, or of what is known of it already; in a new one where calls are
    /// told of.
    pub(crate) fn traced(&self, origin: Arc<Origin>, nearer: Option<Trace>) -> Arc<Origin> {
        let trace = match &self.recorder {
            None if nearer.is_none() => return origin,
            None => nearer,
            Some(recorder) => Some(recorder.join(nearer.or(origin.trace))),
        };
        Arc::new(Origin {
            trace,
            ..Origin::clone(&origin)
        })
    }

    pub(crate) fn metrics(&self) -> Option<&Metrics> {
        self.metrics.as_deref()
    }

    /// The counters, for those who refuse before anything of a call is known.
    pub(crate) fn shared_metrics(&self) -> Option<Arc<Metrics>> {
        self.metrics.clone()
    }

    /// How many calls run, and how many may.
    pub(crate) fn running(&self) -> (usize, usize) {
        let all = self.limits.concurrency.min(Semaphore::MAX_PERMITS);
        (all.saturating_sub(self.places.available_permits()), all)
    }

    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn audit(&self) -> &Audit {
        &self.guards.audit
    }

    /// The audit, for those who refuse before anything of a call is known.
    pub(crate) fn shared_audit(&self) -> Arc<Audit> {
        Arc::clone(&self.guards.audit)
    }

    /// Whether callers see only what they may use.
    pub(crate) fn hides(&self) -> bool {
        self.guards.visibility == Visibility::Hide
    }

    /// Whether `principal` sees something that demands `scope`.
    pub(crate) fn shows(&self, principal: &Principal, scope: Scope) -> bool {
        !self.hides() || principal.scopes().contains(scope)
    }

    /// Whether callers like `principal` are served at all.
    pub(crate) fn serves(&self, principal: &Principal) -> bool {
        self.tenants.of(principal).is_some()
    }

    /// Calls the tool with the public name `name`.
    pub(crate) async fn call_tool(
        &self,
        name: &str,
        arguments: Arguments<'_>,
        caller: Caller,
    ) -> Result<Output, CallFailure> {
        let mut decision =
            Decision::begin(self, &caller, "tools/call", name, Some(arguments.as_str()));
        let outcome = pin!(self.tool(name, arguments, caller, &mut decision)).await;
        decision.answered(&outcome);
        decision.end(&outcome);
        outcome
    }

    async fn tool<'a>(
        &'a self,
        name: &str,
        arguments: Arguments<'_>,
        caller: Caller,
        decision: &mut Decision<'a>,
    ) -> Result<Output, CallFailure> {
        let unknown = || {
            let visible = |scope| self.shows(&caller.principal, scope);
            CallFailure::unknown_tool(name, &self.registry, visible)
        };
        let tool = self.registry.tool(name).ok_or_else(unknown)?;
        decision.tool(tool.index);
        decision.found(&self.names[tool.mount], tool.definition.scope());
        let permit = match authorize(&caller.principal, tool.definition) {
            Ok(permit) => permit,
            Err(_) if self.hides() => return Err(unknown()),
            Err(denied) => return Err(denied.into()),
        };
        let tenant = self.tenant(&caller)?;
        let budget = &self.budgets[tool.index];
        if let Some(group) = tool.definition.gate() {
            self.pass_gate(&caller, group).await?;
        }
        let rate = budget.rate(self.default_rate(&caller, tenant));
        self.take_rate(&caller, name, rate).await?;
        self.validate(tenant, &caller, tool, arguments).await?;
        let places = [tenant.places.as_ref(), budget.places.as_ref()];
        let instance = &tenant.instances[tool.mount];
        let wanted = Wanted::tool(budget.cache, tool, arguments, &caller, budget.timeout);
        let ran = (&self.paces[tool.index], tool.definition.takes_context());
        let run = async move |caller, timeout| {
            let start = |call| permit.invoke(instance, arguments, call);
            let output = pin!(self.guarded(tool, ran, timeout, places, caller, start)).await?;
            checks::output_size(&output, budget.max_result)?;
            Ok(output)
        };
        let Some(wanted) = wanted else {
            return pin!(run(caller, budget.timeout)).await;
        };
        let served = Box::pin(self.responses.serve(wanted, caller, run)).await?;
        decision.served(&served);
        Ok(served.answer)
    }

    /// Reads the resource that `uri` names; says which definition it was read from, and for how long the
    /// caller may think it is still so.
    pub(crate) async fn read_resource(
        &self,
        uri: &str,
        caller: Caller,
    ) -> Result<(Resource, &'static ResourceDefinition, Duration), CallFailure> {
        let mut decision = Decision::begin(self, &caller, "resources/read", uri, None);
        let outcome = self.resource(uri, caller, &mut decision).await;
        decision.end(&outcome);
        outcome
    }

    async fn resource<'a>(
        &'a self,
        uri: &str,
        caller: Caller,
        decision: &mut Decision<'a>,
    ) -> Result<(Resource, &'static ResourceDefinition, Duration), CallFailure> {
        let missing = || CallFailure::UnknownResource {
            uri: uri.to_owned(),
        };
        let (found, variables) = self.registry.resource(uri).ok_or_else(missing)?;
        decision.found(&self.names[found.mount], found.definition.scope());
        let permit = match authorize(&caller.principal, found.definition) {
            Ok(permit) => permit,
            Err(_) if self.hides() => return Err(missing()),
            Err(denied) => return Err(denied.into()),
        };
        let tenant = self.tenant(&caller)?;
        let rate = self.default_rate(&caller, tenant);
        self.take_rate(&caller, &found.public_name, rate).await?;
        let instance = &tenant.instances[found.mount];
        let places = [tenant.places.as_ref(), None];
        let wanted = Wanted::resource(found, uri, &caller, self.limits.timeout);
        let run = async move |caller, timeout| {
            let resource = self
                .guarded(
                    found,
                    (&self.other_pace, true),
                    timeout,
                    places,
                    caller,
                    |call| permit.read(instance, variables, call),
                )
                .await?;
            if resource.parts.is_empty() {
                return Err(missing());
            }
            checks::resource_size(&resource, self.limits.max_result)?;
            Ok(resource)
        };
        let served = match wanted {
            Some(wanted) => Box::pin(self.responses.serve(wanted, caller, run)).await?,
            None => Served::once(run(caller, self.limits.timeout).await?),
        };
        decision.served(&served);
        Ok((served.answer, found.definition, served.fresh_for))
    }

    /// Makes the messages of the prompt with the public name `name`.
    pub(crate) async fn get_prompt(
        &self,
        name: &str,
        arguments: Variables,
        caller: Caller,
    ) -> Result<Prompt, CallFailure> {
        let mut decision = Decision::begin(self, &caller, "prompts/get", name, None);
        let outcome = self.prompt(name, arguments, caller, &mut decision).await;
        decision.end(&outcome);
        outcome
    }

    async fn prompt<'a>(
        &'a self,
        name: &str,
        arguments: Variables,
        caller: Caller,
        decision: &mut Decision<'a>,
    ) -> Result<Prompt, CallFailure> {
        let missing = || CallFailure::UnknownPrompt {
            name: failure::shown(name),
        };
        let found = self.registry.prompt(name).ok_or_else(missing)?;
        decision.found(&self.names[found.mount], found.definition.scope());
        let permit = match authorize(&caller.principal, found.definition) {
            Ok(permit) => permit,
            Err(_) if self.hides() => return Err(missing()),
            Err(denied) => return Err(denied.into()),
        };
        let tenant = self.tenant(&caller)?;
        let rate = self.default_rate(&caller, tenant);
        self.take_rate(&caller, name, rate).await?;
        let instance = &tenant.instances[found.mount];
        let places = [tenant.places.as_ref(), None];
        let (pace, timeout) = (&self.other_pace, self.limits.timeout);
        self.guarded(found, (pace, true), timeout, places, caller, |call| {
            permit.get(instance, arguments, call)
        })
        .await
    }

    async fn guarded<T: Send + 'static, D>(
        &self,
        entry: &Entry<D>,
        (pace, sees_call): (&Arc<Pace>, bool),
        timeout: Duration,
        fewer: [Option<&Arc<Semaphore>>; 2],
        caller: Caller,
        start: impl FnOnce(
            mcp_factory_sdk::Call,
        )
            -> mcp_factory_sdk::BoxFuture<'static, Result<T, mcp_factory_sdk::ToolError>>,
    ) -> Result<T, CallFailure> {
        // The narrower ones first: who waits for a busy tool should not keep a place from the others.
        let all = [fewer[0], fewer[1], Some(&self.places)];
        let admission = guard::admit(all, self.limits.queue_time).await?;
        let run = guard::Run {
            name: &entry.public_name,
            plugin: Arc::clone(&self.names[entry.mount]),
            sees_call,
            timeout,
            aside: &self.aside,
            pace,
        };
        pin!(guard::run(run, admission, caller, start)).await
    }

    /// What every plugin says of itself within `patience`.
    pub(crate) async fn health(&self, patience: Duration) -> Vec<PluginHealth> {
        let mounts = self.registry.mounts().iter();
        let mounts: Vec<&str> = mounts.map(|mount| mount.name()).collect();
        self.tenants.health(&mounts, patience).await
    }

    /// Stops the plugins, in the reverse order of their start, and writes the last records.
    pub(crate) async fn stop(&self) {
        self.tenants.stop().await;
        // Beside each other: a place that takes nothing holds up each for two seconds.
        let calls = async {
            if let Some(calls) = &self.calls {
                calls.log().close().await;
            }
        };
        tokio::join!(self.guards.audit.close(), calls);
        if let Some(recorder) = &self.recorder {
            recorder.end().await;
        }
    }
}
