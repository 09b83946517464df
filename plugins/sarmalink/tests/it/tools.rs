//! The plugin as a client sees it: names, scopes, hints, sizes.

use mcp_plugin_sarmalink::PLUGIN;
use serde_json::json;

use crate::{
    fake::{Fake, Say},
    server::{engine, no_hello, start},
};

#[test]
fn the_surface() {
    let surface: Vec<String> = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            let hints = tool.hints();
            let mut words = vec![tool.name().to_owned(), tool.scope().to_string()];
            for (set, word) in [
                (hints.read_only, "read-only"),
                (hints.destructive, "destructive"),
                (hints.idempotent, "idempotent"),
                (hints.open_world, "open-world"),
            ] {
                words.extend(set.then(|| word.to_owned()));
            }
            assert!(tool.title().is_some() && tool.output_schema().is_some());
            words.join(" ")
        })
        .collect();
    let expected = [
        "ai_chat write read-only idempotent open-world",
        "summarise write read-only idempotent open-world",
        "classify write read-only idempotent open-world",
        "list_engines read read-only idempotent open-world",
        "engine_health read read-only idempotent open-world",
    ];
    assert_eq!(surface, expected);
}

#[test]
fn the_schemas_stay_small() {
    let size: usize = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            let output = tool
                .output_schema()
                .map_or(0, |schema| schema.to_string().len());
            tool.name().len()
                + tool.description().len()
                + tool.input_schema().to_string().len()
                + output
        })
        .sum();
    assert!(size < 11_000, "{size} bytes of schemas");
}

#[tokio::test]
async fn a_probe_sees_whether_anybody_can_answer() {
    let fake = Fake::says(Say::Status(
        503,
        vec![("retry-after", "60".to_owned())],
        String::new(),
    ))
    .await;
    let plugin = start(vec![engine("a", &fake, json!({}))], json!({})).await;
    let health = plugin.health().await;
    assert_eq!(health.trouble(), None);
    assert!(
        health.gauges().contains(&("engines_ready", 1.0)),
        "{health:?}"
    );
    no_hello(&plugin).await;
    let health = plugin.health().await;
    assert!(
        health.trouble().unwrap().contains("no engine of the chain"),
        "{health:?}"
    );
    for gauge in [
        ("engines_ready", 0.0),
        ("engines_resting", 1.0),
        ("engines_without_key", 0.0),
        ("calls_in_flight", 0.0),
    ] {
        assert!(health.gauges().contains(&gauge), "{health:?}");
    }
}

#[tokio::test]
async fn reading_is_not_spending() {
    let fake = Fake::answers("hi").await;
    let plugin = start(vec![engine("a", &fake, json!({}))], json!({}))
        .await
        .with_scopes(&["read"]);
    for (tool, arguments) in [
        ("ai_chat", json!({ "prompt": "x" })),
        ("summarise", json!({ "text": "x" })),
        ("classify", json!({ "text": "x", "labels": ["a", "b"] })),
    ] {
        let error = plugin.call(tool, arguments).await.unwrap_err().to_string();
        assert!(error.contains("write"), "{error}");
    }
    assert_eq!(fake.count(), 0);
    let list = plugin.call_json("list_engines", json!({})).await.unwrap();
    assert_eq!(
        list["engines"][0],
        json!({ "name": "a", "model": "a-model", "modes": [], "state": "ready" })
    );
    assert!(
        !list.to_string().contains("127.0.0.1"),
        "addresses are the operator's"
    );
    assert!(plugin.call_json("engine_health", json!({})).await.is_ok());
}
