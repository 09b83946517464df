//! `grep_files`.

use std::fs::File;
use std::time::{Duration, Instant};

use mcp_plugin_fs::{Case, GrepRequest, Matches};

use crate::sandbox::{Sandbox, refused};

fn request(query: &str) -> GrepRequest {
    GrepRequest {
        path: ".".into(),
        query: query.into(),
        regex: false,
        case: Case::Smart,
        glob: None,
        exclude: vec![],
        gitignore: true,
        context: 0,
        limit: 100,
        cursor: None,
    }
}

fn places(matches: &Matches) -> Vec<(&str, u64, u64)> {
    matches
        .matches
        .iter()
        .map(|found| (found.path.as_str(), found.line, found.col))
        .collect()
}

#[test]
fn plain_text_and_expressions() {
    let sandbox = Sandbox::new();
    sandbox
        .put("a.rs", "fn main() {}\r\nlet é = main();\n")
        .put("b/c.md", "main.c\nno\n");
    let found = sandbox.files.grep(&request("main")).unwrap();
    assert_eq!(
        places(&found),
        [("a.rs", 1, 4), ("a.rs", 2, 9), ("b/c.md", 1, 1)]
    );
    assert_eq!(found.matches[0].text, "fn main() {}");
    assert_eq!((found.files, found.skipped, found.truncated), (2, 0, false));
    // A dot is a dot unless it is an expression.
    assert_eq!(
        places(&sandbox.files.grep(&request("main.c")).unwrap()),
        [("b/c.md", 1, 1)]
    );
    let regex = GrepRequest {
        regex: true,
        ..request(r"^\w+ main")
    };
    assert_eq!(
        places(&sandbox.files.grep(&regex).unwrap()),
        [("a.rs", 1, 1)]
    );
    let one = GrepRequest {
        path: "b/c.md".into(),
        ..request("main")
    };
    assert_eq!(
        places(&sandbox.files.grep(&one).unwrap()),
        [("b/c.md", 1, 1)]
    );
    let glob = GrepRequest {
        glob: Some("*.md".into()),
        ..request("main")
    };
    assert_eq!(
        places(&sandbox.files.grep(&glob).unwrap()),
        [("b/c.md", 1, 1)]
    );
    let exclude = GrepRequest {
        exclude: vec!["b".into()],
        ..request("main.c")
    };
    assert!(sandbox.files.grep(&exclude).unwrap().matches.is_empty());
}

#[test]
fn case_is_smart_unless_told() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "Word\nword\n");
    let count = |query: &str, case| {
        sandbox
            .files
            .grep(&GrepRequest {
                case,
                ..request(query)
            })
            .unwrap()
            .matches
            .len()
    };
    assert_eq!(count("word", Case::Smart), 2);
    assert_eq!(count("Word", Case::Smart), 1);
    assert_eq!(count("word", Case::Sensitive), 1);
    assert_eq!(count("WORD", Case::Insensitive), 2);
}

#[test]
fn context_around_matches() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "1\n2\nhit\n4\nhit\n6\n7\n8\n9\nhit\n");
    let found = sandbox
        .files
        .grep(&GrepRequest {
            context: 2,
            ..request("hit")
        })
        .unwrap();
    let context: Vec<_> = found
        .matches
        .iter()
        .map(|hit| (hit.before.join(","), hit.after.join(",")))
        .collect();
    assert_eq!(
        context,
        [
            ("1,2".into(), "4,hit".into()),
            ("hit,4".into(), "6,7".into()),
            ("8,9".into(), String::new())
        ]
    );
}

#[test]
fn pages_hold_every_match_once_even_inside_a_file() {
    let sandbox = Sandbox::new();
    for name in ["a", "b/c", "d"] {
        sandbox.put(name, "hit\nno\nhit\nhit\n");
    }
    for limit in [1, 2, 3, 4, 9] {
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = sandbox
                .files
                .grep(&GrepRequest {
                    limit,
                    cursor,
                    ..request("hit")
                })
                .unwrap();
            assert!(page.matches.len() <= limit as usize);
            seen.extend(page.matches.iter().map(|hit| (hit.path.clone(), hit.line)));
            cursor = page.next_cursor;
            if cursor.is_none() {
                assert!(!page.truncated);
                break;
            }
        }
        let all: Vec<_> = ["a", "b/c", "d"]
            .into_iter()
            .flat_map(|name| [1, 3, 4].map(|line| (name.to_owned(), line)))
            .collect();
        assert_eq!(seen, all, "limit {limit}");
    }
    // The same inside one named file.
    let one = GrepRequest {
        path: "a".into(),
        limit: 2,
        ..request("hit")
    };
    let page = sandbox.files.grep(&one).unwrap();
    let rest = sandbox
        .files
        .grep(&GrepRequest {
            cursor: page.next_cursor,
            ..one
        })
        .unwrap();
    assert_eq!(places(&rest), [("a", 4, 1)]);
}

#[test]
fn binary_large_and_wide_files_are_skipped_and_counted() {
    let sandbox = Sandbox::new();
    sandbox
        .put("binary", b"\x00\x01 hit\n")
        .put("text", "hit\n");
    sandbox.put("wide", format!("{}\nhit\n", "x".repeat(5 << 20)));
    let mut large = "no\n".repeat((17 << 20) / 3);
    large.push_str("hit\n");
    sandbox.put("large", large);
    let found = sandbox.files.grep(&request("hit")).unwrap();
    assert_eq!(places(&found), [("text", 1, 1)]);
    assert_eq!((found.files, found.skipped), (4, 3));
}

