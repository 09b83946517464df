//! A day of an agent, against an emulator of Slack.

use mcp_factory_outbound::{Client, Reach, Request, Url};
use mcp_factory_sdk::Secret;
use mcp_factory_tests::Emulator;
use serde_json::{Value, json};

use crate::plugin::{Plugin, TOKEN};

const GENERAL: &str = "C000000001";
const RANDOM: &str = "C000000002";

fn emulator() -> Emulator {
    Emulator::start(
        "slack",
        &json!({ "slack": {
            "users": [
                { "name": "ada", "real_name": "Ada \u{202e}Lovelace", "email": "ada@example.com" },
                { "name": "grace", "real_name": "Grace Hopper", "email": "grace@example.com" },
            ],
            "channels": [
                { "name": "secret-plans", "is_private": true, "topic": "hush" },
                { "name": "build", "topic": "CI" },
            ],
            "tokens": [
                { "token": TOKEN, "type": "bot", "user_id": "U000000001", "scopes": [
                    "chat:write", "channels:read", "channels:history", "reactions:write",
                    "users:read", "users.profile:read", "users:read.email", "groups:read", "groups:history",
                ] },
                { "token": "xoxb-poor", "type": "bot", "user_id": "U000000001", "scopes": ["channels:read"] },
            ],
            "strict_scopes": true,
        } }),
    )
}

fn base(emulator: &Emulator) -> String {
    format!("{}/api/", emulator.url())
}

/// What Slack itself says, past the plugin.
async fn raw(emulator: &Emulator, method: &str, body: Value) -> Value {
    let url: Url = format!("{}{method}", base(emulator))
        .parse()
        .expect("a URL");
    let client = Client::builder(Reach::operator())
        .build()
        .expect("a client");
    let request = Request::post(url)
        .bearer(&Secret::new(TOKEN.to_owned()))
        .json(&body);
    let response = client.send(request).await.expect("an answer");
    response.json().await.expect("JSON")
}

#[tokio::test]
async fn a_day_of_an_agent() {
    let emulator = emulator();
    let slack = Plugin::start(&base(&emulator), json!({ "mode": "readwrite" })).await;

    let channels = slack.json("slack_list_channels", json!({})).await;
    let names: Vec<&Value> = channels["channels"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|channel| &channel["name"])
        .collect();
    assert_eq!(names, ["general", "random"]);
    assert_eq!(channels["channels"][0]["topic"], "General discussion");
    assert_eq!(channels["truncated"], false);

    let text = "see https://example.com/?q=1&secret=2 <b> <@U000000001>";
    let posted = slack
        .json(
            "slack_post_message",
            json!({ "channel_id": GENERAL, "text": text }),
        )
        .await;
    let ts = posted["ts"].as_str().expect("a timestamp").to_owned();

    // What Slack was given: escaped, and no previews.
    let stored = raw(
        &emulator,
        "conversations.history",
        json!({ "channel": GENERAL }),
    )
    .await;
    let stored = &stored["messages"][0];
    assert_eq!(
        stored["text"],
        "see https://example.com/?q=1&amp;secret=2 &lt;b&gt; <@U000000001>"
    );
    for (field, value) in [
        ("unfurl_links", false),
        ("unfurl_media", false),
        ("link_names", false),
    ] {
        assert_eq!(stored[field], value, "{field}");
    }
    assert_eq!(stored["parse"], "none");

    let reply = slack
        .json(
            "slack_reply_to_thread",
            json!({ "channel_id": GENERAL, "thread_ts": ts, "text": "done" }),
        )
        .await;
    assert_ne!(reply["ts"], ts.as_str());
    let thread = slack
        .json(
            "slack_get_thread_replies",
            json!({ "channel_id": GENERAL, "thread_ts": ts }),
        )
        .await;
    assert_eq!(thread["messages"][0]["text"], text);
    assert_eq!(thread["messages"][1]["text"], "done");
    let raw_thread = json!({ "channel": GENERAL, "ts": ts });
    let raw_thread = raw(&emulator, "conversations.replies", raw_thread).await;
    for message in raw_thread["messages"].as_array().expect("a list") {
        assert_eq!(
            (&message["unfurl_links"], &message["unfurl_media"]),
            (&json!(false), &json!(false))
        );
    }

    let reaction = json!({ "channel_id": GENERAL, "timestamp": ts, "reaction": ":thumbsup:" });
    let added = slack.json("slack_add_reaction", reaction.clone()).await;
    assert_eq!(added["already"], false);
    assert_eq!(
        slack.json("slack_add_reaction", reaction).await["already"],
        true
    );

    let history = slack
        .json(
            "slack_get_channel_history",
            json!({ "channel_id": GENERAL }),
        )
        .await;
    let message = &history["messages"][0];
    assert_eq!(message["replies"], 1);
    assert_eq!(
        message["reactions"],
        json!([{ "name": "thumbsup", "count": 1 }])
    );

    let users = slack.json("slack_get_users", json!({})).await;
    let ada = users["users"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|user| user["name"] == "ada");
    let ada = ada.expect("she is there");
    assert_eq!(ada["real_name"], "Ada Lovelace");
    let profile = slack
        .json("slack_get_user_profile", json!({ "user_id": ada["id"] }))
        .await;
    assert_eq!(profile["email"], "ada@example.com");
}

