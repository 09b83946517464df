//! What expansions of the macros call. Not part of the interface: it changes without notice, and
//! naming anything in here by hand makes a plugin that the next release breaks.

use std::{str::FromStr, time::Duration};

pub use schemars::{self, JsonSchema};
pub use serde::{self, de::DeserializeOwned};
pub use serde_json::{self, Value, json};

use crate::{
    Arguments, Blocking, BoxFuture, CompletionDefinition, CompletionTarget, Context, Hints,
    Instance, Output, PluginDefinition, Prompt, PromptArgument, PromptDefinition, Rate, Resource,
    ResourceDefinition, Scope, StartContext, StartError, ToolDefinition, ToolError, Variables,
    blocking, definition::ToolRow, explain,
};
pub use crate::{
    declared::DeclaresParts,
    lifecycle::{IntoCompletions, IntoToolError, Lifecycle},
    output::IntoOutput,
    parameter::{
        Argument, DefaultValue, Length, TextArgument, check_max_length, check_maximum,
        check_min_length, check_minimum,
    },
    prompt::IntoPrompt,
    resource::IntoResource,
    schema::ObjectSchema,
};

/// Runs a tool: reads the arguments at once, then returns a future that borrows nothing.
pub type InvokeShim =
    fn(&Instance, Arguments<'_>, Context) -> BoxFuture<'static, Result<Output, ToolError>>;
/// Reads a resource.
pub type ReadShim =
    fn(&Instance, Variables, Context) -> BoxFuture<'static, Result<Resource, ToolError>>;
/// Makes a prompt.
pub type GetShim =
    fn(&Instance, Variables, Context) -> BoxFuture<'static, Result<Prompt, ToolError>>;
/// Completes an argument.
pub type CompleteShim =
    fn(&Instance, String, Variables, Context) -> BoxFuture<'static, Result<Vec<String>, ToolError>>;
/// Starts a plugin.
pub type StartShim = fn(Value, StartContext) -> BoxFuture<'static, Result<Instance, StartError>>;

/// The fields of a [`PluginDefinition`].
#[derive(Debug)]
#[expect(missing_docs, reason = "each is documented at its getter")]
pub struct PluginParts {
    pub name: &'static str,
    pub version: &'static str,
    pub description: &'static str,
    pub tools: &'static [ToolDefinition],
    pub resources: &'static [ResourceDefinition],
    pub prompts: &'static [PromptDefinition],
    pub completions: &'static [CompletionDefinition],
    pub config_schema: fn() -> Value,
    pub start: StartShim,
    pub declares: Option<DeclaresParts>,
}

/// The fields of a [`ToolDefinition`].
#[derive(Debug)]
#[expect(missing_docs, reason = "each is documented at its getter")]
pub struct ToolParts {
    pub name: &'static str,
    pub title: Option<&'static str>,
    pub description: &'static str,
    pub scope: Scope,
    pub hints: Hints,
    pub timeout: Option<Duration>,
    pub cache: Option<Duration>,
    pub gate: Option<&'static str>,
    pub rate: Option<Rate>,
    pub context: bool,
    pub input_schema: fn() -> Value,
    pub output_schema: fn() -> Option<Value>,
    pub invoke: InvokeShim,
}

/// The fields of a [`ResourceDefinition`].
#[derive(Debug)]
#[expect(missing_docs, reason = "each is documented at its getter")]
pub struct ResourceParts {
    pub uri: &'static str,
    pub name: &'static str,
    pub title: Option<&'static str>,
    pub description: &'static str,
    pub mime_type: Option<&'static str>,
    pub scope: Scope,
    pub cache: Option<Duration>,
    pub context: bool,
    pub read: ReadShim,
}

/// The fields of a [`PromptDefinition`].
#[derive(Debug)]
#[expect(missing_docs, reason = "each is documented at its getter")]
pub struct PromptParts {
    pub name: &'static str,
    pub title: Option<&'static str>,
    pub description: &'static str,
    pub arguments: &'static [PromptArgument],
    pub scope: Scope,
    pub context: bool,
    pub get: GetShim,
}

/// The fields of a [`CompletionDefinition`].
#[derive(Debug)]
#[expect(missing_docs, reason = "each is documented at its getter")]
pub struct CompletionParts {
    pub target: CompletionTarget,
    pub argument: &'static str,
    pub scope: Scope,
    pub complete: CompleteShim,
}

/// Makes the definition of a plugin.
pub const fn plugin(parts: PluginParts) -> PluginDefinition {
    PluginDefinition(parts)
}

/// Makes the definition of a tool.
pub const fn tool(parts: ToolParts) -> ToolDefinition {
    ToolDefinition(ToolRow::Written(parts))
}

/// Makes the definition of a resource or template.
pub const fn resource(parts: ResourceParts) -> ResourceDefinition {
    ResourceDefinition(parts)
}

/// Makes the definition of a prompt.
pub const fn prompt(parts: PromptParts) -> PromptDefinition {
    PromptDefinition(parts)
}

/// Makes the definition of a completion.
pub const fn completion(parts: CompletionParts) -> CompletionDefinition {
    CompletionDefinition(parts)
}

/// What stands in for a definition that could not be made; the crate does not compile then.
pub const fn broken() -> PluginDefinition {
    plugin(PluginParts {
        name: "",
        version: "",
        description: "",
        tools: &[],
        resources: &[],
        prompts: &[],
        completions: &[],
        config_schema: || Value::Null,
        start: |_, _| Box::pin(std::future::ready(Err(StartError::new("not a plugin")))),
        declares: None,
    })
}

/// Reads the arguments of a tool into the struct that the macro made of its parameters.
pub fn arguments<T: DeserializeOwned>(
    arguments: Arguments<'_>,
    known: &[&str],
    required: &[&str],
) -> Result<T, ToolError> {
    let json = arguments.as_str();
    // A list would be read into the struct field by field.
    if !json.trim_ascii_start().starts_with('{') {
        return Err(ToolError::invalid_arguments(
            "the arguments must be a JSON object",
        ));
    }
    serde_json::from_str(json).map_err(|_| explain::arguments::<T>(json, known, required))
}

/// Reads all arguments of a tool whose author wrote the schema into one value.
pub fn whole_arguments<T: Argument>(arguments: Arguments<'_>) -> Result<T, ToolError> {
    let mut source = serde_json::Deserializer::from_str(arguments.as_str());
    T::read(&mut source).map_err(|error| {
        ToolError::invalid_arguments(explain::without_position(&error.to_string()))
    })
}

/// What a shim returns.
pub type Future<T> = BoxFuture<'static, Result<T, ToolError>>;

/// Boxes what a shim awaits.
pub fn boxed<T>(
    future: impl std::future::Future<Output = Result<T, ToolError>> + Send + 'static,
) -> Future<T> {
    Box::pin(future)
}

/// Runs the part of a shim that comes before its future: an error there is the future's result.
pub fn attempt<T: Send + 'static>(
    prepare: impl FnOnce() -> Result<Future<T>, ToolError>,
) -> Future<T> {
    prepare().unwrap_or_else(|error| Box::pin(std::future::ready(Err(error))))
}

