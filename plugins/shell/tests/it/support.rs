//! Declaring tools, starting the plugin with them, and calling them.

use std::path::{Path, PathBuf};

use mcp_factory_sdk::{
    DeclaredParameter, DeclaredTool, Hints, ParameterKind, Scope, ToolDefinition,
    testing::TestPlugin,
};
use mcp_plugin_shell::PLUGIN;
use serde_json::{Value, json};

pub(crate) const PERL: &str = "/usr/bin/perl";

/// A parameter of text that a call must have.
pub(crate) const fn text(name: &'static str) -> DeclaredParameter {
    DeclaredParameter {
        name,
        description: "A text.",
        kind: ParameterKind::Text,
        required: true,
        default: None,
        choices: &[],
        minimum: None,
        maximum: None,
    }
}

/// A whole number that may be left out.
pub(crate) const fn number(name: &'static str) -> DeclaredParameter {
    DeclaredParameter {
        kind: ParameterKind::Integer,
        required: false,
        ..text(name)
    }
}

/// A tool as it should be declared, called `run`.
pub(crate) fn tool(body: &Value, parameters: &[DeclaredParameter]) -> DeclaredTool {
    DeclaredTool {
        name: "run",
        title: None,
        description: "Runs it.",
        scope: Scope::new("admin"),
        hints: Hints {
            read_only: false,
            destructive: true,
            idempotent: false,
            open_world: true,
        },
        timeout: None,
        gate: Some("shell"),
        rate: None,
        parameters: parameters.to_vec().leak(),
        body: body.to_string().leak(),
    }
}

/// A manifest's rows live as long as the server.
pub(crate) fn rows(tool: DeclaredTool) -> &'static [ToolDefinition] {
    let tool: &'static DeclaredTool = Box::leak(Box::new(tool));
    vec![ToolDefinition::declared(&PLUGIN, tool)].leak()
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The settings of a server that keeps its programs small.
pub(crate) fn settings() -> Value {
    if is_root() {
        json!({ "user": "65534:65534" })
    } else {
        json!({})
    }
}

/// Starts the plugin with one tool.
pub(crate) async fn start(tool: DeclaredTool) -> TestPlugin {
    start_with(tool, settings()).await
}

pub(crate) async fn start_with(tool: DeclaredTool, settings: Value) -> TestPlugin {
    TestPlugin::start_declared(&PLUGIN, rows(tool), settings)
        .await
        .unwrap_or_else(|error| panic!("it starts: {error}"))
}

/// The body of a tool that runs a script of perl; `more` are further keys.
pub(crate) fn perl(script: &str, more: &Value) -> Value {
    let script = script.replace('{', "{{").replace('}', "}}");
    let mut body = json!({ "argv": [PERL, "-e", script] });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

/// Runs a script of perl once, under these keys.
pub(crate) async fn run_perl(script: &str, more: &Value) -> Value {
    let plugin = start(tool(&perl(script, more), &[])).await;
    let outcome = plugin.call_json("run", json!({})).await;
    plugin.stop().await;
    outcome.unwrap_or_else(|error| panic!("it answers: {error:?}"))
}

pub(crate) fn stdout(outcome: &Value) -> &str {
    outcome["stdout"].as_str().unwrap()
}

/// A directory that the programs' user may enter, read and write.
pub(crate) fn open_directory() -> (tempfile::TempDir, PathBuf) {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
    (directory, path)
}

/// A file that everybody may read and write, so that only the sandbox can be what keeps it.
pub(crate) fn canary(directory: &Path, name: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = directory.join(name);
    std::fs::write(&path, "canary").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    path
}

/// A repository of two commits that everybody may read.
pub(crate) fn repository() -> (tempfile::TempDir, String) {
    let (directory, path) = open_directory();
    let git = |arguments: &[&str]| {
        let done = std::process::Command::new("/usr/bin/git")
            .arg("-C")
            .arg(&path)
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com"])
            .args(arguments)
            .output()
            .expect("these tests need git (apt-get install git)");
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(path.join("a file"), "1").unwrap();
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "First"]);
    std::fs::write(path.join("other"), "2").unwrap();
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "Second"]);
    let path = path.to_str().unwrap().to_owned();
    (directory, path)
}

/// Waits until it is so, for at most five seconds.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{what} did not come to be");
}

/// A text that is in the command lines of this test alone, whoever else runs the same.
pub(crate) fn mark(of: &str) -> String {
    format!("mark-of-the-{of}-{}", std::process::id())
}

/// How many processes have this text in their command line.
pub(crate) fn processes_with(mark: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let own = entry.file_name() == *std::process::id().to_string();
            !own && String::from_utf8_lossy(&line).contains(mark)
        })
        .count()
}
