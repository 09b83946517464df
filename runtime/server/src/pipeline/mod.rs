//! The one road to a plugin: look up → authorize → admit → run with deadline, cancel and panic guard.
//!
//! Whatever wants to call something (stdio, HTTP, the `call` command) goes through here, and nothing
//! here knows the protocol. In the room: the four kinds of call. The guards of a running call are in
//! `guard`, the ways in which it can fail in `failure`.

mod failure;
mod guard;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use mcp_factory_sdk::{
    Arguments, Instance, Output, Peer, Principal, Prompt, Resource, ResourceDefinition, Variables,
    authorize,
};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub(crate) use failure::CallFailure;

use crate::registry::{Entry, Registry};

/// The limits of every call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallLimits {
    /// How long a call may take when its tool does not say.
    pub(crate) timeout: Duration,
    /// How many calls run at once.
    pub(crate) concurrency: usize,
    /// How long a call may wait for its turn before it is refused.
    pub(crate) queue_time: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            concurrency: 256,
            queue_time: Duration::from_millis(250),
        }
    }
}

/// Who calls, and how to reach them.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Arc<Principal>,
    pub(crate) peer: Arc<dyn Peer>,
    /// Fires when the client cancels or goes away, or the server stops.
    pub(crate) cancelled: CancellationToken,
    /// Answers to questions of earlier rounds of the same call.
    pub(crate) answers: Map<String, Value>,
}

/// The started plugins and the guards before them.
#[derive(Debug)]
pub(crate) struct Pipeline {
    registry: Registry,
    /// One per mount, in the same order.
    instances: Vec<Instance>,
    names: Vec<Arc<str>>,
    limits: CallLimits,
    admission: Arc<Semaphore>,
}

impl Pipeline {
    /// A pipeline over `registry`, whose mounts were started as `instances`, in the same order.
    pub(crate) fn new(registry: Registry, instances: Vec<Instance>, limits: CallLimits) -> Self {
        debug_assert_eq!(registry.mounts().len(), instances.len());
        let names = registry
            .mounts()
            .iter()
            .map(|mount| mount.name().into())
            .collect();
        let admission = Arc::new(Semaphore::new(
            limits.concurrency.min(Semaphore::MAX_PERMITS),
        ));
        Self {
            registry,
            instances,
            names,
            limits,
            admission,
        }
    }

    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Calls the tool with the public name `name`.
    pub(crate) async fn call_tool(
        &self,
        name: &str,
        arguments: Arguments<'_>,
        caller: Caller,
    ) -> Result<Output, CallFailure> {
        let tool = self
            .registry
            .tool(name)
            .ok_or_else(|| CallFailure::unknown_tool(name, &self.registry))?;
        let permit = authorize(&caller.principal, tool.definition)?;
        let timeout = tool.definition.timeout().unwrap_or(self.limits.timeout);
        let instance = &self.instances[tool.mount];
        self.guarded(tool, timeout, caller, |call| {
            permit.invoke(instance, arguments, call)
        })
        .await
    }

    /// Reads the resource that `uri` names; says which definition it was read from.
    pub(crate) async fn read_resource(
        &self,
        uri: &str,
        caller: Caller,
    ) -> Result<(Resource, &'static ResourceDefinition), CallFailure> {
        let missing = || CallFailure::UnknownResource {
            uri: uri.to_owned(),
        };
        let (found, variables) = self.registry.resource(uri).ok_or_else(missing)?;
        let permit = authorize(&caller.principal, found.definition)?;
        let instance = &self.instances[found.mount];
        let resource = self
            .guarded(found, self.limits.timeout, caller, |call| {
                permit.read(instance, variables, call)
            })
            .await?;
        if resource.parts.is_empty() {
            return Err(missing());
        }
        Ok((resource, found.definition))
    }

    /// Makes the messages of the prompt with the public name `name`.
    pub(crate) async fn get_prompt(
        &self,
        name: &str,
        arguments: Variables,
        caller: Caller,
    ) -> Result<Prompt, CallFailure> {
        let found = self
            .registry
            .prompt(name)
            .ok_or_else(|| CallFailure::UnknownPrompt {
                name: failure::shown(name),
            })?;
        let permit = authorize(&caller.principal, found.definition)?;
        let instance = &self.instances[found.mount];
        self.guarded(found, self.limits.timeout, caller, |call| {
            permit.get(instance, arguments, call)
        })
        .await
    }

    /// Completes `argument` of a prompt (or of a resource template) from what was `typed`. Nothing known
    /// about the argument is no failure: there are just no suggestions.
    pub(crate) async fn complete(
        &self,
        of_prompt: bool,
        target: &str,
        argument: &str,
        typed: String,
        others: Variables,
        caller: Caller,
    ) -> Result<Vec<String>, CallFailure> {
        if of_prompt && self.registry.prompt(target).is_none() {
            return Err(CallFailure::UnknownPrompt {
                name: failure::shown(target),
            });
        }
        if !of_prompt && !self.registry.has_resource_template(target) {
            return Err(CallFailure::UnknownResource {
                uri: failure::shown(target),
            });
        }
        let Some(found) = self.registry.completion(of_prompt, target, argument) else {
            return Ok(Vec::new());
        };
        let permit = authorize(&caller.principal, found.definition)?;
        let instance = &self.instances[found.mount];
        self.guarded(found, self.limits.timeout, caller, |call| {
            permit.complete(instance, typed, others, call)
        })
        .await
    }

    async fn guarded<T, D>(
        &self,
        entry: &Entry<D>,
        timeout: Duration,
        caller: Caller,
        start: impl FnOnce(
            mcp_factory_sdk::Call,
        )
            -> mcp_factory_sdk::BoxFuture<'static, Result<T, mcp_factory_sdk::ToolError>>,
    ) -> Result<T, CallFailure> {
        let admission = guard::admit(&self.admission, self.limits.queue_time).await?;
        let plugin = Arc::clone(&self.names[entry.mount]);
        guard::run(
            &entry.public_name,
            plugin,
            timeout,
            admission,
            caller,
            start,
        )
        .await
    }

    /// Stops the plugins, in the reverse order of their start.
    pub(crate) async fn stop(&self) {
        for instance in self.instances.iter().rev() {
            instance.clone().stop().await;
        }
    }
}
