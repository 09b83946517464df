use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{COOL_DOWN, KeyCache, KeySet, Location, MAX_KEYS};
use crate::discovery::Discovery;
use crate::fetch::{Endpoint, Fetcher};
use crate::refresh::Missing;
use crate::testing::keys::{SigningKey, key_set};
use crate::testing::{Answer, TestServer, jump};

const TTL: Duration = Duration::from_mins(15);
const PATH: &str = "/jwks";

fn cache(server: &TestServer) -> KeyCache {
    let endpoint = Endpoint::parse(&server.url(PATH)).unwrap();
    KeyCache::new(Location::Given(endpoint), Arc::new(Fetcher::new()), TTL)
}

fn count(document: &Value) -> usize {
    let document = document.as_object().unwrap();
    KeySet::read(document).unwrap().keys.len()
}

#[test]
fn keys_that_cannot_verify_an_access_token_are_left_out() {
    let (ec, ed) = (SigningKey::ec("ec"), SigningKey::ed("ed"));
    assert_eq!(count(&key_set(&[&ec, &ed])), 2);
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!(1)),
        ("d", json!("AAAA")),
        ("k", json!("AAAA")),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!("verify")),
        ("alg", json!("HS256")),
        ("alg", json!("ES384")),
        ("alg", json!(1)),
        ("kty", json!("oct")),
        ("kty", json!("RSA")),
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
        ("x", json!("AAAA")),
        ("y", json!("!")),
        ("y", json!(null)),
    ] {
        let mut jwk = ec.jwk();
        jwk[name] = value;
        assert_eq!(count(&json!({"keys": [jwk, ed.jwk()]})), 1, "{jwk}");
    }
    for extra in [
        json!({"use": "sig"}),
        json!({"key_ops": ["verify"]}),
        json!({"alg": "ES256"}),
    ] {
        let mut jwk = ec.jwk();
        jwk.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        assert_eq!(count(&json!({"keys": [jwk]})), 1, "{extra}");
    }
    assert_eq!(
        count(&json!({"keys": [{"kty": "oct", "k": "AAAA"}, 1, null, {}]})),
        0
    );
}

#[test]
fn an_rsa_key_is_of_a_usual_size() {
    use base64::Engine as _;
    let jwk = |bytes: &[u8], e: &str| {
        let n = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        json!({"keys": [{"kty": "RSA", "n": n, "e": e}]})
    };
    assert_eq!(count(&jwk(&[0x80; 256], "AQAB")), 1);
    assert_eq!(
        count(&jwk(&[&[0], [0x80; 256].as_slice()].concat(), "AQAB")),
        1
    );
    assert_eq!(count(&jwk(&[0x80; 1024], "Aw")), 1);
    assert_eq!(count(&jwk(&[0x7f; 256], "AQAB")), 0, "2047 bits");
    assert_eq!(count(&jwk(&[0x80; 128], "AQAB")), 0, "1024 bits");
    assert_eq!(count(&jwk(&[0x80; 1025], "AQAB")), 0, "8200 bits");
    for e in ["AQ", "Ag", "", "AA", "AQAAAAE"] {
        assert_eq!(count(&jwk(&[0x80; 256], e)), 0, "e = {e}");
    }
}

#[test]
fn a_set_is_bounded() {
    let set = |count| json!({"keys": vec![SigningKey::ed("x").jwk(); count]});
    assert_eq!(count(&set(MAX_KEYS)), MAX_KEYS);
    assert!(KeySet::read(set(MAX_KEYS + 1).as_object().unwrap()).is_err());
    assert!(KeySet::read(json!({"keys": {}}).as_object().unwrap()).is_err());
    assert!(KeySet::read(json!({}).as_object().unwrap()).is_err());
}

#[tokio::test]
async fn ten_thousand_unknown_names_cost_one_fetch() {
    let server = TestServer::start().await;
    server.json(PATH, &key_set(&[&SigningKey::ed("known")]));
    let cache = cache(&server);
    assert!(cache.key(Some("known")).await.is_ok());
    jump(COOL_DOWN).await;
    for number in 0..10_000 {
        let name = format!("../unknown/{number}");
        assert_eq!(cache.key(Some(&name)).await.unwrap_err(), Missing::Unknown);
    }
    assert_eq!(server.hits(PATH), 2);
    assert!(cache.key(Some("known")).await.is_ok());
}

