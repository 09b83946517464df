//! What this server declares: exactly what it answers.

use rmcp::model::{PromptsCapability, ResourcesCapability, ServerCapabilities, ToolsCapability};
use serde_json::Map;

use crate::registry::Registry;

/// A capability for each kind of thing that some plugin has.
pub(super) fn of(registry: &Registry) -> ServerCapabilities {
    let mut capabilities = ServerCapabilities::builder().enable_logging().build();
    if !registry.tools().is_empty() {
        let mut tools = ToolsCapability::default();
        tools.list_changed = Some(true);
        capabilities.tools = Some(tools);
    }
    if registry.has_resources() {
        let mut resources = ResourcesCapability::default();
        resources.subscribe = Some(true);
        resources.list_changed = Some(true);
        capabilities.resources = Some(resources);
    }
    if !registry.prompts().is_empty() {
        let mut prompts = PromptsCapability::default();
        prompts.list_changed = Some(true);
        capabilities.prompts = Some(prompts);
    }
    if registry.has_completions() {
        capabilities.completions = Some(Map::new());
    }
    capabilities
}
