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
    definition::ToolRow,
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
    /// Fires when the client cancels or goes away, or the server stops; `None` where nobody would look.
    pub cancelled: Option<CancellationToken>,
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
        match &self.definition.0 {
            ToolRow::Written(parts) => (parts.invoke)(instance, arguments, context),
            ToolRow::Declared(declared) => declared.run(instance, context, arguments.as_str()),
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Capability, CompletionTarget, Event, Hints, LogRecord, Progress, Question, ScopeHierarchy,
        ScopeSet, private,
    };

    const WRITE: Scope = Scope::new("fs:write");

    const HINTS: Hints = Hints {
        read_only: false,
        destructive: true,
        idempotent: false,
        open_world: false,
    };

    static TOOL: ToolDefinition = private::tool(private::ToolParts {
        name: "t",
        title: None,
        description: "",
        scope: WRITE,
        hints: HINTS,
        timeout: None,
        cache: None,
        gate: None,
        rate: None,
        context: false,
        input_schema: || json!({}),
        output_schema: || None,
        invoke: |_, _, _| Box::pin(std::future::ready(Ok(Output::new()))),
    });
    static RESOURCE: ResourceDefinition = private::resource(private::ResourceParts {
        uri: "r://",
        name: "r",
        title: None,
        description: "",
        mime_type: None,
        scope: WRITE,
        cache: None,
        context: false,
        read: |_, _, _| Box::pin(std::future::ready(Ok(Resource::missing()))),
    });
    static PROMPT: PromptDefinition = private::prompt(private::PromptParts {
        name: "p",
        title: None,
        description: "",
        arguments: &[],
        scope: WRITE,
        context: false,
        get: |_, _, _| Box::pin(std::future::ready(Ok(Prompt::new()))),
    });
    static COMPLETION: CompletionDefinition = private::completion(private::CompletionParts {
        target: CompletionTarget::Prompt("p"),
        argument: "a",
        scope: WRITE,
        complete: |_, _, _, _| Box::pin(std::future::ready(Ok(Vec::new()))),
    });

    fn refusals(principal: &Arc<Principal>) -> [Option<Denied>; 4] {
        [
            authorize(principal, &TOOL).err(),
            authorize(principal, &RESOURCE).err(),
            authorize(principal, &PROMPT).err(),
            authorize(principal, &COMPLETION).err(),
        ]
    }

    #[test]
    fn everything_with_a_scope_is_for_those_who_hold_it() {
        let holder = |scopes: &[&str]| {
            let scopes = ScopeSet::granted(scopes, &ScopeHierarchy::default());
            Arc::new(Principal::new("ann", scopes))
        };
        for enough in ["fs:write", "fs:admin", "write", "admin"] {
            assert_eq!(refusals(&holder(&[enough])), [None; 4], "{enough}");
        }
        assert_eq!(refusals(&Arc::new(Principal::local())), [None; 4]);
        let denied = Denied { required: WRITE };
        for too_little in [&[][..], &["fs:read", "read", "git:write", "fs", "writer"]] {
            let answers = refusals(&holder(too_little));
            assert_eq!(answers, [Some(denied); 4], "{too_little:?}");
        }
        assert_eq!(denied.to_string(), "the scope `fs:write` is required");
    }

    struct NoPeer;

    impl Peer for NoPeer {
        fn progress(&self, _: Progress) -> BoxFuture<'_, ()> {
            Box::pin(std::future::ready(()))
        }

        fn log(&self, _: LogRecord) -> BoxFuture<'_, ()> {
            Box::pin(std::future::ready(()))
        }

        fn publish(&self, _: Event) {}

        fn supports(&self, _: Capability) -> bool {
            false
        }

        fn ask<'a>(
            &'a self,
            _: &'a [(String, Question)],
        ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, ToolError>> {
            Box::pin(std::future::ready(Ok(None)))
        }
    }

    #[test]
    fn a_call_in_a_log_is_without_what_the_user_answered() {
        let call = Call {
            peer: Arc::new(NoPeer),
            plugin: "notes".into(),
            cancelled: None,
            deadline: None,
            answers: Map::from_iter([("code".to_owned(), json!("hunter2"))]),
            hold: None,
        };
        assert_eq!(format!("{call:?}"), "Call { plugin: \"notes\", .. }");
    }
}
