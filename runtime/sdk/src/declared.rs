//! Tools that a manifest declares: `[[plugins.NAME.tool]]`, with a name, a description, parameters and a
//! scope as every tool has, and with keys of the plugin's own, such as a query or a command.
//!
//! In the room: the rows, as the factory writes them into a server, and what a plugin that takes such rows
//! must say. How a caller's arguments are held against a row is in `declared/arguments`.

mod arguments;

use std::{future::Future, time::Duration};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    BoxFuture, Context, Hints, Instance, IntoOutput, Output, Plugin, PluginDefinition, Rate, Scope,
    ToolDefinition, ToolError, definition::ToolRow, explain, private, schema,
};

pub(crate) use arguments::read;

/// A tool as a manifest declares it. The factory has checked the forms of all fields.
#[derive(Debug)]
pub struct DeclaredTool {
    /// Its own name, before any prefix of the mount.
    pub name: &'static str,
    /// A title for people.
    pub title: Option<&'static str>,
    /// What it does.
    pub description: &'static str,
    /// What a caller must hold.
    pub scope: Scope,
    /// What a client may assume of it. A plugin holds a tool that says `read_only` to that.
    pub hints: Hints,
    /// How long a call may take; the server's default when `None`.
    pub timeout: Option<Duration>,
    /// The group of tools that a second factor opens, if this is one of them.
    pub gate: Option<&'static str>,
    /// How often each caller may call it; the server's default when `None`.
    pub rate: Option<Rate>,
    /// What it takes, in order.
    pub parameters: &'static [DeclaredParameter],
    /// The plugin's own keys: a JSON object.
    pub body: &'static str,
}

/// A parameter of a [`DeclaredTool`].
#[derive(Clone, Copy, Debug)]
pub struct DeclaredParameter {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// What its values are.
    pub kind: ParameterKind,
    /// Whether a call must have it.
    pub required: bool,
    /// What it is when a call leaves it out: JSON text of its kind. Without one it is `null`.
    pub default: Option<&'static str>,
    /// For strings: the only values, if not empty.
    pub choices: &'static [&'static str],
    /// For numbers: the least value; for strings: the fewest characters.
    pub minimum: Option<f64>,
    /// For numbers: the greatest value; for strings: the most characters.
    pub maximum: Option<f64>,
}

/// What the values of a [`DeclaredParameter`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// Text.
    Text,
    /// A whole number that fits into 64 bits.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
}

impl ParameterKind {
    /// The word for it in JSON Schema, and in a manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

impl DeclaredTool {
    /// The plugin's own keys, read as `B`.
    ///
    /// # Errors
    /// What does not fit, in words for the author of the manifest.
    pub fn body<B: DeserializeOwned>(&self) -> Result<B, String> {
        let mut source = serde_json::Deserializer::from_str(self.body);
        serde_path_to_error::deserialize(&mut source).map_err(|error| {
            let path = error.path().to_string();
            let reason = explain::without_position(&error.into_inner().to_string());
            let reason = explain::with_nearest_field(&reason);
            if path == "." {
                reason
            } else {
                format!("`{path}`: {reason}")
            }
        })
    }

    /// The closed JSON Schema of its arguments.
    pub fn input_schema(&self) -> Value {
        let mut properties = Map::new();
        for parameter in self.parameters {
            properties.insert(parameter.name.to_owned(), parameter.schema());
        }
        let required = self
            .parameters
            .iter()
            .filter(|parameter| parameter.required);
        let required: Vec<&str> = required.map(|parameter| parameter.name).collect();
        let mut schema = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        schema["additionalProperties"] = false.into();
        schema
    }
}

impl DeclaredParameter {
    fn schema(&self) -> Value {
        let mut schema = json!({ "type": self.kind.as_str(), "description": self.description });
        if !self.choices.is_empty() {
            schema["enum"] = self.choices.into();
        }
        let (least, most) = match self.kind {
            ParameterKind::Text => ("minLength", "maxLength"),
            _ => ("minimum", "maximum"),
        };
        for (key, bound) in [(least, self.minimum), (most, self.maximum)] {
            if let Some(bound) = bound {
                schema[key] = self.bound(bound);
            }
        }
        if let Some(default) = self.default_value() {
            schema["default"] = default;
        }
        schema
    }

