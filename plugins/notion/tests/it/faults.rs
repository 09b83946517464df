//! Notion, or what stands between, does not answer as it should.

use std::time::Duration;

use mcp_factory_sdk::ToolErrorKind;
use serde_json::{Value, json};
use wiremock::matchers::{any, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::plugin::Plugin;
use crate::world::HOME;

async fn answering(template: ResponseTemplate, more: Value) -> (MockServer, Plugin) {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(template)
        .mount(&server)
        .await;
    let plugin = Plugin::start(&server.uri(), more).await;
    (server, plugin)
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
            ResponseTemplate::new(400).set_body_string(page),
            "(HTTP 400)",
        ),
        (
            ResponseTemplate::new(301).insert_header("location", "http://169.254.169.254/"),
            "(HTTP 301)",
        ),
        (
            ResponseTemplate::new(200).set_body_string(page),
            "could not be read",
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!({ "results": "canary" })),
            "could not be read",
        ),
    ] {
        let (_server, plugin) = answering(template, json!({})).await;
        let error = plugin.error("notion_list_users", json!({})).await;
        assert_eq!(error.kind(), ToolErrorKind::Unavailable);
        let text = error.to_string();
        assert!(text.contains(words) && !text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn refusals_become_sentences() {
    for (status, code, words) in [
        (401, "unauthorized", "does not accept the server's token"),
        (403, "restricted_resource", "give it the capability"),
        (409, "conflict_error", "somebody changed this"),
        (400, "brand_new", "(`brand_new`)"),
    ] {
        let body =
            json!({ "object": "error", "status": status, "code": code, "message": "canary" });
        let (_server, plugin) =
            answering(ResponseTemplate::new(status).set_body_json(body), json!({})).await;
        let text = plugin.message("notion_list_users", json!({})).await;
        assert!(text.contains(words) && !text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn whether_something_was_done_is_not_made_up() {
    let server = MockServer::start().await;
    let slow = || ResponseTemplate::new(200).set_delay(Duration::from_secs(20));
    Mock::given(method("PATCH"))
        .respond_with(slow())
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(slow()).mount(&server).await;
    let settings = json!({ "request_timeout": "1s", "mode": "readwrite" });
    let plugin = Plugin::start(&server.uri(), settings).await;
    let append = json!({ "block_id": HOME, "markdown": "a" });
    let text = plugin.message("notion_append_blocks", append).await;
    assert!(text.contains("not known whether this was done"), "{text}");
    let text = plugin.message("notion_list_users", json!({})).await;
    assert!(text.contains("Notion could not be reached"), "{text}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let large = ResponseTemplate::new(200).set_body_bytes(vec![b' '; 9 << 20]);
    let (_server, plugin) = answering(large, json!({})).await;
    let text = plugin.message("notion_list_users", json!({})).await;
    assert!(text.contains("larger than"), "{text}");
}

#[tokio::test]
async fn a_token_that_went_away_is_the_operators_business() {
    let (_server, plugin) = answering(ResponseTemplate::new(200), json!({})).await;
    std::fs::remove_file(plugin.token.path()).expect("it was there");
    let text = plugin.message("notion_list_users", json!({})).await;
    assert_eq!(
        text,
        "the server's Notion token cannot be read; tell its operator"
    );
}

async fn hits(server: &MockServer, verb: &str) -> usize {
    let requests = server.received_requests().await.unwrap_or_default();
    let of_verb = requests.iter().filter(|one| one.method.as_str() == verb);
    of_verb.count()
}

#[tokio::test]
async fn reading_is_tried_again_and_writing_is_not() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(method("PATCH"))
        .respond_with(ResponseTemplate::new(500))
        .mount(&server)
        .await;
    let users = json!({ "object": "list", "results": [], "has_more": false, "next_cursor": null });
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_json(users))
        .mount(&server)
        .await;
    let plugin = Plugin::start(&server.uri(), json!({ "mode": "readwrite" })).await;
    plugin.json("notion_list_users", json!({})).await;
    assert_eq!(hits(&server, "GET").await, 3);
    let append = json!({ "block_id": HOME, "markdown": "a" });
    let text = plugin.message("notion_append_blocks", append).await;
    assert!(text.contains("(HTTP 500)"), "{text}");
    assert_eq!(hits(&server, "PATCH").await, 1);
}

#[tokio::test]
async fn a_notion_that_keeps_failing_is_left_alone() {
    let settings = json!({ "retries": 0, "breaker": { "failures": 2, "pause": "1m" } });
    let (server, plugin) = answering(ResponseTemplate::new(503), settings).await;
    for words in ["(HTTP 503)", "(HTTP 503)", "is left alone for now"] {
        let text = plugin.message("notion_list_users", json!({})).await;
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(hits(&server, "GET").await, 2);
    assert!(plugin.plugin.health().await.trouble().is_some());
}
