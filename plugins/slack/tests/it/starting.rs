//! Settings that are refused, each with the key to change.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_slack::PLUGIN;
use serde_json::{Value, json};

use crate::plugin::{TOKEN, config, token_file};

async fn refused(token: &str, more: Value) -> String {
    let file = token_file(token);
    let config = config(&file, "https://slack.example/api/", &more);
    let error = TestPlugin::start(&PLUGIN, config).await;
    let error = error.expect_err("it does not start").to_string();
    assert!(!error.contains(token), "{error}");
    error
}

#[tokio::test]
async fn a_setting_that_is_unsafe_or_incomplete_is_refused() {
    for (more, words) in [
        (json!({ "channels": [] }), "`channels` is empty"),
        (json!({ "channels": ["#general"] }), "no channel id"),
        (json!({ "channels": ["U0123456789"] }), "no channel id"),
        (json!({ "channels": vec!["C1"; 501] }), "more than 500"),
        (json!({ "token": null }), "`token` is not set"),
        (json!({ "token": "xoxb-1-2" }), "named, not written down"),
        (
            json!({ "token": "env:MCP_FACTORY_NO_SUCH" }),
            "`token`: the environment variable",
        ),
        (
            json!({ "mode": "read" }),
            "unknown variant `read`, expected `readonly` or `readwrite`",
        ),
        (json!({ "rate_wait_max": "soon" }), "`rate_wait_max`"),
        (
            json!({ "rate_wait_max": "11m" }),
            "`rate_wait_max` is 11m; it must be from 0s to 10m",
        ),
        (
            json!({ "request_timeout": "10ms" }),
            "`request_timeout` is 10ms",
        ),
        (
            json!({ "max_answer_bytes": 10 }),
            "`max_answer_bytes` is 10",
        ),
        (
            json!({ "api_base": "http://slack.example/" }),
            "unencrypted",
        ),
        (json!({ "chanels": ["C1"] }), "channels"),
    ] {
        let error = refused(TOKEN, more).await;
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_a_bots_is_refused() {
    for token in [
        "xoxp-1-canary",
        "xoxe.xoxp-1-canary",
        "xoxc-canary",
        "xoxd-canary",
        "xapp-1-canary",
    ] {
        let error = refused(token, json!({})).await;
        assert!(error.contains("not a bot token"), "{error}");
    }
    let error = refused("xoxb-a\u{7f}b", json!({})).await;
    assert!(error.contains("a character that no token has"), "{error}");
}

#[tokio::test]
async fn starting_needs_no_network() {
    let file = token_file(TOKEN);
    let config = config(&file, "https://no-such-host.invalid/api/", &json!({}));
    let plugin = TestPlugin::start(&PLUGIN, config).await.expect("it starts");
    let error = plugin
        .call("slack_get_users", json!({}))
        .await
        .expect_err("nobody is there");
    assert!(
        error.to_string().contains("Slack could not be reached"),
        "{error}"
    );
    assert!(!error.to_string().contains("no-such-host"), "{error}");
}
