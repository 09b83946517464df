//! A plugin's place in a server: under which name, with which prefix, without which tools.
//!
//! Everything here is `const`, so that a generated `main.rs` is a readable list and a mistake in it
//! does not compile. In the room: the row itself. The checks over all rows are in `unique`, and `alike` says whether
//! they can find anything.

mod alike;
#[cfg(test)]
mod tests;
mod unique;

use mcp_factory_sdk::{PluginDefinition, ToolDefinition};

pub use unique::assert_unique;

/// One plugin of a server. Made by [`mount`].
#[derive(Clone, Copy, Debug)]
pub struct Mount {
    name: &'static str,
    plugin: &'static PluginDefinition,
    declared: &'static [ToolDefinition],
    source: &'static str,
    prefix: &'static str,
    allow: Option<&'static [&'static str]>,
    deny: &'static [&'static str],
}

/// Mounts a plugin as `name`: its configuration section is `[plugins.<name>]`.
pub const fn mount(name: &'static str, plugin: &'static PluginDefinition) -> Mount {
    Mount {
        name,
        plugin,
        declared: &[],
        source: "",
        prefix: "",
        allow: None,
        deny: &[],
    }
}

/// The tools that open the gates of others: part of every server that has a gated tool.
pub(crate) static GATE: Mount = mount("gate", &mcp_factory_guard::GATE_PLUGIN).source("server");

impl Mount {
    /// Says where the plugin's source came from, in the manifest's words.
    #[must_use]
    pub const fn source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// Adds tools that the manifest declares for the plugin.
    #[must_use]
    pub const fn declared(mut self, tools: &'static [ToolDefinition]) -> Self {
        self.declared = tools;
        self
    }

    /// Puts `prefix` and an underscore before the names of its tools and prompts.
    #[must_use]
    pub const fn prefix(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }

    /// Offers only these tools, by their own names.
    #[must_use]
    pub const fn allow(mut self, tools: &'static [&'static str]) -> Self {
        self.allow = Some(tools);
        self
    }

    /// Offers all tools but these, by their own names.
    #[must_use]
    pub const fn deny(mut self, tools: &'static [&'static str]) -> Self {
        self.deny = tools;
        self
    }

    /// The mount's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What is mounted.
    pub const fn plugin(&self) -> &'static PluginDefinition {
        self.plugin
    }

    /// The tools that the manifest declares for it.
    pub const fn declared_tools(&self) -> &'static [ToolDefinition] {
        self.declared
    }

    /// All of its tools: the plugin's own, then those that the manifest declares.
    pub fn tools(&self) -> impl Iterator<Item = &'static ToolDefinition> + use<> {
        self.plugin.tools().iter().chain(self.declared)
    }

    /// Number `index` of [`tools`](Self::tools); usable in constants.
    const fn tool(&self, index: usize) -> Option<&'static ToolDefinition> {
        let own = self.plugin.tools();
        if index < own.len() {
            return Some(&own[index]);
        }
        let index = index - own.len();
        if index < self.declared.len() {
            Some(&self.declared[index])
        } else {
            None
        }
    }

    /// Where its source came from.
    pub const fn source_text(&self) -> &'static str {
        self.source
    }

    /// Whether the tool with this own name is offered.
    pub const fn offers(&self, tool: &str) -> bool {
        let allowed = match self.allow {
            Some(list) => contains(list, tool),
            None => true,
        };
        allowed && !contains(self.deny, tool)
    }

    /// The name that clients see for something called `own` in the plugin.
    pub fn public_name(&self, own: &str) -> String {
        if self.prefix.is_empty() {
            own.to_owned()
        } else {
            format!("{}_{own}", self.prefix)
        }
    }

    /// Whether a second factor stands before any of its tools.
    const fn is_gated(&self) -> bool {
        let mut index = 0;
        while let Some(tool) = self.tool(index) {
            if tool.gate().is_some() && self.offers(tool.name()) {
                return true;
            }
            index += 1;
        }
        false
    }

    /// Byte `index` of the public name of `own`, if it has that many.
    const fn public_byte(&self, own: &str, index: usize) -> Option<u8> {
        let (prefix, own) = (self.prefix.as_bytes(), own.as_bytes());
        if prefix.is_empty() {
            return byte(own, index);
        }
        if index < prefix.len() {
            return byte(prefix, index);
        }
        if index == prefix.len() {
            Some(b'_')
        } else {
            byte(own, index - prefix.len() - 1)
        }
    }
}

const fn byte(bytes: &[u8], index: usize) -> Option<u8> {
    if index < bytes.len() {
        Some(bytes[index])
    } else {
        None
    }
}

/// Whether `list` has `text`; usable in constants.
const fn contains(list: &[&str], text: &str) -> bool {
    let mut index = 0;
    while index < list.len() {
        if same(list[index], text) {
            return true;
        }
        index += 1;
    }
    false
}

/// Whether two texts are equal; usable in constants.
const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}
