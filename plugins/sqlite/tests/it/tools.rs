//! The plugin as a client sees it: names, scopes, hints, sizes.

use mcp_factory_sdk::ToolErrorKind;
use mcp_plugin_sqlite::PLUGIN;
use serde_json::json;

use crate::fixture::Shop;

#[test]
fn the_surface() {
    let surface: Vec<String> = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            assert!(tool.output_schema().is_some(), "{}", tool.name());
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
            words.join(" ")
        })
        .collect();
    let expected = [
        "list_tables read read-only idempotent",
        "describe_table read read-only idempotent",
        "query read read-only idempotent",
        "explain_query read read-only idempotent",
        "execute write destructive",
        "create_table admin",
        "append_insight write",
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
    assert!(size < 9_000, "{size} bytes of schemas");
}

#[tokio::test]
async fn scopes_hold() {
    let shop = Shop::writable().await;
    let plugin = shop.plugin.with_scopes(&["read"]);
    for (tool, arguments) in [
        ("execute", json!({ "sql": "DELETE FROM log" })),
        ("create_table", json!({ "query": "CREATE TABLE x (a)" })),
        ("append_insight", json!({ "insight": "x" })),
    ] {
        let error = plugin.call(tool, arguments).await.unwrap_err();
        assert_ne!(error.kind(), ToolErrorKind::Internal);
        assert!(error.to_string().contains("scope"), "{tool}: {error}");
    }
    plugin
        .call("query", json!({ "sql": "SELECT 1" }))
        .await
        .unwrap();
}

#[tokio::test]
async fn health_looks_at_the_database() {
    let shop = Shop::open().await;
    let health = shop.plugin.health().await;
    assert_eq!(health.trouble(), None);
    assert_eq!(
        health.gauges(),
        [
            ("readers_in_use", 0.0),
            ("readers_max", 4.0),
            ("memos", 0.0)
        ]
    );
    std::fs::write(shop.path(), "x".repeat(20_000)).unwrap();
    let health = shop.plugin.health().await;
    assert!(health.trouble().unwrap().contains("damaged"), "{health:?}");
}
