//! What a client sees before it calls: names, parameters and hints of the reference server, so that a client
//! moves over unchanged.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_fetch::PLUGIN;
use serde_json::json;

use crate::site::{Site, told};

#[test]
fn one_tool_with_the_reference_servers_parameters() {
    let [tool] = PLUGIN.tools() else {
        panic!("one tool");
    };
    let hints = tool.hints();
    assert_eq!(
        (tool.name(), tool.scope().to_string().as_str()),
        ("fetch", "read")
    );
    assert!(hints.read_only && hints.idempotent && hints.open_world && !hints.destructive);
    let schema = serde_json::to_value(tool.input_schema()).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let names: Vec<&String> = properties.keys().collect();
    assert_eq!(names, ["url", "max_length", "start_index", "raw"]);
    assert_eq!(schema["required"], json!(["url"]));
    assert_eq!(properties["max_length"]["default"], 5000);
    assert_eq!(properties["start_index"]["default"], 0);
    assert_eq!(properties["raw"]["default"], false);
    let output = serde_json::to_value(tool.output_schema().unwrap()).unwrap();
    let names: Vec<&String> = output["properties"].as_object().unwrap().keys().collect();
    let expected = [
        "url",
        "final_url",
        "status",
        "content_type",
        "title",
        "content",
        "truncated",
        "next_start_index",
    ];
    assert_eq!(names, expected);
    let size = schema.to_string().len() + output.to_string().len() + tool.description().len();
    assert!(size < 2600, "{size} bytes");
}

#[test]
fn one_prompt() {
    let [prompt] = PLUGIN.prompts() else {
        panic!("one prompt");
    };
    assert_eq!(prompt.name(), "fetch");
    let arguments: Vec<_> = prompt
        .arguments()
        .iter()
        .map(|argument| (argument.name, argument.required))
        .collect();
    assert_eq!(arguments, [("url", true)]);
}

#[tokio::test]
async fn arguments_out_of_range_are_refused() {
    let site = Site::start().await;
    site.put("/a", 200, "text/plain", "abc");
    let plugin = site.plugin(json!({})).await;
    for (name, value) in [
        ("max_length", json!(0)),
        ("max_length", json!(1_000_000)),
        ("start_index", json!(-1)),
        ("raw", json!("yes")),
        ("url", json!("")),
    ] {
        let mut arguments = json!({ "url": site.url("/a") });
        arguments[name] = value;
        let sentence = told(plugin.call_json("fetch", arguments).await);
        assert!(sentence.contains(name), "{sentence}");
    }
    assert_eq!(site.hits("/a"), 0);
}

#[tokio::test]
async fn a_caller_without_the_scope_gets_nothing() {
    let plugin = TestPlugin::start(&PLUGIN, json!({}))
        .await
        .unwrap()
        .with_scopes(&[]);
    assert!(
        plugin
            .call_json("fetch", json!({ "url": "https://a.example" }))
            .await
            .is_err()
    );
    assert!(
        plugin
            .prompt("fetch", &[("url", "https://a.example")])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn health_tells_how_full_its_tables_are() {
    let site = Site::start().await;
    site.put("/a", 200, "text/plain", "abc");
    let plugin = site.plugin(json!({})).await;
    plugin
        .call_json("fetch", json!({ "url": site.url("/a") }))
        .await
        .unwrap();
    let health = plugin.health().await;
    assert_eq!(health.trouble(), None);
    let names: Vec<_> = health.gauges().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["open_connections", "robots_known", "conversions"]);
    assert_eq!(
        health.gauges()[1..],
        [("robots_known", 1.0), ("conversions", 0.0)]
    );
}
