//! Answers that are confirmed instead of repeated, and tokens that are replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::fake::{Fake, Reply};
use crate::plugin::{at, secret, start};

#[tokio::test]
async fn what_has_not_changed_is_confirmed() {
    let github = Fake::start(
        |seen| match seen.headers.get("if-none-match").map(String::as_str) {
            Some("\"one\"") => Reply::text(304, "").header("etag", "\"one\""),
            _ => Reply::json(200, &json!([{ "name": "main", "commit": { "sha": "s" } }]))
                .header("etag", "\"one\"")
                .header("link", "<https://api.github.com/x?page=2>; rel=\"next\""),
        },
    )
    .await;
    let it = start(&github.url(), "t", json!({})).await;
    let first = it.ok("list_branches", at("tool", json!({}))).await;
    let second = it.ok("list_branches", at("tool", json!({}))).await;
    assert_eq!(first, second);
    assert_eq!(first["next_page"], 2);
    let other = it
        .ok("list_branches", at("tool", json!({ "page": 2 })))
        .await;
    assert_eq!(other["items"][0]["name"], "main");
    let marks: Vec<_> = github
        .seen()
        .iter()
        .map(|seen| seen.headers.get("if-none-match").cloned())
        .collect();
    assert_eq!(marks, [None, Some("\"one\"".to_owned()), None]);
}

#[tokio::test]
async fn a_mark_is_for_one_token() {
    let github = Fake::start(|seen| match seen.headers.get("if-none-match") {
        Some(_) => Reply::text(304, ""),
        None if seen.headers["authorization"] == "Bearer old" => {
            Reply::json(200, &json!([])).header("etag", "\"old\"")
        }
        None => Reply::json(200, &json!([{ "name": "new", "commit": { "sha": "s" } }])),
    })
    .await;
    let it = start(&github.url(), "old", json!({})).await;
    assert_eq!(
        it.ok("list_branches", at("tool", json!({}))).await["items"],
        json!([])
    );
    secret(&it.folder, "token", "new");
    // A file is read again when what was read is a few seconds old.
    tokio::time::sleep(Duration::from_millis(5_100)).await;
    assert_eq!(
        it.ok("list_branches", at("tool", json!({}))).await["items"][0]["name"],
        "new"
    );
}

#[tokio::test]
async fn a_token_that_was_replaced_is_found_at_the_first_refusal() {
    let github = Fake::start(|seen| match seen.headers["authorization"].as_str() {
        "Bearer new" => Reply::json(200, &json!([])),
        _ => Reply::json(401, &json!({ "message": "Bad credentials" })),
    })
    .await;
    let it = start(&github.url(), "old", json!({ "taint": false })).await;
    let error = it.error("list_branches", at("tool", json!({}))).await;
    assert!(
        error.contains("GitHub refuses the server's token; its operator has to renew it"),
        "{error}"
    );
    secret(&it.folder, "token", "new");
    it.ok("list_branches", at("tool", json!({}))).await;
    it.plugin
        .call_json("get_me", json!({}))
        .await
        .expect_err("this fake knows no user");
    let count = github.lines().len();
    assert!(count <= 6, "{count}");
}

#[tokio::test]
async fn a_token_file_that_is_gone_is_the_operators_business() {
    let github = Fake::start(|_| Reply::json(401, &json!({}))).await;
    let it = start(&github.url(), "old", json!({ "taint": false })).await;
    std::fs::remove_file(it.folder.path().join("token")).expect("removed");
    let error = it.error("list_branches", at("tool", json!({}))).await;
    assert_eq!(
        error,
        "the operator's credentials for GitHub cannot be read; its log says why"
    );
}

#[tokio::test]
async fn it_is_believed_for_a_while_what_is_public() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let github = Fake::bare(move |seen| {
        if seen.line == "GET /repos/acme/tool" {
            counted.fetch_add(1, Ordering::SeqCst);
            return Reply::json(200, &json!({ "full_name": "acme/tool", "private": true }));
        }
        Reply::json(200, &json!([]))
    })
    .await;
    let it = start(&github.url(), "t", json!({})).await;
    for _ in 0..3 {
        it.ok("list_branches", at("tool", json!({}))).await;
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn health_tells_of_a_refused_token_and_of_what_is_remembered() {
    let refuse = Arc::new(AtomicUsize::new(0));
    let refused = Arc::clone(&refuse);
    let github = Fake::bare(move |seen| {
        if refused.load(Ordering::SeqCst) == 1 {
            return Reply::json(401, &json!({}));
        }
        match seen.line.as_str() {
            "GET /repos/acme/tool" => {
                Reply::json(200, &json!({ "full_name": "acme/tool", "private": false }))
            }
            _ => Reply::json(200, &json!([{ "name": "main", "commit": { "sha": "s" } }]))
                .header("etag", "\"one\""),
        }
    })
    .await;
    let it = start(&github.url(), "t", json!({})).await;
    assert_eq!(it.plugin.health().await.trouble(), None);
    it.ok("list_branches", at("tool", json!({}))).await;
    refuse.store(1, Ordering::SeqCst);
    it.error("list_branches", at("tool", json!({}))).await;
    let health = it.plugin.health().await;
    assert_eq!(
        health.trouble(),
        Some("GitHub refuses the token: renew `token` or `app`")
    );
    let gauge = |name| {
        health
            .gauges()
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    };
    assert_eq!(gauge("kept_answers"), Some(1.0));
    assert_eq!(gauge("remembered_callers"), Some(1.0));
    assert_eq!(gauge("waiting_changes"), Some(0.0));
    refuse.store(0, Ordering::SeqCst);
    it.ok("list_branches", at("tool", json!({}))).await;
    assert_eq!(it.plugin.health().await.trouble(), None);
}
