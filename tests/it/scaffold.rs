//! From `new` to a running server with a plugin of one's own, in another folder, as the README tells it.

use std::process::Command;

use mcp_factory_tests::product::factory;

const README: &str = include_str!("../../README.md");

fn succeeds(command: &mut Command) -> String {
    let output = command.output().expect("it can be started");
    let (said, data) = (
        String::from_utf8_lossy(&output.stderr).into_owned(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    );
    assert!(output.status.success(), "{command:?}: {said}{data}");
    said + &data
}

#[test]
fn a_scaffold_ends_in_a_server_with_its_plugin() {
    for line in [
        "mcp-factory new myservice",
        "cd myservice",
        "cargo test",
        "mcp-factory build",
    ] {
        assert!(README.contains(line), "the README does not say: {line}");
    }
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let project = folder.path().join("myservice");
    succeeds(
        factory()
            .args(["new", "myservice"])
            .current_dir(folder.path()),
    );

    // In the profile that compiles fastest; what cargo built for the other tests is taken over.
    let built = succeeds(
        factory()
            .args(["build", "--profile", "dev"])
            .current_dir(&project),
    );
    assert!(built.contains("1 tool as planned"), "{built}");
    let call = ["call", "count_words", "{\"text\": \"hello world\"}"];
    let answer = succeeds(Command::new(project.join("myservice")).args(call));
    assert!(answer.contains('2'), "{answer}");

    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tested = succeeds(
        Command::new(cargo)
            .arg("test")
            .current_dir(&project)
            .env_remove("CARGO_TARGET_DIR"),
    );
    assert!(tested.contains("test result: ok"), "{tested}");
}
