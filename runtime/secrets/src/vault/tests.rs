//! The store is a stand-in that speaks Vault's HTTP API: the same paths, headers, statuses and bodies.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use mcp_factory_sdk::SecretReference;
use serde_json::json;

use super::*;
use crate::{
    AppRole, Kubernetes,
    stand_in::{Asked, count, file, stand_in},
};

fn kv(fields: &Value) -> String {
    json!({"data": {"data": fields, "metadata": {"version": 3}}}).to_string()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

fn with_token(address: String, text: &str) -> (tempfile::TempDir, VaultConfig) {
    let (folder, path) = file(text, 0o600);
    let config = VaultConfig {
        address: Some(address),
        token: Some(SecretReference::File(path)),
        ..VaultConfig::default()
    };
    (folder, config)
}

fn with_role(address: String) -> (tempfile::TempDir, VaultConfig) {
    let (folder, mut config) = with_token(address, "s3cret");
    config.approle = Some(AppRole {
        role_id: "app".to_owned(),
        secret_id: config.token.take().unwrap(),
        mount: "team/approle".to_owned(),
    });
    (folder, config)
}

fn login(token: &str, seconds: u64) -> String {
    let auth = json!({"client_token": token, "lease_duration": seconds, "renewable": true});
    json!({ "auth": auth }).to_string()
}

fn token(asked: &Asked) -> &str {
    asked.header("x-vault-token")
}

fn texts(fetched: Vec<Fetched>) -> Vec<Result<String, String>> {
    let text = |fetched: Fetched| fetched.map(|secret| secret.expose().clone());
    fetched.into_iter().map(text).collect()
}

#[tokio::test]
async fn fields_of_one_secret_are_fetched_once_and_what_is_not_there_is_told() {
    let (address, asked) = stand_in(|asked| match (asked.request.as_str(), token(asked)) {
        ("GET /v1/secret/data/team/app", "root") => (
            200,
            kv(&json!({"token": "t0k", "port": 5432, "more": ["canary"]})),
        ),
        ("GET /v1/secret/data/gone", "root") => (200, json!({"data": {"data": null}}).to_string()),
        ("GET /v1/secret/data/mine", _) => (403, r#"{"errors":["permission denied"]}"#.to_owned()),
        ("GET /v1/secret/data/odd%20%3F", _) => (200, kv(&json!({"a": "odd"}))),
        _ => (404, r#"{"errors":[]}"#.to_owned()),
    });
    let (_folder, config) = with_token(address, "root\n");
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
    let fetched = texts(Vault::new(&config).fetch(&references, soon()).await);
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
    assert_eq!(count(&asked, "GET /v1/secret/data/team/app"), 1);
}

#[tokio::test]
async fn a_role_logs_in_and_a_sealed_store_is_waited_for() {
    let sealed = Mutex::new(2);
    let (address, asked) = stand_in(move |asked| {
        let mut sealed = sealed.lock().unwrap();
        if *sealed > 0 {
            *sealed -= 1;
            return (503, r#"{"errors":["Vault is sealed"]}"#.to_owned());
        }
        match (asked.request.as_str(), token(asked)) {
            ("POST /v1/auth/team/approle/login", "") if asked.body.contains("s3cret") => {
                (200, json!({"auth": {"client_token": "made"}}).to_string())
            }
            ("GET /v1/secret/data/app", "made") => (200, kv(&json!({"a": "1"}))),
            _ => (
                400,
                r#"{"errors":["invalid role or secret ID"]}"#.to_owned(),
            ),
        }
    });
    let (folder, mut config) = with_role(address);
    let fetched = texts(Vault::new(&config).fetch(&["secret/app#a"], soon()).await);
    assert_eq!(fetched, [Ok("1".to_owned())]);
    assert_eq!(
        asked.lock().unwrap().len(),
        4,
        "two refusals, the login, the secret"
    );

    std::fs::write(folder.path().join("file"), "canary").unwrap();
    let fetched = texts(Vault::new(&config).fetch(&["secret/app#a"], soon()).await);
    let error = fetched[0].as_ref().unwrap_err();
    assert!(
        error.contains("the login at `auth/team/approle` is refused with 400")
            && !error.contains("canary"),
        "{error}"
    );

    config.token = config.approle.as_ref().map(|role| role.secret_id.clone());
    let fetched = texts(Vault::new(&config).fetch(&["secret/app#a"], soon()).await);
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
    let (_folder, config) = with_token("http://127.0.0.1:1".to_owned(), "root");
    let start = Instant::now();
    let deadline = start + Duration::from_millis(700);
    let fetched = texts(Vault::new(&config).fetch(&["secret/app#a"], deadline).await);
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
    let fetched = texts(Vault::new(&clear).fetch(&["secret/app#a"], deadline).await);
    assert!(
        fetched[0].as_ref().unwrap_err().contains("unencrypted"),
        "{fetched:?}"
    );
}

/// What Vault's Kubernetes method is given: the role, and the token of the pod's account as it is in its file now.
#[tokio::test]
async fn a_pod_logs_in_with_its_account() {
    let (address, asked) = stand_in(|asked| match (asked.request.as_str(), token(asked)) {
        ("POST /v1/auth/cluster-a/login", "") => {
            let body: Value = serde_json::from_str(&asked.body).unwrap();
            if body == json!({"role": "tools", "jwt": "header.payload.signature"}) {
                return (200, login("made", 3600));
            }
            (
                400,
                r#"{"errors":["invalid role name or token"]}"#.to_owned(),
            )
        }
        ("GET /v1/secret/data/app", "made") => (200, kv(&json!({"a": "1"}))),
        _ => (403, r#"{"errors":["permission denied"]}"#.to_owned()),
    });
    // Mounted as Kubernetes does: others may read it.
    let (folder, path) = file("header.payload.signature\n", 0o644);
    let mut config = VaultConfig {
        address: Some(address),
        kubernetes: Some(Kubernetes {
            role: "tools".to_owned(),
            mount: "cluster-a".to_owned(),
            token_file: path.clone(),
        }),
        ..VaultConfig::default()
    };
    let mut vault = Vault::new(&config);
    let fetched = texts(vault.fetch(&["secret/app#a"], soon()).await);
    assert_eq!(fetched, [Ok("1".to_owned())]);
    assert_eq!(count(&asked, "POST /v1/auth/"), 1);

    for (token, role, words) in [
        (
            "canary.payload.signature",
            "tools",
            "the login at `auth/cluster-a` is refused with 400",
        ),
        (
            "header.payload.signature",
            "others",
            "the login at `auth/cluster-a` is refused with 400",
        ),
    ] {
        std::fs::write(&path, token).unwrap();
        config.kubernetes.as_mut().unwrap().role = role.to_owned();
        let fetched = texts(Vault::new(&config).fetch(&["secret/app#a"], soon()).await);
        let error = fetched[0].as_ref().unwrap_err();
        assert!(
            error.contains(words) && !error.contains("canary"),
            "{error}"
        );
    }
    drop(folder);
    let fetched = texts(Vault::new(&config).fetch(&["secret/app#a"], soon()).await);
    let error = fetched[0].as_ref().unwrap_err();
    assert!(
        error.contains("`secrets.vault.kubernetes.token_file` cannot be read"),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_is_renewed_and_got_anew_when_it_is_lost() {
    let lost = Arc::new(AtomicBool::new(false));
    let (is_lost, logins) = (Arc::clone(&lost), AtomicUsize::new(0));
    let (address, asked) = stand_in(move |asked| match (asked.request.as_str(), token(asked)) {
        ("POST /v1/auth/team/approle/login", "") => {
            is_lost.store(false, Relaxed);
            let number = logins.fetch_add(1, Relaxed);
            (200, login(&format!("made-{number}"), 90))
        }
        (_, made) if !made.starts_with("made") || is_lost.load(Relaxed) => {
            (403, r#"{"errors":["permission denied"]}"#.to_owned())
        }
        ("POST /v1/auth/token/renew-self", made) => (200, login(made, 30)),
        ("GET /v1/secret/data/app", _) => (200, kv(&json!({"a": "1"}))),
        _ => (403, r#"{"errors":["permission denied"]}"#.to_owned()),
    });
    let (_folder, config) = with_role(address);
    let mut vault = Vault::new(&config);
    assert_eq!(vault.renewal(), None, "nobody logged in yet");
    let references = ["secret/app#a", "secret/mine#a", "secret/yours#a"];
    let all_but_two = |fetched: Vec<Fetched>| {
        let fetched = texts(fetched);
        assert_eq!(fetched[0], Ok("1".to_owned()));
        assert!(fetched[1].is_err() && fetched[2].is_err(), "{fetched:?}");
    };
    all_but_two(vault.fetch(&references, soon()).await);
    let due = |vault: &Vault| {
        let left = vault.renewal().unwrap().duration_since(Instant::now());
        left.as_secs_f64().round().abs()
    };
    assert!((due(&vault) - 60.0).abs() < 2.0, "two thirds of 90 s");
    vault.renew(soon()).await.unwrap();
    assert!((due(&vault) - 20.0).abs() < 2.0, "two thirds of 30 s");
    assert_eq!(count(&asked, "POST /v1/auth/team/approle/login"), 1);

    // Lost, and seen by the renewal: the login is done again.
    lost.store(true, Relaxed);
    vault.renew(soon()).await.unwrap();
    assert_eq!(count(&asked, "POST /v1/auth/team/approle/login"), 2);
    // Lost, and seen by a reading: again, but once for all that is refused.
    lost.store(true, Relaxed);
    all_but_two(vault.fetch(&references, soon()).await);
    assert_eq!(count(&asked, "POST /v1/auth/team/approle/login"), 3);
    let newest = asked.lock().unwrap().last().cloned().unwrap();
    assert_eq!(token(&newest), "made-2");
}

/// Each login leaves a token behind, for a month by Vault's default, and a `secret_id` may be good for only so many.
#[tokio::test]
async fn a_secret_that_is_forbidden_is_no_reason_to_log_in_again_and_again() {
    const LOGIN: &str = "POST /v1/auth/team/approle/login";
    const LOOKUP: &str = "GET /v1/auth/token/lookup-self";
    // A role of which a token may not look at itself has no policy `default`.
    for may_look in [true, false] {
        let (lost, logins) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
        let is_lost = Arc::clone(&lost);
        let (address, asked) =
            stand_in(move |asked| match (asked.request.as_str(), token(asked)) {
                (LOGIN, "") => {
                    is_lost.store(false, Relaxed);
                    let number = logins.fetch_add(1, Relaxed);
                    (200, login(&format!("made-{number}"), 90))
                }
                (LOOKUP, _) if may_look && !is_lost.load(Relaxed) => {
                    (200, json!({"data": {"ttl": 80}}).to_string())
                }
                ("GET /v1/secret/data/app", _) if !is_lost.load(Relaxed) => {
                    (200, kv(&json!({"a": "1"})))
                }
                _ => (403, r#"{"errors":["permission denied"]}"#.to_owned()),
            });
        let (_folder, config) = with_role(address);
        let mut vault = Vault::new(&config);
        let references = ["secret/mine#a", "secret/app#a", "secret/yours#a"];
        let mut round = async || {
            let fetched = texts(vault.fetch(&references, soon()).await);
            assert_eq!(fetched[1], Ok("1".to_owned()));
            for refused in [&fetched[0], &fetched[2]] {
                let error = refused.as_ref().unwrap_err();
                assert!(error.contains("or may not read"), "{error}");
            }
        };
        for _ in 0..5 {
            round().await;
        }
        // Once more where it cannot be told, and not in the next hour.
        let first = if may_look { 1 } else { 2 };
        assert_eq!(count(&asked, LOGIN), first);
        assert_eq!(count(&asked, LOOKUP), if may_look { 4 } else { 2 });
        if may_look {
            lost.store(true, Relaxed);
            round().await;
            round().await;
            assert_eq!(count(&asked, LOGIN), 2, "it was lost");
        }
    }
}

#[tokio::test]
async fn a_token_that_was_given_is_renewed_where_it_can_be_and_read_again() {
    let (address, asked) = stand_in(|asked| match (asked.request.as_str(), token(asked)) {
        ("GET /v1/auth/token/lookup-self", "short") => (
            200,
            json!({"data": {"ttl": 30, "renewable": true}}).to_string(),
        ),
        ("GET /v1/auth/token/lookup-self", "root") => (
            200,
            json!({"data": {"ttl": 0, "renewable": false}}).to_string(),
        ),
        ("POST /v1/auth/token/renew-self", "short") => {
            (400, r#"{"errors":["lease is not renewable"]}"#.to_owned())
        }
        ("GET /v1/secret/data/app", "root" | "short") => (200, kv(&json!({"a": "1"}))),
        _ => (403, r#"{"errors":["permission denied"]}"#.to_owned()),
    });
    let (folder, config) = with_token(address, "short");
    let mut vault = Vault::new(&config);
    let fetch = async |vault: &mut Vault| texts(vault.fetch(&["secret/app#a"], soon()).await);
    assert_eq!(fetch(&mut vault).await, [Ok("1".to_owned())]);
    assert!(vault.renewal().unwrap() <= Instant::now(), "it is unknown");
    vault.renew(soon()).await.unwrap();
    assert_eq!(count(&asked, "POST"), 0, "it was only asked about");
    let due = vault.renewal().unwrap().duration_since(Instant::now());
    assert!((18..=20).contains(&due.as_secs()), "{due:?}");
    let error = vault.renew(soon()).await.unwrap_err();
    assert!(
        error.contains("the token cannot be renewed (400"),
        "{error}"
    );
    assert_eq!(vault.renewal(), None);

    // The operator puts another in its place.
    std::fs::write(folder.path().join("file"), "root").unwrap();
    assert_eq!(fetch(&mut vault).await, [Ok("1".to_owned())]);
    let last = asked.lock().unwrap().last().cloned().unwrap();
    assert_eq!(token(&last), "root");
    vault.renew(soon()).await.unwrap();
    assert_eq!(vault.renewal(), None, "it lasts for ever");
    std::fs::write(folder.path().join("file"), "canary").unwrap();
    let error = fetch(&mut vault).await[0].clone().unwrap_err();
    assert!(
        error.contains("the token is not valid") && !error.contains("canary"),
        "{error}"
    );
}
