//! What a call must pass between its scope and its turn.

use std::{panic::AssertUnwindSafe, pin::pin};

use futures_util::FutureExt as _;
use mcp_factory_guard::Closed;
use mcp_factory_sdk::{
    Arguments, Content, Output, PendingCall, Rate, Resource, ResourceBody, ToolDefinition,
    ToolError,
};

use super::{CallFailure, Caller, Pipeline, Tenant, Transport, guard};
use crate::{config::Limit, registry::Entry};

impl Pipeline {
    /// Whose plugins the caller reaches.
    pub(super) fn tenant(&self, caller: &Caller) -> Result<&Tenant, CallFailure> {
        self.tenants
            .of(&caller.principal)
            .ok_or(CallFailure::NoTenant)
    }

    /// The second factor of tools that have one.
    pub(super) async fn pass_gate(&self, caller: &Caller, group: &str) -> Result<(), CallFailure> {
        let closed = match &self.guards.gates {
            Some(gates) => gates.pass(caller.principal.key(), group).await.err(),
            // Nobody could open it.
            None => Some(Closed::Unavailable),
        };
        match closed {
            None => Ok(()),
            Some(closed) => Err(CallFailure::Gated(ToolError::new(closed.to_string()))),
        }
    }

    /// The rate of what has none of its own. The local user, who may stop the server at any time, has none.
    pub(super) fn default_rate(&self, caller: &Caller, tenant: &Tenant) -> Option<Rate> {
        match caller.origin.transport {
            Transport::Stdio => None,
            Transport::Http => match tenant.rate {
                Some(Limit(rate)) => rate,
                None => self.limits.rate,
            },
        }
    }

    pub(super) async fn take_rate(
        &self,
        caller: &Caller,
        name: &str,
        rate: Option<Rate>,
    ) -> Result<(), CallFailure> {
        let Some(rate) = rate else { return Ok(()) };
        let key = caller.principal.key();
        let taken = self.guards.rates.take(key, name, rate).await;
        taken.map_err(|exceeded| CallFailure::RateLimited {
            retry_after: exceeded.retry_after,
        })
    }

    /// What the plugin itself, and the plugins that judge all calls, say of the call.
    pub(super) async fn validate(
        &self,
        tenant: &Tenant,
        caller: &Caller,
        tool: &Entry<ToolDefinition>,
        arguments: Arguments<'_>,
    ) -> Result<(), CallFailure> {
        let call = PendingCall::new(&tool.public_name, arguments, &caller.principal);
        let all = self.guards.validators.iter().copied();
        let mounts = all.filter(|mount| *mount != tool.mount).chain([tool.mount]);
        let judging = AssertUnwindSafe(async move {
            for mount in mounts {
                tenant.instances[mount].validate(call).await?;
            }
            Ok(())
        });
        // Bounded like a call: a validator that hangs is a plugin that hangs.
        let judging = pin!(judging.catch_unwind());
        let judged = guard::within(self.limits.timeout, caller.cancelled.as_ref(), judging).await?;
        match judged {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(guard::failed(&tool.public_name, error)),
            Err(_) => Err(guard::panicked(&tool.public_name)),
        }
    }
}

/// Refuses a tool's result that is larger than a caller gets.
pub(super) fn output_size(output: &Output, limit: usize) -> Result<(), CallFailure> {
    let blocks: usize = output.blocks().iter().map(content_bytes).sum();
    let structured = output.structured_json().map_or(0, str::len);
    within(blocks + structured, limit)
}

/// Refuses a resource that is larger than a caller gets.
pub(super) fn resource_size(resource: &Resource, limit: usize) -> Result<(), CallFailure> {
    let parts = resource.parts.iter();
    within(parts.map(|part| body_bytes(&part.body)).sum(), limit)
}

fn within(bytes: usize, limit: usize) -> Result<(), CallFailure> {
    if bytes <= limit {
        return Ok(());
    }
    Err(CallFailure::Tool(ToolError::new(format!(
        "the result has {bytes} bytes and a caller gets at most {limit}: ask for less"
    ))))
}

fn content_bytes(content: &Content) -> usize {
    match content {
        Content::Text { text, .. } => text.len(),
        Content::Image { data, .. } | Content::Audio { data, .. } => data.len(),
        Content::Resource(resource) => body_bytes(&resource.body),
        _ => 0,
    }
}

fn body_bytes(body: &ResourceBody) -> usize {
    match body {
        ResourceBody::Text(text) => text.len(),
        ResourceBody::Blob(bytes) => bytes.len(),
    }
}
