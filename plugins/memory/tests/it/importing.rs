//! Taking over the file of another memory server.

use std::fs;

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_memory::PLUGIN;
use serde_json::{Value, json};
use tempfile::TempDir;

const LINES: &str = r#"{"type":"entity","name":"Ada","entityType":"person","observations":["likes tea","likes tea"]}
{"type":"entity","name":"Bob","entityType":"person","observations":[],"later":"ignored"}

{"type":"relation","from":"Ada","to":"Bob","relationType":"knows"}
"#;

async fn start(directory: &TempDir, lines: &str) -> Result<TestPlugin, String> {
    let source = directory.path().join("memory.jsonl");
    fs::write(&source, lines).unwrap();
    let config = json!({ "path": directory.path().join("memory.db"), "import": source });
    let started = TestPlugin::start(&PLUGIN, config).await;
    started.map_err(|error| error.to_string())
}

async fn graph(plugin: &TestPlugin) -> Value {
    plugin.call_json("read_graph", json!({})).await.unwrap()
}

#[tokio::test]
async fn a_file_is_taken_over_once() {
    let directory = TempDir::new().unwrap();
    let plugin = start(&directory, LINES).await.unwrap();
    let expected = json!({
        "entities": [
            { "name": "Ada", "entityType": "person", "observations": ["likes tea"] },
            { "name": "Bob", "entityType": "person", "observations": [] },
        ],
        "relations": [{ "from": "Ada", "to": "Bob", "relationType": "knows" }],
        "truncated": false,
    });
    assert_eq!(graph(&plugin).await, expected);
    plugin
        .call("delete_entities", json!({ "entityNames": ["Ada"] }))
        .await
        .unwrap();
    plugin.stop().await;
    // What was deleted does not come back.
    let plugin = start(&directory, LINES).await.unwrap();
    assert_eq!(
        graph(&plugin).await["entities"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_line_that_is_wrong_is_named_and_nothing_is_imported() {
    let directory = TempDir::new().unwrap();
    let long = format!(
        r#"{{"type":"entity","name":"x","entityType":"y","observations":["{}"]}}"#,
        "z".repeat(20_001)
    );
    for (line, told) in [
        ("not json", "line 5: it is no entity and no relation"),
        (
            r#"{"type":"thing","name":"x"}"#,
            "line 5: it is no entity and no relation: unknown variant `thing`",
        ),
        (
            r#"{"type":"entity","name":"x"}"#,
            "missing field `entityType`",
        ),
        (
            r#"{"type":"entity","name":"","entityType":"y"}"#,
            "the name of an entity is empty",
        ),
        (&long, "line 5: an observation has 20001 characters"),
    ] {
        let error = start(&directory, &format!("{LINES}{line}\n"))
            .await
            .unwrap_err();
        assert!(
            error.contains(told) && error.ends_with("nothing was imported"),
            "{error}"
        );
    }
    // The graph is as empty as it was, and the right file is still taken.
    let plugin = start(&directory, LINES).await.unwrap();
    assert_eq!(
        graph(&plugin).await["entities"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn an_import_that_cannot_be_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("memory.db");
    let source = directory.path().join("memory.jsonl");
    for (config, told) in [
        (json!({ "path": path, "import": source }), "cannot be read"),
        (
            json!({ "path": path, "import": directory.path() }),
            "line 1",
        ),
        (
            json!({ "path": path, "import": source, "graphs": "per_caller" }),
            "`import` changes the graph",
        ),
        (
            json!({ "path": path, "import": source, "mode": "readonly" }),
            "`import` changes the graph",
        ),
    ] {
        let error = TestPlugin::start(&PLUGIN, config.clone())
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(told), "{config}: {error}");
    }
    fs::write(&source, LINES).unwrap();
    let config = json!({ "path": path, "import": source, "max_entities": 1 });
    let error = TestPlugin::start(&PLUGIN, config)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("more than 1 entities"), "{error}");
}
