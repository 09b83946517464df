//! Settings: what is refused at start, and by which words.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_sqlite::PLUGIN;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::Shop;

async fn refused(config: Value) -> String {
    match TestPlugin::start(&PLUGIN, config).await {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn unsafe_and_incomplete_settings_are_refused() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("x.db");
    std::fs::write(
        &file,
        "this is no database, but long enough to look at: ".repeat(100),
    )
    .unwrap();
    let missing = directory.path().join("missing.db");
    for (config, told) in [
        (
            json!({}),
            "`path` is empty: name the database file, or \":memory:\"; for example with --set 'plugins.sqlite.path=\"/srv/data.db\"'",
        ),
        (
            json!({ "path": missing }),
            "does not exist; set `create = true`",
        ),
        (
            json!({ "path": missing, "create": true }),
            "`create = true` needs `mode = \"readwrite\"`",
        ),
        (
            json!({ "path": ":memory:" }),
            "`path = \":memory:\"` needs `mode = \"readwrite\"`",
        ),
        (json!({ "path": directory.path() }), "it is a directory"),
        (
            json!({ "path": directory.path().join("no/such/x.db"), "create": true, "mode": "readwrite" }),
            "its directory",
        ),
        (json!({ "path": file }), "is not an SQLite database"),
        (
            json!({ "path": file, "mode": "readwrite" }),
            "is not an SQLite database",
        ),
        (json!({ "path": "file:x.db?mode=memory" }), "does not exist"),
        (
            json!({ "path": file, "max_rows": 0 }),
            "`max_rows` is 0: set it between 1 and 1000",
        ),
        (
            json!({ "path": file, "max_rows": 1001 }),
            "`max_rows` is 1001",
        ),
        (
            json!({ "path": file, "max_bytes": 10 }),
            "`max_bytes` is 10",
        ),
        (
            json!({ "path": file, "max_value_bytes": 1 }),
            "`max_value_bytes` is 1",
        ),
        (
            json!({ "path": file, "max_memory_bytes": 1 }),
            "`max_memory_bytes` is 1",
        ),
        (
            json!({ "path": file, "connections": 0 }),
            "`connections` is 0",
        ),
        (
            json!({ "path": file, "max_insights": 5000 }),
            "`max_insights` is 5000",
        ),
        (
            json!({ "path": file, "timeout": "soon" }),
            "`timeout`: `soon` is no duration",
        ),
        (
            json!({ "path": file, "timeout": "0s" }),
            "`timeout`: \"0s\" is not between",
        ),
        (
            json!({ "path": file, "mode": "rw" }),
            "unknown variant `rw`",
        ),
        (
            json!({ "path": file, "read_only": true }),
            "unknown key `read_only`",
        ),
    ] {
        let error = refused(config.clone()).await;
        assert!(error.contains(told), "{config}: {error}");
    }
}

#[tokio::test]
async fn a_database_is_made_only_when_asked_for() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("new.db");
    let config = json!({ "path": path, "create": true, "mode": "readwrite" });
    let plugin = TestPlugin::start(&PLUGIN, config).await.unwrap();
    plugin
        .call("create_table", json!({ "query": "CREATE TABLE t (a)" }))
        .await
        .unwrap();
    plugin.stop().await;
    let plugin = TestPlugin::start(&PLUGIN, json!({ "path": path }))
        .await
        .unwrap();
    let tables = plugin.call_json("list_tables", json!({})).await.unwrap();
    assert_eq!(tables["tables"][0]["name"], "t");
}

#[tokio::test]
async fn no_answer_names_the_file() {
    let shop = Shop::writable().await;
    let name = shop.path().display().to_string();
    std::fs::remove_file(shop.path()).unwrap();
    std::fs::create_dir(shop.path()).unwrap();
    for (tool, arguments) in [
        ("query", json!({ "sql": "SELECT * FROM people" })),
        ("list_tables", json!({})),
        ("execute", json!({ "sql": "DELETE FROM people" })),
    ] {
        if let Err(error) = shop.plugin.call(tool, arguments).await {
            let told = error.public_message().unwrap_or_default();
            assert!(!told.contains(&name), "{told}");
        }
    }
}
