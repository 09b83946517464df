//! What is left in the middle stops on the server, and a server that was away is found again.

use std::time::{Duration, Instant};

use mcp_factory_sdk::testing::TestPlugin;
use mcp_factory_tests::Cluster;
use serde_json::json;

use crate::bed::{Bed, rows, start};

const SLEEP: &str = "SELECT pg_sleep(30)";

/// How many of the sleepers are at work.
async fn sleepers(client: &tokio_postgres::Client) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(30)%' \
               AND datname = current_database() AND pid <> pg_backend_pid()";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

async fn until(client: &tokio_postgres::Client, count: i64) {
    let begun = Instant::now();
    while sleepers(client).await != count {
        assert!(begun.elapsed() < Duration::from_secs(10), "never {count}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn patient() -> serde_json::Value {
    json!({ "guard": "database", "statement_timeout": "60s", "pool_max": 2, "mode": "readwrite" })
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_on_the_server() {
    let bed = Bed::new().await;
    let admin = bed.connect("postgres").await;
    let plugin = bed.plugin(patient()).await;
    for (tool, sql) in [
        ("query", SLEEP),
        ("explain_query", SLEEP),
        (
            "execute",
            "DELETE FROM order_items USING (SELECT pg_sleep(30)) s",
        ),
    ] {
        let arguments = json!({ "sql": sql, "analyze": true });
        let arguments = if tool == "explain_query" {
            arguments
        } else {
            json!({ "sql": sql })
        };
        {
            let call = plugin.call(tool, arguments);
            tokio::pin!(call);
            tokio::select! {
                done = &mut call => panic!("{done:?}"),
                () = until(&admin, 1) => {}
            }
            // The call is dropped here, as a server does when its client cancels.
        }
        let begun = Instant::now();
        until(&admin, 0).await;
        assert!(
            begun.elapsed() < Duration::from_secs(3),
            "{:?}",
            begun.elapsed()
        );
        assert_eq!(
            rows(&plugin, "SELECT count(*) FROM order_items").await,
            json!([[400]])
        );
    }
    plugin.stop().await;
}

#[tokio::test]
async fn what_is_dropped_keeps_its_place_until_it_has_ended() {
    let bed = Bed::new().await;
    let admin = bed.connect("postgres").await;
    let plugin = bed.plugin(patient()).await;
    for _ in 0..6 {
        let calls = [
            plugin.call("query", json!({ "sql": SLEEP })),
            plugin.call("query", json!({ "sql": SLEEP })),
        ];
        let both = futures_util::future::join_all(calls);
        tokio::select! {
            done = both => panic!("{done:?}"),
            () = until(&admin, 2) => {}
        }
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'app'";
        let open: i64 = admin.query_one(sql, &[]).await.unwrap().get(0);
        assert!(open <= 2, "{open} connections");
    }
    until(&admin, 0).await;
    plugin.stop().await;
}

#[tokio::test]
async fn stopping_the_plugin_stops_what_was_left() {
    let bed = Bed::new().await;
    let admin = bed.connect("postgres").await;
    let plugin = bed.plugin(patient()).await;
    {
        let call = plugin.call("query", json!({ "sql": SLEEP }));
        tokio::select! {
            done = call => panic!("{done:?}"),
            () = until(&admin, 1) => {}
        }
    }
    plugin.stop().await;
    assert_eq!(sleepers(&admin).await, 0);
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'app'";
    let begun = Instant::now();
    while admin.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(3),
            "connections are left"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn nothing_of_a_call_is_left_for_the_next() {
    let bed = Bed::new().await;
    let plugin = bed
        .plugin(json!({ "guard": "database", "pool_max": 1 }))
        .await;
    let look = "SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), \
                (SELECT md5(string_agg(name || setting, ',' ORDER BY name)) FROM pg_settings), pg_backend_pid(), \
                (SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM pg_cursors WHERE name <> '' AND name !~ '^p[0-9]')";
    let before = rows(&plugin, look).await;
    for sql in [
        "SELECT pg_advisory_lock(1), pg_advisory_lock_shared(2)",
        "SELECT set_config('search_path', 'secret_place', false), set_config('work_mem', '64kB', false)",
        "SELECT set_config('my.own', 'x', false)",
        "SELECT set_config('role', 'none', false)",
    ] {
        rows(&plugin, sql).await;
        assert_eq!(rows(&plugin, look).await, before, "{sql}");
    }
    plugin.stop().await;
}

async fn call(plugin: &TestPlugin) -> Result<serde_json::Value, String> {
    let called = plugin
        .call_json("query", json!({ "sql": "SELECT 1" }))
        .await;
    called.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_server_that_was_away_is_found_again() {
    let mut cluster = tokio::task::spawn_blocking(Cluster::own).await.unwrap();
    let secrets = tempfile::tempdir().unwrap();
    let path = secrets.path().join("url");
    std::fs::write(&path, cluster.url("app", "fixture")).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let url = format!("file:{}", path.display());
    let plugin = start(&url, json!({ "pool_max": 3 }), &[]).await.unwrap();
    // All places of the pool are filled.
    let calls: Vec<_> = (0..3)
        .map(|_| {
            plugin.call(
                "query",
                json!({ "sql": "SELECT count(*) FROM generate_series(1, 300000)" }),
            )
        })
        .collect();
    for done in futures_util::future::join_all(calls).await {
        done.unwrap();
    }
    cluster.stop();
    let message = call(&plugin).await.unwrap_err();
    assert!(
        message.contains("cannot be reached now") || message.contains("was lost"),
        "{message}"
    );
    assert!(
        !message.contains("tmp") && !message.contains("app"),
        "{message}"
    );
    cluster.start();
    // One clear error at most.
    if let Err(message) = call(&plugin).await {
        assert!(message.contains("try again"), "{message}");
    }
    for _ in 0..6 {
        call(&plugin).await.unwrap();
    }
    // And when nobody called in between.
    cluster.stop();
    cluster.start();
    tokio::time::sleep(Duration::from_millis(300)).await;
    for _ in 0..6 {
        call(&plugin).await.unwrap();
    }
    plugin.stop().await;
}
