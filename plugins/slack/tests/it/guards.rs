//! Every refusal of our own: nothing of what is refused reaches Slack.

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::plugin::Plugin;

const GENERAL: &str = "C000000001";
const TS: &str = "1712345678.123456";

/// A Slack that says yes to everything.
async fn agreeable() -> MockServer {
    let server = MockServer::start().await;
    let yes = json!({ "ok": true, "ts": TS, "messages": [], "channels": [], "members": [], "profile": {} });
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(yes))
        .mount(&server)
        .await;
    server
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap_or_default().len()
}

#[tokio::test]
async fn nothing_is_posted_unless_the_settings_say_so() {
    let server = agreeable().await;
    let slack = Plugin::start(&server.uri(), json!({})).await;
    for (tool, arguments) in [
        (
            "slack_post_message",
            json!({ "channel_id": GENERAL, "text": "a" }),
        ),
        (
            "slack_reply_to_thread",
            json!({ "channel_id": GENERAL, "thread_ts": TS, "text": "a" }),
        ),
        (
            "slack_add_reaction",
            json!({ "channel_id": GENERAL, "timestamp": TS, "reaction": "wave" }),
        ),
    ] {
        let message = slack.message(tool, arguments).await;
        assert!(message.contains("`mode = \"readwrite\"`"), "{message}");
    }
    assert_eq!(requests(&server).await, 0);
}

#[tokio::test]
async fn scopes_are_needed() {
    let server = agreeable().await;
    let Plugin {
        plugin,
        token: _token,
    } = Plugin::start(&server.uri(), json!({ "mode": "readwrite" })).await;
    let plugin = plugin.with_scopes(&["read"]);
    let message = json!({ "channel_id": GENERAL, "text": "a" });
    assert!(plugin.call("slack_get_users", json!({})).await.is_ok());
    assert!(
        plugin
            .call("slack_post_message", message.clone())
            .await
            .is_err()
    );
    assert_eq!(requests(&server).await, 1);
    let plugin = plugin.with_scopes(&["write"]);
    assert!(plugin.call("slack_post_message", message).await.is_ok());
}

#[tokio::test]
async fn only_listed_channels_are_used() {
    let server = agreeable().await;
    let slack = Plugin::start(&server.uri(), json!({ "mode": "readwrite" })).await;
    for channel in ["C0OTHER", "D0OTHER", "G0OTHER"] {
        for (tool, more) in [
            ("slack_post_message", json!({ "text": "a" })),
            (
                "slack_reply_to_thread",
                json!({ "thread_ts": TS, "text": "a" }),
            ),
            (
                "slack_add_reaction",
                json!({ "timestamp": TS, "reaction": "wave" }),
            ),
            ("slack_get_channel_history", json!({})),
            ("slack_get_thread_replies", json!({ "thread_ts": TS })),
        ] {
            let mut arguments = more;
            arguments["channel_id"] = channel.into();
            let message = slack.message(tool, arguments).await;
            assert!(
                message.contains(&format!("the channel {channel} is not one")),
                "{message}"
            );
        }
    }
    assert_eq!(requests(&server).await, 0);
}

#[tokio::test]
async fn what_is_no_id_does_not_go_out() {
    let server = agreeable().await;
    let slack = Plugin::start(&server.uri(), json!({ "mode": "readwrite" })).await;
    for (tool, arguments, words) in [
        (
            "slack_post_message",
            json!({ "channel_id": "#general", "text": "a" }),
            "no channel id",
        ),
        (
            "slack_post_message",
            json!({ "channel_id": "U000000001", "text": "a" }),
            "no channel id",
        ),
        (
            "slack_post_message",
            json!({ "channel_id": "@ada", "text": "a" }),
            "no channel id",
        ),
        (
            "slack_get_channel_history",
            json!({ "channel_id": "C1&x=y" }),
            "no channel id",
        ),
        (
            "slack_get_user_profile",
            json!({ "user_id": "ada" }),
            "no user id",
        ),
        (
            "slack_reply_to_thread",
            json!({ "channel_id": GENERAL, "thread_ts": "now", "text": "a" }),
            "`thread_ts` must be",
        ),
        (
            "slack_get_thread_replies",
            json!({ "channel_id": GENERAL, "thread_ts": "1712345678" }),
            "`thread_ts` must be",
        ),
        (
            "slack_add_reaction",
            json!({ "channel_id": GENERAL, "timestamp": "1", "reaction": "wave" }),
            "`timestamp` must be",
        ),
        (
            "slack_add_reaction",
            json!({ "channel_id": GENERAL, "timestamp": TS, "reaction": "👋" }),
            "no name of an emoji",
        ),
        ("slack_get_users", json!({ "limit": 0 }), "at least 1"),
        ("slack_get_users", json!({ "limit": 201 }), "at most 200"),
        (
            "slack_get_users",
            json!({ "cursor": "dXNlcjo=" }),
            "`cursor` does not belong",
        ),
        (
            "slack_post_message",
            json!({ "channel_id": GENERAL, "text": "x".repeat(4001) }),
            "at most 4000",
        ),
        (
            "slack_post_message",
            json!({ "channel_id": GENERAL, "text": "\u{200b}" }),
            "the text is empty",
        ),
    ] {
        let message = slack.message(tool, arguments).await;
        assert!(message.contains(words), "{tool}: {message}");
    }
    assert_eq!(requests(&server).await, 0);
}

