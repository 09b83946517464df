//! The one decision before anything of a plugin runs.
//!
//! [`authorize`] is the only maker of a [`Permit`], and a permit is the only thing that can run what it
//! was made for. A caller that skips the check has nothing to call.

use std::{any::Any, fmt, sync::Arc, time::Instant};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::{
    Arguments, BoxFuture, CompletionDefinition, Context, Instance, Output, Peer, Principal, Prompt,
    PromptDefinition, Resource, ResourceDefinition, Scope, ToolDefinition, ToolError, Variables,
};

/// Something that demands a scope of its caller.
pub trait Guarded: sealed::Sealed {
    /// What a caller must hold.
    fn required_scope(&self) -> Scope;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! guarded {
    ($($definition:ty),*) => {$(
        impl sealed::Sealed for $definition {}
        impl Guarded for $definition {
            fn required_scope(&self) -> Scope {
                self.scope()
            }
        }
    )*};
}
guarded!(
    ToolDefinition,
    ResourceDefinition,
    PromptDefinition,
    CompletionDefinition
);

/// Leave to run one thing once, for one principal. Made by [`authorize`] only.
#[derive(Debug)]
#[must_use = "a permit that is not used ran nothing"]
pub struct Permit<'d, D> {
    definition: &'d D,
    principal: Arc<Principal>,
}

/// A refusal: the caller lacks a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What the caller would need.
    pub required: Scope,
}

impl fmt::Display for Denied {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the scope `{}` is required", self.required)
    }
}

impl std::error::Error for Denied {}

/// Decides whether `principal` may use `definition`.
///
/// # Errors
/// [`Denied`], naming the scope that is missing.
pub fn authorize<'d, D: Guarded>(
    principal: &Arc<Principal>,
    definition: &'d D,
) -> Result<Permit<'d, D>, Denied> {
    let required = definition.required_scope();
    if principal.scopes().contains(required) {
        Ok(Permit {
            definition,
            principal: Arc::clone(principal),
        })
    } else {
        Err(Denied { required })
    }
}

/// The circumstances of one call, as the server knows them.
#[derive(Clone)]
pub struct Call {
    /// The way back to the client.
    pub peer: Arc<dyn Peer>,
    /// The mount's name, for logs.
    pub plugin: Arc<str>,
    /// Fires when the client cancels or goes away, or the server stops.
    pub cancelled: CancellationToken,
    /// When the call's time is up.
    pub deadline: Option<Instant>,
    /// Answers that the client has given to questions of earlier rounds of this call.
    pub answers: Map<String, Value>,
    /// Kept until the last clone of the call's context is gone; a server counts running calls by it.
    pub hold: Option<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Call")
            .field("plugin", &self.plugin)
            .finish_non_exhaustive()
    }
}

impl<D> Permit<'_, D> {
    fn context(&self, call: Call) -> Context {
        Context::new(Arc::clone(&self.principal), call)
    }
}

impl Permit<'_, ToolDefinition> {
    /// Runs the tool. The arguments are read before the future is made, so it borrows nothing.
    pub fn invoke(
        self,
        instance: &Instance,
        arguments: Arguments<'_>,
        call: Call,
    ) -> BoxFuture<'static, Result<Output, ToolError>> {
        let context = self.context(call);
        (self.definition.0.invoke)(instance, arguments, context)
    }
}

impl Permit<'_, ResourceDefinition> {
    /// Reads the resource, with the template's variables as the URI gave them.
    pub fn read(
        self,
        instance: &Instance,
        variables: Variables,
        call: Call,
    ) -> BoxFuture<'static, Result<Resource, ToolError>> {
        let context = self.context(call);
        (self.definition.0.read)(instance, variables, context)
    }
}

impl Permit<'_, PromptDefinition> {
    /// Makes the prompt's messages. An argument that the prompt does not have is refused.
    pub fn get(
        self,
        instance: &Instance,
        arguments: Variables,
        call: Call,
    ) -> BoxFuture<'static, Result<Prompt, ToolError>> {
        let known: Vec<&str> = self
            .definition
            .arguments()
            .iter()
            .map(|argument| argument.name)
            .collect();
        if let Err(error) = arguments.refuse_unknown(&known) {
            return Box::pin(std::future::ready(Err(error)));
        }
        let context = self.context(call);
        (self.definition.0.get)(instance, arguments, context)
    }
}

impl Permit<'_, CompletionDefinition> {
    /// Completes what was typed so far; `others` are the arguments already given.
    pub fn complete(
        self,
        instance: &Instance,
        typed: String,
        others: Variables,
        call: Call,
    ) -> BoxFuture<'static, Result<Vec<String>, ToolError>> {
        let context = self.context(call);
        (self.definition.0.complete)(instance, typed, others, context)
    }
}
