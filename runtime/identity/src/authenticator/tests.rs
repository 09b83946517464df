//! The door, from the outside: every mode, every refusal, and nothing of a credential in any word.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::testing::keys::{SigningKey, key_set};
use crate::testing::{Answer, TestServer};

const NOW: u64 = 1_800_000_000;
const RESOURCE: &str = "https://mcp.example.com/mcp";
const METADATA: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

fn surroundings() -> Surroundings {
    Surroundings {
        resource: RESOURCE.to_owned(),
        hierarchy: ScopeHierarchy::default(),
        scopes: vec!["write".to_owned(), "read".to_owned()],
    }
}

fn made(settings: &str) -> Result<Authenticator, Vec<Problem>> {
    let config: AuthConfig = toml::from_str(settings).expect(settings);
    Authenticator::new(&config, surroundings(), Clock::following(NOW))
}

fn authenticator(settings: &str) -> Authenticator {
    made(settings).expect(settings)
}

fn bearer(token: &str) -> HeaderMap {
    let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a header");
    HeaderMap::from_iter([(http::header::AUTHORIZATION, value)])
}

fn keys() -> String {
    let hash = "58e5f1d6ed0e3a2b59c6ad9d5a0e44b1b2b5bdb7ba4bd2a7d4c7d6ac4e3b9a10";
    format!("mode = \"keys\"\n[[keys]]\nname = \"ci\"\nsha256 = \"{hash}\"")
}

fn jwt(server: &TestServer) -> String {
    let issuer = server.url("");
    format!("mode = \"jwt\"\nissuer = \"{issuer}\"\njwks_url = \"{issuer}/keys\"\n")
}

fn introspection(server: &TestServer) -> String {
    let issuer = server.url("");
    format!(
        "mode = \"introspection\"\nissuer = \"{issuer}\"\nintrospection_url = \"{issuer}/introspect\"\n"
    )
}

fn claims(server: &TestServer) -> Value {
    json!({
        "iss": server.url(""),
        "aud": RESOURCE,
        "sub": "ann",
        "scope": "write",
        "exp": NOW + 600,
        "active": true,
    })
}

#[tokio::test]
async fn a_jwt_is_let_in_and_then_known() {
    let server = TestServer::start().await;
    let key = SigningKey::ec("k");
    server.json("/keys", &key_set(&[&key]));
    let door = authenticator(&jwt(&server));
    let headers = bearer(&key.sign(&claims(&server)));
    assert!(door.verified(&headers).is_none());
    let principal = door.authenticate(&headers).await.expect("let in");
    assert_eq!(principal.id(), format!("{}|ann", server.url("")));
    assert_eq!(door.verified(&headers), Some(principal));
    assert_eq!(door.name(), "jwt");
    let forged = bearer(&SigningKey::ec("k").sign(&claims(&server)));
    assert_eq!(door.authenticate(&forged).await, Err(Refusal::InvalidToken));
}

#[tokio::test]
async fn an_opaque_token_is_let_in_and_then_known() {
    let server = TestServer::start().await;
    server.json("/introspect", &claims(&server));
    let door = authenticator(&introspection(&server));
    let headers = bearer("opaque");
    assert!(door.verified(&headers).is_none());
    let principal = door.authenticate(&headers).await.expect("let in");
    assert_eq!(door.verified(&headers), Some(principal));
    assert_eq!(door.name(), "introspection");
    // A gateway's key beside the token is none of ours, and alone it is no credential.
    let mut headers = headers;
    headers.insert("x-api-key", HeaderValue::from_static("gateway"));
    assert!(door.authenticate(&headers).await.is_ok());
    headers.remove("authorization");
    assert_eq!(
        door.authenticate(&headers).await,
        Err(Refusal::NoCredential)
    );
}

#[tokio::test]
async fn an_empty_audience_takes_a_token_for_nobody_and_none_for_another() {
    let server = TestServer::start().await;
    let door = authenticator(&format!("{}audience = []", introspection(&server)));
    let mut answer = claims(&server);
    answer["aud"] = json!([]);
    server.json("/introspect", &answer);
    assert!(door.authenticate(&bearer("one")).await.is_ok());
    answer["aud"] = json!("https://other.example/");
    server.json("/introspect", &answer);
    let refusal = door.authenticate(&bearer("two")).await;
    assert_eq!(refusal, Err(Refusal::InvalidToken));
}

#[tokio::test]
async fn a_key_is_let_in_by_either_header() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    std::fs::write(&path, "0123456789abcdef").expect("a file");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .expect("permissions");
    let door = authenticator(&format!(
        "mode = \"keys\"\n[[keys]]\nname = \"ci\"\nsecret = \"file:{}\"",
        path.display()
    ));
    let api_key = HeaderValue::from_static("0123456789abcdef");
    let headers = HeaderMap::from_iter([(http::HeaderName::from_static("x-api-key"), api_key)]);
    for headers in [headers, bearer("0123456789abcdef")] {
        let principal = door.authenticate(&headers).await.expect("let in");
        assert_eq!(principal.id(), "key|ci");
        assert_eq!(door.verified(&headers), Some(principal));
    }
    assert_eq!(door.name(), "keys");
    assert_eq!(door.metadata(), None);
    assert_eq!(
        door.metadata_path(),
        "/.well-known/oauth-protected-resource/mcp"
    );
}

