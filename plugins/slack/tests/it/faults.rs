//! Slack, or what stands between, does not answer as it should.

use std::time::Duration;

use mcp_factory_sdk::ToolErrorKind;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::plugin::Plugin;

const POST: (&str, &str) = (
    "slack_post_message",
    r#"{"channel_id":"C000000001","text":"a"}"#,
);
const READ: (&str, &str) = (
    "slack_get_channel_history",
    r#"{"channel_id":"C000000001"}"#,
);

async fn answering(template: ResponseTemplate, more: Value) -> (MockServer, Plugin) {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(template)
        .mount(&server)
        .await;
    let mut settings = json!({ "mode": "readwrite" });
    for (key, value) in more.as_object().expect("settings") {
        settings[key] = value.clone();
    }
    let plugin = Plugin::start(&server.uri(), settings).await;
    (server, plugin)
}

async fn message(plugin: &Plugin, (tool, arguments): (&str, &str)) -> String {
    let arguments = serde_json::from_str(arguments).expect("JSON");
    let error = plugin.error(tool, arguments).await;
    assert_eq!(error.kind(), ToolErrorKind::Unavailable, "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_broken_answer_is_a_sentence_without_what_it_said() {
    let page = "<html><script>canary</script>";
    for (template, words) in [
        (
            ResponseTemplate::new(502).set_body_string(page),
            "(HTTP 502)",
        ),
        (
            ResponseTemplate::new(302).insert_header("location", "http://169.254.169.254/"),
            "(HTTP 302)",
        ),
        (
            ResponseTemplate::new(200).set_body_string(page),
            "could not be read",
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "messages": "canary" })),
            "could not be read",
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!(["canary"])),
            "without saying why",
        ),
    ] {
        let (_server, plugin) = answering(template, json!({})).await;
        let (tool, arguments) = READ;
        let arguments = serde_json::from_str(arguments).expect("JSON");
        let text = plugin.message(tool, arguments).await;
        assert!(text.contains(words) && !text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn whether_a_message_was_posted_is_not_made_up() {
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(20));
    let (_server, plugin) = answering(slow, json!({ "request_timeout": "1s" })).await;
    let text = message(&plugin, POST).await;
    assert!(text.contains("not known whether this was done"), "{text}");
    let text = message(&plugin, READ).await;
    assert!(text.contains("Slack could not be reached"), "{text}");
}

#[tokio::test]
async fn nothing_was_posted_where_nobody_listens() {
    let nobody = Plugin::start("http://127.0.0.1:9/", json!({ "mode": "readwrite" })).await;
    let text = message(&nobody, POST).await;
    assert!(text.contains("Slack could not be reached"), "{text}");
    assert!(!text.contains("127.0.0.1"), "{text}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let large = ResponseTemplate::new(200).set_body_bytes(vec![b' '; 9 << 20]);
    let (_server, plugin) = answering(large, json!({})).await;
    let text = message(&plugin, READ).await;
    assert!(text.contains("larger than"), "{text}");
}

#[tokio::test]
async fn a_token_that_went_away_is_the_operators_business() {
    let (_server, plugin) = answering(ResponseTemplate::new(200), json!({})).await;
    std::fs::remove_file(plugin.token.path()).expect("it was there");
    let text = message(&plugin, READ).await;
    assert_eq!(
        text,
        "the server's Slack token cannot be read; tell its operator"
    );
}

async fn hits(server: &MockServer) -> usize {
    server.received_requests().await.unwrap_or_default().len()
}

#[tokio::test]
async fn reading_is_tried_again_and_posting_is_not() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    let history = ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "messages": [] }));
    Mock::given(any())
        .respond_with(history)
        .mount(&server)
        .await;
    let plugin = Plugin::start(&server.uri(), json!({})).await;
    let (tool, arguments) = READ;
    let arguments = serde_json::from_str(arguments).expect("JSON");
    plugin.json(tool, arguments).await;
    assert_eq!(hits(&server).await, 3);

    let failing = ResponseTemplate::new(500).set_body_string("canary");
    let (server, plugin) = answering(failing, json!({})).await;
    let text = message(&plugin, POST).await;
    assert!(text.contains("(HTTP 500)"), "{text}");
    assert_eq!(hits(&server).await, 1);
}

#[tokio::test]
async fn a_slack_that_keeps_failing_is_left_alone() {
    let settings = json!({ "retries": 0, "breaker": { "failures": 2, "pause": "1m" } });
    let (server, plugin) = answering(ResponseTemplate::new(503), settings).await;
    for _ in 0..2 {
        let text = message(&plugin, READ).await;
        assert!(text.contains("(HTTP 503)"), "{text}");
    }
    for call in [READ, POST] {
        let text = message(&plugin, call).await;
        assert!(
            text.starts_with(
                "Slack failed several times in a row, so it is left alone for now; try again in "
            ),
            "{text}"
        );
    }
    assert_eq!(hits(&server).await, 2);
    let health = plugin.plugin.health().await;
    assert!(
        health
            .trouble()
            .is_some_and(|trouble| trouble.contains("failed several times"))
    );
    assert!(health.gauges().contains(&("breaker_open", 1.0)));
}
