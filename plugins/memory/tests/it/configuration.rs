//! Settings: what is refused at start, read-only graphs, graphs of callers.

use std::os::unix::fs::PermissionsExt;

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_memory::{Config, Graphs, Mode, PLUGIN, Selection, Store};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::fixture::{Desk, names};

#[tokio::test]
async fn unsafe_and_incomplete_settings_are_refused() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::write(
        at("text"),
        "this is no database at all, just a long text. ".repeat(50),
    )
    .unwrap();
    Connection::open(at("foreign.db"))
        .unwrap()
        .execute_batch("CREATE TABLE mine (a)")
        .unwrap();
    Connection::open(at("stamped.db"))
        .unwrap()
        .execute_batch("PRAGMA user_version = 7")
        .unwrap();
    Connection::open(at("later.db"))
        .unwrap()
        .execute_batch("PRAGMA application_id = 1835233383; PRAGMA user_version = 2")
        .unwrap();
    for (config, told) in [
        (
            json!({}),
            "`path` is empty: name the file that keeps the graph; for example with --set 'plugins.memory.path=\"/srv/memory.db\"'",
        ),
        (json!({ "path": ":memory:" }), "a graph is kept in a file"),
        (json!({ "path": directory.path() }), "cannot be used"),
        (json!({ "path": at("no/such/memory.db") }), "cannot be used"),
        (
            json!({ "path": at("missing.db"), "mode": "readonly" }),
            "does not exist, and `mode = \"readonly\"` makes none",
        ),
        (
            json!({ "path": at("text") }),
            "is a database of something else, which is left alone",
        ),
        (
            json!({ "path": at("foreign.db") }),
            "is a database of something else",
        ),
        (
            json!({ "path": at("foreign.db"), "mode": "readonly" }),
            "is a database of something else",
        ),
        (
            json!({ "path": at("stamped.db") }),
            "is a database of something else",
        ),
        (
            json!({ "path": at("later.db") }),
            "written by a later version",
        ),
        (
            json!({ "path": at("x.db"), "max_entities": 0 }),
            "`max_entities` is 0",
        ),
        (
            json!({ "path": at("x.db"), "max_relations": 0 }),
            "`max_relations` is 0",
        ),
        (
            json!({ "path": at("x.db"), "max_observations": 0 }),
            "`max_observations` is 0",
        ),
        (
            json!({ "path": at("x.db"), "max_observation_chars": 0 }),
            "`max_observation_chars` is 0",
        ),
        (
            json!({ "path": at("x.db"), "max_bytes": 1 }),
            "`max_bytes` is 1",
        ),
        (
            json!({ "path": at("x.db"), "timeout": "soon" }),
            "`timeout`: `soon` is no duration",
        ),
        (
            json!({ "path": at("x.db"), "timeout": "0s" }),
            "`timeout`: \"0s\" is not between",
        ),
        (
            json!({ "path": at("x.db"), "graphs": "mine" }),
            "unknown variant `mine`",
        ),
        (
            json!({ "path": at("x.db"), "file": "y" }),
            "unknown key `file`",
        ),
    ] {
        match TestPlugin::start(&PLUGIN, config.clone()).await {
            Ok(_) => panic!("{config} started"),
            Err(error) => assert!(error.to_string().contains(told), "{config}: {error}"),
        }
    }
    let config = json!({ "path": at("later.db"), "mode": "readonly" });
    let error = TestPlugin::start(&PLUGIN, config).await.unwrap_err();
    assert!(
        error.to_string().contains("written by a later version"),
        "{error}"
    );
    let tables = Connection::open(at("foreign.db")).unwrap().query_row(
        "SELECT count(*) FROM sqlite_schema",
        [],
        |row| row.get::<_, i64>(0),
    );
    assert_eq!(tables, Ok(1));
}

#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    let desk = Desk::open().await;
    let mode = std::fs::metadata(desk.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_read_only_graph_is_read() {
    let desk = Desk::open().await;
    desk.remember().await;
    let config = json!({ "path": desk.path(), "mode": "readonly" });
    let reader = TestPlugin::start(&PLUGIN, config).await.unwrap();
    assert_eq!(
        names(&reader.call_json("read_graph", json!({})).await.unwrap()).len(),
        3
    );
    let relation = json!({ "relations": [{ "from": "a", "to": "b", "relationType": "c" }] });
    for (tool, arguments) in [
        ("create_entities", json!({ "entities": [] })),
        ("create_relations", relation.clone()),
        ("add_observations", json!({ "observations": [] })),
        ("delete_entities", json!({ "entityNames": ["Ada"] })),
        ("delete_observations", json!({ "deletions": [] })),
        ("delete_relations", relation),
    ] {
        let error = reader.call(tool, arguments).await.unwrap_err();
        assert!(
            error.to_string().contains("`mode = \"readwrite\"`"),
            "{tool}: {error}"
        );
    }
    assert_eq!(names(&desk.json("read_graph", json!({})).await).len(), 3);
}

#[tokio::test]
async fn each_caller_may_have_a_graph() {
    let directory = TempDir::new().unwrap();
    let open = |graphs| {
        let config = Config {
            path: directory.path().join("memory.db"),
            graphs,
            mode: Mode::Readwrite,
            ..Config::default()
        };
        Store::open(&config).unwrap()
    };
    let store = open(Graphs::PerCaller);
    let entity = |name: &str| {
        vec![
            serde_json::from_value(
                json!({ "name": name, "entityType": "x", "observations": ["y"] }),
            )
            .unwrap(),
        ]
    };
    for (caller, name) in [("ann", "a"), ("ben", "b"), ("", "c")] {
        let made = store
            .create_entities(store.owner(caller), entity(name))
            .await
            .unwrap();
        assert_eq!(made.entities.len(), 1);
    }
    for (caller, name) in [("ann", "a"), ("ben", "b"), ("", "c")] {
        for selection in [
            Selection::All,
            Selection::Holding("y".to_owned()),
            Selection::Named(vec!["a".into(), "b".into(), "c".into()]),
        ] {
            let graph = store
                .graph(store.owner(caller), selection, 100, None)
                .await
                .unwrap();
            assert_eq!(graph.entities.len(), 1);
            assert_eq!(graph.entities[0].name, name);
        }
    }
    let deleted = store
        .delete_entities(store.owner("ann"), vec!["b".to_owned()])
        .await
        .unwrap();
    assert!(deleted.message.starts_with("0 entities"));
    // The shared graph is none of them.
    let shared = open(Graphs::Shared);
    let graph = shared
        .graph(shared.owner("ann"), Selection::All, 100, None)
        .await
        .unwrap();
    assert!(graph.entities.is_empty());
}
