//! A call that nobody waits for stops working; a pool that is full says so.

use std::future::Future;
use std::task::Poll;
use std::time::{Duration, Instant};

use mcp_factory_sdk::ToolErrorKind;
use mcp_plugin_sqlite::{Config, Database};
use serde_json::json;

use crate::fixture::{Shop, request};

const ENDLESS: &str = "SELECT count(*) FROM numbers a, numbers b, numbers c, numbers d, numbers e";

fn open(shop: &Shop, connections: u32) -> Database {
    let config = Config {
        path: shop.path(),
        connections,
        timeout: "60s".to_owned(),
        ..Config::default()
    };
    Database::open(&config).unwrap()
}

async fn until_free(database: &Database) -> Duration {
    let started = Instant::now();
    while database.readers().0 > 0 {
        assert!(started.elapsed() < Duration::from_secs(20), "still working");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    started.elapsed()
}

#[tokio::test]
async fn dropping_the_call_interrupts_the_statement() {
    let shop = Shop::open().await;
    let database = open(&shop, 2);
    let call = database.query(request(ENDLESS));
    assert!(
        tokio::time::timeout(Duration::from_millis(200), call)
            .await
            .is_err()
    );
    // The statement would have gone on for a minute.
    let took = until_free(&database).await;
    assert!(took < Duration::from_secs(10), "{took:?}");
    // An interrupt that comes late hits nobody else.
    for _ in 0..50 {
        let call = database.query(request("SELECT count(*) FROM numbers a, numbers b"));
        drop(tokio::time::timeout(Duration::from_micros(500), call).await);
        let answer = database
            .query(request("SELECT count(*) FROM numbers"))
            .await;
        assert_eq!(answer.unwrap().row_count, 1);
    }
}

#[tokio::test]
async fn a_cancelled_change_is_taken_back() {
    let shop = Shop::writable().await;
    let config = Config {
        path: shop.path(),
        mode: mcp_plugin_sqlite::Mode::Readwrite,
        timeout: "60s".to_owned(),
        ..Config::default()
    };
    let database = Database::open(&config).unwrap();
    let sql = "INSERT INTO log SELECT a.n, b.n FROM numbers a, numbers b, numbers c, numbers d";
    let call = database.execute(request(sql));
    assert!(
        tokio::time::timeout(Duration::from_millis(300), call)
            .await
            .is_err()
    );
    // The one connection that writes is free again, and nothing is left.
    let answer = database
        .execute(request("DELETE FROM log WHERE at = 1"))
        .await
        .unwrap();
    assert_eq!(answer.affected, Some(0));
}

#[tokio::test]
async fn the_runtime_is_never_blocked() {
    let shop = Shop::with(json!({ "timeout": "5s" })).await;
    let started = Instant::now();
    let endless = shop.plugin.call("query", json!({ "sql": ENDLESS }));
    let ticks = async {
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        started.elapsed()
    };
    let (_, took) = tokio::join!(endless, ticks);
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test]
async fn waiting_for_a_connection_ends() {
    let shop = Shop::with(json!({ "timeout": "300ms", "connections": 1 })).await;
    let call = || shop.plugin.call("query", json!({ "sql": ENDLESS }));
    let started = Instant::now();
    let mut calls: Vec<_> = (0..8).map(|_| Box::pin(call())).collect();
    let mut kinds = Vec::new();
    std::future::poll_fn(|context| {
        calls.retain_mut(|call| match call.as_mut().poll(context) {
            Poll::Ready(outcome) => {
                kinds.push(outcome.unwrap_err().kind());
                false
            }
            Poll::Pending => true,
        });
        if calls.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(kinds.contains(&ToolErrorKind::TimedOut), "{kinds:?}");
    assert!(kinds.contains(&ToolErrorKind::Unavailable), "{kinds:?}");
}

#[tokio::test]
async fn stopping_waits_for_calls_and_lets_no_more_in() {
    let shop = Shop::open().await;
    let database = open(&shop, 2);
    let sql = "SELECT count(*) FROM numbers a, numbers b, numbers c WHERE c.n < 20";
    let (answer, ()) = tokio::join!(database.query(request(sql)), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        database.close().await;
    });
    assert_eq!(answer.unwrap().row_count, 1);
    let refused = database.query(request("SELECT 1")).await.unwrap_err();
    assert!(refused.to_string().contains("stopping"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_calls_at_once_share_the_connections() {
    let shop = Shop::open().await;
    let database = std::sync::Arc::new(open(&shop, 3));
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let database = std::sync::Arc::clone(&database);
            tokio::spawn(async move {
                let answer = database
                    .query(request("SELECT count(*) FROM numbers"))
                    .await;
                (answer.unwrap().row_count, database.readers().0)
            })
        })
        .collect();
    for call in calls {
        let (rows, used) = call.await.unwrap();
        assert!(rows == 1 && used <= 3);
    }
    assert_eq!(database.readers(), (0, 3));
}
