//! What limits an answer: bytes, cursors, time, cancellation, the number of calls.

use std::time::{Duration, Instant};

use mcp_factory_sdk::ToolErrorKind;
use serde_json::{Value, json};

use crate::repo::{Repo, failure};

/// Follows cursors to the end and returns all pages.
async fn pages(
    plugin: &mcp_factory_sdk::testing::TestPlugin,
    tool: &str,
    arguments: Value,
) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let mut arguments = arguments.clone();
        if cursor.is_string() {
            arguments["cursor"] = cursor;
        }
        let page = plugin.call_json(tool, arguments).await.unwrap();
        cursor = page["next_cursor"].clone();
        assert_eq!(page["truncated"] == true, cursor.is_string(), "{page}");
        pages.push(page);
        assert!(pages.len() < 200);
        if cursor.is_null() {
            return pages;
        }
    }
}

fn all<'p>(pages: &'p [Value], key: &str) -> Vec<&'p Value> {
    pages
        .iter()
        .flat_map(|page| page[key].as_array().unwrap())
        .collect()
}

fn large() -> Repo {
    let repo = Repo::new();
    for number in 0..60 {
        repo.write(
            &format!("d/file-{number:02}.txt"),
            format!("{number}\n").repeat(20),
        );
    }
    repo.commit("first");
    for number in 0..25 {
        repo.write("d/file-00.txt", format!("commit {number}\n"));
        repo.commit(&format!("number {number}"));
        repo.git(&["branch", &format!("b/{number:02}")]);
    }
    for number in 0..60 {
        repo.write(
            &format!("d/file-{number:02}.txt"),
            format!("changed {number}\n").repeat(20),
        );
        repo.write(&format!("untracked-{number:02}"), "x");
    }
    repo
}

#[tokio::test]
async fn lists_come_in_pages_that_are_the_whole() {
    let repo = large();
    let (small, whole) = (
        repo.plugin_with(json!({ "max_bytes": 2000 })).await,
        repo.plugin_with(json!({ "max_bytes": 8 << 20 })).await,
    );
    for (tool, arguments, key) in [
        ("git_log", json!({ "max_count": 500 }), "commits"),
        (
            "git_log",
            json!({ "max_count": 500, "path": "d/file-00.txt" }),
            "commits",
        ),
        ("git_branch", json!({}), "branches"),
        ("git_list_files", json!({ "recursive": true }), "entries"),
        ("git_diff_unstaged", json!({}), "files"),
        ("git_diff", json!({ "target": "HEAD~20" }), "files"),
        ("git_status", json!({}), "untracked"),
        ("git_status", json!({}), "unstaged"),
    ] {
        let parts = pages(&small, tool, arguments.clone()).await;
        let one = pages(&whole, tool, arguments).await;
        assert!(
            parts.len() > 1 && one.len() == 1,
            "{tool}: {} and {}",
            parts.len(),
            one.len()
        );
        assert_eq!(all(&parts, key), all(&one, key), "{tool}");
        for part in &parts {
            assert!(
                part.to_string().len() < 6000,
                "{tool}: {}",
                part.to_string().len()
            );
        }
    }
    let paged = pages(&whole, "git_log", json!({ "max_count": 4 })).await;
    assert_eq!(paged.len(), 7);
    let diffs = pages(&small, "git_diff_unstaged", json!({})).await;
    let text: String = diffs
        .iter()
        .map(|page| page["diff"].as_str().unwrap())
        .collect();
    assert_eq!(text, repo.git(&["diff", "--abbrev=10"]));
    let files = pages(
        &whole,
        "git_list_files",
        json!({ "recursive": true, "limit": 7 }),
    )
    .await;
    assert_eq!(files.len(), 9);
}

