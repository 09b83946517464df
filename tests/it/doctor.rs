//! The doctor with a real server.

use std::{fs, process::Command};

use mcp_factory_tests::{Product, product::factory};

/// What the doctor says of the standard server with these arguments, and how it ends.
fn examined(arguments: &[&str]) -> (String, Option<i32>) {
    let home = tempfile::tempdir().expect("there is room for a directory");
    let mut command: Command = factory();
    // Nobody's own clients are looked into.
    command
        .env("XDG_CONFIG_HOME", home.path())
        .env("CLAUDE_CONFIG_DIR", home.path());
    let output = command
        .arg("doctor")
        .arg(Product::Standard.binary())
        .arg("--")
        .args(arguments)
        .current_dir(home.path())
        .output()
        .expect("it starts");
    fs::remove_dir_all(home.path()).ok();
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        output.status.code(),
    )
}

#[test]
fn a_server_is_examined_as_it_runs() {
    let (said, _) = examined(&[
        "serve",
        "--http",
        "127.0.0.1:0",
        "--set",
        "plugins.fs.roots=[\"/\"]",
    ]);
    for words in [
        "standard 0.1.0, built by",
        "it is static",
        "19 tools",
        "its configuration is good",
        "on stdio it answers",
    ] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    let (said, code) = examined(&[]);
    assert_eq!(code, Some(8));
    assert!(
        said.contains("its configuration is not good") && said.contains("plugins.fs"),
        "{said}"
    );
}
