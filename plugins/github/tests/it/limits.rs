//! Rate limits: waited for inside of the budget and the deadline, and never asked again before their time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::fake::{Fake, Reply};
use crate::plugin::{at, start};

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
}

/// Answers with `first`, and after that well.
async fn once(first: Reply) -> Fake {
    let count = AtomicUsize::new(0);
    Fake::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => first.clone(),
        _ => Reply::json(200, &json!([])),
    })
    .await
}

#[tokio::test]
async fn a_short_wait_is_waited() {
    let secondary = || {
        let denied = json!({ "message": "You have exceeded a secondary rate limit" });
        Reply::json(403, &denied).header("retry-after", 1)
    };
    let primary = || {
        let reply = Reply::json(403, &json!({})).header("x-ratelimit-remaining", 0);
        reply.header("x-ratelimit-reset", now() + 2)
    };
    let plain = || Reply::json(429, &json!({})).header("retry-after", 1);
    for first in [secondary as fn() -> Reply, primary, plain] {
        let github = once(first()).await;
        let it = start(&github.url(), "t", json!({})).await;
        let began = Instant::now();
        it.ok("list_branches", at("tool", json!({}))).await;
        let took = began.elapsed();
        assert!(
            took >= Duration::from_millis(900) && took < Duration::from_secs(8),
            "{took:?}"
        );
        assert_eq!(github.lines().len(), 2);
    }
}

#[tokio::test]
async fn a_wait_beyond_the_budget_is_said_at_once_and_remembered() {
    let github = once(Reply::json(429, &json!({})).header("retry-after", 40)).await;
    let it = start(&github.url(), "t", json!({ "rate_wait_max": "5s" })).await;
    let began = Instant::now();
    let error = it.error("list_branches", at("tool", json!({}))).await;
    assert!(
        error.contains(
            "rate limit is used up; call again in 40 s (this server waits at most 5 s by itself)"
        ),
        "{error}"
    );
    // Asking again would make it worse: GitHub is not asked.
    let error = it.error("list_branches", at("tool", json!({}))).await;
    assert!(
        error.contains("rate limit is used up; call again in"),
        "{error}"
    );
    assert!(began.elapsed() < Duration::from_secs(3));
    assert_eq!(github.lines().len(), 1);
}

#[tokio::test]
async fn no_wait_goes_beyond_the_deadline() {
    let github = once(Reply::json(429, &json!({})).header("retry-after", 15)).await;
    let mut it = start(&github.url(), "t", json!({})).await;
    it.plugin = it.plugin.with_timeout(Duration::from_secs(10));
    let began = Instant::now();
    let error = it.error("list_branches", at("tool", json!({}))).await;
    assert!(error.contains("call again in 15 s"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn a_limit_without_a_time_is_a_minute() {
    let denied = json!({ "message": "You have triggered an abuse detection mechanism" });
    let github = once(Reply::json(403, &denied)).await;
    let it = start(&github.url(), "t", json!({})).await;
    let error = it.error("list_branches", at("tool", json!({}))).await;
    assert!(error.contains("call again in 60 s"), "{error}");
}

#[tokio::test]
async fn the_last_of_an_allowance_is_known_to_be_the_last() {
    let github = Fake::start(|seen| {
        let reply = Reply::json(
            200,
            &if seen.line.contains("search") {
                json!({ "items": [] })
            } else {
                json!([])
            },
        );
        let left = u8::from(!seen.line.contains("search"));
        reply
            .header("x-ratelimit-remaining", left)
            .header("x-ratelimit-reset", now() + 600)
    })
    .await;
    let it = start(&github.url(), "t", json!({})).await;
    it.ok("search_repositories", json!({ "query": "x" })).await;
    let error = it.error("search_issues", json!({ "query": "x" })).await;
    assert!(error.contains("rate limit is used up"), "{error}");
    // Search is counted apart from the rest, and code apart from other search.
    it.ok("search_code", json!({ "query": "x" })).await;
    it.ok("list_branches", at("tool", json!({}))).await;
    assert_eq!(github.lines().len(), 3);
}

#[tokio::test]
async fn a_change_that_was_limited_was_not_made_and_is_tried_again() {
    let count = AtomicUsize::new(0);
    let github = Fake::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => {
            Reply::json(403, &json!({ "message": "secondary rate limit" })).header("retry-after", 1)
        }
        _ => Reply::json(201, &json!({ "id": 7 })),
    })
    .await;
    let it = start(&github.url(), "t", json!({ "read_only": false })).await;
    let made = it
        .ok(
            "add_comment",
            at("tool", json!({ "number": 1, "body": "b" })),
        )
        .await;
    assert_eq!(made["id"], 7);
    assert_eq!(github.lines().len(), 2);
}

#[tokio::test]
async fn a_limit_that_never_ends_is_given_up() {
    let github = Fake::start(|_| Reply::json(429, &json!({})).header("retry-after", 0)).await;
    let it = start(&github.url(), "t", json!({})).await;
    let error = it.error("list_branches", at("tool", json!({}))).await;
    assert!(error.contains("its rate limit keeps refusing"), "{error}");
    assert_eq!(github.lines().len(), 5);
}