    /// A bound as JSON: a whole number where only whole numbers are meant.
    fn bound(&self, bound: f64) -> Value {
        match format!("{bound:.0}").parse::<i64>() {
            Ok(whole) if self.kind != ParameterKind::Number => whole.into(),
            _ => bound.into(),
        }
    }

    /// The default as a value.
    pub(crate) fn default_value(&self) -> Option<Value> {
        serde_json::from_str(self.default?).ok()
    }
}

/// A plugin that takes tools from a manifest: `#[plugin(name = "…", declares)]`.
///
/// What was declared is in [`StartContext::declared`](crate::StartContext::declared) when it starts.
pub trait Declares: Plugin {
    /// The keys of `[[plugins.NAME.tool]]` that are this plugin's own. Put
    /// `#[serde(deny_unknown_fields)]` on it.
    type Body: DeserializeOwned + JsonSchema;

    /// What every such tool answers.
    type Answer: Serialize + JsonSchema + Send + 'static;

    /// Judges a declaration when a server is built, without any service: does it parse, do the parameters
    /// match, does it keep to its hints.
    ///
    /// # Errors
    /// What is wrong and how to mend it, for the author of the manifest.
    fn check(tool: &DeclaredTool, body: &Self::Body) -> Result<(), String>;

    /// Runs a declared tool. The arguments fit the declaration and come in its order; one that was left out
    /// is its default, or `null`.
    fn run(
        &self,
        context: Context,
        tool: &'static DeclaredTool,
        arguments: Vec<(&'static str, Value)>,
    ) -> impl Future<Output = Result<Self::Answer, ToolError>> + Send;
}

/// What a plugin's definition knows of its [`Declares`]; written by the macro.
#[derive(Debug)]
pub struct DeclaresParts {
    check: fn(&DeclaredTool) -> Result<(), String>,
    run: RunShim,
    body_schema: fn() -> Value,
    output_schema: fn() -> Option<Value>,
}

type RunShim = fn(
    &Instance,
    Context,
    &'static DeclaredTool,
    Vec<(&'static str, Value)>,
) -> BoxFuture<'static, Result<Output, ToolError>>;

impl DeclaresParts {
    /// What the expansion of `#[plugin(declares)]` calls.
    pub const fn of<P: Declares>() -> Self {
        Self {
            check: |tool| P::check(tool, &tool.body::<P::Body>()?),
            run: |instance, context, tool, arguments| {
                let plugin = instance.downcast::<P>();
                Box::pin(async move {
                    let plugin = plugin.ok_or_else(private::wrong_instance)?;
                    plugin.run(context, tool, arguments).await?.into_output()
                })
            },
            body_schema: schema::of_config::<P::Body>,
            output_schema: <P::Answer as IntoOutput>::output_schema,
        }
    }
}

/// A declared tool and the plugin that runs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared {
    pub(crate) tool: &'static DeclaredTool,
    parts: &'static DeclaresParts,
}

impl Declared {
    pub(crate) fn output_schema(&self) -> Option<Value> {
        (self.parts.output_schema)()
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        (self.parts.check)(self.tool)
    }

    pub(crate) fn run(
        &self,
        instance: &Instance,
        context: Context,
        json: &str,
    ) -> BoxFuture<'static, Result<Output, ToolError>> {
        match read(self.tool.parameters, json) {
            Ok(arguments) => (self.parts.run)(instance, context, self.tool, arguments),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

impl ToolDefinition {
    /// The row of a tool that a manifest declares for `plugin`.
    ///
    /// # Panics
    /// When the plugin takes none; where this is a constant, as in a generated server, it does not compile.
    pub const fn declared(plugin: &'static PluginDefinition, tool: &'static DeclaredTool) -> Self {
        let Some(parts) = &plugin.0.declares else {
            panic!("this plugin takes no tools from a manifest");
        };
        Self(ToolRow::Declared(Declared { tool, parts }))
    }
}

impl PluginDefinition {
    /// The JSON Schema of the keys that this plugin's declared tools have beside those of every tool;
    /// `None` when it takes none.
    pub fn declaration_schema(&self) -> Option<Value> {
        self.0.declares.as_ref().map(|parts| (parts.body_schema)())
    }
}

#[cfg(test)]
mod tests;
