//! The static rows that the macros write: what a plugin has, without running any of it.
//!
//! A row's dispatch shim is private to this crate: only a [`Permit`](crate::Permit) runs it.

use std::time::Duration;

use serde_json::Value;

use crate::{
    DeclaredTool, Rate, Scope, UriTemplate,
    declared::Declared,
    private::{CompletionParts, PluginParts, PromptParts, ResourceParts, ToolParts},
};

/// The version of the interface between a plugin and a server. A plugin states the one it was written
/// for in its `Cargo.toml`, and the factory compares before it compiles anything.
pub const INTERFACE_VERSION: u32 = 1;

/// All that a plugin offers; the static `PLUGIN` that `#[plugin]` writes.
#[derive(Debug)]
pub struct PluginDefinition(pub(crate) PluginParts);

impl PluginDefinition {
    /// The plugin's name.
    pub const fn name(&self) -> &'static str {
        self.0.name
    }

    /// The version of the plugin's crate.
    pub const fn version(&self) -> &'static str {
        self.0.version
    }

    /// What the plugin is for.
    pub const fn description(&self) -> &'static str {
        self.0.description
    }

    /// The version of the interface that it was compiled against.
    pub const fn interface(&self) -> u32 {
        INTERFACE_VERSION
    }

    /// Its tools, in the order of the source.
    pub const fn tools(&self) -> &'static [ToolDefinition] {
        self.0.tools
    }

    /// Its resources and resource templates, in the order of the source.
    pub const fn resources(&self) -> &'static [ResourceDefinition] {
        self.0.resources
    }

    /// Its prompts, in the order of the source.
    pub const fn prompts(&self) -> &'static [PromptDefinition] {
        self.0.prompts
    }

    /// Its completions, in the order of the source.
    pub const fn completions(&self) -> &'static [CompletionDefinition] {
        self.0.completions
    }

    /// The JSON Schema of its configuration.
    pub fn config_schema(&self) -> Value {
        (self.0.config_schema)()
    }
}

/// A tool: a function of the plugin's, or a declaration in a manifest.
#[derive(Debug)]
pub struct ToolDefinition(pub(crate) ToolRow);

/// Where a tool's row comes from.
#[derive(Debug)]
pub(crate) enum ToolRow {
    /// A `#[tool]` function.
    Written(ToolParts),
    /// A `[[plugins.NAME.tool]]` of a manifest.
    Declared(Declared),
}

/// The same field of both kinds of rows.
macro_rules! field {
    ($row:expr, $field:ident) => {
        match &$row.0 {
            ToolRow::Written(parts) => parts.$field,
            ToolRow::Declared(declared) => declared.tool.$field,
        }
    };
}

impl ToolDefinition {
    /// The tool's own name, before any prefix of the mount.
    pub const fn name(&self) -> &'static str {
        field!(self, name)
    }

    /// A title for people.
    pub const fn title(&self) -> Option<&'static str> {
        field!(self, title)
    }

    /// What it does; the function's doc comment, or the declaration's `description`.
    pub const fn description(&self) -> &'static str {
        field!(self, description)
    }

    /// What a caller must hold.
    pub const fn scope(&self) -> Scope {
        field!(self, scope)
    }

    /// What a client may assume of it.
    pub const fn hints(&self) -> Hints {
        field!(self, hints)
    }

    /// How long a call may take; the server's default when `None`.
    pub const fn timeout(&self) -> Option<Duration> {
        field!(self, timeout)
    }

    /// How long an answer may be given again to the same caller for the same arguments; not at all when
    /// `None`, as for every declared tool. Only of tools that are read-only and have no gate.
    pub const fn cache(&self) -> Option<Duration> {
        match &self.0 {
            ToolRow::Written(parts) => parts.cache,
            ToolRow::Declared(_) => None,
        }
    }

    /// The group of tools that a second factor opens, if this is one of them.
    pub const fn gate(&self) -> Option<&'static str> {
        field!(self, gate)
    }

    /// How often each caller may call it; the server's default when `None`.
    pub const fn rate(&self) -> Option<Rate> {
        field!(self, rate)
    }

    /// Whether its function takes a `&Context`, so that during a call it can report progress, log, ask the
    /// client something, or know who calls. Declared tools may: their plugin is always given one.
    pub const fn takes_context(&self) -> bool {
        match &self.0 {
            ToolRow::Written(parts) => parts.context,
            ToolRow::Declared(_) => true,
        }
    }

    /// The closed JSON Schema (2020-12) of its arguments.
    pub fn input_schema(&self) -> Value {
        match &self.0 {
            ToolRow::Written(parts) => (parts.input_schema)(),
            ToolRow::Declared(declared) => declared.tool.input_schema(),
        }
    }

    /// The JSON Schema of its structured content, if it has any.
    pub fn output_schema(&self) -> Option<Value> {
        match &self.0 {
            ToolRow::Written(parts) => (parts.output_schema)(),
            ToolRow::Declared(declared) => declared.output_schema(),
        }
    }

    /// The declaration, if it comes from a manifest.
    pub const fn declaration(&self) -> Option<&'static DeclaredTool> {
        match &self.0 {
            ToolRow::Written(_) => None,
            ToolRow::Declared(declared) => Some(declared.tool),
        }
    }

    /// What the plugin says of a declaration; a tool of the plugin's own is always right.
    ///
    /// # Errors
    /// What is wrong with it, for the author of the manifest.
    pub fn check(&self) -> Result<(), String> {
        match &self.0 {
            ToolRow::Written(_) => Ok(()),
            ToolRow::Declared(declared) => declared.check(),
        }
    }
}