#[tokio::test]
async fn a_list_that_goes_on_is_of_where_it_began() {
    let repo = large();
    let plugin = repo.plugin().await;
    let first = plugin
        .call_json("git_log", json!({ "max_count": 5 }))
        .await
        .unwrap();
    repo.commit("meanwhile");
    let second = plugin
        .call_json(
            "git_log",
            json!({ "max_count": 5, "cursor": first["next_cursor"] }),
        )
        .await
        .unwrap();
    let theirs = repo.git(&["log", "--format=%H", "--skip=6", "-5"]);
    let ours: Vec<&str> = second["commits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|commit| commit["commit"].as_str().unwrap())
        .collect();
    assert_eq!(ours, theirs.lines().collect::<Vec<_>>());
    let skipped = plugin
        .call_json("git_log", json!({ "max_count": 5, "skip": 6 }))
        .await
        .unwrap();
    assert_eq!(skipped["commits"], second["commits"]);
}

#[tokio::test]
async fn a_cursor_of_another_call_is_refused() {
    let repo = large();
    let plugin = repo.plugin_with(json!({ "max_bytes": 2000 })).await;
    let log = plugin
        .call_json("git_log", json!({ "max_count": 2 }))
        .await
        .unwrap();
    for (tool, arguments) in [
        ("git_log", json!({ "revision": "b/00" })),
        ("git_log", json!({ "path": "d" })),
        ("git_branch", json!({})),
        ("git_status", json!({})),
        ("git_list_files", json!({})),
        ("git_diff_unstaged", json!({})),
        ("git_diff_staged", json!({})),
        ("git_show", json!({ "revision": "HEAD" })),
        ("git_diff", json!({ "target": "HEAD" })),
    ] {
        for cursor in [log["next_cursor"].as_str().unwrap(), "garbage", ""] {
            let mut arguments = arguments.clone();
            arguments["cursor"] = json!(cursor);
            let said = failure(&plugin, tool, arguments).await;
            assert!(
                said.contains("`cursor` does not belong to this call"),
                "{tool}: {said}"
            );
        }
    }
}

#[tokio::test]
async fn a_single_long_file_is_cut_and_said_so() {
    let repo = Repo::new();
    repo.write("long", "line\n".repeat(2000));
    repo.write("wide", "x".repeat(10_000));
    repo.write("z", "last\n");
    repo.commit("first");
    let plugin = repo.plugin_with(json!({ "max_bytes": 1000 })).await;
    let parts = pages_of_diff(&plugin, json!({ "revision": "HEAD" })).await;
    assert_eq!(parts[0]["files"][0]["cut"], true);
    assert_eq!(parts[0]["files"][0]["additions"], 2000);
    assert!(
        parts[0]["diff"].as_str().unwrap().ends_with('\n')
            && parts[0]["diff"].as_str().unwrap().len() <= 1000
    );
    let paths: Vec<_> = parts
        .iter()
        .flat_map(|part| part["files"].as_array().unwrap())
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["long", "wide", "z"]);

    let read = plugin
        .call_json("git_read_file", json!({ "path": "long" }))
        .await
        .unwrap();
    assert_eq!(
        (&read["truncated"], &read["next_offset"], &read["lines"]),
        (&json!(true), &json!(201), &json!(2000))
    );
    let on = plugin
        .call_json(
            "git_read_file",
            json!({ "path": "long", "offset": 1999, "limit": 9 }),
        )
        .await
        .unwrap();
    assert_eq!(
        (&on["text"], &on["truncated"], &on["next_offset"]),
        (&json!("line\nline\n"), &json!(false), &Value::Null)
    );
    let wide = plugin
        .call_json("git_read_file", json!({ "path": "wide" }))
        .await
        .unwrap();
    assert_eq!(
        (wide["text"].as_str().unwrap().len(), &wide["truncated"]),
        (1000, &json!(true))
    );

    let blame = plugin
        .call_json("git_blame", json!({ "path": "long" }))
        .await
        .unwrap();
    assert_eq!(blame["truncated"], true);
    let next = blame["next_start_line"].as_u64().unwrap();
    let shown = blame["hunks"][0]["text"].as_str().unwrap().lines().count() as u64;
    assert_eq!(next, shown + 1);
    let blame = plugin
        .call_json(
            "git_blame",
            json!({ "path": "long", "start_line": 10, "end_line": 12 }),
        )
        .await
        .unwrap();
    assert_eq!(
        (&blame["hunks"][0]["start_line"], &blame["hunks"][0]["text"]),
        (&json!(10), &json!("line\nline\nline\n"))
    );
}

async fn pages_of_diff(
    plugin: &mcp_factory_sdk::testing::TestPlugin,
    arguments: Value,
) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let mut arguments = arguments.clone();
        if cursor.is_string() {
            arguments["cursor"] = cursor;
        }
        let page = plugin.call_json("git_show", arguments).await.unwrap();
        cursor = page["next_cursor"].clone();
        pages.push(page);
        if cursor.is_null() {
            return pages;
        }
    }
}

#[tokio::test]
async fn time_and_entries_run_out() {
    let repo = large();
    let plugin = repo.plugin_with(json!({ "timeout": "1ms" })).await;
    let said = failure(&plugin, "git_log", json!({ "path": "d/none" })).await;
    assert!(said.contains("the answer was not ready in time"), "{said}");
    let few = repo.plugin_with(json!({ "max_entries": 50 })).await;
    for (tool, arguments, words) in [
        ("git_status", json!({}), "more than 50"),
        (
            "git_list_files",
            json!({ "recursive": true }),
            "more than 50",
        ),
    ] {
        let said = failure(&few, tool, arguments).await;
        assert!(
            said.contains(words) && said.contains("would have to be visited"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_cancelled_call_ends_at_once() {
    let repo = large();
    let plugin = repo.plugin().await;
    plugin.cancel();
    let begun = Instant::now();
    for (tool, arguments) in [
        ("git_status", json!({})),
        ("git_log", json!({})),
        ("git_blame", json!({ "path": "d/file-00.txt" })),
    ] {
        let said = failure(&plugin, tool, arguments).await;
        assert!(said.contains("the call was cancelled"), "{said}");
    }
    assert!(begun.elapsed() < Duration::from_secs(2));
    let plugin = repo.plugin().await.with_timeout(Duration::ZERO);
    assert!(plugin.call("git_status", json!({})).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_so_many_calls_run_at_once() {
    let repo = large();
    let plugin = std::sync::Arc::new(repo.plugin_with(json!({ "max_running": 1 })).await);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let plugin = plugin.clone();
        calls.spawn(async move {
            plugin
                .call_json("git_diff", json!({ "target": "HEAD~20" }))
                .await
        });
    }
    let (mut good, mut busy) = (0, 0);
    while let Some(result) = calls.join_next().await {
        match result.unwrap() {
            Ok(_) => good += 1,
            Err(error) => {
                assert_eq!(error.kind(), ToolErrorKind::Unavailable);
                assert!(
                    error
                        .to_string()
                        .contains("too many git calls are running; try again shortly")
                );
                busy += 1;
            }
        }
    }
    assert!(good > 0 && busy > 0, "{good} and {busy}");
    // The places are given back.
    plugin.call_json("git_status", json!({})).await.unwrap();
}

#[tokio::test]
async fn nothing_without_the_scope() {
    let repo = large();
    let plugin = repo.plugin().await.with_scopes(&["other:read"]);
    for tool in mcp_plugin_git::PLUGIN.tools() {
        let said = failure(&plugin, tool.name(), json!({})).await;
        assert!(said.contains("scope"), "{}: {said}", tool.name());
    }
}
