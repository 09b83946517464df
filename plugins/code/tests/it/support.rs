//! Starting the plugin and running scripts.

use mcp_factory_sdk::{ToolError, testing::TestPlugin};
use mcp_plugin_code::PLUGIN;
use serde_json::{Value, json};

pub(crate) async fn start(settings: Value) -> TestPlugin {
    let started = TestPlugin::start(&PLUGIN, settings).await;
    started.unwrap_or_else(|error| panic!("it starts: {error}"))
}

pub(crate) async fn run(plugin: &TestPlugin, code: &str) -> Result<Value, ToolError> {
    plugin
        .call_json("execute_code", json!({ "code": code }))
        .await
}

/// The value of a script.
pub(crate) async fn value(code: &str) -> Value {
    let plugin = start(json!({})).await;
    let outcome = run(&plugin, code).await;
    outcome.unwrap_or_else(|error| panic!("{code}: {error}"))["result"].clone()
}

/// What is said of a script that fails.
pub(crate) async fn failure(code: &str) -> String {
    let plugin = start(json!({})).await;
    run(&plugin, code).await.unwrap_err().to_string()
}
