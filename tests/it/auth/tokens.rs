//! Signed tokens: the few that are good, and everything else, refused in the same words.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_factory_tests::{Guarded, Hostile, Issuer, eventually};
use serde_json::{Value, json};

use super::assert_invalid;

/// The time in `from_now` seconds, as tokens have it.
fn at(from_now: i64) -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is right");
    i64::try_from(now.as_secs()).expect("small") + from_now
}

/// An order of a good token for `server`, changed by `more`.
fn order(server: &Guarded, more: &Value) -> Value {
    let mut order = json!({ "claims": { "aud": server.url(), "scope": "read" } });
    for (name, value) in more.as_object().expect("an object") {
        if let (Some(old), Some(new)) = (order[name].as_object_mut(), value.as_object()) {
            old.extend(new.clone());
        } else {
            order[name] = value.clone();
        }
    }
    order
}

fn server(issuer: &Hostile) -> Guarded {
    Guarded::trusting(issuer.url(), "[limits]\nfailure_rate = \"off\"\n")
}

#[test]
fn whatever_is_wrong_with_a_token_it_is_refused_in_the_same_words() {
    let issuer = Hostile::start();
    let server = server(&issuer);
    let url = server.url();
    let cases = [
        ("expired", json!({ "claims": { "exp": at(-61) } })),
        ("no expiry", json!({ "without": ["exp"] })),
        (
            "an expiry in letters",
            json!({ "claims": { "exp": at(600).to_string() } }),
        ),
        (
            "an expiry of another kind",
            json!({ "claims": { "exp": [at(600)] } }),
        ),
        ("not yet", json!({ "claims": { "nbf": at(120) } })),
        (
            "for somebody else",
            json!({ "claims": { "aud": "https://other.example/mcp" } }),
        ),
        (
            "for several others",
            json!({ "claims": { "aud": ["a", "b"] } }),
        ),
        (
            "for almost us",
            json!({ "claims": { "aud": format!("{url}/") } }),
        ),
        (
            "for all that begins like us",
            json!({ "claims": { "aud": url.trim_end_matches("/mcp") } }),
        ),
        ("for nobody", json!({ "without": ["aud"] })),
        ("for an empty list", json!({ "claims": { "aud": [] } })),
        (
            "by another issuer",
            json!({ "claims": { "iss": "https://evil.example" } }),
        ),
        (
            "by almost the issuer",
            json!({ "claims": { "iss": format!("{}/", issuer.url()) } }),
        ),
        ("by nobody", json!({ "without": ["iss"] })),
        ("about nobody", json!({ "without": ["sub", "client_id"] })),
        (
            "an algorithm that is not allowed",
            json!({ "algorithm": "RS384" }),
        ),
        ("without a signature", json!({ "forged": "none" })),
        ("signed with the public key", json!({ "forged": "hmac" })),
        ("signed by a stranger", json!({ "forged": "stranger" })),
        (
            "with the signature of another",
            json!({ "forged": "swapped" }),
        ),
        ("with half a signature", json!({ "forged": "truncated" })),
        ("changed after signing", json!({ "forged": "changed" })),
        (
            "a key that nobody published",
            json!({ "header": { "kid": "nobody-has-this" } }),
        ),
        (
            "a header nobody understands",
            json!({ "forged": "exact", "header": { "crit": ["b64"], "b64": false } }),
        ),
        (
            "a token of another kind",
            json!({ "header": { "typ": "dpop+jwt" } }),
        ),
        ("no JWT", json!({ "header": { "typ": "secevent+jwt" } })),
    ];
    for (what, more) in cases {
        let token = issuer.token(&order(&server, &more));
        assert_invalid(
            what,
            &server,
            &server.bearer(&token).call("look", &json!({})),
        );
    }
    // And what is no token of anybody.
    for text in ["x", "a.b.c", "..", "e30.e30.e30", "e30.e30.", "nonsense=="] {
        assert_invalid(text, &server, &server.bearer(text).call("look", &json!({})));
    }
    let good = issuer.token(&order(&server, &json!({})));
    assert_eq!(server.bearer(&good).ran("look"), 0, "none of these ran");
}

#[test]
fn what_is_right_is_let_in() {
    let issuer = Hostile::start();
    let server = server(&issuer);
    let cases = [
        ("as it comes", json!({})),
        (
            "for us among others",
            json!({ "claims": { "aud": ["a", server.url()] } }),
        ),
        ("signed with PS256", json!({ "algorithm": "PS256" })),
        ("signed with ES256", json!({ "algorithm": "ES256" })),
        ("signed with EdDSA", json!({ "algorithm": "EdDSA" })),
        ("a plain JWT", json!({ "header": { "typ": "JWT" } })),
        ("in other letters", json!({ "header": { "typ": "AT+JWT" } })),
        (
            "with the whole type",
            json!({ "header": { "typ": "application/at+jwt" } }),
        ),
        (
            "expired within the leeway",
            json!({ "claims": { "exp": at(-5) } }),
        ),
        (
            "scopes of another name",
            json!({ "claims": { "scope": null, "scp": ["read"] } }),
        ),
        (
            "permissions",
            json!({ "claims": { "scope": null, "permissions": ["read", "x:y"] } }),
        ),
        (
            "a URL to keys that is nobody's business",
            json!({ "header": { "jku": "http://127.0.0.1:1/keys" } }),
        ),
    ];
    let count = cases.len();
    for (what, more) in cases {
        let token = issuer.token(&order(&server, &more));
        let response = server.bearer(&token).call("look", &json!({}));
        assert_eq!(response.status, 200, "{what}: {}", response.text());
    }
    let good = issuer.token(&order(&server, &json!({})));
    assert_eq!(server.bearer(&good).ran("look"), count as u64);
    // One document, one set of keys, for all of them.
    assert_eq!(issuer.requests("/jwks"), 1);
    assert_eq!(issuer.requests("/keys"), 0);
}

#[test]
fn unknown_keys_cannot_make_the_server_ask_again_and_again() {
    let issuer = Hostile::start();
    let server = server(&issuer);
    let good = issuer.token(&order(&server, &json!({})));
    assert_eq!(server.bearer(&good).call("look", &json!({})).status, 200);
    let before = issuer.requests("/jwks");
    for kid in 0..200 {
        let more = json!({ "header": { "kid": format!("bogus-{kid}") } });
        let token = issuer.token(&order(&server, &more));
        assert_eq!(server.bearer(&token).call("look", &json!({})).status, 401);
    }
    let asked = issuer.requests("/jwks") - before;
    assert!(asked <= 1, "{asked} fetches for 200 unknown keys");
    assert_eq!(server.bearer(&good).call("look", &json!({})).status, 200);
}

/// Keys are asked for at most every 30 seconds, so that nobody can make the server ask.
const COOL_DOWN: Duration = Duration::from_secs(30);

#[test]
fn a_new_key_of_the_issuer_is_found_without_a_restart() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[limits]\nfailure_rate = \"off\"\n");
    let old = issuer.token("reader", "read", &server.url());
    assert_eq!(server.bearer(&old).call("look", &json!({})).status, 200);
    issuer.rotate();
    let new = issuer.token("reader", "read", &server.url());
    let found = eventually(COOL_DOWN + Duration::from_secs(5), || {
        let status = server.bearer(&new).call("look", &json!({})).status;
        assert!(matches!(status, 200 | 401), "{status}");
        (status == 200).then_some(())
    });
    assert!(found.is_some(), "{}", server.process.stderr());
    assert_eq!(issuer.requests("/jwks"), 2);
    // The old key is published still.
    assert_eq!(server.bearer(&old).call("look", &json!({})).status, 200);
}
