//! What the kernel saw: no program is executed and no file outside of the repository is opened.

use std::process::Command;

use serde_json::json;

use crate::repo::{Repo, every_tool, start};

/// Run by the test below, under strace.
#[tokio::test]
#[ignore = "a part of the test below"]
async fn part_of_the_test_below() {
    let path = std::env::var("MCP_GIT_REPOSITORY").expect("set by the test below");
    assert!(std::fs::File::open("/mark-of-the-beginning").is_err());
    let plugin = start(path.as_ref(), json!({ "confine": "off" }))
        .await
        .unwrap();
    let said = every_tool(&plugin).await;
    assert!(std::fs::File::open("/mark-of-the-end").is_err());
    assert!(said.contains("changed"), "{said}");
}

#[test]
fn nothing_is_executed_and_nothing_outside_is_opened() {
    let repo = Repo::new();
    repo.write("f.txt", "one\n");
    repo.commit("first");
    repo.write("f.txt", "one\ntwo\n");
    repo.write("d/.gitignore", "*.o\n");
    repo.write(".gitattributes", "*.txt text filter=evil diff=evil\n");
    repo.commit("second");
    repo.write("f.txt", "one\nchanged\n");
    for key in [
        "core.fsmonitor",
        "filter.evil.clean",
        "diff.evil.textconv",
        "diff.external",
    ] {
        repo.git(&["config", key, "/bin/true"]);
    }
    std::os::unix::fs::symlink("/etc", repo.path().join("link")).unwrap();
    let log = repo.dir.path().join("log");
    let status = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-s",
            "4096",
            "-e",
            "trace=execve,execveat,fork,vfork,open,openat,openat2,creat,connect,bind",
        ])
        .arg("-o")
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "silent::part_of_the_test_below",
            "--test-threads=1",
        ])
        .env("MCP_GIT_REPOSITORY", repo.path())
        .status()
        .expect("this test needs strace: install it");
    assert!(status.success());
    let log = std::fs::read_to_string(log).unwrap();
    let during = log
        .split("/mark-of-the-beginning")
        .nth(1)
        .unwrap()
        .split("/mark-of-the-end")
        .next()
        .unwrap();
    let inside = repo.path();
    let mut opened = 0;
    for line in during.lines() {
        for forbidden in ["execve(", "execveat(", "fork(", "connect(", "bind("] {
            assert!(!line.contains(forbidden), "{line}");
        }
        let Some((_, rest)) = line.split_once("open") else {
            continue;
        };
        let Some(path) = rest.split('"').nth(1) else {
            continue;
        };
        opened += 1;
        // How many processors there are, which zone it is: questions of the system's own libraries.
        let is_system = [
            "/proc/",
            "/sys/",
            "/etc/localtime",
            "/usr/share/zoneinfo",
            "/dev/null",
        ]
        .iter()
        .any(|known| path.starts_with(known));
        let is_relative = !path.starts_with('/') && !path.split('/').any(|part| part == "..");
        assert!(
            is_system || is_relative || path.starts_with(inside.to_str().unwrap()),
            "{line}"
        );
        assert!(is_relative || !path.contains("/link"), "{line}");
    }
    assert!(opened > 100, "{opened}");
}
