//! Changes: only where they are allowed, one at a time, and never twice by accident.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::plugin::{at, start};

fn comment(body: &str) -> Value {
    at("tool", json!({ "number": 1, "body": body }))
}

#[tokio::test]
async fn nothing_is_changed_unless_the_operator_says_so() {
    let github = Fake::bare(|_| Reply::json(200, &json!({}))).await;
    let it = start(&github.url(), "t", json!({})).await;
    let sha = "a".repeat(40);
    let mut refused = 0;
    for (tool, more) in [
        ("create_issue", json!({ "title": "t" })),
        ("update_issue", json!({ "number": 1, "title": "t" })),
        ("add_comment", json!({ "number": 1, "body": "b" })),
        ("create_branch", json!({ "branch": "b" })),
        (
            "create_or_update_file",
            json!({ "path": "p", "content": "c", "message": "m", "branch": "b" }),
        ),
        (
            "create_pull_request",
            json!({ "title": "t", "head": "h", "base": "b" }),
        ),
        ("update_pull_request", json!({ "number": 1, "title": "t" })),
        ("submit_review", json!({ "number": 1, "body": "b" })),
        (
            "merge_pull_request",
            json!({ "number": 1, "expected_head_sha": sha }),
        ),
        (
            "delete_file",
            json!({ "path": "p", "sha": sha, "message": "m", "branch": "b" }),
        ),
    ] {
        let error = it.error(tool, at("tool", more)).await;
        assert!(
            error.contains("its operator has to set `read_only = false`"),
            "{tool}: {error}"
        );
        refused += 1;
    }
    let changing = mcp_plugin_github::PLUGIN
        .tools()
        .iter()
        .filter(|tool| !tool.hints().read_only)
        .count();
    assert_eq!(refused, changing);
    assert_eq!(github.lines(), [""; 0]);
}

#[tokio::test]
async fn changes_are_made_one_at_a_time() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (entered, highest) = (Arc::clone(&now), Arc::clone(&most));
    let github = Fake::start(move |_| {
        // The answer takes a while; the next request must not come before it.
        highest.fetch_max(entered.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let left = Arc::clone(&entered);
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(40));
            left.fetch_sub(1, Ordering::SeqCst);
        });
        Reply::json(201, &json!({ "id": 1 })).after(Duration::from_secs(1))
    })
    .await;
    let it = start(&github.url(), "t", json!({ "read_only": false })).await;
    let say = |body| it.ok("add_comment", comment(body));
    tokio::join!(say("a"), say("b"), say("c"), say("d"));
    assert_eq!(most.load(Ordering::SeqCst), 1);
    assert_eq!(github.lines().len(), 4);
}

#[tokio::test]
async fn a_change_that_may_have_been_made_is_not_made_again() {
    for (reply, words) in [
        (Reply::text(502, "canary"), "status 502"),
        (
            Reply::json(201, &json!({ "id": 1 })).after(Duration::from_secs(10)),
            "no complete answer in the time allowed",
        ),
    ] {
        let github = Fake::start(move |_| reply.clone()).await;
        let it = start(
            &github.url(),
            "t",
            json!({ "read_only": false, "timeout": "1s" }),
        )
        .await;
        let error = it.error("add_comment", comment("b")).await;
        assert!(
            error.contains(words)
                && error.contains(
                    "the change may or may not have been made: look before you try again"
                ),
            "{error}"
        );
        assert!(github.lines().len() <= 1);
    }
    let nowhere = start(
        "http://127.0.0.1:9",
        "t",
        json!({ "read_only": false, "taint": false }),
    )
    .await;
    let error = nowhere.error("add_comment", comment("b")).await;
    assert!(
        error.contains("try again later"),
        "nothing was sent: {error}"
    );
}

#[tokio::test]
async fn a_call_that_is_given_up_gives_up_its_turn() {
    let count = AtomicUsize::new(0);
    let github = Fake::start(move |_| {
        let slow = if count.fetch_add(1, Ordering::SeqCst) == 0 {
            20
        } else {
            0
        };
        Reply::json(201, &json!({ "id": 1 })).after(Duration::from_secs(slow))
    })
    .await;
    let it = start(&github.url(), "t", json!({ "read_only": false })).await;
    let call = it.plugin.call_json("add_comment", comment("first"));
    assert!(
        tokio::time::timeout(Duration::from_millis(300), call)
            .await
            .is_err()
    );
    it.ok("add_comment", comment("second")).await;
}