/// The error of an instance of another plugin; the server pairs definitions and instances, so it would
/// be the server's own mistake.
pub fn wrong_instance() -> ToolError {
    ToolError::bug("a definition was called with the instance of another plugin")
}

/// Runs a sync function where it may block. The context lives as long as the work, which cannot be stopped from
/// outside.
pub async fn blocking<T: Send + 'static>(
    context: Context,
    work: impl FnOnce(&Context) -> T + Send + 'static,
) -> Result<T, ToolError> {
    blocking::run(context, work).await
}

/// What a function that takes `&Blocking` is given.
pub fn threads(context: &Context) -> Blocking {
    Blocking::new(context.clone())
}

/// Reads a variable of a template or an argument of a prompt.
pub fn variable<T: FromStr>(variables: &Variables, name: &str) -> Result<T, ToolError> {
    optional_variable(variables, name)?
        .ok_or_else(|| ToolError::invalid_arguments(format!("missing argument: `{name}`")))
}

/// Reads an argument of a prompt that may be left out.
pub fn optional_variable<T: FromStr>(
    variables: &Variables,
    name: &str,
) -> Result<Option<T>, ToolError> {
    let Some(text) = variables.get(name) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        ToolError::invalid_arguments(format!(
            "argument `{name}`: this is not what was expected here"
        ))
    })
}