#[test]
fn long_lines_are_cut_around_the_match() {
    let sandbox = Sandbox::new();
    sandbox.put(
        "f",
        format!("{}needle{}\n", "é".repeat(10_000), "x".repeat(10_000)),
    );
    let found = sandbox
        .files
        .grep(&GrepRequest {
            path: "f".into(),
            ..request("needle")
        })
        .unwrap();
    let hit = &found.matches[0];
    assert_eq!(hit.col, 10_001);
    assert!(hit.text.contains("needle") && hit.text.starts_with('…') && hit.text.ends_with('…'));
    assert_eq!(hit.text.chars().count(), 502);
}

#[test]
fn the_answer_is_bounded_in_bytes_and_goes_on() {
    let sandbox = Sandbox::with(|config, _| config.max_read_bytes = 2_000);
    sandbox.put("f", format!("hit {}\n", "x".repeat(400)).repeat(50));
    let mut seen = 0;
    let mut cursor = None;
    loop {
        let page = sandbox
            .files
            .grep(&GrepRequest {
                cursor,
                ..request("hit")
            })
            .unwrap();
        assert!(page.matches.iter().map(|hit| hit.text.len()).sum::<usize>() <= 2_500);
        seen += page.matches.len();
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, 50);
}

#[test]
fn a_search_ends_in_time() {
    let sandbox = Sandbox::with(|config, _| config.search_timeout_ms = 50);
    for at in 0..40 {
        sandbox.put(
            &format!("f{at}"),
            "some line of text that does not match\n".repeat(100_000),
        );
    }
    let start = Instant::now();
    let found = sandbox
        .files
        .grep(&GrepRequest {
            regex: true,
            ..request("(x+x+)+y")
        })
        .unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    assert!(found.truncated && found.next_cursor.is_some());
    // A file with holes is not read to the end of its size.
    File::create(sandbox.path("sparse"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let one = GrepRequest {
        path: "sparse".into(),
        ..request("hit")
    };
    assert_eq!(sandbox.files.grep(&one).unwrap().skipped, 1);
}

#[test]
fn time_ends_a_search_inside_a_file_too() {
    let sandbox = Sandbox::with(|config, _| config.search_timeout_ms = 1);
    let mut content = "no\n".repeat((15 << 20) / 3);
    content.push_str("hit\n");
    sandbox.put("f", content);
    let one = GrepRequest {
        path: "f".into(),
        ..request("hit")
    };
    let found = sandbox.files.grep(&one).unwrap();
    assert_eq!((found.matches.len(), found.skipped), (0, 1));
}

#[test]
fn a_search_ends_with_its_call_inside_a_file_too() {
    let sandbox = Sandbox::new();
    let mut content = "no\n".repeat((1 << 20) / 3);
    content.push_str("hit\n");
    sandbox.put("f", content);
    let one = GrepRequest {
        path: "f".into(),
        ..request("hit")
    };
    let found = sandbox.files.grep_until(&one, &|| true).unwrap();
    assert_eq!((found.matches.len(), found.skipped), (0, 1));
    let found = sandbox.files.grep_until(&one, &|| false).unwrap();
    assert_eq!((found.matches.len(), found.skipped), (1, 0));
}

#[test]
fn expressions_are_bounded_and_wrong_ones_explained() {
    let sandbox = Sandbox::new();
    sandbox.put("f", "x\n");
    let regex = |query: &str| {
        sandbox.files.grep(&GrepRequest {
            regex: true,
            ..request(query)
        })
    };
    refused(regex("a("), &["regular expression", "regex = false"]);
    refused(regex(r"(?:\w{1000}){1000}"), &["regular expression"]);
    refused(regex(&"(".repeat(500)), &["regular expression"]);
    // Small to write, and half an hour of work on a long line.
    refused(
        regex("[01]*1((([01]{50}){50}){8})2"),
        &["regular expression"],
    );
    refused(sandbox.files.grep(&request("")), &["query has 0 bytes"]);
    refused(
        sandbox.files.grep(&request(&"x".repeat(1001))),
        &["1 to 1000"],
    );
    refused(sandbox.files.grep(&request("a\nb")), &["line break"]);
    refused(
        sandbox.files.grep(&GrepRequest {
            context: 6,
            ..request("x")
        }),
        &["0 to 5"],
    );
    refused(
        sandbox.files.grep(&GrepRequest {
            limit: 0,
            ..request("x")
        }),
        &["limit is 0"],
    );
    refused(
        sandbox.files.grep(&GrepRequest {
            path: "none".into(),
            ..request("x")
        }),
        &["does not exist"],
    );
    refused(
        sandbox.files.grep(&GrepRequest {
            glob: Some("[".into()),
            ..request("x")
        }),
        &["glob"],
    );
    refused(
        sandbox.files.grep(&GrepRequest {
            cursor: Some("?".into()),
            ..request("x")
        }),
        &["cursor"],
    );
}

#[test]
fn the_search_stays_inside() {
    let sandbox = Sandbox::new();
    sandbox
        .link("out", "../outside")
        .link("file", "../outside/secret.txt")
        .put(".env", "secret")
        .put("f", "no");
    let found = sandbox.files.grep(&request("secret")).unwrap();
    assert!(found.matches.is_empty(), "{found:?}");
}

/// Searching one line cannot be stopped, so its length is bounded: without that this takes half a minute.
#[test]
fn a_slow_expression_on_an_endless_line_ends() {
    let sandbox = Sandbox::new();
    sandbox.put("line.txt", "01".repeat(2 << 20));
    let slow = GrepRequest {
        regex: true,
        ..request("[01]*1[01]{900}2")
    };
    let began = Instant::now();
    let found = sandbox.files.grep(&slow).unwrap();
    assert!(found.matches.is_empty());
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
}
