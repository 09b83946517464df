//! Handles: none is kept after a call, and running out of them is told.

use std::fs::{self, File};
use std::process::Command;

use mcp_plugin_fs::{Config, Files, Mode, SearchRequest, TextRequest, TreeRequest};
use tempfile::TempDir;

use crate::sandbox::{refused, root};

/// Name of the variable that makes this test binary be the limited process.
const LIMITED: &str = "FS_TEST_FEW_DESCRIPTORS_IN";

#[test]
fn none_is_kept_and_too_few_are_told() {
    if let Some(directory) = std::env::var_os(LIMITED) {
        few_descriptors(
            &Files::open(&Config {
                roots: vec![root(directory.as_ref(), Mode::Rw)],
                ..Config::default()
            })
            .unwrap(),
        );
        return;
    }
    let directory = TempDir::new().unwrap();
    fs::create_dir_all(directory.path().join("a/b/c/d")).unwrap();
    fs::write(directory.path().join("a/b/c/d/f"), "content").unwrap();
    let test = Command::new("sh")
        .args(["-c", "ulimit -n 40; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([
            "descriptors::none_is_kept_and_too_few_are_told",
            "--exact",
            "--nocapture",
        ])
        .env(LIMITED, directory.path())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&test.stdout);
    assert!(
        test.status.success() && printed.contains("1 passed"),
        "{printed}\n{}",
        String::from_utf8_lossy(&test.stderr)
    );
}

fn few_descriptors(files: &Files) {
    let tree = TreeRequest {
        path: ".".into(),
        depth: 9,
        max_entries: 99,
        exclude: vec![],
        gitignore: true,
    };
    let search = SearchRequest {
        path: ".".into(),
        pattern: "f".into(),
        exclude: vec![],
        gitignore: true,
        limit: 9,
        cursor: None,
    };
    // With 40 descriptors in all, one kept per call would end this early.
    for _ in 0..100 {
        files.read_text(&TextRequest::whole("a/b/c/d/f")).unwrap();
        assert_eq!(files.tree(&tree).unwrap().entries, 5);
        assert_eq!(files.search(&search).unwrap().paths, ["a/b/c/d/f"]);
        refused(
            files.read_text(&TextRequest::whole("a/b/none")),
            &["does not exist"],
        );
        files.copy("a/b/c/d/f", "a/copy", true).unwrap();
        files.delete("a/copy", false).unwrap();
    }
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    refused(
        files.read_text(&TextRequest::whole("a/b/c/d/f")),
        &["too many files are open", "try again"],
    );
    drop(hoard);
    files.read_text(&TextRequest::whole("a/b/c/d/f")).unwrap();
}
