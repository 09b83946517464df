//! GitHub as `emulate` plays it: a process that ends with its test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use mcp_factory_outbound::{Client, Method, Reach, Request, Url};
use mcp_factory_sdk::Secret;
use serde_json::{Value, json};

/// How long it may take to start, on a machine that compiles at the same time.
const SOON: Duration = Duration::from_mins(1);

/// A running emulator.
#[derive(Debug)]
pub(crate) struct Emulator {
    child: Child,
    _stdin: ChildStdin,
    ready: Value,
}

impl Emulator {
    /// With users `octocat` (of `acme`), `mallory` (of nothing) and `other`; repositories `acme/tool`, `acme/site`
    /// (public), `acme/secret` (private), `other/public`, `other/secret`; and an App that is installed at `acme`.
    pub(crate) fn start() -> Self {
        Self::with(&json!({
            "tokens": {
                "octocat-token": { "login": "octocat", "scopes": ["repo", "user"] },
                "mallory-token": { "login": "mallory", "scopes": ["repo", "user"] },
                "other-token": { "login": "other", "scopes": ["repo", "user"] },
            },
            "github": {
                "users": [{ "login": "octocat" }, { "login": "mallory" }, { "login": "other" }],
                "orgs": [{ "login": "acme", "members": [{ "login": "octocat", "role": "admin" }] }],
                "repos": [
                    { "owner": "acme", "name": "tool", "description": "A tool", "auto_init": true },
                    { "owner": "acme", "name": "site", "description": "A site", "auto_init": true },
                    { "owner": "acme", "name": "secret", "description": "A tool nobody knows", "private": true, "auto_init": true },
                    { "owner": "other", "name": "public", "description": "Another tool", "auto_init": true },
                ],
                "apps": [{
                    "app_id": 12345, "slug": "my-app", "name": "My App",
                    "permissions": { "issues": "write", "metadata": "read", "contents": "read" },
                    "installations": [{ "installation_id": 100, "account": "acme" }],
                }],
            },
        }))
    }

    fn with(seed: &Value) -> Self {
        let tools = tools();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator.mjs");
        let mut child = Command::new(tools.join(".bin/node"))
            .arg(script)
            .arg(tools.join("emulate/dist/api.js"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the emulator starts");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        writeln!(stdin, "{seed}").expect("it reads its seed");
        let stdout = child.stdout.take().expect("stdout is piped");
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            // A line that cannot be read is empty, and said to be when it is looked at.
            drop(BufReader::new(stdout).read_line(&mut line));
            drop(sender.send(line));
        });
        let line = receiver
            .recv_timeout(SOON)
            .expect("the emulator says where it listens");
        Self {
            child,
            _stdin: stdin,
            ready: serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")),
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        self.ready["url"].as_str().expect("a URL")
    }

    /// The private key of its App.
    pub(crate) fn app_key(&self) -> &str {
        self.ready["secrets"][0]["value"].as_str().expect("a key")
    }

    /// What another user does, past the plugin.
    pub(crate) async fn api(&self, user: &str, method: Method, path: &str, body: Value) -> Value {
        let client = Client::builder(Reach::operator())
            .build()
            .expect("a client");
        let url = Url::parse(&format!("{}{path}", self.url())).expect("a URL");
        let mut request =
            Request::new(method.clone(), url).bearer(&Secret::new(format!("{user}-token")));
        if method != Method::GET {
            request = request.json(&body);
        }
        let response = client.send(request).await.expect("an answer");
        let status = response.status();
        let answer: Value = response.json().await.unwrap_or_default();
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The programs that others wrote, as `tests/clients/setup` installs them; installs them when they are missing.
fn tools() -> PathBuf {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let setup = top.join("tests/clients/setup");
    let output = Command::new(&setup)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", setup.display()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the emulator is not installed; run tests/clients/setup: {said}"
    );
    let folder = std::env::var_os("MCP_FACTORY_TEST_TOOLS")
        .map_or_else(|| top.join("target/clients"), PathBuf::from);
    folder
        .canonicalize()
        .expect("the setup made the folder")
        .join("node_modules")
}
