//! A graph in a temporary directory.

use std::path::{Path, PathBuf};

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_memory::{Config, PLUGIN, Store};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) struct Desk {
    pub(crate) plugin: TestPlugin,
    pub(crate) directory: TempDir,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::with(json!({})).await
    }

    /// With settings beside the path.
    pub(crate) async fn with(mut config: Value) -> Self {
        let directory = TempDir::new().unwrap();
        config["path"] = json!(directory.path().join("memory.db"));
        let plugin = TestPlugin::start(&PLUGIN, config).await.unwrap();
        Self { plugin, directory }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("memory.db")
    }

    pub(crate) async fn json(&self, tool: &str, arguments: Value) -> Value {
        match self.plugin.call_json(tool, arguments.clone()).await {
            Ok(answer) => answer,
            Err(error) => panic!("{tool} {arguments}: {}", error.log_message()),
        }
    }

    pub(crate) async fn refusal(&self, tool: &str, arguments: Value) -> String {
        match self.plugin.call(tool, arguments.clone()).await {
            Ok(answer) => panic!("{tool} {arguments} succeeded: {answer:?}"),
            Err(error) => {
                let told = error.public_message();
                told.unwrap_or_else(|| panic!("{}", error.log_message()))
                    .to_owned()
            }
        }
    }

    /// Ada, who knows Bob, who works at Acme.
    pub(crate) async fn remember(&self) {
        let entities = json!([
            { "name": "Ada", "entityType": "person", "observations": ["likes tea", "lives in Rome"] },
            { "name": "Bob", "entityType": "person", "observations": [] },
            { "name": "Acme", "entityType": "company", "observations": ["makes anvils"] },
        ]);
        self.json("create_entities", json!({ "entities": entities }))
            .await;
        let relations = json!([
            { "from": "Ada", "to": "Bob", "relationType": "knows" },
            { "from": "Bob", "to": "Acme", "relationType": "works_at" },
        ]);
        self.json("create_relations", json!({ "relations": relations }))
            .await;
    }
}

/// The names of the entities of a graph.
pub(crate) fn names(graph: &Value) -> Vec<&str> {
    let entities = graph["entities"].as_array().unwrap();
    entities
        .iter()
        .map(|entity| entity["name"].as_str().unwrap())
        .collect()
}

/// Another opening of the same file.
pub(crate) fn store(path: &Path) -> Store {
    let config = Config {
        path: path.to_owned(),
        ..Config::default()
    };
    Store::open(&config).unwrap()
}

/// A number out of the file, past the plugin.
pub(crate) fn count(path: &Path, sql: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Whether SQLite finds the file sound, and no observation without its entity.
pub(crate) fn assert_sound(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let lost = "SELECT count(*) FROM observation WHERE entity NOT IN (SELECT id FROM entity)";
    assert_eq!(count(path, lost), 0);
}
