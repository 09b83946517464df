//! Both tools, called as a server calls them.

use mcp_factory_sdk::{ToolErrorKind, testing::TestPlugin};
use mcp_plugin_echo::PLUGIN;
use serde_json::json;

async fn said(tool: &str, text: &str) -> String {
    let plugin = TestPlugin::start(&PLUGIN, json!({}))
        .await
        .expect("it starts");
    let output = plugin
        .call(tool, json!({ "text": text }))
        .await
        .expect("it answers");
    let [block] = output.blocks() else {
        panic!("one block: {output:?}")
    };
    assert_eq!(output.structured_json(), None, "text is not structured");
    block.as_text().expect("text").to_owned()
}

#[tokio::test]
async fn echo_returns_the_text() {
    assert_eq!(
        said("echo", "Straße\n\"quoted\"").await,
        "Straße\n\"quoted\""
    );
    assert_eq!(said("echo", "").await, "");
}

#[tokio::test]
async fn echo_upper_returns_capitals() {
    assert_eq!(said("echo_upper", "Straße").await, "STRASSE");
}

#[tokio::test]
async fn the_text_must_be_there() {
    let plugin = TestPlugin::start(&PLUGIN, json!({}))
        .await
        .expect("it starts");
    let error = plugin
        .call("echo", json!({ "txet": "x" }))
        .await
        .expect_err("it is refused");
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments);
    assert_eq!(
        error.to_string(),
        "unknown argument: `txet` (did you mean `text`?); known: `text`; missing argument: `text`"
    );
}

#[tokio::test]
async fn there_is_nothing_to_configure() {
    let error = TestPlugin::start(&PLUGIN, json!({ "loud": true }))
        .await
        .expect_err("it is refused");
    assert!(
        error
            .to_string()
            .contains("unknown key `loud`; there are none"),
        "{error}"
    );
}

#[test]
fn both_tools_only_read() {
    assert_eq!(PLUGIN.name(), "echo");
    assert_eq!(PLUGIN.version(), env!("CARGO_PKG_VERSION"));
    let names: Vec<_> = PLUGIN
        .tools()
        .iter()
        .map(|tool| (tool.name(), tool.scope().as_str()))
        .collect();
    assert_eq!(names, [("echo", "read"), ("echo_upper", "read")]);
    for tool in PLUGIN.tools() {
        let hints = tool.hints();
        assert!(
            hints.read_only && hints.idempotent && !hints.destructive && !hints.open_world,
            "{}",
            tool.name()
        );
        assert_eq!(tool.output_schema(), None, "text has no schema");
        assert_eq!(
            tool.input_schema(),
            json!({
                "type": "object",
                "properties": { "text": { "type": "string", "description": "The text to return." } },
                "required": ["text"],
                "additionalProperties": false
            })
        );
    }
}