#[tokio::test]
async fn too_many_waiting_changes_are_turned_away() {
    let github =
        Fake::start(|_| Reply::json(201, &json!({ "id": 1 })).after(Duration::from_mins(1))).await;
    let it = Arc::new(start(&github.url(), "t", json!({ "read_only": false })).await);
    let calls: Vec<_> = (0..70)
        .map(|_| {
            let it = Arc::clone(&it);
            tokio::spawn(async move { it.plugin.call_json("add_comment", comment("b")).await })
        })
        .collect();
    for _ in 0..1_000 {
        if calls.iter().filter(|call| call.is_finished()).count() >= 6 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Were there more, they would be done by now.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut turned_away = 0;
    for call in calls {
        if call.is_finished() {
            let error = call
                .await
                .expect("no panic")
                .expect_err("turned away")
                .to_string();
            assert!(
                error.contains("too many changes are waiting for their turn"),
                "{error}"
            );
            turned_away += 1;
        } else {
            call.abort();
        }
    }
    assert_eq!(turned_away, 6);
}

#[tokio::test]
async fn what_is_sent_is_what_was_asked_for() {
    let github = Fake::start(|seen| {
        if seen.line.starts_with("GET") {
            return Reply::json(200, &json!({ "sha": "b".repeat(40) }));
        }
        Reply::json(201, &json!({
            "id": 1, "number": 1, "title": "t", "state": "open", "sha": "s", "object": { "sha": "s" }, "commit": { "sha": "c" },
            "head": { "ref": "h", "sha": "s" }, "base": { "ref": "b", "sha": "s" }
        }))
    })
    .await;
    let it = start(&github.url(), "t", json!({ "read_only": false })).await;
    let sha = "a".repeat(40);
    it.ok(
        "create_branch",
        at("tool", json!({ "branch": "x/y", "from": "v1" })),
    )
    .await;
    it.ok(
        "update_issue",
        at(
            "tool",
            json!({ "number": 2, "labels": [], "state_reason": "not_planned" }),
        ),
    )
    .await;
    it.ok(
        "create_pull_request",
        at(
            "tool",
            json!({ "title": "t", "head": "h", "base": "b", "draft": true }),
        ),
    )
    .await;
    let line = json!({ "path": "a.rs", "line": 3, "body": "why?" });
    it.ok("submit_review", at("tool", json!({ "number": 2, "event": "REQUEST_CHANGES", "body": "b", "commit_id": sha, "comments": [line] }))).await;
    it.ok("merge_pull_request", at("tool", json!({ "number": 2, "expected_head_sha": sha, "method": "rebase", "title": "T", "message": "M" }))).await;
    it.ok(
        "delete_file",
        at(
            "tool",
            json!({ "path": "a/b", "sha": sha, "message": "m", "branch": "x" }),
        ),
    )
    .await;
    let sent: Vec<(String, Value)> = github
        .seen()
        .into_iter()
        .filter(|seen| !seen.line.starts_with("GET"))
        .map(|seen| (seen.line, seen.body))
        .collect();
    assert_eq!(
        sent,
        [
            (
                "POST /repos/acme/tool/git/refs".to_owned(),
                json!({ "ref": "refs/heads/x/y", "sha": "b".repeat(40) })
            ),
            (
                "PATCH /repos/acme/tool/issues/2".to_owned(),
                json!({ "state_reason": "not_planned", "labels": [] })
            ),
            (
                "POST /repos/acme/tool/pulls".to_owned(),
                json!({ "title": "t", "head": "h", "base": "b", "draft": true })
            ),
            (
                "POST /repos/acme/tool/pulls/2/reviews".to_owned(),
                json!({ "event": "REQUEST_CHANGES", "body": "b", "comments": [line], "commit_id": sha })
            ),
            (
                "PUT /repos/acme/tool/pulls/2/merge".to_owned(),
                json!({ "sha": sha, "merge_method": "rebase", "commit_title": "T", "commit_message": "M" })
            ),
            (
                "DELETE /repos/acme/tool/contents/a/b".to_owned(),
                json!({ "message": "m", "branch": "x", "sha": sha })
            ),
        ]
    );
}

#[tokio::test]
async fn a_merge_that_fails_for_another_reason_says_that_reason() {
    let sha = "a".repeat(40);
    let github = Fake::start(|seen| {
        if seen.line.starts_with("PUT") {
            return Reply::json(405, &json!({ "message": "Pull Request is not mergeable" }));
        }
        Reply::json(
            200,
            &crate::fake::pull("acme/tool", 2, "OWNER", "t", "acme/tool"),
        )
    })
    .await;
    let it = start(&github.url(), "t", json!({ "read_only": false })).await;
    let merge = |sha: &str| at("tool", json!({ "number": 2, "expected_head_sha": sha }));
    let error = it.error("merge_pull_request", merge(&sha)).await;
    assert_eq!(
        error,
        "GitHub does not accept this for acme/tool#2: Pull Request is not mergeable"
    );
    let error = it.error("merge_pull_request", merge(&"b".repeat(40))).await;
    assert!(
        error.contains("the head of pull request 2 is aaaa"),
        "{error}"
    );
}

#[tokio::test]
async fn no_answer_and_no_error_holds_the_token() {
    let github = Fake::start(|seen| {
        let status = if seen.line.contains("issues/1") { 200 } else { 422 };
        // A host that repeats what it was sent.
        let heard = seen.headers["authorization"].replace("Bearer ", "");
        Reply::json(status, &json!({ "message": "no", "documentation_url": heard, "title": "t", "number": 1, "state": "open", "node_id": heard }))
    })
    .await;
    let it = start(&github.url(), "canary-token", json!({ "read_only": false })).await;
    let answer = it.ok("get_issue", at("tool", json!({ "number": 1 }))).await;
    let error = it
        .error(
            "add_comment",
            at("tool", json!({ "number": 2, "body": "b" })),
        )
        .await;
    assert!(
        !format!("{answer}{error}{:?}", it.plugin).contains("canary"),
        "{answer} {error}"
    );
}
