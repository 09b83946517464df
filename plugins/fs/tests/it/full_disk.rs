//! A write that does not fit leaves the old file as it was and nothing else behind.

use std::path::Path;
use std::process::Command;

use mcp_plugin_fs::{Config, Edit, EditRequest, Files, Mode, WriteMode, WriteRequest};
use tempfile::TempDir;

use crate::sandbox::{refused, root};

/// Tries every way to write more than fits; `f` holds "old" before and after.
fn fails_cleanly(directory: &Path, too_much: usize, words: &[&str]) {
    let config = Config {
        roots: vec![root(directory, Mode::Rw)],
        max_write_bytes: 64 << 20,
        ..Config::default()
    };
    let files = Files::open(&config).unwrap();
    let content = "x".repeat(too_much);
    let before = names(directory);
    for (path, mode) in [
        ("f", WriteMode::Overwrite),
        ("f", WriteMode::Append),
        ("new", WriteMode::Create),
    ] {
        let write = WriteRequest {
            path: path.into(),
            content: content.clone(),
            mode,
            if_sha256: None,
        };
        refused(files.write(&write), words);
        assert_eq!(
            std::fs::read_to_string(directory.join("f")).unwrap(),
            "old",
            "{mode:?}"
        );
        assert_eq!(names(directory), before, "{mode:?}");
    }
    let edit = Edit {
        old_text: "old".into(),
        new_text: content,
        replace_all: false,
    };
    let edit = EditRequest {
        path: "f".into(),
        edits: vec![edit],
        dry_run: false,
        if_sha256: None,
    };
    refused(files.edit(&edit), words);
    assert_eq!(std::fs::read_to_string(directory.join("f")).unwrap(), "old");
    assert_eq!(names(directory), before);
    // And what fits still works.
    let write = WriteRequest {
        path: "small".into(),
        content: "x".into(),
        mode: WriteMode::Create,
        if_sha256: None,
    };
    files.write(&write).unwrap();
}

fn names(directory: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    names
}

/// Undoes a mount.
struct Mounted<'m>(&'m Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(self.0).status());
    }
}

#[test]
fn on_a_full_file_system() {
    let directory = TempDir::new().unwrap();
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(directory.path())
        .output();
    if !mount.as_ref().is_ok_and(|mount| mount.status.success()) {
        println!(
            "SKIPPED: a small tmpfs cannot be mounted here ({mount:?}); `at_the_size_limit` covers the same code"
        );
        return;
    }
    let _mounted = Mounted(directory.path());
    std::fs::write(directory.path().join("f"), "old").unwrap();
    fails_cleanly(
        directory.path(),
        2 << 20,
        &["the disk is full", "nothing was changed"],
    );

    // A copy that does not fit, from a root that has room.
    let source = TempDir::new().unwrap();
    std::fs::write(source.path().join("big"), vec![0; 2 << 20]).unwrap();
    let roots = vec![
        root(source.path(), Mode::Ro),
        root(directory.path(), Mode::Rw),
    ];
    let roots = roots.into_iter().zip(["source", "small"]);
    let roots = roots
        .map(|(root, name)| mcp_plugin_fs::RootConfig {
            name: Some(name.into()),
            ..root
        })
        .collect();
    let files = Files::open(&Config {
        roots,
        ..Config::default()
    })
    .unwrap();
    let before = names(directory.path());
    refused(files.copy("big", "small:f", true), &["the disk is full"]);
    assert_eq!(
        std::fs::read_to_string(directory.path().join("f")).unwrap(),
        "old"
    );
    assert_eq!(names(directory.path()), before);
    // Two file systems: a move says what to do instead.
    refused(
        files.relocate("small:f", "small:../x", false),
        &["leads out"],
    );
}

#[test]
fn between_file_systems_a_move_says_what_to_do() {
    let directory = TempDir::new().unwrap();
    let Ok(other) = TempDir::new_in("/dev/shm") else {
        println!("SKIPPED: there is no second file system at /dev/shm");
        return;
    };
    std::fs::write(directory.path().join("f"), "old").unwrap();
    let named = |name: &str, path| mcp_plugin_fs::RootConfig {
        name: Some(name.into()),
        ..root(path, Mode::Rw)
    };
    let roots = vec![named("one", directory.path()), named("two", other.path())];
    let files = Files::open(&Config {
        roots,
        ..Config::default()
    })
    .unwrap();
    refused(
        files.relocate("f", "two:f", false),
        &["different file systems", "copy_file"],
    );
    refused(
        files.relocate("f", "two:f", true),
        &["different file systems"],
    );
    files.copy("f", "two:f", false).unwrap();
}

/// Name of the variable that makes this test binary be the limited process.
const LIMITED: &str = "FS_TEST_SIZE_LIMITED_IN";

#[test]
fn at_the_size_limit() {
    if let Some(directory) = std::env::var_os(LIMITED) {
        fails_cleanly(
            Path::new(&directory),
            1 << 20,
            &["exceed the size", "nothing was changed"],
        );
        return;
    }
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("f"), "old").unwrap();
    // The limit is in blocks of 512 or 1024 bytes by the shell; the signal that comes with it is ignored.
    let test = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["full_disk::at_the_size_limit", "--exact", "--nocapture"])
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
