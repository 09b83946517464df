//! A plugin's life and results with the type still known: what the expansions name of the author's types.

use std::sync::Arc;

use serde_json::Value;

use crate::{BoxFuture, Instance, Plugin, StartContext, StartError, ToolError, private, schema};

/// Every [`Plugin`]. It exists for its message: a forgotten impl is one sentence, not one per function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `Plugin`",
    label = "nothing says how to start it",
    note = "write `impl Plugin for {Self}`, or `#[plugin(name = \"…\", stateless)]` if `Default` is all it takes"
)]
pub trait Lifecycle: Sized {
    /// Starts it.
    fn start(
        config: Value,
        context: StartContext,
    ) -> BoxFuture<'static, Result<Instance, StartError>>;

    /// The schema of its configuration.
    fn config_schema() -> Value;

    /// The plugin inside of an instance.
    ///
    /// # Errors
    /// When it is another plugin's, which is a mistake of the server.
    fn of(instance: &Instance) -> Result<Arc<Self>, ToolError>;
}

#[diagnostic::do_not_recommend]
impl<P: Plugin> Lifecycle for P {
    fn start(
        config: Value,
        context: StartContext,
    ) -> BoxFuture<'static, Result<Instance, StartError>> {
        crate::plugin::start::<P>(config, context)
    }

    fn config_schema() -> Value {
        schema::of_config::<P::Config>()
    }

    fn of(instance: &Instance) -> Result<Arc<Self>, ToolError> {
        instance.downcast().ok_or_else(private::wrong_instance)
    }
}

/// What the error of a function can be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a plugin's function",
    label = "cannot become a `ToolError`",
    note = "return `ToolError`, or a type that implements `std::error::Error`"
)]
pub trait IntoToolError {
    /// The error in two voices.
    fn into_tool_error(self) -> ToolError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<ToolError>> IntoToolError for E {
    fn into_tool_error(self) -> ToolError {
        self.into()
    }
}

/// What a `#[completion]` function may return, alone or in a `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a completion",
    label = "return `Vec<String>` (or a `Result` of it)"
)]
pub trait IntoCompletions {
    /// The suggestions.
    fn into_completions(self) -> Result<Vec<String>, ToolError>;
}

impl IntoCompletions for Vec<String> {
    fn into_completions(self) -> Result<Vec<String>, ToolError> {
        Ok(self)
    }
}
