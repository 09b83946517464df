//! What a client sees: names, scopes, hints, and how much of its context they take.

use mcp_factory_sdk::{PluginDefinition, ToolDefinition};
use mcp_plugin_github::PLUGIN;
use serde_json::{Value, json};

/// The most bytes of all tools together in `tools/list`.
const BUDGET: usize = 20 * 1024;

/// As `tools/list` has it.
fn wire(tool: &ToolDefinition) -> Value {
    let hints = tool.hints();
    let mut value = json!({
        "name": tool.name(),
        "title": tool.title(),
        "description": tool.description(),
        "inputSchema": tool.input_schema(),
        "outputSchema": tool.output_schema(),
        "annotations": {
            "readOnlyHint": hints.read_only,
            "destructiveHint": hints.destructive,
            "idempotentHint": hints.idempotent,
            "openWorldHint": hints.open_world,
        },
    });
    assert!(
        !value["outputSchema"].is_null(),
        "{} has no output schema",
        tool.name()
    );
    assert!(value["title"].is_string());
    value["annotations"].take();
    value["annotations"] = json!({
        "readOnlyHint": hints.read_only,
        "destructiveHint": hints.destructive,
        "idempotentHint": hints.idempotent,
        "openWorldHint": hints.open_world,
    });
    value
}

#[test]
fn all_tools_together_are_small() {
    let plugin: &PluginDefinition = &PLUGIN;
    let list: Vec<Value> = plugin.tools().iter().map(wire).collect();
    let bytes = serde_json::to_vec(&list).expect("JSON").len();
    for tool in &list {
        println!("{:>5} {}", tool.to_string().len(), tool["name"]);
    }
    println!("ALL {}", Value::from(list.clone()));
    println!("{bytes} bytes");
    assert!(bytes <= BUDGET, "{bytes} bytes");
}
