//! What a built server says of itself: the output of `describe --json`.
//!
//! The server writes these types and the factory reads them back to compare them with its plan, so they
//! live here, where both look.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Hints, PluginDefinition, PromptDefinition, ResourceDefinition, ToolDefinition};

/// The version of this format.
pub const FORMAT: u32 = 1;

/// A whole server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the names say it; the README of the server documents the format"
)]
pub struct Description {
    pub format: u32,
    pub server: ServerDescription,
    /// The version of the factory that generated the server.
    pub factory: String,
    /// What of the runtime is compiled in beside what every server has, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// Protocol revisions, newest first.
    pub protocols: Vec<String>,
    pub plugins: Vec<PluginDescription>,
    pub tools: Vec<ToolDescription>,
    pub resources: Vec<ResourceDescription>,
    pub resource_templates: Vec<ResourceTemplateDescription>,
    pub prompts: Vec<PromptDescription>,
    /// What plugins have to say against tools that the manifest declares for them; a server with one is
    /// not to be used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<DeclarationProblem>,
}

/// A tool that a manifest declares, and that its plugin does not accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclarationProblem {
    /// The mount's name.
    pub plugin: String,
    /// The tool's own name.
    pub tool: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// Name and version of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ServerDescription {
    pub name: String,
    pub version: String,
    pub description: String,
}

/// A mounted plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PluginDescription {
    /// The mount's name.
    pub name: String,
    pub crate_version: String,
    pub description: String,
    /// Where its source came from, in the manifest's words.
    pub source: String,
    pub interface: u32,
    pub config_schema: Value,
}

/// A tool, under its public name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ToolDescription {
    pub name: String,
    pub plugin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub description: String,
    pub scope: String,
    pub annotations: AnnotationsDescription,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How long an answer may be given again, unless the operator says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_ms: Option<u64>,
    /// The gate that a second factor opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// How often each caller may call it, such as `10/s`, unless the operator says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    pub input_schema: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Value>,
}

/// The four hints, as the protocol spells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    missing_docs,
    clippy::struct_excessive_bools,
    reason = "these are the protocol's four hints"
)]
pub struct AnnotationsDescription {
    pub read_only_hint: bool,
    pub destructive_hint: bool,
    pub idempotent_hint: bool,
    pub open_world_hint: bool,
}

/// A resource with a fixed URI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ResourceDescription {
    pub uri: String,
    pub name: String,
    pub plugin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub description: String,
    pub scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// How long the contents may be given again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_ms: Option<u64>,
}

/// A template of resources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ResourceTemplateDescription {
    pub uri_template: String,
    pub name: String,
    pub plugin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub description: String,
    pub scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// How long the contents may be given again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_ms: Option<u64>,
}

/// A prompt, under its public name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PromptDescription {
    pub name: String,
    pub plugin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub description: String,
    pub scope: String,
    pub arguments: Vec<PromptArgumentDescription>,
}

/// An argument of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PromptArgumentDescription {
    pub name: String,
    pub description: String,
    pub required: bool,
}

impl From<Hints> for AnnotationsDescription {
    fn from(hints: Hints) -> Self {
        Self {
            read_only_hint: hints.read_only,
            destructive_hint: hints.destructive,
            idempotent_hint: hints.idempotent,
            open_world_hint: hints.open_world,
        }
    }
}

impl PluginDescription {
    /// Describes a plugin mounted as `name`.
    pub fn new(name: &str, source: &str, plugin: &PluginDefinition) -> Self {
        Self {
            name: name.to_owned(),
            crate_version: plugin.version().to_owned(),
            description: plugin.description().to_owned(),
            source: source.to_owned(),
            interface: plugin.interface(),
            config_schema: plugin.config_schema(),
        }
    }
}

impl ToolDescription {
    /// Describes a tool with the public name `name`, of the plugin mounted as `plugin`.
    pub fn new(name: &str, plugin: &str, tool: &ToolDefinition) -> Self {
        Self {
            name: name.to_owned(),
            plugin: plugin.to_owned(),
            title: tool.title().map(str::to_owned),
            description: tool.description().to_owned(),
            scope: tool.scope().to_string(),
            annotations: tool.hints().into(),
            timeout_ms: tool.timeout().map(milliseconds),
            cache_ms: tool.cache().map(milliseconds),
            gate: tool.gate().map(str::to_owned),
            rate: tool.rate().map(|rate| rate.to_string()),
            input_schema: tool.input_schema(),
            output_schema: tool.output_schema(),
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl ResourceDescription {
    /// Describes a resource with a fixed URI, of the plugin mounted as `plugin`.
    pub fn new(plugin: &str, resource: &ResourceDefinition) -> Self {
        Self {
            uri: resource.uri().to_owned(),
            name: resource.name().to_owned(),
            plugin: plugin.to_owned(),
            title: resource.title().map(str::to_owned),
            description: resource.description().to_owned(),
            scope: resource.scope().to_string(),
            mime_type: resource.mime_type().map(str::to_owned),
            cache_ms: resource.cache().map(milliseconds),
        }
    }
}

impl ResourceTemplateDescription {
    /// Describes a resource template, of the plugin mounted as `plugin`.
    pub fn new(plugin: &str, resource: &ResourceDefinition) -> Self {
        let ResourceDescription {
            uri,
            name,
            plugin,
            title,
            description,
            scope,
            mime_type,
            cache_ms,
        } = ResourceDescription::new(plugin, resource);
        Self {
            uri_template: uri,
            name,
            plugin,
            title,
            description,
            scope,
            mime_type,
            cache_ms,
        }
    }
}

impl PromptDescription {
    /// Describes a prompt with the public name `name`, of the plugin mounted as `plugin`.
    pub fn new(name: &str, plugin: &str, prompt: &PromptDefinition) -> Self {
        let argument = |argument: &crate::PromptArgument| PromptArgumentDescription {
            name: argument.name.to_owned(),
            description: argument.description.to_owned(),
            required: argument.required,
        };
        Self {
            name: name.to_owned(),
            plugin: plugin.to_owned(),
            title: prompt.title().map(str::to_owned),
            description: prompt.description().to_owned(),
            scope: prompt.scope().to_string(),
            arguments: prompt.arguments().iter().map(argument).collect(),
        }
    }
}
