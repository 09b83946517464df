//! Rate limits, in all the forms in which Linear tells them: waited for within the budget, else said.

use std::time::{Duration, Instant, SystemTime};

use mcp_factory_sdk::ToolErrorKind;
use serde_json::json;
use wiremock::matchers::{any, body_string_contains};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::guards::data;
use crate::plugin::Plugin;

/// As Linear sends it: 400, a code, and when the spent limit is full again.
fn limited(kind: &str, in_milliseconds: u64) -> ResponseTemplate {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    let reset = now + Duration::from_millis(in_milliseconds);
    ResponseTemplate::new(400)
        .insert_header(format!("x-ratelimit-{kind}-remaining").as_str(), "0")
        .insert_header(format!("x-ratelimit-{kind}-reset").as_str(), reset.as_millis().to_string().as_str())
        .set_body_json(json!({ "errors": [{ "message": "Rate limit", "extensions": { "code": "RATELIMITED" } }] }))
}

fn users() -> ResponseTemplate {
    data(json!({ "users": { "nodes": [], "pageInfo": { "hasNextPage": false } } }))
}

async fn count(server: &MockServer) -> usize {
    server.received_requests().await.unwrap_or_default().len()
}

#[tokio::test]
async fn a_pause_is_waited_for() {
    for kind in ["requests", "complexity", "endpoint-requests", "429"] {
        let limit = match kind {
            "429" => ResponseTemplate::new(429).insert_header("retry-after", "1"),
            kind => limited(kind, 1000),
        };
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(limit)
            .up_to_n_times(1)
            .mount(&server)
            .await;
        Mock::given(any())
            .respond_with(users())
            .mount(&server)
            .await;
        let linear = Plugin::start(&server.uri(), json!({})).await;
        let start = Instant::now();
        linear.json("linear_list_users", json!({})).await;
        assert!(
            start.elapsed() >= Duration::from_millis(700),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(count(&server).await, 2);
    }
}

#[tokio::test]
async fn a_pause_beyond_the_budget_is_said_at_once_and_kept() {
    let server = MockServer::start().await;
    let hour = limited("endpoint-requests", 3_600_000);
    Mock::given(body_string_contains("query Search"))
        .respond_with(hour)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(users())
        .mount(&server)
        .await;
    let linear = Plugin::start(&server.uri(), json!({ "teams": ["*"] })).await;
    let start = Instant::now();
    let search = json!({ "query": "a" });
    let error = linear.error("linear_search_issues", search.clone()).await;
    assert_eq!(error.kind(), ToolErrorKind::Unavailable);
    assert!(
        error.to_string().contains("Linear wants a pause of"),
        "{error}"
    );
    // The next search does not even ask; everything else is free.
    linear.error("linear_search_issues", search).await;
    assert_eq!(count(&server).await, 1);
    linear.json("linear_list_users", json!({})).await;
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn an_absurd_pause_is_an_hour() {
    let absurd = [
        ("retry-after", "99999999999999999999999"),
        ("x-ratelimit-requests-reset", "18446744073709551615"),
    ];
    for (name, value) in absurd {
        let server = MockServer::start().await;
        let limited = ResponseTemplate::new(429)
            .insert_header("x-ratelimit-requests-remaining", "0")
            .insert_header(name, value);
        Mock::given(any())
            .respond_with(limited)
            .mount(&server)
            .await;
        let linear = Plugin::start(&server.uri(), json!({})).await;
        let message = linear.message("linear_list_users", json!({})).await;
        let seconds = message.split_once("wants a pause of ");
        let seconds = seconds.and_then(|(_, rest)| rest.split_once(' '));
        let seconds = seconds.and_then(|(number, _)| number.parse::<u64>().ok());
        assert!(
            seconds.is_some_and(|seconds| (3_590..=3_600).contains(&seconds)),
            "{message}"
        );
    }
}

#[tokio::test]
async fn the_calls_own_deadline_counts_too() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(limited("requests", 15_000))
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
        .call("linear_list_users", json!({}))
        .await
        .expect_err("too long");
    assert!(error.to_string().contains("wants a pause of"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn a_service_that_never_relents_is_left() {
    let server = MockServer::start().await;
    let now = ResponseTemplate::new(429).insert_header("retry-after", "0");
    Mock::given(any()).respond_with(now).mount(&server).await;
    let linear = Plugin::start(&server.uri(), json!({ "rate_wait_max": "2s" })).await;
    let message = linear.message("linear_list_users", json!({})).await;
    assert!(message.contains("wants a pause of"), "{message}");
    assert!(count(&server).await <= 8);
}
