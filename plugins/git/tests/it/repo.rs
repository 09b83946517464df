//! A throw-away repository, made and asked by the real `git`.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use mcp_factory_sdk::testing::TestPlugin;
use serde_json::{Value, json};

pub struct Repo {
    pub dir: tempfile::TempDir,
    clock: Cell<u64>,
}

impl Repo {
    /// An empty repository with the branch `main`.
    pub fn new() -> Self {
        let repo = Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Cell::new(1_700_000_000),
        };
        std::fs::create_dir(repo.path()).unwrap();
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let now = self.clock.get() + 60;
        self.clock.set(now);
        let date = format!("{now} +0100");
        let mut command = Command::new("git");
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(std::process::Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir.path())
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_AUTHOR_NAME", "Ada Ünï")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_COMMITTER_NAME", "Carl")
            .env("GIT_COMMITTER_EMAIL", "carl@example.org")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date);
        command
    }

    /// Runs git and returns what it says, which must be a success.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = self
            .command(arguments)
            .output()
            .expect("these tests need git: install it");
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs git, which may fail.
    pub fn git_may_fail(&self, arguments: &[&str]) {
        self.command(arguments)
            .output()
            .expect("these tests need git: install it");
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.path().join(path)).unwrap();
    }

    /// Stages all and commits.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    pub async fn plugin(&self) -> TestPlugin {
        self.plugin_with(json!({})).await
    }

    /// The plugin on this repository, called `r`, with further settings.
    pub async fn plugin_with(&self, settings: Value) -> TestPlugin {
        start(&self.path(), settings).await.expect("it starts")
    }
}

/// With a file in every state, so that every tool has something to do.
pub fn busy() -> Repo {
    let repo = Repo::new();
    repo.write("f.txt", "one\ntwo\n");
    repo.write("g.txt", "one\n");
    repo.commit("first");
    repo.write("f.txt", "one\ntwo\nthree\n");
    repo.commit("second");
    repo.write("g.txt", "staged\n");
    repo.git(&["add", "g.txt"]);
    repo.write("f.txt", "one\nchanged\nthree\n");
    repo.write("untracked.txt", "x\n");
    repo
}

pub async fn start(
    path: &Path,
    mut settings: Value,
) -> Result<TestPlugin, mcp_factory_sdk::StartError> {
    settings["repositories"] = json!([{ "name": "r", "path": path }]);
    TestPlugin::start(&mcp_plugin_git::PLUGIN, settings).await
}

/// Calls every tool, and returns all that they said, good or bad.
pub async fn every_tool(plugin: &TestPlugin) -> String {
    let mut said = String::new();
    for (tool, arguments) in [
        ("git_list_repositories", json!({})),
        ("git_status", json!({})),
        ("git_diff_unstaged", json!({})),
        ("git_diff_staged", json!({})),
        ("git_diff", json!({ "target": "HEAD" })),
        ("git_diff", json!({ "target": "HEAD~1..HEAD" })),
        ("git_diff", json!({ "target": "main...HEAD" })),
        ("git_log", json!({})),
        ("git_log", json!({ "path": "f.txt" })),
        ("git_show", json!({ "revision": "HEAD" })),
        ("git_branch", json!({ "branch_type": "all" })),
        ("git_branch", json!({ "contains": "HEAD" })),
        ("git_blame", json!({ "path": "f.txt" })),
        ("git_list_files", json!({ "recursive": true })),
        ("git_read_file", json!({ "path": "f.txt" })),
    ] {
        match plugin.call_json(tool, arguments).await {
            Ok(answer) => said += &format!("{tool}: {answer}\n"),
            Err(error) => said += &format!("{tool}: {}\n", error.log_message()),
        }
    }
    said
}

/// The sentence with which a call fails.
pub async fn failure(plugin: &TestPlugin, tool: &str, arguments: Value) -> String {
    match plugin.call(tool, arguments.clone()).await {
        Ok(_) => panic!("{tool} {arguments} should fail"),
        Err(error) => error.to_string(),
    }
}
