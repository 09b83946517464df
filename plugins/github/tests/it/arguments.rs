//! Arguments: what is no name, reference, path or hash never becomes a request.

use serde_json::json;

use crate::fake::{Fake, Reply};
use crate::plugin::{at, start};

#[tokio::test]
async fn nothing_that_is_not_a_name_reaches_the_api() {
    let github = Fake::bare(|_| Reply::json(200, &json!([]))).await;
    let it = start(
        &github.url(),
        "t",
        json!({ "repos": ["*/*"], "read_only": false }),
    )
    .await;
    let sha = "a".repeat(40);
    for (tool, arguments) in [
        ("list_branches", json!({ "owner": "..", "repo": "tool" })),
        ("list_branches", json!({ "owner": "acme", "repo": ".." })),
        (
            "list_branches",
            json!({ "owner": "acme/tool", "repo": "x" }),
        ),
        (
            "list_branches",
            json!({ "owner": "acme", "repo": "tool/../../user" }),
        ),
        (
            "list_branches",
            json!({ "owner": "acme", "repo": "tool?x=" }),
        ),
        ("list_branches", json!({ "owner": "acme", "repo": "tool#" })),
        (
            "list_branches",
            json!({ "owner": "acme", "repo": "%2e%2e" }),
        ),
        (
            "list_branches",
            json!({ "owner": "acme", "repo": "tool.git" }),
        ),
        (
            "get_file_contents",
            at("tool", json!({ "path": "../../../user" })),
        ),
        (
            "get_file_contents",
            at("tool", json!({ "path": "a/../../x" })),
        ),
        ("get_file_contents", at("tool", json!({ "path": "/etc" }))),
        ("get_file_contents", at("tool", json!({ "ref": "a..b" }))),
        ("get_file_contents", at("tool", json!({ "ref": "a?b" }))),
        (
            "get_repository_tree",
            at("tool", json!({ "ref": "../../user" })),
        ),
        ("list_commits", at("tool", json!({ "path": ".." }))),
        ("get_commit", at("tool", json!({ "ref": "x:y" }))),
        (
            "compare",
            at("tool", json!({ "base": "main", "head": "mallory:main" })),
        ),
        (
            "compare",
            at("tool", json!({ "base": "main", "head": "main...x" })),
        ),
        (
            "list_pull_requests",
            at("tool", json!({ "head": "mallory:topic" })),
        ),
        ("list_workflow_runs", at("tool", json!({ "branch": "a b" }))),
        (
            "create_branch",
            at("tool", json!({ "branch": "refs/heads/x" })),
        ),
        (
            "create_branch",
            at("tool", json!({ "branch": "x", "from": "y:z" })),
        ),
        (
            "create_or_update_file",
            at(
                "tool",
                json!({ "path": "a/", "content": "", "message": "m", "branch": "b" }),
            ),
        ),
        (
            "create_or_update_file",
            at(
                "tool",
                json!({ "path": "a", "content": "", "message": " ", "branch": "b" }),
            ),
        ),
        (
            "create_or_update_file",
            at(
                "tool",
                json!({ "path": "a", "content": "", "message": "m", "branch": "b", "sha": "main" }),
            ),
        ),
        (
            "delete_file",
            at(
                "tool",
                json!({ "path": "", "sha": sha, "message": "m", "branch": "b" }),
            ),
        ),
        (
            "create_pull_request",
            at(
                "tool",
                json!({ "title": "t", "head": "mallory:x", "base": "main" }),
            ),
        ),
        ("create_issue", at("tool", json!({ "title": " " }))),
        (
            "create_issue",
            at("tool", json!({ "title": "t".repeat(257) })),
        ),
        (
            "add_comment",
            at("tool", json!({ "number": 1, "body": "b".repeat(65_537) })),
        ),
        ("update_issue", at("tool", json!({ "number": 1 }))),
        ("submit_review", at("tool", json!({ "number": 1 }))),
        (
            "submit_review",
            at(
                "tool",
                json!({ "number": 1, "body": "b", "commit_id": "main" }),
            ),
        ),
        (
            "submit_review",
            at(
                "tool",
                json!({ "number": 1, "comments": [{ "path": "../x", "line": 1, "body": "b" }] }),
            ),
        ),
        (
            "merge_pull_request",
            at("tool", json!({ "number": 1, "expected_head_sha": "main" })),
        ),
        ("get_job_logs", at("tool", json!({}))),
        (
            "get_job_logs",
            at("tool", json!({ "run_id": 1, "job_id": 1 })),
        ),
        ("search_code", json!({ "query": "a\nb" })),
    ] {
        let error = it.error(tool, arguments).await;
        assert!(error.starts_with('`'), "{tool}: {error}");
    }
    for uri in [
        "repo://acme/tool/contents/..%2f..%2fuser",
        "repo://..%2fx/tool/contents/a",
        "repo://acme/tool/refs/a..b/contents/a",
    ] {
        assert!(it.plugin.read(uri).await.is_err(), "{uri}");
    }
    assert_eq!(github.lines(), [""; 0]);
}

#[tokio::test]
async fn what_is_a_name_keeps_its_place() {
    let github = Fake::start(|_| Reply::json(404, &json!({ "message": "Not Found" }))).await;
    let it = start(&github.url(), "t", json!({})).await;
    let odd = at(
        "tool",
        json!({ "path": "a b/%2e%2e/c?d#e&f", "ref": "feature/%2e%2e&x=y#z" }),
    );
    it.error("get_file_contents", odd).await;
    it.error("get_commit", at("tool", json!({ "ref": "feature/x" })))
        .await;
    it.error(
        "list_commits",
        at("tool", json!({ "author": "a&per_page=1", "since": "#" })),
    )
    .await;
    assert_eq!(
        github.lines(),
        [
            "GET /repos/acme/tool/contents/a%20b/%252e%252e/c%3Fd%23e%26f?ref=feature%2F%252e%252e%26x%3Dy%23z",
            "GET /repos/acme/tool/commits/feature%2Fx?per_page=100&page=1",
            "GET /repos/acme/tool/commits?per_page=30&page=1&author=a%26per_page%3D1&since=%23",
        ]
    );
}
