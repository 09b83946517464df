//! What other tests stand on, alone: if one of these fails, the failures of those say nothing.

use mcp_factory_tests::{Hostile, Issuer, Redis, Tools};
use serde_json::{Value, json};

const RESOURCE: &str = "http://127.0.0.1:1/mcp";

/// Header and claims of a signed token.
fn parts(token: &str) -> [Value; 2] {
    let mut parts = token.split('.').map(decoded);
    std::array::from_fn(|_| {
        let part = parts.next().expect("a token has three parts");
        serde_json::from_slice(&part).expect("they are JSON")
    })
}

fn decoded(text: &str) -> Vec<u8> {
    let value = |byte: u8| {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            .iter()
            .position(|known| *known == byte)
            .expect("base64url")
    };
    let bits = text
        .bytes()
        .flat_map(|byte| (0..6).rev().map(move |bit| value(byte) >> bit & 1));
    let bits: Vec<usize> = bits.collect();
    let byte = |bits: &[usize]| bits.iter().fold(0, |byte, bit| byte << 1 | bit);
    bits.chunks_exact(8)
        .map(|bits| u8::try_from(byte(bits)).expect("eight bits"))
        .collect()
}

#[test]
fn the_issuer_signs_tokens_for_the_resource_that_is_asked_for() {
    let issuer = Issuer::start();
    let [header, claims] = parts(&issuer.token("acme/a", "read write", RESOURCE));
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("RS256"), &json!("at+jwt"))
    );
    for (name, value) in [
        ("iss", issuer.url()),
        ("aud", RESOURCE),
        ("scope", "read write"),
        ("sub", "acme/a"),
        ("org_id", "acme"),
    ] {
        assert_eq!(claims[name], value, "{claims}");
    }
    issuer.rotate();
    let [rotated, _] = parts(&issuer.token("reader", "read", RESOURCE));
    assert_ne!(rotated["kid"], header["kid"]);
    assert!(!issuer.token("opaque", "read", RESOURCE).contains('.'));
    assert_eq!(issuer.requests("/token"), 3);
}

#[test]
fn the_hostile_issuer_says_what_it_is_told_to() {
    let hostile = Hostile::start();
    let order =
        json!({ "claims": { "aud": ["a", "b"] }, "without": ["nbf"], "algorithm": "ES256" });
    let [header, claims] = parts(&hostile.token(&order));
    assert_eq!(header["alg"], "ES256");
    assert_eq!(
        (&claims["aud"], &claims["nbf"]),
        (&json!(["a", "b"]), &Value::Null)
    );
    let [header, claims] = parts(&hostile.token(&json!({ "forged": "none" })));
    assert_eq!(
        (&header["alg"], &claims["iss"]),
        (&json!("none"), &json!(hostile.url()))
    );
}

#[test]
fn the_redis_dies_and_comes_back_empty() {
    let mut redis = Redis::start();
    assert_eq!(redis.ask(&["SET", "a", "1"]), "+OK\r\n");
    redis.restart();
    assert_eq!(redis.ask(&["EXISTS", "a"]), ":0\r\n");
}

/// RFC 6238 appendix B, with the digits that clients show.
#[test]
fn the_other_implementation_of_one_time_codes_is_right() {
    let check = "import sys; sys.argv = ['', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ']; \
                 from totp import code; print(*[code(sys.argv[1], time // 30) for time in \
                 (59, 1111111109, 1234567890, 20000000000)])";
    let output = Tools::installed()
        .python()
        .args(["-c", check])
        .output()
        .expect("Python is installed");
    let said = String::from_utf8_lossy(&output.stdout);
    let last = said.lines().next_back().unwrap_or_default();
    assert_eq!(last, "287082 081804 005924 353130", "{output:?}");
}
