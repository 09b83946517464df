//! Places that take nothing, or not enough: calls go on, and what is missing is counted.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use mcp_factory_guard::{Audit, AuditConfig, AuditTarget, Clock};
use serde_json::Value;

use crate::{audit, audit_of, call, log::Log};

fn pipe(path: &Path) {
    assert!(
        Command::new("mkfifo")
            .arg(path)
            .status()
            .expect("mkfifo")
            .success()
    );
}

/// A reader that reads nothing yet.
fn reader(path: &Path) -> File {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .expect("a pipe")
}

#[tokio::test]
async fn a_slow_reader_makes_nobody_wait() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    pipe(&path);
    let reader = reader(&path);
    let (log, _guard) = Log::capture();
    let config = AuditConfig {
        queue: 16,
        ..AuditConfig::default()
    };
    let audit = audit_of(&path, &config);
    let start = Instant::now();
    for number in 0..10_000 {
        audit.record(&call(&number.to_string()));
    }
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    let dropped = audit.dropped();
    assert!(dropped > 1_000, "a pipe holds 64 KiB: {dropped}");
    assert_eq!(log.count("records are dropped, and counted"), 1);

    // It reads again: what comes next says what is missing.
    let lines = std::thread::spawn(move || {
        let mut records: Vec<Value> = Vec::new();
        for line in BufReader::new(reader).lines() {
            let record: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
            let is_last = record["name"] == "last";
            records.push(record);
            if is_last {
                return records;
            }
        }
        records
    });
    while !lines.is_finished() {
        audit.record(&call("last"));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let records = lines.join().expect("it ends");
    let told: Vec<_> = records
        .iter()
        .filter(|record| record["event"] == "dropped")
        .collect();
    let count: u64 = told
        .iter()
        .filter_map(|record| record["count"].as_u64())
        .sum();
    let written = records
        .iter()
        .filter(|record| record["event"] == "call" && record["name"] != "last");
    assert_eq!(count + written.count() as u64, 10_000 + (count - dropped));
    assert!(count >= dropped, "{count} of {dropped}");
    assert!(
        told.iter().all(|record| record["time"].is_string()),
        "{told:?}"
    );
    audit.close().await;
}

#[tokio::test]
async fn a_pipe_that_nobody_empties_holds_up_the_end_for_two_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    pipe(&path);
    let _reader = reader(&path);
    let audit = audit(&path);
    for number in 0..10_000 {
        audit.record(&call(&number.to_string()));
    }
    let start = Instant::now();
    audit.close().await;
    let time = start.elapsed();
    assert!(
        time > Duration::from_millis(1_500) && time < Duration::from_secs(4),
        "{time:?}"
    );
}

#[tokio::test]
async fn a_full_disk_is_counted_and_warned_of_once() {
    let (log, _guard) = Log::capture();
    let audit = audit(Path::new("/dev/full"));
    for _ in 0..100 {
        audit.record(&call("tool"));
    }
    audit.close().await;
    assert_eq!(audit.dropped(), 100);
    assert_eq!(
        log.count("the audit cannot be written"),
        1,
        "{}",
        log.text()
    );
    assert!(log.text().contains("No space left"), "{}", log.text());
}

#[tokio::test]
async fn a_reader_that_went_away_and_came_back_is_told_what_it_missed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    pipe(&path);
    let first = reader(&path);
    let audit = audit(&path);
    drop(first);
    for missed in 1..=10 {
        audit.record(&call("missed"));
        while audit.dropped() < missed {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let second = reader(&path);
    audit.record(&call("seen"));
    audit.close().await;
    let lines = BufReader::new(second).lines().take(2);
    let records: Vec<Value> = lines
        .map(|line| serde_json::from_str(&line.expect("text")).expect("JSON"))
        .collect();
    assert_eq!(records[0]["event"], "dropped");
    assert_eq!(records[0]["count"], 10);
    assert_eq!(records[1]["name"], "seen");
    assert_eq!(audit.dropped(), 10);
}

#[test]
fn what_cannot_be_opened_is_told_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let unread = folder.path().join("pipe");
    pipe(&unread);
    let start = Instant::now();
    for (path, words) in [
        (folder.path().join("no/such/file"), "there is no folder for"),
        (folder.path().to_owned(), "is a folder"),
        (unread, "a pipe that nobody reads"),
    ] {
        let target = AuditTarget::File(path);
        let problems =
            Audit::open(&AuditConfig::default(), &target, Clock::system()).expect_err(words);
        assert_eq!(problems[0].path, "to");
        assert!(problems[0].message.contains(words), "{problems:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(2));
    let json = r#"{"queue":0,"key":"env:MCP_FACTORY_NOT_SET","to":"/nowhere/at/all"}"#;
    let config: AuditConfig = serde_json::from_str(json).expect("a configuration");
    let problems = Audit::open(&config, &AuditTarget::Off, Clock::system()).expect_err("all wrong");
    let paths: Vec<_> = problems.iter().map(|problem| &*problem.path).collect();
    assert_eq!(paths, ["queue", "key", "to"]);
}
