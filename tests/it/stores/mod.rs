//! Secrets that are kept in a store: AWS Secrets Manager, played by moto, and Vault, played by a stand-in that
//! speaks its HTTP API. Here, at the start; elsewhere, while a server runs (`running`), and whose credentials AWS is
//! shown (`roles`).

mod roles;
mod running;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use mcp_factory_tests::{Process, Product, Tools, eventually, guarded::GATE_SECRET};
use serde_json::{Value, json};
use tempfile::TempDir;

const STATE_KEY: &str = "0123456789abcdef0123456789abcdef-canary";

/// A server that answers with what `answer` makes of a request's first line and its headers.
fn stand_in(answer: impl Fn(&str, &[String]) -> (u16, String) + Send + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("the other end is there");
            let (request, headers) = head(&stream);
            let (status, body) = answer(&request, &headers);
            let length = body.len();
            // A client that left is its own affair.
            let _sent = write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    address
}

/// Vault, as far as a server uses it: one token, and what is in it.
fn vault(secrets: &'static [(&'static str, &'static str)]) -> String {
    stand_in(move |request, headers| {
        let token = headers.iter().find_map(|line| {
            line.to_lowercase()
                .strip_prefix("x-vault-token: ")
                .map(str::to_owned)
        });
        let known = secrets
            .iter()
            .find(|(path, _)| request == format!("GET /v1/{path} HTTP/1.1"));
        let (status, body) = match (token.as_deref(), known) {
            (Some("t-canary"), Some((_, key))) => {
                (200, json!({"data": {"data": {"key": key}, "metadata": {}}}))
            }
            (Some("t-canary"), None) => (404, json!({"errors": []})),
            _ => (403, json!({"errors": ["permission denied"]})),
        };
        (status, body.to_string())
    })
}

/// A request's first line, and its headers: all that a GET has.
fn head(stream: &TcpStream) -> (String, Vec<String>) {
    let mut lines = BufReader::new(stream.try_clone().expect("the other end is there"))
        .lines()
        .map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    (request, lines.take_while(|line| !line.is_empty()).collect())
}

