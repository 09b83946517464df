//! The plugin as a client sees it: names, scopes, hints, schemas and their size.

use mcp_plugin_postgres::PLUGIN;
use serde_json::json;

use crate::bed::Bed;

/// The most bytes that names, descriptions and schemas of all tools may take.
const BUDGET: usize = 15_000;

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
            assert!(tool.output_schema().is_some(), "{}", tool.name());
            words.join(" ")
        })
        .collect();
    let expected = [
        "list_schemas read read-only idempotent",
        "search_objects read read-only idempotent",
        "get_object_details read read-only idempotent",
        "query read read-only idempotent",
        "explain_query read read-only idempotent",
        "execute write destructive",
        "execute_ddl admin destructive",
        "cancel_backend admin destructive",
        "get_top_queries read read-only idempotent",
        "list_active_queries read read-only idempotent",
        "analyze_db_health read read-only idempotent",
    ];
    assert_eq!(surface, expected);
    let resources: Vec<String> = PLUGIN
        .resources()
        .iter()
        .map(|resource| resource.uri().to_owned())
        .collect();
    assert_eq!(
        resources,
        ["postgres://{schema}/{table}/schema", "postgres://health"]
    );
    let prompts: Vec<&str> = PLUGIN
        .prompts()
        .iter()
        .map(mcp_factory_sdk::PromptDefinition::name)
        .collect();
    assert_eq!(prompts, ["explore_schema", "explain_slow_query"]);
}

#[test]
fn the_schemas_stay_small() {
    let size: usize = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            tool.name().len()
                + tool.description().len()
                + tool.input_schema().to_string().len()
                + tool
                    .output_schema()
                    .map_or(0, |schema| schema.to_string().len())
        })
        .sum();
    println!("{size} bytes of schemas");
    assert!(size < BUDGET, "{size} bytes of schemas");
}

#[tokio::test]
async fn scopes_are_needed() {
    let bed = Bed::new().await;
    let plugin = bed
        .plugin(json!({ "mode": "readwrite" }))
        .await
        .with_scopes(&["read"]);
    assert!(
        plugin
            .call("query", json!({ "sql": "SELECT 1" }))
            .await
            .is_ok()
    );
    let delete = json!({ "sql": "DELETE FROM order_items WHERE order_id = 1" });
    assert!(plugin.call("execute", delete.clone()).await.is_err());
    let plugin = plugin.with_scopes(&["write"]);
    assert!(plugin.call("execute", delete).await.is_ok());
    for (tool, arguments) in [
        ("execute_ddl", json!({ "sql": "DROP TABLE measurements" })),
        ("cancel_backend", json!({ "pid": 1 })),
    ] {
        assert!(
            plugin
                .call(tool, arguments)
                .await
                .unwrap_err()
                .to_string()
                .contains("admin")
        );
    }
    let plugin = plugin.with_scopes(&["admin"]);
    assert!(
        plugin
            .call("execute_ddl", json!({ "sql": "DROP TABLE measurements" }))
            .await
            .is_ok()
    );
    plugin.stop().await;
}
