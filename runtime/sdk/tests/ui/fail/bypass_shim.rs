use mcp_factory_sdk::prelude::*;

#[derive(Debug, Default)]
pub struct Notes;

use mcp_factory_sdk::PluginDefinition;

fn unpack(plugin: &'static PluginDefinition) {
    let tool = &plugin.tools()[0];
    (tool.0.invoke)();
    tool.invoke();
}

/// Keeps notes.
#[plugin(name = "notes", stateless)]
impl Notes {
    /// Adds a note.
    #[tool(scope = "admin")]
    async fn add(&self) -> String {
        String::new()
    }
}

fn shim() {
    __mcpf_invoke();
    PLUGIN::__mcpf_invoke();
}

fn main() {}
