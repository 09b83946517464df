//! The store is a stand-in that speaks Vault's HTTP API: the same paths, headers, statuses and bodies.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::*;
use crate::AppRole;

/// Answers each connection with what `answer` makes of method, path, token and body; keeps what was asked.
fn stand_in(
    answer: impl Fn(&str, &str, &str) -> (u16, String) + Send + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let request = line.trim_end_matches(" HTTP/1.1\r\n").to_owned();
            let (mut token, mut length) = (String::new(), 0);
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).unwrap();
                let header = header.trim().to_owned();
                if header.is_empty() {
                    break;
                }
                let (name, value) = header.split_once(':').unwrap();
                match name.to_ascii_lowercase().as_str() {
                    "x-vault-token" => token = value.trim().to_owned(),
                    "content-length" => length = value.trim().parse().unwrap(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let body = String::from_utf8(body).unwrap();
            kept.lock().unwrap().push(format!("{request} {body}"));
            let (status, body) = answer(&request, &token, &body);
            write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        }
    });
    (address, asked)
}

fn kv(fields: &Value) -> String {
    json!({"data": {"data": fields, "metadata": {"version": 3}}}).to_string()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

fn with_token(address: String, folder: &tempfile::TempDir) -> VaultConfig {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.path().join("token");
    std::fs::write(&path, "root\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    VaultConfig {
        address: Some(address),
        token: Some(SecretReference::File(path)),
        ..VaultConfig::default()
    }
}

fn texts(fetched: Vec<Fetched>) -> Vec<Result<String, String>> {
    let text = |fetched: Fetched| fetched.map(|secret| secret.expose().clone());
    fetched.into_iter().map(text).collect()
}

#[tokio::test]
async fn fields_of_one_secret_are_fetched_once_and_what_is_not_there_is_told() {
    let (address, asked) = stand_in(|request, token, _| match (request, token) {
        ("GET /v1/secret/data/team/app", "root") => (
            200,
            kv(&json!({"token": "t0k", "port": 5432, "more": ["canary"]})),
        ),
        ("GET /v1/secret/data/gone", "root") => (200, json!({"data": {"data": null}}).to_string()),
        ("GET /v1/secret/data/mine", _) => (403, r#"{"errors":["permission denied"]}"#.to_owned()),
        ("GET /v1/secret/data/odd%20%3F", _) => (200, kv(&json!({"a": "odd"}))),
        _ => (404, r#"{"errors":[]}"#.to_owned()),
    });
    let folder = tempfile::tempdir().unwrap();
    let config = with_token(address, &folder);
    let references = [
        "secret/team/app#token",
        "secret/team/app#port",
        "secret/team/app#tokn",
        "secret/team/app#more",
        "secret/odd ?#a",
        "secret/none#a",
        "secret/mine#a",
        "secret/gone#a",
        "secret/team/../app#a",
        "secret#a",
    ];
    let fetched = texts(fetch(&config, &references, soon()).await);
    assert_eq!(fetched[..2], [Ok("t0k".to_owned()), Ok("5432".to_owned())]);
    assert_eq!(fetched[4], Ok("odd".to_owned()));
    for (at, words) in [
        (
            2,
            "`secret/team/app` has no field `tokn`; it has token, port, more",
        ),
        (3, "`more` of `secret/team/app` is no text"),
        (5, "there is nothing at `secret/none`"),
        (6, "may not read `secret/data/mine`"),
        (7, "`secret/gone` was deleted"),
        (8, "write \"vault:MOUNT/PATH#FIELD\""),
        (9, "write \"vault:MOUNT/PATH#FIELD\""),
    ] {
        let error = fetched[at].as_ref().unwrap_err();
        assert!(
            error.contains(words) && !error.contains("canary"),
            "{error}"
        );
    }
    let asked = asked.lock().unwrap();
    let of_app = asked.iter().filter(|request| request.contains("/team/app"));
    assert_eq!(of_app.count(), 1, "{asked:?}");
}

#[tokio::test]
async fn a_role_logs_in_and_a_sealed_store_is_waited_for() {
    let sealed = Mutex::new(2);
    let (address, asked) = stand_in(move |request, token, body| {
        let mut sealed = sealed.lock().unwrap();
        if *sealed > 0 {
            *sealed -= 1;
            return (503, r#"{"errors":["Vault is sealed"]}"#.to_owned());
        }
        match (request, token) {
            ("POST /v1/auth/team/approle/login", "") if body.contains("s3cret") => {
                (200, json!({"auth": {"client_token": "made"}}).to_string())
            }
            ("GET /v1/secret/data/app", "made") => (200, kv(&json!({"a": "1"}))),
            _ => (
                400,
                r#"{"errors":["invalid role or secret ID"]}"#.to_owned(),
            ),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let mut config = with_token(address, &folder);
    let secret_id = config.token.take().unwrap();
    std::fs::write(folder.path().join("token"), "s3cret").unwrap();
    config.approle = Some(AppRole {
        role_id: "app".to_owned(),
        secret_id: secret_id.clone(),
        mount: "team/approle".to_owned(),
    });
    let fetched = texts(fetch(&config, &["secret/app#a"], soon()).await);
    assert_eq!(fetched, [Ok("1".to_owned())]);
    assert_eq!(
        asked.lock().unwrap().len(),
        4,
        "two refusals, the login, the secret"
    );

    std::fs::write(folder.path().join("token"), "canary").unwrap();
    let fetched = texts(fetch(&config, &["secret/app#a"], soon()).await);
    let error = fetched[0].as_ref().unwrap_err();
    assert!(
        error.contains("the login at `auth/team/approle` is refused with 400")
            && !error.contains("canary"),
        "{error}"
    );

    config.token = Some(secret_id);
    let fetched = texts(fetch(&config, &["secret/app#a"], soon()).await);
    assert!(
        fetched[0]
            .as_ref()
            .unwrap_err()
            .contains("more than one way in"),
        "{fetched:?}"
    );
}

#[tokio::test]
async fn the_wait_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let config = with_token("http://127.0.0.1:1".to_owned(), &folder);
    let start = Instant::now();
    let deadline = start + Duration::from_millis(700);
    let fetched = texts(fetch(&config, &["secret/app#a"], deadline).await);
    assert!(
        fetched[0]
            .as_ref()
            .unwrap_err()
            .contains("it does not answer"),
        "{fetched:?}"
    );
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    let clear = VaultConfig {
        address: Some("http://vault.example:8200".to_owned()),
        ..VaultConfig::default()
    };
    let fetched = texts(fetch(&clear, &["secret/app#a"], deadline).await);
    assert!(
        fetched[0].as_ref().unwrap_err().contains("unencrypted"),
        "{fetched:?}"
    );
}
