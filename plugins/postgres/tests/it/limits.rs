//! Rows, bytes, time and memory have an end.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
};

use crate::bed::{Bed, error, rows, start};

#[tokio::test]
async fn rows_and_bytes_are_capped() {
    let bed = Bed::new().await;
    let plugin = bed
        .plugin(json!({ "max_rows": 150, "max_bytes": 4096 }))
        .await;
    let count = |result: &serde_json::Value| result["rows"].as_array().unwrap().len();
    for (sql, asked, shown, truncated) in [
        ("SELECT 1 FROM generate_series(1, 99)", 100, 99, false),
        ("SELECT 1 FROM generate_series(1, 100)", 100, 100, false),
        ("SELECT 1 FROM generate_series(1, 101)", 100, 100, true),
        ("SELECT generate_series(1, 1000000000)", 100, 100, true),
        // The operator's limit is above the caller's.
        ("SELECT 1 FROM generate_series(1, 500)", 1000, 150, true),
        ("SELECT 1 FROM generate_series(1, 150)", 1000, 150, false),
        ("SELECT 1 FROM generate_series(1, 0)", 100, 0, false),
    ] {
        let result = plugin
            .call_json("query", json!({ "sql": sql, "max_rows": asked }))
            .await
            .unwrap();
        assert_eq!(
            (count(&result), &result["truncated"]),
            (shown, &json!(truncated)),
            "{sql}"
        );
        assert_eq!(result["row_count"], shown);
    }
    for format in ["rows", "csv"] {
        let result = plugin
            .call_json(
                "query",
                json!({ "sql": "SELECT repeat('x', 1000) FROM generate_series(1, 50)", "format": format }),
            )
            .await
            .unwrap();
        assert_eq!(
            (&result["row_count"], &result["truncated"]),
            (&json!(4), &json!(true))
        );
    }
    plugin.stop().await;
}

#[tokio::test]
async fn one_giant_value_is_refused_and_never_held() {
    let bed = Bed::new().await;
    let plugin = bed
        .plugin(json!({ "max_bytes": 4096, "pool_max": 1 }))
        .await;
    // Larger than an answer, smaller than what is taken in.
    let message = error(
        &plugin,
        "query",
        json!({ "sql": "SELECT repeat('x', 10000)" }),
    )
    .await;
    assert!(message.contains("more than the 4096 bytes"), "{message}");
    // 100 MB.
    let before = memory();
    for sql in [
        "SELECT repeat('x', 100000000)",
        "SELECT int4range(1, 2), repeat('x', 100000000)",
        "SELECT array_agg(repeat('x', 1000)) FROM generate_series(1, 100000)",
    ] {
        let message = error(&plugin, "query", json!({ "sql": sql })).await;
        assert!(
            message.contains("more than the 4096 bytes") && message.contains("left(column"),
            "{message}"
        );
    }
    // An error may be as long.
    let sql = "SELECT repeat('x', 50000000)::int";
    error(&plugin, "query", json!({ "sql": sql })).await;
    let grown = memory().saturating_sub(before);
    assert!(grown < 50 << 20, "{grown} bytes more");
    assert_eq!(rows(&plugin, "SELECT 1").await, json!([[1]]));
    plugin.stop().await;
}

/// What this process has in memory at its highest, in bytes.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes << 10
}

#[tokio::test]
async fn a_long_statement_is_stopped() {
    let bed = Bed::new().await;
    let plugin = bed
        .plugin(json!({ "statement_timeout": "300ms", "guard": "database" }))
        .await;
    for sql in [
        "SELECT pg_sleep(60)",
        "SELECT count(*) FROM generate_series(1, 100000000000)",
        // It takes its own limit away; then ours is what ends it.
        "SELECT set_config('statement_timeout', '0', false), 1 FROM generate_series(1, 1000) WHERE pg_sleep(0.01) IS NOT NULL",
    ] {
        let begun = Instant::now();
        let message = error(&plugin, "query", json!({ "sql": sql, "max_rows": 1000 })).await;
        assert!(
            message.contains("57014") || message.contains("cancelled after 0.3 s"),
            "{sql}: {message}"
        );
        assert!(
            begun.elapsed() < Duration::from_secs(4),
            "{sql}: {:?}",
            begun.elapsed()
        );
    }
    assert_eq!(
        rows(&plugin, "SHOW statement_timeout").await,
        json!([["300ms"]])
    );
    plugin.stop().await;
}

