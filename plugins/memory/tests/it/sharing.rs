//! Several writers at one time, in one process and in several: nothing is lost.

use std::process::{Command, Stdio};

use mcp_plugin_memory::{Addition, NewEntity, Selection};
use serde_json::json;

use crate::fixture::{Desk, assert_sound, count, store};

/// What tells the helper below what to do.
const PATH: &str = "MCP_MEMORY_TEST_PATH";
const WHO: &str = "MCP_MEMORY_TEST_WHO";

fn entity(name: String) -> NewEntity {
    NewEntity {
        name,
        entity_type: "x".to_owned(),
        observations: vec!["first".to_owned()],
    }
}

fn observation(of: &str, content: &str) -> Vec<Addition> {
    let addition = json!({ "entityName": of, "contents": [content] });
    vec![serde_json::from_value(addition).unwrap()]
}

/// Not a test by itself: the process that the test below starts twice.
#[tokio::test]
#[ignore = "run by another test, in a process of its own"]
async fn a_process_that_writes() {
    let (Ok(path), Ok(who)) = (std::env::var(PATH), std::env::var(WHO)) else {
        return;
    };
    let store = store(path.as_ref());
    for n in 0..100 {
        let own = vec![entity(format!("{who} {n}"))];
        assert_eq!(
            store
                .create_entities(String::new(), own)
                .await
                .unwrap()
                .entities
                .len(),
            1
        );
        let common = observation("common", &format!("{who} was here: {n}"));
        store.add_observations(String::new(), common).await.unwrap();
    }
    store.close().await;
}

#[tokio::test]
async fn two_processes_lose_nothing() {
    let desk = Desk::open().await;
    desk.json(
        "create_entities",
        json!({ "entities": [{ "name": "common", "entityType": "x", "observations": [] }] }),
    )
    .await;
    let children: Vec<_> = ["left", "right"]
        .map(|who| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "sharing::a_process_that_writes", "--ignored"])
                .env(PATH, desk.path())
                .env(WHO, who)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .into_iter()
        .collect();
    // The third writer is this process.
    for n in 0..50 {
        let common = json!([{ "entityName": "common", "contents": [format!("middle {n}")] }]);
        desk.json("add_observations", json!({ "observations": common }))
            .await;
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let path = desk.path();
    assert_eq!(count(&path, "SELECT count(*) FROM entity"), 201);
    let common = "SELECT count(*) FROM observation WHERE entity = (SELECT id FROM entity WHERE name = 'common')";
    assert_eq!(count(&path, common), 250);
    assert_sound(&path);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_instances_with_many_calls_lose_nothing() {
    let desk = Desk::open().await;
    desk.json(
        "create_entities",
        json!({ "entities": [{ "name": "common", "entityType": "x", "observations": [] }] }),
    )
    .await;
    let path = desk.path();
    let stores = [store(&path), store(&path)];
    let calls: Vec<_> = (0..200)
        .map(|n| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move {
                let content = observation("common", &format!("fact {n}"));
                store
                    .add_observations(String::new(), content)
                    .await
                    .unwrap();
                // The same entity from many sides is made once.
                let same = vec![entity(format!("same {}", n / 10))];
                store
                    .create_entities(String::new(), same)
                    .await
                    .unwrap()
                    .entities
                    .len()
            })
        })
        .collect();
    let mut made = 0;
    for call in calls {
        made += call.await.unwrap();
    }
    assert_eq!(made, 20);
    let graph = stores[0]
        .graph(
            String::new(),
            Selection::Named(vec!["common".to_owned()]),
            10,
            None,
        )
        .await
        .unwrap();
    assert_eq!(graph.entities[0].observations.len(), 200);
    assert_sound(&path);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_page_is_one_moment() {
    let desk = Desk::open().await;
    let path = desk.path();
    let (writer, reader) = (store(&path), store(&path));
    // Pairs are made and deleted together; a reader sees both or none.
    let writing = tokio::spawn(async move {
        for n in 0..60 {
            let pair = ["a", "b"].map(|side| entity(format!("{side}{n}")));
            writer
                .create_entities(String::new(), pair.to_vec())
                .await
                .unwrap();
            let names = ["a", "b"].map(|side| format!("{side}{n}"));
            writer
                .delete_entities(String::new(), names.to_vec())
                .await
                .unwrap();
        }
    });
    while !writing.is_finished() {
        let graph = reader
            .graph(String::new(), Selection::All, 100, None)
            .await
            .unwrap();
        assert!(graph.entities.len() % 2 == 0, "{:?}", graph.entities);
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn a_call_that_is_dropped_changes_all_or_nothing() {
    let desk = Desk::open().await;
    let store = store(&desk.path());
    for micros in [0, 50, 200, 1000, 3000, 8000] {
        let many: Vec<NewEntity> = (0..1000).map(|n| entity(format!("{micros} {n}"))).collect();
        let call = store.create_entities(String::new(), many);
        drop(tokio::time::timeout(std::time::Duration::from_micros(micros), call).await);
    }
    store.close().await;
    assert_eq!(count(&desk.path(), "SELECT count(*) % 1000 FROM entity"), 0);
    assert_sound(&desk.path());
}

#[tokio::test]
async fn a_graph_that_is_locked_is_waited_for_and_then_said_to_be_busy() {
    let desk = Desk::with(json!({ "timeout": "2s" })).await;
    let other = rusqlite::Connection::open(desk.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let entities = json!({ "entities": [{ "name": "a", "entityType": "x", "observations": [] }] });
    let refusal = desk.refusal("create_entities", entities.clone()).await;
    assert!(refusal.contains("in use; try again"), "{refusal}");
    // Readers do not wait for a writer.
    desk.json("read_graph", json!({})).await;
    other.execute_batch("COMMIT").unwrap();
    desk.json("create_entities", entities).await;
}

#[test]
fn many_may_start_at_once_on_a_new_file() {
    for _ in 0..10 {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("memory.db");
        std::thread::scope(|scope| {
            let starting: Vec<_> = (0..8).map(|_| scope.spawn(|| store(&path))).collect();
            for one in starting {
                one.join().unwrap();
            }
        });
        assert_sound(&path);
    }
}

#[tokio::test]
async fn a_graph_of_thousands_is_searched_in_time() {
    let desk = Desk::open().await;
    let store = store(&desk.path());
    for part in 0..20 {
        let many = (0..1000).map(|n| entity(format!("{part} {n}"))).collect();
        store.create_entities(String::new(), many).await.unwrap();
    }
    let started = std::time::Instant::now();
    let found = Selection::Holding("19 99".to_owned());
    let graph = store.graph(String::new(), found, 5000, None).await.unwrap();
    assert_eq!(graph.entities.len(), 11);
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}
