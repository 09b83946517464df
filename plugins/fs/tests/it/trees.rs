//! `directory_tree`.

use mcp_plugin_fs::{TreeNode, TreeRequest};

use crate::sandbox::{Sandbox, refused};

fn request() -> TreeRequest {
    TreeRequest {
        path: ".".into(),
        depth: 3,
        max_entries: 1000,
        exclude: vec![],
        gitignore: true,
    }
}

/// The tree as indented lines; `…` marks what is cut.
fn draw(nodes: &[TreeNode], indent: usize, lines: &mut Vec<String>) {
    for node in nodes {
        let mark = if node.truncated { "…" } else { "" };
        lines.push(format!("{}{}{mark}", " ".repeat(indent), node.name));
        draw(
            node.children.as_deref().unwrap_or_default(),
            indent + 1,
            lines,
        );
    }
}

fn drawn(sandbox: &Sandbox, request: &TreeRequest) -> (Vec<String>, bool) {
    let tree = sandbox.files.tree(request).unwrap();
    let mut lines = Vec::new();
    draw(&tree.children, 0, &mut lines);
    assert_eq!(lines.len() as u64, tree.entries);
    (lines, tree.truncated)
}

fn sample() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .put("a/b/c/d/e", "")
        .put("a/f", "")
        .put("z", "")
        .put("target/x", "")
        .put(".gitignore", "/target\n*.log\n");
    sandbox
        .put("a/x.log", "")
        .put("a/keep/.gitignore", "!x.log\n")
        .put("a/keep/x.log", "");
    sandbox
}

#[test]
fn nested_to_a_depth_with_ignored_files_left_out() {
    let sandbox = sample();
    let (lines, truncated) = drawn(&sandbox, &request());
    assert_eq!(
        lines,
        [
            ".gitignore",
            "a",
            " b",
            "  c…",
            " f",
            " keep",
            "  .gitignore",
            "  x.log",
            "z"
        ]
    );
    assert!(truncated);
    let (lines, truncated) = drawn(
        &sandbox,
        &TreeRequest {
            depth: 10,
            gitignore: false,
            ..request()
        },
    );
    assert!(
        lines.contains(&"    e".to_owned()) && lines.contains(&" x.log".to_owned()),
        "{lines:?}"
    );
    assert!(!truncated);
}

#[test]
fn ignore_files_above_the_start_count_too() {
    let sandbox = sample();
    let (lines, _) = drawn(
        &sandbox,
        &TreeRequest {
            path: "a".into(),
            depth: 1,
            ..request()
        },
    );
    assert_eq!(lines, ["b…", "f", "keep…"]);
    // What is asked for by name is shown, ignored or not.
    let (lines, _) = drawn(
        &sandbox,
        &TreeRequest {
            path: "target".into(),
            ..request()
        },
    );
    assert_eq!(lines, ["x"]);
}

#[test]
fn excluded_names_and_paths() {
    let sandbox = sample();
    let exclude = vec!["a/b".to_owned(), ".git*".to_owned()];
    let (lines, truncated) = drawn(
        &sandbox,
        &TreeRequest {
            exclude,
            ..request()
        },
    );
    assert_eq!(lines, ["a", " f", " keep", "  x.log", "z"]);
    assert!(!truncated);
}

#[test]
fn a_full_tree_is_cut_at_its_depths() {
    let sandbox = sample();
    let (lines, truncated) = drawn(
        &sandbox,
        &TreeRequest {
            max_entries: 5,
            ..request()
        },
    );
    assert_eq!(lines, [".gitignore", "a…", " b…", " f", "z"]);
    assert!(truncated);
}

#[test]
fn links_are_shown_and_not_followed() {
    let sandbox = Sandbox::new();
    sandbox
        .put("d/f", "")
        .link("d/loop", "..")
        .link("out", "/etc");
    let (lines, _) = drawn(
        &sandbox,
        &TreeRequest {
            depth: 32,
            ..request()
        },
    );
    assert_eq!(lines, ["d", " f", " loop", "out"]);
}

#[test]
fn limits_and_wrong_arguments() {
    let sandbox = sample();
    for depth in [0, 33] {
        refused(
            sandbox.files.tree(&TreeRequest { depth, ..request() }),
            &["pass 1 to 32"],
        );
    }
    for max_entries in [0, 10_001] {
        refused(
            sandbox.files.tree(&TreeRequest {
                max_entries,
                ..request()
            }),
            &["pass 1 to 10000"],
        );
    }
    refused(
        sandbox.files.tree(&TreeRequest {
            path: "z".into(),
            ..request()
        }),
        &["not a directory"],
    );
    refused(
        sandbox.files.tree(&TreeRequest {
            exclude: vec!["[".into()],
            ..request()
        }),
        &["glob \"[\""],
    );
}
