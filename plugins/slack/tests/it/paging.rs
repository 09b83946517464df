//! Long answers come in parts, and a cursor is good for its own call only.

use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::plugin::Plugin;

fn page(from: u32, next: &str) -> ResponseTemplate {
    let messages: Vec<Value> = (from..from + 10)
        .map(|n| json!({ "ts": format!("{n}.000000"), "text": "x".repeat(3000) }))
        .collect();
    let next = json!({ "next_cursor": next });
    ResponseTemplate::new(200).set_body_json(
        json!({ "ok": true, "messages": messages, "has_more": true, "response_metadata": next }),
    )
}

#[tokio::test]
async fn no_answer_is_larger_than_the_setting_and_nothing_is_lost() {
    let server = MockServer::start().await;
    Mock::given(path("/conversations.replies"))
        .and(body_string_contains("cursor=second"))
        .respond_with(page(20, ""))
        .mount(&server)
        .await;
    Mock::given(path("/conversations.replies"))
        .respond_with(page(10, "second"))
        .mount(&server)
        .await;
    let slack = Plugin::start(&server.uri(), json!({ "max_answer_bytes": 10_000 })).await;
    let mut seen: Vec<String> = Vec::new();
    let mut arguments = json!({ "channel_id": "C000000001", "thread_ts": "10.000000" });
    for _ in 0..20 {
        let answer = slack
            .json("slack_get_thread_replies", arguments.clone())
            .await;
        assert!(
            answer.to_string().len() < 10_500,
            "{}",
            answer.to_string().len()
        );
        let messages = answer["messages"].as_array().expect("a list");
        seen.extend(messages.iter().map(|message| message["ts"].to_string()));
        arguments["cursor"] = answer["next_cursor"].clone();
        if answer["truncated"] == false {
            break;
        }
    }
    let expected: Vec<String> = (10..30).map(|n| format!("\"{n}.000000\"")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_call_only() {
    let server = MockServer::start().await;
    Mock::given(path("/conversations.replies"))
        .respond_with(page(10, "second"))
        .mount(&server)
        .await;
    let slack = Plugin::start(&server.uri(), json!({ "max_answer_bytes": 10_000 })).await;
    let thread = json!({ "channel_id": "C000000001", "thread_ts": "10.000000" });
    let answer = slack.json("slack_get_thread_replies", thread.clone()).await;
    let cursor = &answer["next_cursor"];
    for (tool, key, value) in [
        (
            "slack_get_thread_replies",
            "channel_id",
            json!("C000000002"),
        ),
        ("slack_get_thread_replies", "thread_ts", json!("11.000000")),
        ("slack_get_thread_replies", "limit", json!(49)),
        (
            "slack_get_channel_history",
            "channel_id",
            json!("C000000001"),
        ),
    ] {
        let mut arguments = thread.clone();
        arguments[key] = value;
        arguments["cursor"] = cursor.clone();
        if tool == "slack_get_channel_history" {
            arguments
                .as_object_mut()
                .expect("an object")
                .remove("thread_ts");
        }
        let message = slack.message(tool, arguments).await;
        assert!(
            message.contains("does not belong to this call"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_long_message_is_cut_and_says_so() {
    let server = MockServer::start().await;
    let messages = json!([{ "ts": "1.000000", "text": "é".repeat(10_000) }]);
    Mock::given(path("/conversations.history"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "messages": messages })),
        )
        .mount(&server)
        .await;
    let slack = Plugin::start(&server.uri(), json!({})).await;
    let page = slack
        .json(
            "slack_get_channel_history",
            json!({ "channel_id": "C000000001" }),
        )
        .await;
    let message = &page["messages"][0];
    assert_eq!(message["cut"], true);
    assert_eq!(message["text"].as_str().map(str::len), Some(8192));
}
