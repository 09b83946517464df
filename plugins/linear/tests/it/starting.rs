//! Settings that are refused, each with the key to change.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_linear::PLUGIN;
use serde_json::{Value, json};

use crate::plugin::{TOKEN, config, token_file};

async fn refused(token: &str, more: Value) -> String {
    let file = token_file(token);
    let config = config(&file, "https://linear.example/", &more);
    let error = TestPlugin::start(&PLUGIN, config).await;
    let error = error.expect_err("it does not start").to_string();
    assert!(!error.contains(token), "{error}");
    error
}

#[tokio::test]
async fn a_setting_that_is_unsafe_or_incomplete_is_refused() {
    for (more, words) in [
        (json!({ "teams": [] }), "`teams` is empty"),
        (json!({ "teams": ["Development Team"] }), "no team's key"),
        (json!({ "teams": [""] }), "no team's key"),
        (json!({ "teams": ["*", "DEV"] }), "write [\"*\"] alone"),
        (json!({ "teams": vec!["DEV"; 201] }), "more than 200"),
        (json!({ "token": null }), "`token` is not set"),
        (json!({ "token": "lin_api_x" }), "named, not written down"),
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
            json!({ "api_base": "http://linear.example/" }),
            "unencrypted",
        ),
        (json!({ "team": ["DEV"] }), "teams"),
    ] {
        let error = refused(TOKEN, more).await;
        assert!(error.contains(words), "{words}: {error}");
    }
    let error = refused("lin_wh_canary", json!({})).await;
    assert!(error.contains("secret of a webhook"), "{error}");
    let error = refused("lin_api_a b", json!({})).await;
    assert!(error.contains("a character that no token has"), "{error}");
}

#[tokio::test]
async fn starting_needs_no_network() {
    let file = token_file(TOKEN);
    let config = config(&file, "https://no-such-host.invalid/", &json!({}));
    let plugin = TestPlugin::start(&PLUGIN, config).await.expect("it starts");
    let error = plugin
        .call("linear_list_users", json!({}))
        .await
        .expect_err("nobody is there");
    assert!(
        error.to_string().contains("Linear could not be reached"),
        "{error}"
    );
    assert!(!error.to_string().contains("no-such-host"), "{error}");
}