#[tokio::test]
async fn pages_are_whole_and_disjoint() {
    let emulator = emulator();
    let slack = Plugin::start(&base(&emulator), json!({ "mode": "readwrite" })).await;
    for n in 0..7 {
        let message = json!({ "channel_id": RANDOM, "text": format!("message {n}") });
        slack.json("slack_post_message", message).await;
    }
    let mut seen = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let arguments = json!({ "channel_id": RANDOM, "limit": 3, "cursor": cursor });
        let page = slack.json("slack_get_channel_history", arguments).await;
        let messages = page["messages"].as_array().expect("a list");
        seen.extend(messages.iter().map(|message| message["text"].clone()));
        if page["truncated"] == false {
            break;
        }
        cursor = page["next_cursor"].clone();
    }
    let expected: Vec<String> = (0..7).rev().map(|n| format!("message {n}")).collect();
    assert_eq!(seen, expected);

    let first = slack.json("slack_get_users", json!({ "limit": 2 })).await;
    let next = json!({ "limit": 2, "cursor": first["next_cursor"] });
    let second = slack.json("slack_get_users", next).await;
    assert_eq!(
        (&first["truncated"], &second["truncated"]),
        (&json!(true), &json!(false))
    );
    assert_ne!(first["users"], second["users"]);
}

#[tokio::test]
async fn all_public_channels_are_not_the_private_ones() {
    let emulator = emulator();
    let slack = Plugin::start(&base(&emulator), json!({ "channels": ["*"] })).await;
    let channels = slack
        .json("slack_list_channels", json!({}))
        .await
        .to_string();
    assert!(
        channels.contains("\"build\"") && !channels.contains("secret-plans"),
        "{channels}"
    );

    let all = json!({ "types": "public_channel,private_channel" });
    let all = raw(&emulator, "conversations.list", all).await;
    let find = |name: &str| {
        let found = all["channels"].as_array().expect("a list").iter();
        let mut found = found.filter(|channel| channel["name"] == name);
        found.next().expect("it is there")["id"].clone()
    };
    let (secret, build) = (find("secret-plans"), find("build"));
    let message = slack
        .message("slack_get_channel_history", json!({ "channel_id": secret }))
        .await;
    assert!(
        message.contains("not public") || message.contains("cannot see it"),
        "{message}"
    );
    slack
        .json("slack_get_channel_history", json!({ "channel_id": build }))
        .await;
    // The answer is remembered: the second time it is not asked for.
    slack
        .json("slack_get_channel_history", json!({ "channel_id": build }))
        .await;

    let listed = json!({ "channels": ["*", secret] });
    let slack = Plugin::start(&base(&emulator), listed).await;
    let first = slack.json("slack_list_channels", json!({})).await;
    assert_eq!(first["truncated"], true);
    let next = json!({ "cursor": first["next_cursor"] });
    let second = slack.json("slack_list_channels", next).await;
    assert_eq!(second["channels"].as_array().map(Vec::len), Some(1));
    assert_eq!(second["channels"][0]["private"], true);
}

#[tokio::test]
async fn what_slack_refuses_becomes_a_sentence() {
    let emulator = emulator();
    let slack = Plugin::start(
        &base(&emulator),
        json!({ "mode": "readwrite", "channels": ["*", "C0GONE"] }),
    )
    .await;
    let history = json!({ "channel_id": "C0GONE" });
    let message = slack.message("slack_get_channel_history", history).await;
    assert!(message.contains("there is no such channel"), "{message}");
    let reaction =
        json!({ "channel_id": GENERAL, "timestamp": "1712345678.123456", "reaction": "wave" });
    let message = slack.message("slack_add_reaction", reaction).await;
    assert!(
        message.contains("no message with this timestamp"),
        "{message}"
    );
    let message = slack
        .message("slack_get_user_profile", json!({ "user_id": "U0GONE" }))
        .await;
    assert!(message.contains("no such user"), "{message}");
    // A channel that is gone does not spoil the list.
    slack.json("slack_list_channels", json!({})).await;

    // The token in the file is replaced by one with fewer rights, while the plugin runs.
    std::fs::write(slack.token.path(), "xoxb-poor").expect("another token");
    let message = slack.message("slack_get_users", json!({})).await;
    assert!(message.contains("lacks the scope users:read;"), "{message}");
}
