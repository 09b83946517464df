//! What the plugin does not start with, and what it says.

use serde_json::{Value, json};

use crate::plugin::{lay, refused, secret};

fn settings(more: &Value) -> Value {
    let mut config = json!({ "token": "env:PATH", "repos": ["acme/*"] });
    lay(&mut config, more);
    config
}

#[tokio::test]
async fn an_unsafe_or_incomplete_setting_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let no_key = secret(&folder, "key.pem", "canary");
    for (more, words) in [
        (
            json!({ "repos": [] }),
            "`repos` is empty: name the repositories that may be used",
        ),
        (json!({ "repos": null }), "`repos` is empty"),
        (json!({ "repos": ["acme"] }), "`repos` has \"acme\""),
        (json!({ "token": null }), "`token` is missing"),
        (
            json!({ "token": "ghp_canary" }),
            "a secret is named, not written down",
        ),
        (
            json!({ "token": "env:MCP_FACTORY_NOT_SET" }),
            "`token`: the environment variable MCP_FACTORY_NOT_SET is not set",
        ),
        (
            json!({ "app": { "id": 1, "installation": 2, "private_key": "env:PATH" } }),
            "`token` and `app` are both set",
        ),
        (
            json!({ "token": null, "app": { "id": 1, "installation": 2, "private_key": no_key } }),
            "`app.private_key`: it is no PEM file",
        ),
        (
            json!({ "api_base": "http://ghes.example.com/api/v3" }),
            "`api_base` is not https",
        ),
        (
            json!({ "api_base": "https://user:canary@ghes.example.com" }),
            "`api_base` must be a plain address",
        ),
        (
            json!({ "api_base": "https://ghes.example.com/?x=1" }),
            "`api_base` must be a plain address",
        ),
        (json!({ "api_base": "ghes" }), "`api_base` is no address"),
        (json!({ "toolsets": [] }), "`toolsets` is empty"),
        (json!({ "toolsets": ["gists"] }), "unknown variant `gists`"),
        (json!({ "lockdown": "on" }), "unknown variant `on`"),
        (
            json!({ "rate_wait_max": "forever" }),
            "`rate_wait_max`: `forever` is no duration",
        ),
        (
            json!({ "taint_lasts": "5s" }),
            "`taint_lasts` must be between 60s and",
        ),
        (
            json!({ "timeout": "0s" }),
            "`timeout` must be between 1s and",
        ),
        (
            json!({ "max_bytes": 10 }),
            "`max_bytes` must be between 1024 and",
        ),
        (
            json!({ "download_hosts": ["http://x/y"] }),
            "`download_hosts` has \"http://x/y\"",
        ),
        (
            json!({ "roots_file": "/nowhere/at/all.pem" }),
            "`roots_file` cannot be used",
        ),
        (json!({ "readonly": true }), "unknown key `readonly`"),
    ] {
        let error = refused(settings(&more)).await;
        assert!(error.contains(words), "{more}: {error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn everything_is_allowed_only_in_so_many_words_and_start_needs_no_network() {
    let started =
        crate::plugin::start("http://127.0.0.1:9", "t", json!({ "repos": ["*/*"] })).await;
    let error = started.error("get_me", json!({})).await;
    assert!(
        error.contains("no connection to the host could be made"),
        "{error}"
    );
    assert!(!error.contains("127.0.0.1"), "{error}");
}
