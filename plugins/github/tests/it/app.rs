//! A GitHub App's tokens: made with its key, kept until shortly before their end, sent nowhere else. How GitHub
//! itself takes the key is in `flow`, on the emulator.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_factory_sdk::ToolErrorKind;
use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::plugin::{Started, at, secret, start};

fn key() -> String {
    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = key.as_der().expect("DER");
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    )
}

async fn app(github: &Fake, more: Value) -> (Started, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let key = secret(&folder, "key.pem", &key());
    let mut config = json!({ "token": null, "app": { "id": "Iv1.app", "installation": 7, "private_key": key }, "taint": false });
    crate::plugin::lay(&mut config, &more);
    (start(&github.url(), "unused", config).await, folder)
}

/// A time so far in the future, as GitHub writes it: the days of a month are enough for these tests.
fn expires(github_time: &str) -> Value {
    json!({ "token": "ghs_installed", "expires_at": github_time })
}

const FAR: &str = "2100-01-01T00:00:00Z";
const PAST: &str = "2020-01-01T00:00:00Z";

fn issued(seen: &crate::fake::Seen) -> bool {
    seen.line == "POST /app/installations/7/access_tokens"
}

#[tokio::test]
async fn one_token_serves_many_calls_and_comes_below_the_base() {
    let github = Fake::bare(|seen| {
        if seen.line == "POST /api/v3/app/installations/7/access_tokens" {
            assert!(seen.headers["authorization"].starts_with("Bearer ey"));
            return Reply::json(201, &expires(FAR));
        }
        assert_eq!(seen.headers["authorization"], "Bearer ghs_installed");
        assert!(
            seen.line
                .starts_with("GET /api/v3/repos/acme/tool/branches"),
            "{}",
            seen.line
        );
        assert_eq!(seen.headers["x-github-api-version"], "2022-11-28");
        assert!(seen.headers["user-agent"].starts_with("mcp-plugin-github/"));
        Reply::json(200, &json!([]))
    })
    .await;
    let (it, _folder) = app(
        &github,
        json!({ "api_base": format!("{}/api/v3/", github.url()) }),
    )
    .await;
    let calls = (0..4).map(|_| it.ok("list_branches", at("tool", json!({}))));
    // Those that come while the first is fetching wait for it.
    let mut calls: Vec<_> = calls.map(Box::pin).collect();
    let (two, rest) = calls.split_at_mut(2);
    let (one, other) = two.split_at_mut(1);
    tokio::join!(&mut one[0], &mut other[0], &mut rest[0]);
    let count = github
        .seen()
        .iter()
        .filter(|seen| seen.line.starts_with("POST"))
        .count();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_token_that_ends_soon_is_replaced() {
    let count = AtomicUsize::new(0);
    let github = Fake::bare(move |seen| {
        if issued(seen) {
            count.fetch_add(1, Ordering::SeqCst);
            return Reply::json(201, &expires(PAST));
        }
        Reply::json(200, &json!([]))
    })
    .await;
    let (it, _folder) = app(&github, json!({})).await;
    for _ in 0..2 {
        it.ok("list_branches", at("tool", json!({}))).await;
    }
    assert_eq!(github.seen().iter().filter(|seen| issued(seen)).count(), 2);
}

#[tokio::test]
async fn a_token_that_was_taken_back_is_replaced_once() {
    let issues = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&issues);
    let github = Fake::bare(move |seen| {
        if issued(seen) {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            return Reply::json(
                201,
                &json!({ "token": format!("ghs_{number}"), "expires_at": FAR }),
            );
        }
        match seen.headers["authorization"].as_str() {
            "Bearer ghs_0" => Reply::json(401, &json!({})),
            _ => Reply::json(200, &json!([])),
        }
    })
    .await;
    let (it, _folder) = app(&github, json!({})).await;
    it.ok("list_branches", at("tool", json!({}))).await;
    it.ok("list_branches", at("tool", json!({}))).await;
    assert_eq!(issues.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_app_that_gets_no_token_is_said_so() {
    for (reply, words) in [
        (
            Reply::json(401, &json!({ "message": "canary" })),
            "GitHub refuses the server's token",
        ),
        (
            Reply::json(404, &json!({ "message": "canary" })),
            "GitHub refuses the server's token",
        ),
        (
            Reply::json(500, &json!({ "message": "canary" })),
            "status 500 to the App",
        ),
        (
            Reply::json(201, &json!({ "canary": 1 })),
            "no token for the App",
        ),
        (
            Reply::json(201, &json!({ "token": "canary", "expires_at": "tomorrow" })),
            "no token for the App",
        ),
    ] {
        let github = Fake::bare(move |_| reply.clone()).await;
        let (it, _folder) = app(&github, json!({})).await;
        let error = it.error("list_branches", at("tool", json!({}))).await;
        assert!(
            error.contains(words) && !error.contains("canary"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn waiting_for_a_token_ends_with_the_call() {
    let github =
        Fake::bare(|_| Reply::json(201, &expires(FAR)).after(Duration::from_secs(20))).await;
    let (mut it, _folder) = app(&github, json!({})).await;
    it.plugin = it.plugin.with_timeout(Duration::from_millis(300));
    let call = || it.plugin.call_json("list_branches", at("tool", json!({})));
    let (first, second) = tokio::join!(call(), call());
    for error in [first, second].map(|answer| answer.expect_err("no time")) {
        assert!(
            matches!(
                error.kind(),
                ToolErrorKind::TimedOut | ToolErrorKind::Unavailable
            ),
            "{error:?}"
        );
    }
}
