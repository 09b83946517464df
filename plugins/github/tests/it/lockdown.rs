//! Lockdown: what outsiders wrote is withheld, and it is said that it is. Bots are no exception.

use mcp_factory_outbound::Method;
use serde_json::json;

use crate::emulator::Emulator;
use crate::fake::{Fake, Reply, issue, pull};
use crate::plugin::{at, start};

#[tokio::test]
async fn outsiders_are_withheld_on_the_emulator() {
    let github = Emulator::start();
    let issues = "/repos/acme/tool/issues";
    let ours = github
        .api(
            "octocat",
            Method::POST,
            issues,
            json!({ "title": "ours", "body": "our words" }),
        )
        .await;
    let theirs = github
        .api(
            "mallory",
            Method::POST,
            issues,
            json!({ "title": "canary title", "body": "canary body" }),
        )
        .await;
    let comments = format!("{issues}/{}/comments", ours["number"]);
    github
        .api(
            "mallory",
            Method::POST,
            &comments,
            json!({ "body": "canary comment" }),
        )
        .await;
    github
        .api(
            "octocat",
            Method::POST,
            &comments,
            json!({ "body": "our comment" }),
        )
        .await;

    let open = start(github.url(), "octocat-token", json!({})).await;
    let shown = open
        .ok(
            "get_issue",
            at("tool", json!({ "number": theirs["number"] })),
        )
        .await;
    assert_eq!(
        (shown["title"].as_str(), shown["association"].as_str()),
        (Some("canary title"), Some("NONE"))
    );

    let it = start(
        github.url(),
        "octocat-token",
        json!({ "lockdown": "association" }),
    )
    .await;
    let listed = it.ok("list_issues", at("tool", json!({}))).await;
    assert_eq!(listed["items"].as_array().expect("a list").len(), 2);
    assert!(listed.to_string().contains("ours"));
    assert!(
        listed["notice"].as_str().expect("a notice").contains(
            "1 author is not owner, member or collaborator: their text is withheld (`lockdown`)"
        ),
        "{listed}"
    );
    let one = it
        .ok(
            "get_issue",
            at("tool", json!({ "number": theirs["number"] })),
        )
        .await;
    assert_eq!(
        (one["author"].as_str(), one["association"].as_str()),
        (Some("mallory"), Some("NONE"))
    );
    let thread = it
        .ok(
            "get_issue",
            at(
                "tool",
                json!({ "number": ours["number"], "comments": true }),
            ),
        )
        .await;
    assert_eq!(thread["body"], "our words");
    assert_eq!(thread["thread"].as_array().expect("a thread").len(), 1);
    let found = it.ok("search_issues", json!({ "query": "canary" })).await;
    for answer in [&listed, &one, &thread, &found] {
        assert!(!answer.to_string().contains("canary"), "{answer}");
    }
}

#[tokio::test]
async fn a_pull_request_of_an_outsider_has_no_words() {
    let github = Fake::start(|seen| {
        if seen.headers["accept"].contains("diff") {
            return Reply::text(200, "canary diff");
        }
        let review = |association: &str, body: &str| json!({ "id": 1, "user": { "login": "helper[bot]" }, "author_association": association, "state": "COMMENTED", "body": body });
        Reply::json(200, &match seen.line.rsplit('/').next().unwrap_or_default().split('?').next() {
            Some("files") => json!([{ "filename": "canary.rs", "status": "added" }]),
            Some("reviews") => json!([review("NONE", "canary review"), review("MEMBER", "our review"), json!({ "id": 2, "state": "COMMENTED", "body": "canary of nobody" })]),
            Some("check-runs") => json!({ "check_runs": [{ "name": "build", "status": "completed", "conclusion": "success" }] }),
            Some("2") => pull("acme/tool", 2, "COLLABORATOR", "ours", "acme/tool"),
            _ => pull("acme/tool", 1, "FIRST_TIME_CONTRIBUTOR", "canary title", "mallory/tool"),
        })
    })
    .await;
    let it = start(&github.url(), "t", json!({ "lockdown": "association" })).await;
    let everything = json!(["diff", "files", "reviews", "checks"]);
    let shown = it
        .ok(
            "get_pull_request",
            at("tool", json!({ "number": 1, "include": everything })),
        )
        .await;
    assert!(!shown.to_string().contains("canary"), "{shown}");
    assert!(shown["head"].is_null() && shown["diff"].is_null() && shown["files"].is_null());
    assert_eq!(shown["reviews"][0]["body"], "our review");
    assert_eq!(shown["checks"][0]["conclusion"], "success");
    assert!(
        shown["notice"]
            .as_str()
            .expect("a notice")
            .contains("3 texts by authors who are not"),
        "{shown}"
    );
    let ours = it
        .ok(
            "get_pull_request",
            at("tool", json!({ "number": 2, "include": ["diff"] })),
        )
        .await;
    assert_eq!(ours["diff"], "canary diff");
    for (tool, arguments) in [
        ("get_file_contents", json!({ "ref": "refs/pull/1/head" })),
        ("get_repository_tree", json!({ "ref": "pull/1/merge" })),
        ("list_commits", json!({ "ref": "pull/1/head" })),
        ("get_commit", json!({ "ref": "pull/1/head" })),
        (
            "compare",
            json!({ "base": "main", "head": "refs/pull/1/head" }),
        ),
    ] {
        let error = it.error(tool, at("tool", arguments)).await;
        assert!(
            error.contains("is outsiders' work, which this server withholds"),
            "{tool}: {error}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_does_not_say_whose_words_it_has_is_an_outsiders() {
    let github = Fake::start(|_| {
        let mut silent = issue("acme/tool", 1, "", "canary");
        silent
            .as_object_mut()
            .expect("an object")
            .remove("author_association");
        Reply::json(
            200,
            &json!([
                silent,
                issue("acme/tool", 2, "CONTRIBUTOR", "canary"),
                issue("acme/tool", 3, "OWNER", "ours")
            ]),
        )
    })
    .await;
    let it = start(&github.url(), "t", json!({ "lockdown": "association" })).await;
    let listed = it.ok("list_issues", at("tool", json!({}))).await;
    assert!(
        !listed.to_string().contains("canary") && listed.to_string().contains("ours"),
        "{listed}"
    );
}
