//! GitHub fails: asked again where nothing is done twice by that, and left alone when it keeps failing.

use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_factory_sdk::ToolErrorKind;
use serde_json::json;

use crate::fake::{Fake, Reply};
use crate::plugin::{at, refused, start};

/// Fails so often, with this, and then answers.
async fn failing(often: usize, reply: Reply) -> Fake {
    let count = AtomicUsize::new(0);
    Fake::start(move |_| {
        if count.fetch_add(1, Ordering::SeqCst) < often {
            reply.clone()
        } else {
            Reply::json(200, &json!([]))
        }
    })
    .await
}

#[tokio::test]
async fn reading_is_tried_three_times() {
    for status in [500, 502, 503, 504] {
        let github = failing(2, Reply::text(status, "canary")).await;
        let it = start(&github.url(), "t", json!({})).await;
        it.ok("list_branches", at("tool", json!({}))).await;
        assert_eq!(github.lines().len(), 3);
    }
    let github = failing(9, Reply::text(502, "canary")).await;
    let it = start(&github.url(), "t", json!({})).await;
    let error = it.error("list_branches", at("tool", json!({}))).await;
    assert!(
        error.contains("status 502") && !error.contains("canary"),
        "{error}"
    );
    assert_eq!(github.lines().len(), 3);
}

#[tokio::test]
async fn a_github_that_keeps_failing_is_left_alone() {
    let github = failing(2, Reply::text(503, "canary")).await;
    let settings = json!({ "retries": 0, "breaker": { "failures": 2, "pause": "1m" } });
    let it = start(&github.url(), "t", settings).await;
    for words in [
        "status 503",
        "status 503",
        "GitHub failed several times in a row",
    ] {
        let failed = it.plugin.call("list_branches", at("tool", json!({}))).await;
        let failed = failed.expect_err("it fails");
        assert_eq!(failed.kind(), ToolErrorKind::Unavailable);
        assert!(failed.to_string().contains(words), "{failed}");
    }
    assert_eq!(github.lines().len(), 2);
    let health = it.plugin.health().await;
    let trouble = health.trouble().expect("calls would fail");
    assert!(trouble.contains("it is asked again in"), "{trouble}");
}

#[tokio::test]
async fn a_pause_that_is_too_long_is_told() {
    let github = failing(9, Reply::text(503, "canary").header("retry-after", 600)).await;
    let it = start(&github.url(), "t", json!({})).await;
    for _ in 0..2 {
        let error = it.error("list_branches", at("tool", json!({}))).await;
        assert!(error.starts_with("GitHub wants a pause of "), "{error}");
    }
    assert_eq!(github.lines().len(), 1);
}

#[tokio::test]
async fn wrong_settings_are_told_by_their_names() {
    for (more, words) in [
        (json!({ "retries": 9 }), "`retries` is 9"),
        (
            json!({ "breaker": { "pause": "0s" } }),
            "`breaker.pause` is 0s",
        ),
    ] {
        let mut config = json!({ "token": "env:GITHUB_TOKEN", "repos": ["acme/*"] });
        crate::plugin::lay(&mut config, &more);
        let error = refused(config).await;
        assert!(error.contains(words), "{error}");
    }
}