/// AWS Secrets Manager, with the gate's secret in it.
fn moto() -> (String, Process) {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let mut command = Tools::installed().python();
    command.args([
        "-m",
        "moto.server",
        "-H",
        "127.0.0.1",
        "-p",
        &port.to_string(),
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let process = Process::start(&mut command);
    eventually(Duration::from_mins(1), || {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
    })
    .unwrap_or_else(|| panic!("moto does not listen: {}", process.stderr()));
    let script = "import boto3, sys\n\
        manager = boto3.client('secretsmanager', endpoint_url=sys.argv[1], region_name='eu-central-1', aws_access_key_id='AKIDEXAMPLE', aws_secret_access_key='x')\n\
        manager.create_secret(Name='team/gate', SecretString=sys.argv[2])\n";
    let address = format!("http://127.0.0.1:{port}");
    let secret = json!({"seed": GATE_SECRET, "other": 1}).to_string();
    let output = Tools::installed()
        .python()
        .args(["-c", script, &address, &secret])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{output:?}");
    (address, process)
}

fn run(arguments: &[&str], variables: &[(&str, &str)], folder: &TempDir) -> (Option<i32>, String) {
    let mut command = Command::new(Product::Guarded.binary());
    command.current_dir(folder.path()).args(arguments);
    command.env(
        "MCP_PLUGINS__FS__ROOTS",
        format!("[{:?}]", folder.path().display().to_string()),
    );
    command.envs(variables.iter().copied());
    let output = command.output().expect("it runs");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        !said.contains("canary") && !said.contains(GATE_SECRET),
        "{said}"
    );
    (output.status.code(), said)
}

#[test]
fn a_server_starts_with_secrets_of_both_stores() {
    let folder = TempDir::new().expect("there is room for a directory");
    let (aws, _moto) = moto();
    let vault = vault(&[("secret/data/team/app", STATE_KEY)]);
    let variables = [
        ("MCP_SECRETS__VAULT__ADDRESS", vault.as_str()),
        ("VAULT_TOKEN", "t-canary"),
        ("MCP_SECRETS__AWSSM__ENDPOINT", aws.as_str()),
        ("MCP_SECRETS__AWSSM__REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "s-canary"),
        ("AWS_SESSION_TOKEN", "more-canary"),
        ("MCP_SERVER__STATE_KEY", "vault:secret/team/app#key"),
        ("MCP_GATE__GROUPS__SHELL__SECRET", "awssm:team/gate#seed"),
    ];
    let (code, said) = run(&["check"], &variables, &folder);
    assert_eq!((code, said.trim()), (Some(0), "the configuration is fine"));

    // What cannot be had, each at its place and all at once.
    let file = "[server]\nstate_key = \"vault:secret/none#key\"\n\n[gate.groups.shell]\nsecret = \"awssm:none\"\n";
    fs::write(folder.path().join("server.toml"), file).expect("the directory is ours");
    let (code, said) = run(
        &["check", "--config", "server.toml"],
        &variables[..7],
        &folder,
    );
    assert_eq!(code, Some(2));
    for line in [
        "server.toml:2:1: `server.state_key`: Vault: there is nothing at `secret/none`",
        "server.toml:5:1: `gate.groups.shell.secret`: AWS Secrets Manager: there is no secret `none` in eu-central-1",
    ] {
        assert!(said.contains(line), "{line}\nis not in\n{said}");
    }
    let wrong = [
        &variables[..],
        &[
            ("VAULT_TOKEN", "x-canary"),
            ("MCP_GATE__GROUPS__SHELL__SECRET", "awssm:team/gate#sed"),
        ],
    ]
    .concat();
    let (_, said) = run(&["check"], &wrong, &folder);
    for line in [
        "the token is not valid, or may not read `secret/data/team/app`",
        "`team/gate` has no `sed`; it has seed, other",
    ] {
        assert!(said.contains(line), "{line}\nis not in\n{said}");
    }
}

#[test]
fn a_store_that_comes_late_is_waited_for_and_one_that_does_not_come_is_not_waited_for_long() {
    let folder = TempDir::new().expect("there is room for a directory");
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let nowhere = format!("http://{}", free.local_addr().expect("it is bound"));
    drop(free);
    let variables = [
        ("MCP_SECRETS__VAULT__ADDRESS", nowhere.as_str()),
        ("MCP_SECRETS__TIMEOUT", "600ms"),
        ("VAULT_TOKEN", "t-canary"),
        ("MCP_SHELL_GATE", GATE_SECRET),
        ("MCP_GATE__GROUPS__SHELL__SECRET", "env:MCP_SHELL_GATE"),
        ("MCP_SERVER__STATE_KEY", "vault:secret/team/app#key"),
    ];
    let (code, said) = run(&["check"], &variables, &folder);
    assert_eq!(code, Some(2));
    assert_eq!(
        said,
        "error: the environment variable MCP_SERVER__STATE_KEY: `server.state_key`: Vault: it does not answer: \
         no connection to the host could be made\n"
    );

    let (sender, late) = mpsc::channel();
    let relay = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let address = format!("http://{}", relay.local_addr().expect("it is bound"));
    thread::spawn(move || {
        // The first is turned away as a sealed Vault does; the second is for the real one.
        let (mut stream, _) = relay.accept().expect("the other end is there");
        head(&stream);
        let sealed = "HTTP/1.1 503 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream
            .write_all(sealed.as_bytes())
            .expect("the other end is there");
        drop(stream);
        let (mut stream, _) = relay.accept().expect("the other end is there");
        head(&stream);
        let body = json!({"data": {"data": {"key": STATE_KEY}}}).to_string();
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .expect("the other end is there");
        sender.send(()).expect("the other end is there");
    });
    let late_variables = [
        &variables[..],
        &[
            ("MCP_SECRETS__VAULT__ADDRESS", address.as_str()),
            ("MCP_SECRETS__TIMEOUT", "10s"),
        ],
    ]
    .concat();
    let (code, said) = run(&["check", "--json"], &late_variables, &folder);
    let answer: Value = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!(
        (code, &answer["ok"]),
        (Some(0), &Value::Bool(true)),
        "{said}"
    );
    late.recv_timeout(Duration::from_secs(1))
        .expect("the other end is there");
}
