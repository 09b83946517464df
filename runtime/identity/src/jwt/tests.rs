//! Tokens of a real issuer on loopback, good ones here.

mod hostile;
mod properties;

use std::sync::Arc;
use std::time::Duration;

use mcp_factory_sdk::ScopeHierarchy;
use serde_json::{Value, json};

use super::{Expected, JwtVerifier, Parts, algorithm};
use crate::fetch::{Endpoint, Fetcher};
use crate::grants::Grants;
use crate::jwks::{KeyCache, Location};
use crate::testing::keys::{SigningKey, key_set};
use crate::testing::{Answer, TestServer, jump};
use crate::{Clock, Refusal};

pub(super) const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://id.example.com/";
const AUDIENCE: &str = "https://mcp.example.com/mcp";
const TTL: Duration = Duration::from_mins(15);

/// An issuer that publishes `keys`, and the verifier of its tokens.
async fn issuer(keys: &[&SigningKey]) -> (TestServer, JwtVerifier) {
    issuer_with(keys, &["RS256", "PS256", "ES256", "EdDSA"]).await
}

async fn issuer_with(keys: &[&SigningKey], algorithms: &[&str]) -> (TestServer, JwtVerifier) {
    let server = TestServer::start().await;
    server.json("/jwks", &key_set(keys));
    let expected = Expected {
        issuer: ISSUER.to_owned(),
        audience: vec![AUDIENCE.to_owned()],
        algorithms: algorithms
            .iter()
            .filter_map(|name| algorithm(name))
            .collect(),
        leeway: Duration::from_secs(30),
    };
    let grants = Grants {
        scope_claims: vec!["scope".to_owned()],
        tenant_claim: None,
        required_scopes: Vec::new(),
        hierarchy: ScopeHierarchy::empty(),
    };
    let location = Location::Given(Endpoint::parse(&server.url("/jwks")).unwrap());
    let keys = KeyCache::new(location, Arc::new(Fetcher::new()), TTL);
    let verifier = JwtVerifier::new(expected, keys, grants, Clock::following(NOW));
    (server, verifier)
}

fn claims() -> Value {
    json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "exp": NOW + 3600,
        "scope": "read write",
    })
}

#[tokio::test]
async fn a_token_of_each_algorithm_is_taken() {
    use jsonwebtoken::Algorithm;
    let (rsa, ec, ed) = (
        SigningKey::rsa("r"),
        SigningKey::ec("e"),
        SigningKey::ed("d"),
    );
    let (server, verifier) = issuer(&[&rsa, &ec, &ed]).await;
    let pss = r#"{"alg":"PS256","kid":"r"}"#;
    for token in [
        rsa.sign(&claims()),
        rsa.sign_text(pss, &claims().to_string(), Algorithm::PS256),
        ec.sign(&claims()),
        ed.sign(&claims()),
    ] {
        assert_eq!(
            verifier.verified(&token),
            None,
            "not before it was verified"
        );
        let principal = verifier.authenticate(&token).await.unwrap();
        assert_eq!(principal.id(), format!("{ISSUER}|ada"));
        assert_eq!(verifier.verified(&token), Some(principal));
    }
    assert_eq!(server.hits("/jwks"), 1);
}

#[tokio::test]
async fn an_algorithm_that_is_not_allowed_is_refused() {
    let (rsa, ec) = (SigningKey::rsa("r"), SigningKey::ec("e"));
    let (_server, verifier) = issuer_with(&[&rsa, &ec], &["ES256"]).await;
    assert!(verifier.authenticate(&ec.sign(&claims())).await.is_ok());
    let refused = verifier.authenticate(&rsa.sign(&claims())).await;
    assert_eq!(refused, Err(Refusal::InvalidToken));
}

#[tokio::test]
async fn a_remembered_token_expires_when_verification_says_so() {
    let key = SigningKey::ed("d");
    let (_server, verifier) = issuer(&[&key]).await;
    let mut short = claims();
    short["exp"] = json!(NOW + 60);
    let token = key.sign(&short);
    verifier.authenticate(&token).await.unwrap();
    jump(Duration::from_secs(88)).await;
    assert!(verifier.verified(&token).is_some());
    assert!(verifier.authenticate(&token).await.is_ok());
    jump(Duration::from_secs(2)).await;
    assert!(verifier.verified(&token).is_none());
    let refused = verifier.authenticate(&token).await;
    assert_eq!(refused, Err(Refusal::InvalidToken));
}

#[tokio::test]
async fn a_key_withdrawn_stops_working_though_its_tokens_are_remembered() {
    let (old, new) = (SigningKey::ed("old"), SigningKey::ed("new"));
    let (server, verifier) = issuer(&[&old]).await;
    let token = old.sign(&claims());
    verifier.authenticate(&token).await.unwrap();
    server.json("/jwks", &key_set(&[&new]));
    jump(Duration::from_secs(30)).await;
    assert!(verifier.authenticate(&new.sign(&claims())).await.is_ok());
    assert!(verifier.authenticate(&token).await.is_ok(), "remembered");
    jump(Duration::from_secs(271)).await;
    let refused = verifier.authenticate(&token).await;
    assert_eq!(refused, Err(Refusal::InvalidToken));
}

#[tokio::test]
async fn an_issuer_that_is_down_makes_nobody_log_in_again() {
    let (known, unknown) = (SigningKey::ed("known"), SigningKey::ed("unknown"));
    let (server, verifier) = issuer(&[&known]).await;
    verifier.authenticate(&known.sign(&claims())).await.unwrap();
    server.answer("/jwks", Answer::Close);
    for _ in 0..4 {
        jump(Duration::from_mins(5)).await;
        let mut other = claims();
        other["sub"] = json!("grace");
        assert!(verifier.authenticate(&known.sign(&other)).await.is_ok());
        let unsure = verifier.authenticate(&unknown.sign(&claims())).await;
        assert!(
            matches!(unsure, Err(Refusal::Unavailable { .. })),
            "{unsure:?}"
        );
    }
}

#[tokio::test]
async fn a_token_that_nobody_is_named_in_is_refused() {
    let key = SigningKey::ed("d");
    let (_server, verifier) = issuer(&[&key]).await;
    let mut nobody = claims();
    nobody.as_object_mut().unwrap().remove("sub");
    let refused = verifier.authenticate(&key.sign(&nobody)).await;
    assert_eq!(refused, Err(Refusal::InvalidToken));
    nobody["client_id"] = json!("robot");
    assert!(verifier.authenticate(&key.sign(&nobody)).await.is_ok());
}

/// What is refused here is refused later as well; here it costs neither a decoding nor a key.
#[test]
fn a_token_is_three_parts_and_none_of_them_is_empty() {
    let parts = Parts::split("aa.b.c").expect("three parts");
    assert_eq!(
        (parts.header, parts.claims, parts.signature, parts.signed),
        ("aa", "b", "c", "aa.b")
    );
    for bad in [
        "", "a", "a.b", "..", ".b.c", "a..c", "a.b.", "a.b.c.d", "a.b.c.", ".a.b.c", "a..b.c",
    ] {
        let refused = Parts::split(bad).err();
        assert_eq!(
            refused,
            Some("it is not three parts with dots between them"),
            "{bad}"
        );
    }
}