#[tokio::test]
async fn a_new_key_works_within_the_cool_down() {
    let server = TestServer::start().await;
    server.json(PATH, &key_set(&[&SigningKey::ed("old")]));
    let cache = cache(&server);
    assert!(cache.key(Some("old")).await.is_ok());
    server.json(PATH, &key_set(&[&SigningKey::ed("new")]));
    jump(COOL_DOWN).await;
    assert!(cache.key(Some("new")).await.is_ok());
    assert_eq!(cache.key(Some("old")).await.unwrap_err(), Missing::Unknown);
    assert_eq!(server.hits(PATH), 2);
}

#[tokio::test]
async fn known_keys_outlive_an_issuer_that_is_down() {
    let server = TestServer::start().await;
    server.json(PATH, &key_set(&[&SigningKey::ed("known")]));
    let cache = cache(&server);
    assert!(cache.key(Some("known")).await.is_ok());
    for down in [
        Answer::Close,
        Answer::Status(500, ""),
        Answer::Json("{}".to_owned()),
    ] {
        server.answer(PATH, down);
        jump(Duration::from_mins(20)).await;
        assert!(cache.key(Some("known")).await.is_ok());
        let unknown = cache.key(Some("unknown")).await.unwrap_err();
        let Missing::Unavailable { retry_after } = unknown else {
            panic!("an unknown key is not refused while nobody can say: {unknown:?}");
        };
        assert!(retry_after >= Duration::from_secs(1) && retry_after <= COOL_DOWN);
    }
}

#[tokio::test]
async fn without_any_keys_nothing_can_be_said() {
    let server = TestServer::start().await;
    let cache = cache(&server);
    for answer in [
        Answer::Close,
        Answer::Json(r#"{"keys":[]}"#.to_owned()),
        Answer::Json(r#"{"keys":[{"kty":"oct","k":"AAAA","kid":"x"}]}"#.to_owned()),
    ] {
        server.answer(PATH, answer.clone());
        for kid in [Some("x"), None] {
            let missing = cache.key(kid).await.unwrap_err();
            assert!(matches!(missing, Missing::Unavailable { .. }), "{answer:?}");
        }
        jump(COOL_DOWN).await;
    }
}

#[tokio::test]
async fn a_token_without_a_key_name_needs_the_only_key() {
    let server = TestServer::start().await;
    let (one, two) = (SigningKey::ed("one"), SigningKey::ec("two"));
    server.json(PATH, &key_set(&[&one]));
    let cache = cache(&server);
    assert!(cache.key(None).await.is_ok());
    server.json(PATH, &key_set(&[&one, &two]));
    jump(COOL_DOWN).await;
    assert!(cache.key(Some("two")).await.is_ok());
    assert_eq!(cache.key(None).await.unwrap_err(), Missing::Unknown);
    jump(COOL_DOWN).await;
    assert_eq!(cache.key(None).await.unwrap_err(), Missing::Unknown);
    assert_eq!(server.hits(PATH), 2, "and no fetch would help");
}

#[tokio::test]
async fn keys_are_found_by_the_issuers_metadata() {
    let server = TestServer::start().await;
    let issuer = server.url("");
    let fetcher = Arc::new(Fetcher::new());
    let discovery = Discovery::new(&issuer, Arc::clone(&fetcher), TTL);
    let cache = KeyCache::new(Location::Discovered(Arc::new(discovery)), fetcher, TTL);
    let place = "/.well-known/oauth-authorization-server";
    server.json(place, &json!({"issuer": issuer}));
    let missing = cache.key(Some("x")).await.unwrap_err();
    assert!(
        matches!(missing, Missing::Unavailable { .. }),
        "no jwks_uri: {missing:?}"
    );

    server.json(
        place,
        &json!({"issuer": issuer, "jwks_uri": server.url(PATH)}),
    );
    server.json(PATH, &key_set(&[&SigningKey::ed("x")]));
    jump(COOL_DOWN).await;
    assert!(cache.key(Some("x")).await.is_ok());
    assert_eq!(server.hits(PATH), 1);
}