#[test]
fn the_metadata_is_of_the_configuration() {
    let issuer =
        "mode = \"jwt\"\nissuer = \"https://id.example.com/\"\nrequired_scopes = [\"mcp\"]\n";
    let door = authenticator(issuer);
    let document: Value =
        serde_json::from_slice(door.metadata().expect("a document")).expect("JSON");
    assert_eq!(
        document,
        json!({
            "resource": RESOURCE,
            "authorization_servers": ["https://id.example.com/"],
            "scopes_supported": ["mcp", "read", "write"],
            "bearer_methods_supported": ["header"],
        })
    );
    let door = authenticator(&format!("{issuer}resource = \"https://b.example/x\""));
    assert_eq!(
        door.metadata_path(),
        "/.well-known/oauth-protected-resource/x"
    );
}

#[test]
fn a_challenge_says_what_to_ask_for() {
    let door = authenticator("mode = \"jwt\"\nissuer = \"https://id.example.com/\"");
    let challenge = |door: &Authenticator, refusal: &Refusal, scopes: &[&str]| {
        let header = door.challenge(refusal, scopes);
        header.map(|header| header.to_str().expect("a text").to_owned())
    };
    assert_eq!(
        challenge(&door, &Refusal::NoCredential, &[]),
        Some(format!(
            "Bearer resource_metadata=\"{METADATA}\", scope=\"read\""
        ))
    );
    assert_eq!(
        challenge(&door, &Refusal::NoCredential, &["write"]),
        Some(format!(
            "Bearer resource_metadata=\"{METADATA}\", scope=\"write\""
        ))
    );
    let invalid = challenge(&door, &Refusal::InvalidToken, &["write"]).expect("a challenge");
    let start = format!(
        "Bearer error=\"invalid_token\", scope=\"write\", resource_metadata=\"{METADATA}\", error_description=\""
    );
    assert!(invalid.starts_with(&start), "{invalid}");
    let twice = Refusal::InvalidRequest("two credentials");
    let twice = challenge(&door, &twice, &[]).expect("a challenge");
    assert!(
        twice.starts_with("Bearer error=\"invalid_request\""),
        "{twice}"
    );
    assert!(
        twice.ends_with("error_description=\"two credentials\""),
        "{twice}"
    );
    assert_eq!(challenge(&door, &Refusal::NoTenant, &[]), None);
    let retry_after = Duration::from_secs(1);
    assert_eq!(
        challenge(&door, &Refusal::Unavailable { retry_after }, &[]),
        None
    );
}

#[test]
fn one_challenge_names_all_that_is_needed() {
    let door = authenticator(
        "mode = \"jwt\"\nissuer = \"https://id.example.com/\"\nrequired_scopes = [\"mcp\"]\nchallenge_scopes = []",
    );
    let under_scoped = door.insufficient_scope(&["mcp", "write"]);
    let start = format!(
        "Bearer error=\"insufficient_scope\", scope=\"mcp write\", resource_metadata=\"{METADATA}\""
    );
    assert!(
        under_scoped.to_str().expect("a text").starts_with(&start),
        "{under_scoped:?}"
    );
    let lacking = Refusal::InsufficientScope(vec!["mcp".to_owned()]);
    assert_eq!(door.challenge(&lacking, &["write"]), Some(under_scoped));
    let none = door
        .challenge(&Refusal::NoCredential, &[])
        .expect("a challenge");
    assert!(
        none.to_str().expect("a text").ends_with("scope=\"mcp\""),
        "{none:?}"
    );
}

#[test]
fn a_door_of_keys_asks_for_no_scope() {
    let door = authenticator(&keys());
    let challenge = door.challenge(&Refusal::NoCredential, &["write"]);
    assert_eq!(challenge.expect("a challenge"), "Bearer realm=\"mcp\"");
    let under_scoped = door.insufficient_scope(&["write"]);
    let text = under_scoped.to_str().expect("a text");
    assert!(
        text.starts_with("Bearer error=\"insufficient_scope\", scope=\"write\", realm"),
        "{text}"
    );
}

#[test]
fn what_is_wrong_is_told_at_the_start() {
    let path_of = |settings: &str| {
        let problems = made(settings).expect_err(settings);
        problems
            .into_iter()
            .map(|problem| problem.path)
            .collect::<Vec<_>>()
    };
    assert_eq!(path_of("mode = \"none\""), ["mode"]);
    assert_eq!(
        path_of("mode = \"jwt\"\nleeway = \"2m\""),
        ["issuer", "leeway"]
    );
    let config: AuthConfig =
        toml::from_str("mode = \"jwt\"\nissuer = \"https://id.example.com/\"").expect("settings");
    let nowhere = Surroundings {
        resource: "mcp".to_owned(),
        ..surroundings()
    };
    let problems = Authenticator::new(&config, nowhere, Clock::system()).expect_err("no URL");
    assert_eq!(problems[0].path, "resource");
}

