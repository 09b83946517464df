//! Every tool once, on the emulator, as an agent would use them on a piece of work.

use mcp_factory_outbound::Method;
use mcp_factory_sdk::{CompletionTarget, ResourceBody};
use serde_json::json;

use crate::emulator::Emulator;
use crate::plugin::{at, start};

#[tokio::test]
async fn a_piece_of_work_from_issue_to_merge() {
    let github = Emulator::start();
    let it = start(
        github.url(),
        "octocat-token",
        json!({ "read_only": false, "repos": ["acme/*"] }),
    )
    .await;

    let me = it.ok("get_me", json!({})).await;
    assert_eq!(me["login"], "octocat");
    assert_eq!(me["repos"], json!(["acme/*"]));
    assert_eq!(me["read_only"], false);

    // An issue.
    let labels = json!({ "title": "It panics", "body": "Run it.", "labels": ["bug"], "assignees": ["octocat"] });
    let made = it.ok("create_issue", at("tool", labels)).await;
    let number = made["number"].as_i64().expect("a number");
    assert_eq!(made["state"], "open");
    it.ok(
        "add_comment",
        at("tool", json!({ "number": number, "body": "I see it too." })),
    )
    .await;
    let issue = it
        .ok(
            "get_issue",
            at("tool", json!({ "number": number, "comments": true })),
        )
        .await;
    assert_eq!(issue["title"], "It panics");
    assert_eq!(issue["body"], "Run it.");
    assert_eq!(issue["author"], "octocat");
    assert_eq!(issue["association"], "MEMBER");
    assert_eq!(issue["labels"], json!(["bug"]));
    assert_eq!(issue["thread"][0]["body"], "I see it too.");
    let listed = it
        .ok("list_issues", at("tool", json!({ "labels": ["bug"] })))
        .await;
    assert_eq!(listed["items"][0]["number"], number);
    assert_eq!(listed["truncated"], false);
    let found = it.ok("search_issues", json!({ "query": "panics" })).await;
    assert_eq!(found["items"][0]["repo"], "acme/tool");

    // A branch with a new file, which is then replaced.
    let branch = it
        .ok(
            "create_branch",
            at("tool", json!({ "branch": "fix/panic" })),
        )
        .await;
    assert_eq!(branch["name"], "fix/panic");
    let file = |more: serde_json::Value| {
        let mut arguments = at(
            "tool",
            json!({ "path": "src/a b.rs", "content": "fn main() {}\n", "message": "Add it", "branch": "fix/panic" }),
        );
        crate::plugin::lay(&mut arguments, &more);
        arguments
    };
    let first = it.ok("create_or_update_file", file(json!({}))).await;
    let error = it
        .error(
            "create_or_update_file",
            file(json!({ "content": "fn lost() {}\n" })),
        )
        .await;
    assert!(
        error.contains("exists already; to replace it, pass the `sha`"),
        "{error}"
    );
    let wrong = json!({ "content": "x", "sha": "0".repeat(40) });
    let error = it.error("create_or_update_file", file(wrong)).await;
    assert!(error.contains("has changed since you looked"), "{error}");
    let second = json!({ "content": "fn main() { /* fixed */ }\n", "sha": first["sha"], "message": "Fix it" });
    let second = it.ok("create_or_update_file", file(second)).await;
    let read = it
        .ok(
            "get_file_contents",
            at("tool", json!({ "path": "src/a b.rs", "ref": "fix/panic" })),
        )
        .await;
    assert_eq!(read["text"], "fn main() { /* fixed */ }\n");
    assert_eq!(read["sha"], second["sha"]);
    assert_eq!(read["type"], "file");

    // What there is now.
    let branches = it.ok("list_branches", at("tool", json!({}))).await;
    assert_eq!(branches["items"].as_array().expect("a list").len(), 2);
    let tree = it
        .ok(
            "get_repository_tree",
            at("tool", json!({ "ref": "fix/panic", "recursive": true })),
        )
        .await;
    let paths: Vec<_> = tree["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| entry["path"].clone())
        .collect();
    assert!(paths.contains(&json!("src/a b.rs")), "{tree}");
    assert!(
        it.ok("get_repository_tree", at("tool", json!({}))).await["items"][0]["path"]
            == "README.md"
    );
    let commits = it
        .ok(
            "list_commits",
            at("tool", json!({ "ref": "fix/panic", "path": "src/a b.rs" })),
        )
        .await;
    assert_eq!(commits["items"][0]["title"], "Fix it");
    assert_eq!(commits["items"].as_array().expect("a list").len(), 2);
    let commit = it
        .ok(
            "get_commit",
            at("tool", json!({ "ref": "fix/panic", "detail": "patch" })),
        )
        .await;
    assert_eq!(commit["message"], "Fix it");
    assert_eq!(commit["files"][0]["path"], "src/a b.rs");
    assert!(
        commit["files"][0]["patch"]
            .as_str()
            .expect("a patch")
            .contains("fixed"),
        "{commit}"
    );
    let compared = it
        .ok(
            "compare",
            at("tool", json!({ "base": "main", "head": "fix/panic" })),
        )
        .await;
    assert_eq!(compared["ahead_by"], 2);
    assert_eq!(compared["files"][0]["status"], "added");

    // A pull request.
    let pull = json!({ "title": "Fix the panic", "head": "fix/panic", "base": "main", "body": "See above." });
    let pull = it.ok("create_pull_request", at("tool", pull)).await["number"].clone();
    let retitled = json!({ "number": pull, "title": "Fix it for good" });
    it.ok("update_pull_request", at("tool", retitled)).await;
    let listed = it
        .ok(
            "list_pull_requests",
            at("tool", json!({ "head": "fix/panic" })),
        )
        .await;
    assert_eq!(listed["items"][0]["title"], "Fix it for good");
    assert_eq!(listed["items"][0]["head"], "fix/panic");
    let review = json!({ "number": pull, "event": "COMMENT", "body": "Looks good." });
    it.ok("submit_review", at("tool", review)).await;
    let shown = json!({ "number": pull, "include": ["files", "reviews", "checks"] });
    let shown = it.ok("get_pull_request", at("tool", shown)).await;
    assert!(shown["files"].is_array());
    assert_eq!(shown["reviews"][0]["body"], "Looks good.");
    assert_eq!(shown["checks"], json!([]));
    assert_eq!(shown["merged"], false);
    let found = it
        .ok("search_issues", json!({ "query": "good", "kind": "pr" }))
        .await;
    assert_eq!(found["items"][0]["number"], pull);

    // It is merged only as it was seen.
    let merge = json!({ "number": pull, "expected_head_sha": "0".repeat(40) });
    let error = it.error("merge_pull_request", at("tool", merge)).await;
    let head = shown["head_sha"].as_str().expect("a hash");
    assert!(
        error.contains(&format!("is {head}, not expected_head_sha")),
        "{error}"
    );
    let merge = json!({ "number": pull, "expected_head_sha": head, "method": "squash" });
    it.ok("merge_pull_request", at("tool", merge)).await;
    let merged = it
        .ok("get_pull_request", at("tool", json!({ "number": pull })))
        .await;
    assert_eq!(merged["merged"], true);

    // Done.
    let done = json!({ "number": number, "state": "closed", "state_reason": "completed" });
    assert_eq!(
        it.ok("update_issue", at("tool", done)).await["state"],
        "closed"
    );
    let readme = it
        .ok(
            "get_file_contents",
            at("tool", json!({ "path": "README.md" })),
        )
        .await;
    let gone = json!({ "path": "README.md", "sha": readme["sha"], "message": "No more", "branch": "main" });
    it.ok("delete_file", at("tool", gone)).await;
    let error = it
        .error(
            "get_file_contents",
            at("tool", json!({ "path": "README.md" })),
        )
        .await;
    assert_eq!(
        error,
        "acme/tool: README.md does not exist, or the server's token may not see it"
    );
}

#[tokio::test]
async fn what_there_is_to_read() {
    let github = Emulator::start();
    let it = start(github.url(), "octocat-token", json!({})).await;
    let release =
        json!({ "tag_name": "v1", "name": "One", "body": "First <!-- hidden -->release" });
    github
        .api(
            "octocat",
            Method::POST,
            "/repos/acme/tool/releases",
            release,
        )
        .await;
    let releases = it.ok("list_releases", at("tool", json!({}))).await;
    assert_eq!(releases["items"][0]["tag"], "v1");
    assert_eq!(releases["items"][0]["notes"], "First release");
    let runs = it.ok("list_workflow_runs", at("tool", json!({}))).await;
    assert_eq!(runs["items"], json!([]));
    let code = it
        .ok("search_code", json!({ "query": "tool repo:acme/tool" }))
        .await;
    assert_eq!(code["items"][0]["path"], "README.md");
    let top = it.ok("get_file_contents", at("tool", json!({}))).await;
    assert_eq!(top["type"], "dir");
    assert_eq!(top["entries"][0]["name"], "README.md");

    let file = it
        .plugin
        .read("repo://acme/tool/contents/README.md")
        .await
        .expect("a file");
    assert!(matches!(&file.parts[0].body, ResourceBody::Text(text) if text.starts_with("# tool")));
    let same = it
        .plugin
        .read("repo://acme/tool/refs/main/contents/README.md")
        .await
        .expect("a file");
    assert_eq!(file.parts[0].body, same.parts[0].body);
    let uri = CompletionTarget::Resource("repo://{owner}/{repo}/contents/{+path}");
    let complete = async |argument: &str, typed: &str, others: &[(&str, &str)]| {
        it.plugin
            .complete(uri, argument, typed, others)
            .await
            .expect("completions")
    };
    assert_eq!(complete("owner", "a", &[]).await, ["acme"]);
    assert_eq!(complete("repo", "t", &[("owner", "acme")]).await, ["tool"]);
    let place = [("owner", "acme"), ("repo", "tool")];
    assert_eq!(complete("path", "READ", &place).await, ["README.md"]);
    assert_eq!(
        complete("path", "", &[("owner", "other"), ("repo", "public")]).await,
        [""; 0]
    );
    let at_ref = CompletionTarget::Resource("repo://{owner}/{repo}/refs/{ref}/contents/{+path}");
    assert_eq!(
        it.plugin
            .complete(at_ref, "ref", "m", &place)
            .await
            .expect("completions"),
        ["main"]
    );
}

#[tokio::test]
async fn lists_come_in_pages() {
    let github = Emulator::start();
    let it = start(github.url(), "octocat-token", json!({})).await;
    for number in 0..5 {
        let issue = json!({ "title": format!("issue {number}") });
        github
            .api("octocat", Method::POST, "/repos/acme/tool/issues", issue)
            .await;
    }
    let mut titles = Vec::new();
    let mut page = json!(1);
    loop {
        let listed = it
            .ok(
                "list_issues",
                at("tool", json!({ "page": page, "per_page": 2 })),
            )
            .await;
        titles.extend(
            listed["items"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|item| item["title"].to_string()),
        );
        assert_eq!(
            listed["truncated"].as_bool(),
            Some(!listed["next_page"].is_null())
        );
        page = listed["next_page"].clone();
        if page.is_null() {
            break;
        }
    }
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), 5);
    for bad in [
        json!({ "per_page": 101 }),
        json!({ "per_page": 0 }),
        json!({ "page": 0 }),
    ] {
        let error = it.error("list_issues", at("tool", bad)).await;
        assert!(error.contains("must be between 1 and"), "{error}");
    }
}

#[tokio::test]
async fn an_app_signs_in_with_its_key() {
    let github = Emulator::start();
    let folder = tempfile::tempdir().expect("a folder");
    let key = crate::plugin::secret(&folder, "key.pem", github.app_key());
    let app = json!({ "id": 12345, "installation": 100, "private_key": key });
    let it = start(
        github.url(),
        "unused",
        json!({ "token": null, "app": app, "read_only": false }),
    )
    .await;
    let me = it.ok("get_me", json!({})).await;
    assert_eq!(me["login"], "my-app[bot]");
    let read = it
        .ok(
            "get_file_contents",
            at("tool", json!({ "path": "README.md" })),
        )
        .await;
    assert!(read["text"].as_str().expect("a text").starts_with("# tool"));
    it.ok("create_issue", at("tool", json!({ "title": "By the App" })))
        .await;
    let issued = github
        .api(
            "octocat",
            Method::GET,
            "/_emulate/installation-tokens",
            json!({}),
        )
        .await;
    let text = issued.to_string();
    assert_eq!(
        text.matches("\"issued_at\"").count(),
        1,
        "one token for all of it: {text}"
    );
}