#[tokio::test]
async fn who_waits_for_a_lock_is_not_told_to_cast() {
    let bed = Bed::new().await;
    let plugin = bed
        .plugin(json!({ "pool_max": 1, "lock_timeout": "300ms" }))
        .await;
    assert_eq!(rows(&plugin, "SELECT 1").await, json!([[1]]));
    let mut admin = bed.connect("postgres").await;
    let holder = admin.transaction().await.unwrap();
    // The server looks here for a way from this type to text, which the statement itself does not ask for.
    holder
        .batch_execute("LOCK TABLE pg_catalog.pg_cast IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let sql = "SELECT '0/1'::pg_lsn AS at";
    let message = error(&plugin, "query", json!({ "sql": sql })).await;
    assert!(
        message.contains("55P03") && message.contains("somebody else holds the lock"),
        "{message}"
    );
    holder.rollback().await.unwrap();
    assert_eq!(rows(&plugin, sql).await, json!([["0/1"]]));
    plugin.stop().await;
}

/// The last bytes of a request: all of it was said.
const SYNC: &[u8] = b"S\0\0\0\x04";

/// A way to the server on which whoever says `belated` is heard to the end only after this time.
fn belated(bed: &Bed, folder: &Path, late: Duration) -> String {
    let name = format!(".s.PGSQL.{}", bed.cluster.port());
    let listener = UnixListener::bind(folder.join(&name)).unwrap();
    let server = bed.cluster.socket().join(name);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = UnixStream::connect(&server).await.unwrap();
            let (mut asked, mut answer) = client.into_split();
            let (mut answered, mut ask) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut answered, &mut answer).await });
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 16];
                while let Ok(length @ 1..) = asked.read(&mut bytes).await {
                    let said = &bytes[..length];
                    let is_late = said.windows(7).any(|part| part == b"belated");
                    let (now, rest) = match said.strip_suffix(SYNC) {
                        Some(now) if is_late => (now, SYNC),
                        _ => (said, &[][..]),
                    };
                    ask.write_all(now).await.unwrap();
                    if !rest.is_empty() {
                        tokio::time::sleep(late).await;
                        ask.write_all(rest).await.unwrap();
                    }
                }
            });
        }
    });
    let folder = folder.display().to_string().replace('/', "%2F");
    format!(
        "postgres://app@{folder}:{}/{}",
        bed.cluster.port(),
        bed.name
    )
}

#[tokio::test]
async fn time_that_ends_between_two_requests_is_told_as_such() {
    let bed = Bed::new().await;
    let folder = tempfile::tempdir().unwrap();
    let url = belated(&bed, folder.path(), Duration::from_millis(900));
    let config = json!({ "statement_timeout": "500ms", "guard": "database" });
    let plugin = start(&bed.secret(&url), config, &[]).await.unwrap();
    // As it is, and with a column that is asked for as text.
    for sql in ["SELECT 1 AS belated", "SELECT '0/1'::pg_lsn AS belated"] {
        let message = error(&plugin, "query", json!({ "sql": sql })).await;
        assert!(
            message.contains("most likely because its 0.5 s were over"),
            "{sql}: {message}"
        );
    }
    assert_eq!(rows(&plugin, "SELECT 1").await, json!([[1]]));
    plugin.stop().await;
}

#[tokio::test]
async fn a_statement_has_a_length() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    let sql = format!("SELECT '{}'", "x".repeat(300_000));
    let message = error(&plugin, "query", json!({ "sql": sql })).await;
    assert!(message.contains("longer than 262144 bytes"), "{message}");
    // So deep that a parser of trees would not come back.
    let deep = format!("SELECT {}1{}", "(".repeat(50_000), ")".repeat(50_000));
    error(&plugin, "query", json!({ "sql": deep })).await;
    let long = format!("SELECT {}1", "1+".repeat(1_000));
    assert_eq!(rows(&plugin, &long).await, json!([[1001]]));
    plugin.stop().await;
}
