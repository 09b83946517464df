//! The plugin as a client sees it: names, parameters, scopes, hints, sizes.

use mcp_plugin_memory::PLUGIN;
use serde_json::json;

use crate::fixture::Desk;

#[test]
fn the_surface() {
    let surface: Vec<String> = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            assert!(tool.output_schema().is_some(), "{}", tool.name());
            let hints = tool.hints();
            let schema = tool.input_schema();
            let parameters: Vec<&str> = schema["properties"]
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            let mut words = vec![
                format!("{}({})", tool.name(), parameters.join(", ")),
                tool.scope().to_string(),
            ];
            for (set, word) in [
                (hints.read_only, "read-only"),
                (hints.destructive, "destructive"),
                (hints.idempotent, "idempotent"),
                (hints.open_world, "open-world"),
            ] {
                words.extend(set.then(|| word.to_owned()));
            }
            words.join(" ")
        })
        .collect();
    let expected = [
        "create_entities(entities) write",
        "create_relations(relations) write",
        "add_observations(observations) write",
        "delete_entities(entityNames) write destructive idempotent",
        "delete_observations(deletions) write destructive idempotent",
        "delete_relations(relations) write destructive idempotent",
        "read_graph(limit, cursor) read read-only idempotent",
        "search_nodes(query, limit, cursor) read read-only idempotent",
        "open_nodes(names, cursor) read read-only idempotent",
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
    assert!(size < 10_500, "{size} bytes of schemas");
}

#[tokio::test]
async fn scopes_hold() {
    let desk = Desk::open().await;
    let plugin = desk.plugin.with_scopes(&["read"]);
    let error = plugin
        .call("delete_entities", json!({ "entityNames": [] }))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("scope"), "{error}");
    plugin.call("read_graph", json!({})).await.unwrap();
}

#[tokio::test]
async fn health_looks_at_the_graph() {
    let desk = Desk::open().await;
    let health = desk.plugin.health().await;
    assert_eq!(health.trouble(), None);
    assert_eq!(
        health.gauges(),
        [("connections_in_use", 0.0), ("connections_max", 4.0)]
    );
    let other = rusqlite::Connection::open(desk.path()).unwrap();
    other
        .execute_batch("DROP TABLE observation; DROP TABLE entity")
        .unwrap();
    assert!(desk.plugin.health().await.trouble().is_some());
}