#[tokio::test]
async fn nobody_is_called_together() {
    let server = agreeable().await;
    let slack = Plugin::start(&server.uri(), json!({ "mode": "readwrite" })).await;
    for text in ["<!channel> lunch", "@here lunch", "lunch <!subteam^S1>"] {
        let post = json!({ "channel_id": GENERAL, "text": text });
        let message = slack.message("slack_post_message", post).await;
        assert!(message.contains("`allow_broadcasts`"), "{message}");
        let reply = json!({ "channel_id": GENERAL, "thread_ts": TS, "text": text });
        let message = slack.message("slack_reply_to_thread", reply).await;
        assert!(message.contains("would notify everybody"), "{message}");
    }
    assert_eq!(requests(&server).await, 0);
    let allowed = json!({ "mode": "readwrite", "allow_broadcasts": true });
    let slack = Plugin::start(&server.uri(), allowed).await;
    let post = json!({ "channel_id": GENERAL, "text": "<!channel> lunch" });
    slack.json("slack_post_message", post).await;
    let sent = server.received_requests().await.unwrap_or_default();
    let body = String::from_utf8_lossy(&sent[0].body).into_owned();
    assert!(body.contains("text=%3C%21channel%3E+lunch"), "{body}");
    assert!(
        body.contains("unfurl_links=false&unfurl_media=false"),
        "{body}"
    );
}

#[tokio::test]
async fn what_slack_returns_unasked_is_left_out() {
    let server = MockServer::start().await;
    let channel = |id: &str, private: bool| json!({ "id": id, "name": "x", "is_private": private });
    Mock::given(path("/conversations.list"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "ok": true,
            "channels": [channel("C1A", false), channel("C2A", true), { "id": "D1A", "is_im": true }, { "id": "G1A", "is_mpim": true }],
        })))
        .mount(&server)
        .await;
    // Slack answers for another channel than the one asked for.
    Mock::given(path("/conversations.info"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({ "ok": true, "channel": channel("C1A", false) })),
        )
        .mount(&server)
        .await;
    let slack = Plugin::start(&server.uri(), json!({ "channels": ["*"] })).await;
    let channels = slack.json("slack_list_channels", json!({})).await;
    let ids: Vec<&Value> = channels["channels"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| &c["id"])
        .collect();
    assert_eq!(ids, ["C1A"]);
    let message = slack
        .message("slack_get_channel_history", json!({ "channel_id": "C9Z" }))
        .await;
    assert!(message.contains("could not be read"), "{message}");
}

#[tokio::test]
async fn a_private_channel_is_not_public() {
    let server = MockServer::start().await;
    for (id, kind) in [
        ("C1A", "is_private"),
        ("D1A", "is_im"),
        ("G1A", "is_mpim"),
        ("G2A", "is_group"),
    ] {
        let mut channel = json!({ "id": id });
        channel[kind] = true.into();
        Mock::given(path("/conversations.info"))
            .and(wiremock::matchers::body_string_contains(format!(
                "channel={id}"
            )))
            .respond_with(
                ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "channel": channel })),
            )
            .expect(1)
            .mount(&server)
            .await;
    }
    let slack = Plugin::start(&server.uri(), json!({ "channels": ["*"] })).await;
    for id in ["C1A", "D1A", "G1A", "G2A", "C1A"] {
        let message = slack
            .message("slack_get_channel_history", json!({ "channel_id": id }))
            .await;
        assert!(message.contains("is not public"), "{message}");
    }
}

#[tokio::test]
async fn what_others_wrote_comes_without_hidden_characters() {
    let server = MockServer::start().await;
    let hidden = "a\u{e0041}\u{e0042}b\u{202e}c\u{200b}d\u{1b}[31m &lt;x&gt;";
    Mock::given(path("/conversations.history"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "messages": [{
            "ts": TS, "username": hidden, "text": hidden,
            "files": [{ "name": hidden }], "reactions": [{ "name": hidden, "count": 1 }],
        }] })),
        )
        .mount(&server)
        .await;
    let slack = Plugin::start(&server.uri(), json!({})).await;
    let page = slack
        .json(
            "slack_get_channel_history",
            json!({ "channel_id": GENERAL }),
        )
        .await;
    let message = &page["messages"][0];
    assert_eq!(message["text"], "abcd[31m <x>");
    for text in [
        &message["bot"],
        &message["files"][0],
        &message["reactions"][0]["name"],
    ] {
        assert_eq!(*text, "abcd[31m &lt;x&gt;");
    }
}
