//! Rate limits: waited for within the budget, by all calls; else said.

use std::time::{Duration, Instant};

use mcp_factory_sdk::ToolErrorKind;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::plugin::Plugin;

fn later(status: u16, seconds: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .insert_header("retry-after", seconds)
        .set_body_json(json!({ "object": "error", "status": status, "code": "rate_limited", "message": "canary" }))
}

fn users() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(
        json!({ "object": "list", "results": [], "has_more": false, "next_cursor": null }),
    )
}

async fn count(server: &MockServer) -> usize {
    server.received_requests().await.unwrap_or_default().len()
}

#[tokio::test]
async fn a_pause_is_waited_for() {
    // 529 is what Notion answers when it has too much to do.
    for status in [429, 529] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(later(status, "1"))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        Mock::given(any())
            .respond_with(users())
            .mount(&server)
            .await;
        let notion = Plugin::start(&server.uri(), json!({})).await;
        let start = Instant::now();
        notion.json("notion_list_users", json!({})).await;
        assert!(
            start.elapsed() >= Duration::from_secs(1),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(count(&server).await, 2);
    }
}

#[tokio::test]
async fn a_pause_beyond_the_budget_is_said_at_once_and_kept() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(later(429, "600"))
        .mount(&server)
        .await;
    let notion = Plugin::start(&server.uri(), json!({})).await;
    let start = Instant::now();
    for tool in ["notion_list_users", "notion_search"] {
        let error = notion.error(tool, json!({})).await;
        assert_eq!(error.kind(), ToolErrorKind::Unavailable);
        let text = error.to_string();
        assert!(
            text.contains("Notion wants a pause of") && !text.contains("canary"),
            "{text}"
        );
    }
    // Notion has one limit for all, so the second call did not even ask.
    assert_eq!(count(&server).await, 1);
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
        .respond_with(later(429, "15"))
        .mount(&server)
        .await;
    let started = Plugin::start(&server.uri(), json!({ "rate_wait_max": "10m" })).await;
    let Plugin {
        plugin,
        token: _token,
    } = started;
    let plugin = plugin.with_timeout(Duration::from_secs(10));
    let start = Instant::now();
    let error = plugin
        .call("notion_list_users", json!({}))
        .await
        .expect_err("too long");
    assert!(error.to_string().contains("wants a pause of"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn a_service_that_never_relents_is_left() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(later(429, "0"))
        .mount(&server)
        .await;
    let notion = Plugin::start(&server.uri(), json!({ "rate_wait_max": "2s" })).await;
    let message = notion.message("notion_list_users", json!({})).await;
    assert!(message.contains("wants a pause of"), "{message}");
    assert!(count(&server).await <= 8);
}
