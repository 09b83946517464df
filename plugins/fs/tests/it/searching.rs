//! `search_files`.

use std::cell::Cell;

use mcp_plugin_fs::{Found, SearchRequest};

use crate::sandbox::{Sandbox, refused};

fn request(pattern: &str) -> SearchRequest {
    SearchRequest {
        path: ".".into(),
        pattern: pattern.into(),
        exclude: vec![],
        gitignore: true,
        limit: 200,
        cursor: None,
    }
}

fn search(sandbox: &Sandbox, pattern: &str) -> Found {
    sandbox.files.search(&request(pattern)).unwrap()
}

fn sample() -> Sandbox {
    let sandbox = Sandbox::new();
    for path in [
        "src/main.rs",
        "src/deep/er/mod.rs",
        "src/deep.rs",
        "docs/a.md",
        "target/debug/x.rs",
        "lib.rs",
    ] {
        sandbox.put(path, "");
    }
    sandbox.put(".gitignore", "target/\n");
    sandbox
}

#[test]
fn globs_by_name_and_by_path() {
    let sandbox = sample();
    assert_eq!(
        search(&sandbox, "*.rs").paths,
        ["lib.rs", "src/deep/er/mod.rs", "src/deep.rs", "src/main.rs"]
    );
    assert_eq!(
        search(&sandbox, "src/*.rs").paths,
        ["src/deep.rs", "src/main.rs"]
    );
    assert_eq!(search(&sandbox, "deep").paths, ["src/deep/"]);
    assert_eq!(search(&sandbox, "*.{md,toml}").paths, ["docs/a.md"]);
    assert!(search(&sandbox, "nothing").paths.is_empty());
    let below = SearchRequest {
        path: "src".into(),
        ..request("deep/**/*.rs")
    };
    assert_eq!(
        sandbox.files.search(&below).unwrap().paths,
        ["src/deep/er/mod.rs"]
    );
}

#[test]
fn ignored_and_excluded() {
    let sandbox = sample();
    let all = SearchRequest {
        gitignore: false,
        exclude: vec!["deep*".into()],
        ..request("*.rs")
    };
    assert_eq!(
        sandbox.files.search(&all).unwrap().paths,
        ["lib.rs", "src/main.rs", "target/debug/x.rs"]
    );
}

#[test]
fn pages_hold_every_match_once() {
    let sandbox = sample();
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = sandbox
            .files
            .search(&SearchRequest {
                limit: 1,
                cursor,
                ..request("*.rs")
            })
            .unwrap();
        assert!(page.paths.len() <= 1);
        seen.extend(page.paths);
        cursor = page.next_cursor;
        if cursor.is_none() {
            assert!(!page.truncated);
            break;
        }
        assert!(page.truncated);
    }
    assert_eq!(seen, search(&sandbox, "*.rs").paths);
}

#[test]
fn a_call_visits_at_most_max_entries_and_the_cursor_goes_on() {
    let sandbox = Sandbox::with(|config, _| config.max_entries = 10);
    for at in 0..35 {
        sandbox.put(&format!("d{}/f{at:02}", at % 5), "");
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    let mut calls = 0;
    loop {
        let page = sandbox
            .files
            .search(&SearchRequest {
                cursor,
                ..request("f*")
            })
            .unwrap();
        assert!(page.visited <= 10);
        seen.extend(page.paths);
        calls += 1;
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 35);
    assert!(calls >= 4, "{calls}");
}

#[test]
fn time_is_bounded_and_every_call_gets_somewhere() {
    let sandbox = Sandbox::with(|config, _| config.search_timeout_ms = 1);
    for at in 0..3_000 {
        sandbox.put(&format!("d{}/f{at}", at / 10), "");
    }
    let mut seen = 0;
    let mut cursor = None;
    let mut calls = 0;
    loop {
        let page = sandbox
            .files
            .search(&SearchRequest {
                limit: 1000,
                cursor,
                ..request("f*")
            })
            .unwrap();
        assert!(page.visited > 0);
        seen += page.paths.len();
        calls += 1;
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, 3_000);
    assert!(
        calls > 3,
        "{calls} calls of a millisecond walked 3,300 entries"
    );
}

#[test]
fn deep_directories_end_the_walk_and_are_counted() {
    let sandbox = Sandbox::new();
    sandbox.put(&format!("{}f", "d/".repeat(70)), "");
    let found = search(&sandbox, "f");
    assert!(found.paths.is_empty());
    assert_eq!(found.unreadable, 1);
}

#[test]
fn wrong_arguments() {
    let sandbox = sample();
    refused(
        sandbox.files.search(&request("[")),
        &["glob \"[\" is not valid"],
    );
    refused(sandbox.files.search(&request("")), &["glob \"\""]);
    refused(
        sandbox.files.search(&SearchRequest {
            limit: 0,
            ..request("x")
        }),
        &["limit is 0"],
    );
    refused(
        sandbox.files.search(&SearchRequest {
            path: "lib.rs".into(),
            ..request("x")
        }),
        &["not a directory"],
    );
    let cursor = sandbox
        .files
        .search(&SearchRequest {
            limit: 1,
            ..request("*.rs")
        })
        .unwrap()
        .next_cursor;
    refused(
        sandbox.files.search(&SearchRequest {
            cursor,
            ..request("*.md")
        }),
        &["cursor"],
    );
}

#[test]
fn a_search_ends_with_its_call() {
    let sandbox = Sandbox::new();
    for at in 0..50 {
        sandbox.put(&format!("f{at}"), "");
    }
    let asked = Cell::new(0);
    let is_over = || {
        asked.set(asked.get() + 1);
        asked.get() > 3
    };
    let found = sandbox.files.search_until(&request("f*"), &is_over);
    let found = found.unwrap();
    assert_eq!(found.visited, 4, "the first is not asked for");
    assert!(found.truncated);
}
