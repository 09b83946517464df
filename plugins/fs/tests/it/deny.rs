//! The deny rules hold in every tool, under every name a file can be reached by.

use std::fs;

use mcp_plugin_fs::{
    Case, Edit, EditRequest, GrepRequest, ListRequest, SearchRequest, SortBy, TreeRequest,
    WriteMode, WriteRequest,
};

use crate::sandbox::{Sandbox, refused, told};

/// `private/` holds a denied file; `.env`, `key.pem` and `.git` are denied by default.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with(|config, _| config.deny.push("private/*.txt".into()));
    for path in [
        ".env",
        "a/.env.local",
        "a/key.pem",
        ".git/config",
        "a/.git/config",
        "private/x.txt",
    ] {
        sandbox.put(path, "denied content");
    }
    sandbox
        .put("private/x.md", "allowed")
        .put("a/ok", "allowed");
    sandbox
}

const DENIED: [&str; 8] = [
    ".env",
    "a/.env.local",
    "a/key.pem",
    ".git",
    ".git/config",
    "a/.git/config",
    "private/x.txt",
    "A/KEY.PEM/../.env",
];

#[test]
fn no_tool_touches_a_denied_path() {
    let sandbox = sandbox();
    let before = sandbox.names();
    for path in &DENIED[..7] {
        let path = *path;
        let files = &sandbox.files;
        refused(sandbox.read(path), &["off limits", "deny rule"]);
        refused(files.read_media(path), &["off limits"]);
        refused(files.info(path), &["off limits"]);
        for mode in [WriteMode::Create, WriteMode::Overwrite, WriteMode::Append] {
            let write = WriteRequest {
                path: path.into(),
                content: String::new(),
                mode,
                if_sha256: None,
            };
            refused(files.write(&write), &["off limits"]);
        }
        let edit = Edit {
            old_text: "denied".into(),
            new_text: "x".into(),
            replace_all: false,
        };
        let edit = EditRequest {
            path: path.into(),
            edits: vec![edit],
            dry_run: true,
            if_sha256: None,
        };
        refused(files.edit(&edit), &["off limits"]);
        refused(files.copy(path, "copy", false), &["off limits"]);
        refused(files.copy("a/ok", path, true), &["off limits"]);
        refused(files.relocate(path, "moved", false), &["off limits"]);
        refused(files.relocate("a/ok", path, true), &["off limits"]);
        refused(files.delete(path, true), &["off limits"]);
        refused(files.create_directory(path), &["off limits"]);
        refused(files.grep(&grep(path)), &["off limits"]);
    }
    assert_eq!(sandbox.names(), before);
}

#[test]
fn a_refusal_does_not_say_whether_the_file_exists() {
    let sandbox = sandbox();
    let there = told(sandbox.read(".env")).replace(".env", "");
    let missing = told(sandbox.read(".envrc")).replace(".envrc", "");
    assert_eq!(there, missing);
    // Nor does going through a denied directory tell what is in it.
    refused(sandbox.read(".git/nothing"), &["off limits"]);
    refused(sandbox.read(".git/../a/ok"), &["off limits"]);
}

#[test]
fn letter_case_makes_no_other_name() {
    let sandbox = sandbox();
    for path in [".ENV", "a/Key.PEM", ".Git/config"] {
        refused(sandbox.read(path), &["off limits"]);
    }
}

#[test]
fn a_link_gives_no_other_name() {
    let sandbox = sandbox();
    sandbox
        .link("env", ".env")
        .link("git", ".git")
        .link("up", "a/..")
        .link("two", "env")
        .link("a/back", "../private");
    for path in [
        "env",
        "two",
        "git/config",
        "up/.env",
        "up/up/.git/config",
        "a/back/x.txt",
    ] {
        refused(sandbox.read(path), &["off limits"]);
        refused(sandbox.files.copy(path, "copy", false), &["off limits"]);
        let write = WriteRequest {
            path: path.into(),
            content: "x".into(),
            mode: WriteMode::Overwrite,
            if_sha256: None,
        };
        refused(sandbox.files.write(&write), &["off limits"]);
    }
    assert_eq!(sandbox.read("a/back/x.md").unwrap(), "allowed");
    assert_eq!(sandbox.get(".env"), "denied content");
    // The link itself is no secret: it can be moved and deleted, and reads as little as before.
    sandbox.files.relocate("env", "renamed", false).unwrap();
    refused(sandbox.read("renamed"), &["off limits"]);
    sandbox.files.delete("renamed", false).unwrap();
}

#[test]
fn nothing_denied_is_listed_or_found() {
    let sandbox = sandbox();
    let list = |path: &str| {
        let request = ListRequest {
            path: path.into(),
            sort: SortBy::Name,
            sizes: true,
            limit: 200,
            cursor: None,
        };
        let listing = sandbox.files.list(&request).unwrap();
        listing
            .entries
            .into_iter()
            .map(|entry| entry.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(list("."), ["a", "private"]);
    assert_eq!(list("a"), ["ok"]);
    assert_eq!(list("private"), ["x.md"]);
    let tree = TreeRequest {
        path: ".".into(),
        depth: 9,
        max_entries: 99,
        exclude: vec![],
        gitignore: false,
    };
    assert_eq!(sandbox.files.tree(&tree).unwrap().entries, 4);
    let search = SearchRequest {
        path: ".".into(),
        pattern: "*".into(),
        exclude: vec![],
        gitignore: false,
        limit: 200,
        cursor: None,
    };
    assert_eq!(
        sandbox.files.search(&search).unwrap().paths,
        ["a/", "a/ok", "private/", "private/x.md"]
    );
    assert!(sandbox.files.grep(&grep(".")).unwrap().matches.is_empty());
}

#[test]
fn a_directory_is_no_way_around() {
    let sandbox = sandbox();
    let before = sandbox.names();
    for directory in ["a", "private"] {
        refused(
            sandbox.files.relocate(directory, "elsewhere", false),
            &["deny rule", "cannot be moved", "one by one"],
        );
        refused(
            sandbox.files.delete(directory, true),
            &["deny rule", "cannot be deleted"],
        );
    }
    // Nor may a file get a denied name with the directory that holds it.
    sandbox.put("public/x.txt", "");
    fs::create_dir(sandbox.path("private2")).unwrap();
    sandbox.files.delete("private/x.md", false).unwrap();
    fs::remove_file(sandbox.path("private/x.txt")).unwrap();
    sandbox.files.delete("private", false).unwrap();
    refused(
        sandbox.files.relocate("public", "private", false),
        &["deny rule"],
    );
    assert_eq!(before.len(), sandbox.names().len());
}

#[test]
fn everything_can_be_denied() {
    let sandbox = Sandbox::with(|config, _| config.deny = vec!["**".into()]);
    sandbox.put("f", "x");
    refused(sandbox.read("f"), &["off limits"]);
    let none = Sandbox::with(|config, _| config.deny = vec![]);
    none.put(".env", "x");
    assert_eq!(none.read(".env").unwrap(), "x");
}

fn grep(path: &str) -> GrepRequest {
    GrepRequest {
        path: path.into(),
        query: "denied".into(),
        regex: false,
        case: Case::Smart,
        glob: None,
        exclude: vec![],
        gitignore: false,
        context: 0,
        limit: 100,
        cursor: None,
    }
}