/// What a client may assume of a tool; always sent in full, since the protocol's defaults are alarming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the protocol's four hints"
)]
pub struct Hints {
    /// It changes nothing.
    pub read_only: bool,
    /// It may destroy something, rather than only add.
    pub destructive: bool,
    /// Calling it again with the same arguments changes nothing more.
    pub idempotent: bool,
    /// It reaches things outside of the server's own domain, such as the web.
    pub open_world: bool,
}

/// A resource with a fixed URI, or a template of resources.
#[derive(Debug)]
pub struct ResourceDefinition(pub(crate) ResourceParts);

impl ResourceDefinition {
    /// The URI or URI template.
    pub const fn uri(&self) -> &'static str {
        self.0.uri
    }

    /// The URI as a template to match against.
    pub const fn template(&self) -> UriTemplate<'static> {
        UriTemplate::new(self.0.uri)
    }

    /// A name for programs.
    pub const fn name(&self) -> &'static str {
        self.0.name
    }

    /// A title for people.
    pub const fn title(&self) -> Option<&'static str> {
        self.0.title
    }

    /// What it holds.
    pub const fn description(&self) -> &'static str {
        self.0.description
    }

    /// Its media type, when all of it has one.
    pub const fn mime_type(&self) -> Option<&'static str> {
        self.0.mime_type
    }

    /// What a reader must hold.
    pub const fn scope(&self) -> Scope {
        self.0.scope
    }

    /// How long its contents may be given again to the same reader; not at all when `None`.
    pub const fn cache(&self) -> Option<Duration> {
        self.0.cache
    }

    /// Whether its function takes a `&Context`, as [`ToolDefinition::takes_context`] says of a tool.
    pub const fn takes_context(&self) -> bool {
        self.0.context
    }
}

/// A prompt.
#[derive(Debug)]
pub struct PromptDefinition(pub(crate) PromptParts);

impl PromptDefinition {
    /// Its name, before any prefix of the mount.
    pub const fn name(&self) -> &'static str {
        self.0.name
    }

    /// A title for people.
    pub const fn title(&self) -> Option<&'static str> {
        self.0.title
    }

    /// What it is for.
    pub const fn description(&self) -> &'static str {
        self.0.description
    }

    /// Its arguments, in order.
    pub const fn arguments(&self) -> &'static [PromptArgument] {
        self.0.arguments
    }

    /// What a caller must hold.
    pub const fn scope(&self) -> Scope {
        self.0.scope
    }

    /// Whether its function takes a `&Context`, as [`ToolDefinition::takes_context`] says of a tool.
    pub const fn takes_context(&self) -> bool {
        self.0.context
    }
}

/// One argument of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptArgument {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Whether it must be given.
    pub required: bool,
}

/// A function that completes an argument while a person types it.
#[derive(Debug)]
pub struct CompletionDefinition(pub(crate) CompletionParts);

impl CompletionDefinition {
    /// What the argument belongs to.
    pub const fn target(&self) -> CompletionTarget {
        self.0.target
    }

    /// The argument it completes.
    pub const fn argument(&self) -> &'static str {
        self.0.argument
    }

    /// What a caller must hold: the scope of what it completes for.
    pub const fn scope(&self) -> Scope {
        self.0.scope
    }
}

/// What a completion belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionTarget {
    /// The prompt with this name.
    Prompt(&'static str),
    /// The resource template with this text.
    Resource(&'static str),
}
