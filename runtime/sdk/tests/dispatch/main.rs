//! From the bytes of a request to the author's function and back, through the real macro.
//!
//! In the room: the ways to call the plugin `fixture`. The tests are in its files: what comes in (`arguments`),
//! what a row says (`rows`), how a function runs and ends (`functions`), and what is no tool (`content`).

mod arguments;
mod content;
mod fixture;
mod functions;
mod rows;

use mcp_factory_sdk::{ToolDefinition, ToolErrorKind, testing::TestPlugin};
use serde_json::{Value, json};

use fixture::PLUGIN;

async fn started() -> TestPlugin {
    TestPlugin::start(&PLUGIN, json!({}))
        .await
        .expect("it starts")
}

async fn received(arguments: Value) -> Value {
    started()
        .await
        .call_json("receive", arguments)
        .await
        .expect("it answers")
}

async fn refusal(tool: &str, arguments: Value) -> String {
    let error = started()
        .await
        .call(tool, arguments)
        .await
        .expect_err("it is refused");
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments, "{error}");
    error.to_string()
}

fn tool(name: &str) -> &'static ToolDefinition {
    PLUGIN
        .tools()
        .iter()
        .find(|tool| tool.name() == name)
        .expect("the tool is there")
}
