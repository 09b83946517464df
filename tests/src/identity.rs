//! Authorization servers that nobody here wrote, as `tests/clients/identity` starts them: processes that
//! are told things line by line and end with their test.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{Connection, Process, Tools, stdio::SOON};

/// How long it may take to start: Node.js loads its modules and makes keys, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process of `tests/clients/identity` and its line-by-line conversation.
#[derive(Debug)]
struct Script {
    process: Process,
    conversation: Mutex<(ChildStdin, Receiver<String>)>,
    /// What it said when it was ready.
    ready: Value,
}

impl Script {
    fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start(command);
        let stdout = process.child().stdout.take().expect("stdout is piped");
        let stdin = process.child().stdin.take().expect("stdin is piped");
        let (sender, lines) = channel();
        // Ends with the pipe, or with the test.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let ready = next(&lines, PATIENCE, &process);
        Self {
            process,
            conversation: Mutex::new((stdin, lines)),
            ready,
        }
    }

    /// One line in, one line out.
    fn ask(&self, command: &Value) -> Value {
        let mut conversation = self
            .conversation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (stdin, lines) = &mut *conversation;
        writeln!(stdin, "{command}").expect("it reads its input");
        let answer = next(lines, SOON, &self.process);
        assert!(answer.get("error").is_none(), "{command}: {answer}");
        answer
    }

    fn ready(&self, name: &str) -> &str {
        self.ready[name].as_str().expect("it says this at once")
    }

    fn requests(&self, path: &str) -> u64 {
        self.ask(&json!({ "do": "requests" }))[path]
            .as_u64()
            .unwrap_or(0)
    }
}

fn next(lines: &Receiver<String>, limit: Duration, process: &Process) -> Value {
    let line = lines
        .recv_timeout(limit)
        .unwrap_or_else(|_| panic!("it says nothing; stderr: {}", process.stderr()));
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"))
}

/// `oidc-provider`: a certified authorization server with real clients, real tokens and real keys.
#[derive(Debug)]
pub struct Issuer(Script);

impl Issuer {
    /// Starts it on a port of its own.
    pub fn start() -> Self {
        Self(Script::start(
            &mut Tools::installed().node_client("identity/oidc.mjs"),
        ))
    }

    /// Its name in tokens, and its address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.0.ready("issuer")
    }

    /// The secret of all its programs, among them `resource-server`, which may ask about tokens.
    pub fn secret(&self) -> &str {
        self.0.ready("secret")
    }

    /// A token for `resource`, issued to the program `client`: a signed one, unless the client's name
    /// begins with `opaque`. `scopes` are separated by spaces. Every client may have every scope.
    pub fn token(&self, client: &str, scopes: &str, resource: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", self.secret()),
            ("scope", scopes),
            ("resource", resource),
        ];
        let answer = self.post("/token", &form);
        answer["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no token for {client}: {answer}"))
            .to_owned()
    }

    /// Takes a token back.
    pub fn revoke(&self, client: &str, token: &str) {
        let form = [
            ("token", token),
            ("client_id", client),
            ("client_secret", self.secret()),
        ];
        self.post("/token/revocation", &form);
    }

    /// Signs with a new key from now on. The old one stays published.
    pub fn rotate(&self) {
        self.0.ask(&json!({ "do": "rotate" }));
    }

    /// Signs with a new key from now on, and no longer publishes the old one.
    pub fn replace(&self) {
        self.0.ask(&json!({ "do": "replace" }));
    }

    /// How often `path` was asked for.
    pub fn requests(&self, path: &str) -> u64 {
        self.0.requests(path)
    }

    /// Hangs up on whoever asks, until `up`.
    pub fn down(&self) {
        self.0.ask(&json!({ "do": "down" }));
    }

    /// Answers again.
    pub fn up(&self) {
        self.0.ask(&json!({ "do": "up" }));
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let address = self.url().trim_start_matches("http://");
        let mut connection = Connection::open(address.parse().expect("an address"));
        let body: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
            .collect();
        let headers = [
            ("host", address),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        connection.write("POST", path, &headers, body.join("&").as_bytes());
        let response = connection.response();
        if response.text().is_empty() {
            return Value::Null;
        }
        response.json()
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// `oauth2-mock-server`: an authorization server that signs whatever it is told to, and what it would not.
#[derive(Debug)]
pub struct Hostile(Script);

impl Hostile {
    /// Starts it on a port of its own.
    pub fn start() -> Self {
        Self(Script::start(
            &mut Tools::installed().node_client("identity/hostile.mjs"),
        ))
    }

    /// Its name in tokens, and its address.
    pub fn url(&self) -> &str {
        self.0.ready("issuer")
    }

    /// A token as `order` says: see `tests/clients/identity/hostile.mjs`.
    pub fn token(&self, order: &Value) -> String {
        let mut order = order.clone();
        order["do"] = "token".into();
        self.0.ask(&order)["token"]
            .as_str()
            .expect("it answers with a token")
            .to_owned()
    }

    /// How often `path` was asked for.
    pub fn requests(&self, path: &str) -> u64 {
        self.0.requests(path)
    }

    /// Hangs up on whoever asks, until `up`.
    pub fn down(&self) {
        self.0.ask(&json!({ "do": "down" }));
    }

    /// Answers again.
    pub fn up(&self) {
        self.0.ask(&json!({ "do": "up" }));
    }
}
