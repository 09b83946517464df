//! Settings that are refused, each with the key to change.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_notion::PLUGIN;
use serde_json::{Value, json};

use crate::plugin::{TOKEN, config, token_file};
use crate::world::HOME;

async fn refused(token: &str, more: Value) -> String {
    let file = token_file(token);
    let config = config(&file, "https://notion.example/", &more);
    let error = TestPlugin::start(&PLUGIN, config).await;
    let error = error.expect_err("it does not start").to_string();
    assert!(!error.contains(token), "{error}");
    error
}

#[tokio::test]
async fn a_setting_that_is_unsafe_or_incomplete_is_refused() {
    for (more, words) in [
        (json!({ "roots": [] }), "`roots` is empty"),
        (json!({ "roots": ["Home"] }), "which is no id"),
        (json!({ "roots": ["*", HOME] }), "write [\"*\"] alone"),
        (json!({ "roots": vec![HOME; 201] }), "more than 200"),
        (json!({ "token": null }), "`token` is not set"),
        (json!({ "token": "ntn_x" }), "named, not written down"),
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
            json!({ "api_base": "http://notion.example/" }),
            "unencrypted",
        ),
        (json!({ "root": [HOME] }), "roots"),
    ] {
        let error = refused(TOKEN, more).await;
        assert!(error.contains(words), "{words}: {error}");
    }
    for session in ["v02:canary", "v03:canary"] {
        let error = refused(session, json!({})).await;
        assert!(error.contains("a person's session"), "{error}");
    }
    let error = refused("ntn_a b", json!({})).await;
    assert!(error.contains("a character that no token has"), "{error}");
}

#[tokio::test]
async fn starting_needs_no_network() {
    let file = token_file(TOKEN);
    let config = config(&file, "https://no-such-host.invalid/", &json!({}));
    let plugin = TestPlugin::start(&PLUGIN, config).await.expect("it starts");
    let error = plugin
        .call("notion_list_users", json!({}))
        .await
        .expect_err("nobody is there");
    assert!(
        error.to_string().contains("Notion could not be reached"),
        "{error}"
    );
    assert!(!error.to_string().contains("no-such-host"), "{error}");
}
