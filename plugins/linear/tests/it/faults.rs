//! Linear, or what stands between, does not answer as it should.

use std::time::Duration;

use mcp_factory_sdk::ToolErrorKind;
use serde_json::{Value, json};
use wiremock::matchers::{any, body_string_contains};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::guards::{data, issue, with_teams};
use crate::plugin::Plugin;

async fn answering(template: ResponseTemplate, more: Value) -> (MockServer, Plugin) {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(template)
        .mount(&server)
        .await;
    let plugin = Plugin::start(&server.uri(), more).await;
    (server, plugin)
}

fn error(status: u16, message: &str, code: &str) -> ResponseTemplate {
    let error = json!({ "message": message, "extensions": { "code": code } });
    // Part of the data beside the error, which must not pass for all of it.
    let users = json!({ "users": { "nodes": [], "pageInfo": { "hasNextPage": false } } });
    ResponseTemplate::new(status).set_body_json(json!({ "errors": [error], "data": users }))
}

#[tokio::test]
async fn errors_with_200_are_errors() {
    for (template, words) in [
        (
            error(200, "canary", "AUTHENTICATION_ERROR"),
            "does not accept the server's token",
        ),
        (
            error(400, "canary", "AUTHENTICATION_ERROR"),
            "does not accept the server's token",
        ),
        (error(200, "canary", "FORBIDDEN"), "more rights"),
        (
            error(200, "Query too complex: canary", "INPUT_ERROR"),
            "smaller `limit`",
        ),
        (
            error(200, "Entity not found: canary", "INPUT_ERROR"),
            "Linear knows nothing",
        ),
        (
            error(200, "canary at column 3", "GRAPHQL_VALIDATION_FAILED"),
            "Linear refused this",
        ),
        (
            ResponseTemplate::new(401).set_body_string("canary"),
            "does not accept the server's token",
        ),
        (
            ResponseTemplate::new(403).set_body_string("canary"),
            "more rights",
        ),
    ] {
        let (_server, plugin) = answering(template, json!({})).await;
        let text = plugin.message("linear_list_users", json!({})).await;
        assert!(text.contains(words) && !text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn a_broken_answer_is_a_sentence_without_what_it_said() {
    let page = "<html>canary";
    for (template, words) in [
        (
            ResponseTemplate::new(502).set_body_string(page),
            "(HTTP 502)",
        ),
        (
            ResponseTemplate::new(307).insert_header("location", "http://169.254.169.254/"),
            "(HTTP 307)",
        ),
        (
            ResponseTemplate::new(200).set_body_string(page),
            "could not be read",
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!({ "data": null })),
            "could not be read",
        ),
        (
            ResponseTemplate::new(400).set_body_json(json!({ "data": {} })),
            "could not be read",
        ),
        (data(json!({ "users": "canary" })), "could not be read"),
    ] {
        let (_server, plugin) = answering(template, json!({})).await;
        let error = plugin.error("linear_list_users", json!({})).await;
        assert_eq!(error.kind(), ToolErrorKind::Unavailable);
        let text = error.to_string();
        assert!(text.contains(words) && !text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn whether_something_was_done_is_not_made_up() {
    let server = with_teams().await;
    Mock::given(body_string_contains("query IssueTeam"))
        .respond_with(data(json!({ "issue": issue("team-dev", "DEV") })))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(20)))
        .mount(&server)
        .await;
    let settings = json!({ "request_timeout": "1s", "mode": "readwrite" });
    let plugin = Plugin::start(&server.uri(), settings).await;
    let comment = json!({ "issue": "DEV-1", "body": "a" });
    let text = plugin.message("linear_add_comment", comment).await;
    assert!(text.contains("not known whether this was done"), "{text}");
    let text = plugin.message("linear_list_users", json!({})).await;
    assert!(text.contains("Linear could not be reached"), "{text}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let large = ResponseTemplate::new(200).set_body_bytes(vec![b' '; 9 << 20]);
    let (_server, plugin) = answering(large, json!({})).await;
    let text = plugin.message("linear_list_users", json!({})).await;
    assert!(text.contains("larger than"), "{text}");
}

#[tokio::test]
async fn a_token_that_went_away_is_the_operators_business() {
    let (_server, plugin) = answering(ResponseTemplate::new(200), json!({})).await;
    std::fs::remove_file(plugin.token.path()).expect("it was there");
    let text = plugin.message("linear_list_users", json!({})).await;
    assert_eq!(
        text,
        "the server's Linear token cannot be read; tell its operator"
    );
}

async fn hits(server: &MockServer, words: &str) -> usize {
    let requests = server.received_requests().await.unwrap_or_default();
    let with_words = requests
        .iter()
        .filter(|one| String::from_utf8_lossy(&one.body).contains(words));
    with_words.count()
}

#[tokio::test]
async fn reading_is_tried_again_and_changing_is_not() {
    let server = with_teams().await;
    Mock::given(body_string_contains("query IssueTeam"))
        .respond_with(data(json!({ "issue": issue("team-dev", "DEV") })))
        .mount(&server)
        .await;
    let users = json!({ "users": { "nodes": [], "pageInfo": { "hasNextPage": false } } });
    Mock::given(body_string_contains("query Users"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(body_string_contains("query Users"))
        .respond_with(data(users))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(500))
        .mount(&server)
        .await;
    let plugin = Plugin::start(&server.uri(), json!({ "mode": "readwrite" })).await;
    plugin.json("linear_list_users", json!({})).await;
    assert_eq!(hits(&server, "query Users").await, 3);
    let comment = json!({ "issue": "DEV-1", "body": "a" });
    let text = plugin.message("linear_add_comment", comment).await;
    assert!(text.contains("(HTTP 500)"), "{text}");
    assert_eq!(hits(&server, "mutation").await, 1);
}

#[tokio::test]
async fn a_linear_that_keeps_failing_is_left_alone() {
    let settings = json!({ "retries": 0, "breaker": { "failures": 2, "pause": "1m" } });
    let (server, plugin) = answering(ResponseTemplate::new(503), settings).await;
    for words in ["(HTTP 503)", "(HTTP 503)", "is left alone for now"] {
        let text = plugin.message("linear_list_users", json!({})).await;
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(hits(&server, "").await, 2);
    assert!(plugin.plugin.health().await.trouble().is_some());
}
