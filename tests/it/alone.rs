//! A built server needs nothing around it: no loader, no library, no file.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output},
};

use mcp_factory_tests::Product;
use serde_json::Value;

/// Runs the standard server where it is the only file there is.
fn in_an_empty_root(arguments: &[&str]) -> Output {
    let root = tempfile::tempdir().expect("there is room for a directory");
    let server = root.path().join("server");
    fs::copy(Product::Standard.binary(), &server).expect("the binary can be copied");
    fs::set_permissions(&server, fs::Permissions::from_mode(0o755)).expect("it is ours");
    // A user namespace of its own, so that nobody has to be root for this.
    let mut command = if rustix::process::geteuid().is_root() {
        Command::new("chroot")
    } else {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "chroot"]);
        command
    };
    command.arg(root.path()).arg("/server").args(arguments);
    command.output().expect("chroot is part of every system")
}

#[test]
fn it_answers_from_an_empty_root() {
    let roots = ["--set", "plugins.fs.roots=[\"/\"]"];
    let output = in_an_empty_root(&[&["call", "list_directory", "{}"], &roots[..]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("a typed result is JSON");
    assert_eq!(answer["entries"][0]["name"], "server", "{answer}");
    assert_eq!(answer["total"], 1, "{answer}");
}
