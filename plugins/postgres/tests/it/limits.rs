//! Rows, bytes, time and memory have an end.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::bed::{Bed, error, rows};

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