/// A credential on its way through every refusal there is.
#[tokio::test]
async fn nothing_of_a_credential_is_ever_said() {
    const CANARY: &str = "c4n4ry";
    let log = crate::test_log::capture();
    let mut said = String::new();
    let server = TestServer::start().await;
    let key = SigningKey::ec("k");
    server.json("/keys", &key_set(&[&key]));

    // A token of every part of which is the canary's: claims, key id, signature.
    let token = |changes: Value| {
        let mut claims = claims(&server);
        claims["jti"] = json!(CANARY);
        for (name, value) in changes.as_object().expect("changes") {
            claims[name] = value.clone();
        }
        key.sign(&claims)
    };
    let needy = format!(
        "{}required_scopes = [\"admin\"]\ntenant_claim = \"org\"",
        jwt(&server)
    );
    let plain = jwt(&server);
    let mut canaries = vec![CANARY.to_owned()];
    for (settings, changes) in [
        (&plain, json!({"exp": 1})),
        (&plain, json!({"aud": CANARY})),
        (&plain, json!({"sub": CANARY.repeat(99)})),
        (&plain, json!({"sub": [CANARY]})),
        (&plain, json!({"scope": CANARY.repeat(99)})),
        (&plain, json!({"cnf": {"jkt": CANARY}})),
        (&needy, json!({"sub": CANARY})),
        (&needy, json!({"org": CANARY, "scope": CANARY})),
        (&needy, json!({"org": [CANARY]})),
        (&plain, json!({"sub": "ann"})),
    ] {
        let token = token(changes);
        said += &tried(&authenticator(settings), &bearer(&token)).await;
        canaries.extend(token.split('.').skip(1).map(str::to_owned));
    }
    let door = authenticator(&plain);
    for raw in [
        CANARY.to_owned(),
        format!("{CANARY}.{CANARY}.{CANARY}"),
        CANARY.repeat(2_000),
    ] {
        said += &tried(&door, &bearer(&raw)).await;
    }
    let mut twice = bearer(CANARY);
    twice.append("authorization", HeaderValue::from_static("Basic c4n4ry"));
    said += &tried(&door, &twice).await;
    for odd in [
        "Bearer c4n4ry c4n4ry",
        "Basic c4n4ry",
        "c4n4ry",
        "Bearer \u{e9}c4n4ry",
    ] {
        let value = HeaderValue::from_bytes(odd.as_bytes()).expect("a header");
        let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]);
        said += &tried(&door, &headers).await;
    }

    let asks = introspection(&server);
    for answer in [
        Answer::Json(json!({"active": false, "sub": CANARY}).to_string()),
        Answer::Json(json!({"active": true, "aud": CANARY}).to_string()),
        Answer::Json(json!({"active": true, "token_type": CANARY}).to_string()),
        Answer::Json(format!("{{\"error\": \"{CANARY}\"}}")),
        Answer::Json(CANARY.to_owned()),
        Answer::Json(claims(&server).to_string()),
        Answer::Status(400, ""),
        Answer::Status(401, ""),
        Answer::Status(500, "X-Echo: c4n4ry\r\n"),
        Answer::Close,
    ] {
        server.answer("/introspect", answer);
        said += &tried(&authenticator(&asks), &bearer(CANARY)).await;
    }
    let gone = format!("{asks}client_id = \"mcp\"\nclient_secret = \"env:PATH\"");
    server.answer("/introspect", Answer::Close);
    let door = authenticator(&gone);
    for number in 0..6 {
        said += &tried(&door, &bearer(&format!("{CANARY}{number}"))).await;
    }
    said += &tried(&authenticator(&keys()), &bearer(CANARY)).await;
    let dead = "mode = \"introspection\"\nissuer = \"http://127.0.0.1:9\"";
    said += &tried(&authenticator(dead), &bearer(CANARY)).await;
    let dead = "mode = \"jwt\"\nissuer = \"http://127.0.0.1:9\"";
    said += &tried(&authenticator(dead), &bearer(&token(json!({})))).await;

    for word in [
        "NoCredential",
        "InvalidToken",
        "InvalidRequest",
        "InsufficientScope",
        "NoTenant",
        "Unavailable",
    ] {
        assert!(said.contains(word), "no refusal was {word}");
    }
    // The log is heard at all: what refused the tokens is in it.
    assert!(!log.lines("a token is refused").is_empty());
    assert!(!log.lines("could not be introspected").is_empty());
    for canary in canaries {
        assert!(!said.contains(&canary), "{said}");
        let lines = log.lines(&canary);
        assert!(lines.is_empty(), "{lines:#?}");
    }
}

/// Everything that a client or an operator is shown of one attempt.
async fn tried(door: &Authenticator, headers: &HeaderMap) -> String {
    let credential = door.presented(headers);
    match door.authenticate(headers).await {
        Ok(principal) => {
            assert_eq!(principal.id().split('|').nth(1), Some("ann"));
            String::new()
        }
        Err(refusal) => {
            let challenge = door.challenge(&refusal, &["write"]);
            format!("{credential:?} {refusal:?} {refusal} {challenge:?} {door:?}\n")
        }
    }
}
