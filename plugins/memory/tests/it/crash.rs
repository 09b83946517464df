//! `kill -9` in the middle of writing: what was answered is there, and nothing is there by half.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use mcp_plugin_memory::{NewEntity, Relation};

use crate::fixture::{assert_sound, count, store};

const PATH: &str = "MCP_MEMORY_CRASH_PATH";
const FIRST: &str = "MCP_MEMORY_CRASH_FIRST";

/// How many entities each call makes.
const BATCH: usize = 20;

/// Not a test by itself: the process that is killed.
#[tokio::test]
#[ignore = "run by another test, in a process of its own"]
async fn a_process_that_is_killed() {
    let (Ok(path), Ok(first)) = (std::env::var(PATH), std::env::var(FIRST)) else {
        return;
    };
    let store = store(path.as_ref());
    for batch in first.parse::<usize>().unwrap().. {
        let entities = (0..BATCH)
            .map(|n| NewEntity {
                name: format!("{batch}/{n}"),
                entity_type: format!("batch {batch}"),
                observations: vec!["x".repeat(300), "y".repeat(300)],
            })
            .collect();
        store
            .create_entities(String::new(), entities)
            .await
            .unwrap();
        let relations = (0..BATCH)
            .map(|n| Relation {
                from: format!("{batch}/{n}"),
                to: format!("{batch}/0"),
                relation_type: "follows".to_owned(),
            })
            .collect();
        store
            .create_relations(String::new(), relations)
            .await
            .unwrap();
        println!("\nanswered {batch}");
    }
}

#[test]
fn a_killed_process_leaves_the_graph_whole() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("memory.db");
    let mut answered = 0;
    for round in 1..=5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crash::a_process_that_is_killed",
                "--ignored",
                "--nocapture",
            ])
            .env(PATH, &path)
            .env(FIRST, (answered + 100).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        for line in lines {
            let line = line.unwrap();
            if let Some(batch) = line.strip_prefix("answered ") {
                answered = batch.parse().unwrap();
                seen += 1;
            }
            if seen == 3 * round {
                // In the middle of the next batch, at a point that differs each time.
                std::thread::sleep(std::time::Duration::from_micros(
                    u64::try_from(round).unwrap() * 700,
                ));
                child.kill().unwrap();
                break;
            }
        }
        child.wait().unwrap();
        assert_eq!(seen, 3 * round, "the process ended by itself");
        drop(store(&path));
        assert_sound(&path);
        let whole = format!(
            "SELECT count(*) FROM (SELECT 1 FROM entity GROUP BY type HAVING count(*) <> {BATCH})"
        );
        assert_eq!(count(&path, &whole), 0, "half a batch");
        let last = format!("SELECT count(*) FROM entity WHERE type = 'batch {answered}'");
        assert_eq!(count(&path, &last), i64::try_from(BATCH).unwrap());
        let related = format!("SELECT count(*) FROM relation WHERE target = '{answered}/0'");
        assert_eq!(count(&path, &related), i64::try_from(BATCH).unwrap());
        let observed = "SELECT count(*) FROM entity WHERE (SELECT count(*) FROM observation WHERE entity = entity.id) <> 2";
        assert_eq!(count(&path, observed), 0);
    }
}
