//! Rate limits: waited for, by all calls of a method, within the budget; else said.

use std::time::{Duration, Instant};

use mcp_factory_sdk::ToolErrorKind;
use serde_json::json;
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::plugin::Plugin;

fn later(seconds: &str) -> ResponseTemplate {
    ResponseTemplate::new(429)
        .insert_header("retry-after", seconds)
        .set_body_json(json!({ "ok": false, "error": "ratelimited" }))
}

fn yes() -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_json(json!({ "ok": true, "members": [], "messages": [], "ts": "1.000001" }))
}

async fn count(server: &MockServer) -> usize {
    server.received_requests().await.unwrap_or_default().len()
}

#[tokio::test]
async fn a_pause_is_waited_for() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(later("1"))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(yes()).mount(&server).await;
    let slack = Plugin::start(&server.uri(), json!({ "mode": "readwrite" })).await;
    let start = Instant::now();
    let post = json!({ "channel_id": "C000000001", "text": "a" });
    slack.json("slack_post_message", post).await;
    assert!(
        start.elapsed() >= Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(count(&server).await, 2);
}

#[tokio::test]
async fn a_limit_told_with_200_is_one_too() {
    let server = MockServer::start().await;
    let told = ResponseTemplate::new(200)
        .insert_header("retry-after", "0")
        .set_body_json(json!({ "ok": false, "error": "ratelimited" }));
    Mock::given(any())
        .respond_with(told)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(yes()).mount(&server).await;
    let slack = Plugin::start(&server.uri(), json!({})).await;
    slack.json("slack_get_users", json!({})).await;
    assert_eq!(count(&server).await, 2);
}

#[tokio::test]
async fn a_pause_beyond_the_budget_is_said_at_once_and_kept() {
    let server = MockServer::start().await;
    Mock::given(path("/users.list"))
        .respond_with(later("3600"))
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(yes()).mount(&server).await;
    let slack = Plugin::start(&server.uri(), json!({})).await;
    let start = Instant::now();
    let error = slack.error("slack_get_users", json!({})).await;
    assert_eq!(error.kind(), ToolErrorKind::Unavailable);
    let seconds: String = error
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let seconds: u64 = seconds.parse().expect("a number");
    assert!((3600..=5400).contains(&seconds), "{error}");
    // The next call does not even ask; another method is free.
    slack.error("slack_get_users", json!({})).await;
    assert_eq!(count(&server).await, 1);
    slack
        .json(
            "slack_get_channel_history",
            json!({ "channel_id": "C000000001" }),
        )
        .await;
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn the_calls_own_deadline_counts_too() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(later("15"))
        .mount(&server)
        .await;
    let slack = Plugin::start(&server.uri(), json!({ "rate_wait_max": "10m" })).await;
    let Plugin {
        plugin,
        token: _token,
    } = slack;
    let plugin = plugin.with_timeout(Duration::from_secs(10));
    let start = Instant::now();
    let error = plugin
        .call("slack_get_users", json!({}))
        .await
        .expect_err("too long");
    assert!(error.to_string().contains("wants a pause of"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn a_service_that_never_relents_is_left() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(later("0"))
        .mount(&server)
        .await;
    let slack = Plugin::start(&server.uri(), json!({ "rate_wait_max": "2s" })).await;
    let start = Instant::now();
    let message = slack.message("slack_get_users", json!({})).await;
    assert!(message.contains("wants a pause of"), "{message}");
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
    assert!(count(&server).await <= 8);
}
