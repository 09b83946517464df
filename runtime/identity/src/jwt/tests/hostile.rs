//! Tokens an attacker would try. Each is refused, and its good neighbour is not.

use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::{NOW, claims, issuer};
use crate::Refusal;
use crate::jwt::JwtVerifier;
use crate::testing::keys::{SigningKey, encode};

async fn refused(verifier: &JwtVerifier, token: &str, what: &str) {
    let answer = verifier.authenticate(token).await;
    assert_eq!(answer, Err(Refusal::InvalidToken), "{what}");
    assert_eq!(verifier.verified(token), None, "{what}: and not remembered");
}

fn header(changes: &Value) -> Value {
    let mut header = json!({"alg": "EdDSA", "kid": "d", "typ": "at+jwt"});
    let changes = changes.as_object().unwrap().clone();
    header.as_object_mut().unwrap().extend(changes);
    header
}

#[tokio::test]
async fn a_token_without_a_signature() {
    let key = SigningKey::ed("d");
    let (_server, verifier) = issuer(&[&key]).await;
    let good = key.sign(&claims());
    assert!(verifier.authenticate(&good).await.is_ok());
    let signed = good.rsplit_once('.').unwrap().0;
    refused(&verifier, &format!("{signed}."), "an empty signature").await;
    refused(&verifier, signed, "no signature").await;
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let head = encode(header(&json!({"alg": alg})).to_string());
        let unsigned = format!("{head}.{}", encode(claims().to_string()));
        refused(&verifier, &format!("{unsigned}."), alg).await;
        refused(&verifier, &format!("{unsigned}.AAAA"), alg).await;
    }
}

#[tokio::test]
async fn a_public_key_used_as_a_shared_secret() {
    let key = SigningKey::rsa("r");
    let (_server, verifier) = issuer(&[&key]).await;
    assert!(verifier.authenticate(&key.sign(&claims())).await.is_ok());
    let jwk = key.jwk();
    let n = jwk["n"].as_str().unwrap();
    for secret in [
        key.public_der(),
        key.public_pem().into_bytes(),
        n.as_bytes().to_vec(),
    ] {
        let shared = EncodingKey::from_secret(&secret);
        for (name, algorithm) in [
            ("HS256", Algorithm::HS256),
            ("HS512", Algorithm::HS512),
            // Named as the key's own algorithm, signed with the other.
            ("RS256", Algorithm::HS256),
        ] {
            let head = json!({"alg": name, "kid": "r", "typ": "at+jwt"});
            let signed = format!(
                "{}.{}",
                encode(head.to_string()),
                encode(claims().to_string())
            );
            let signature =
                jsonwebtoken::crypto::sign(signed.as_bytes(), &shared, algorithm).unwrap();
            refused(&verifier, &format!("{signed}.{signature}"), name).await;
        }
    }
}

#[tokio::test]
async fn an_algorithm_that_is_not_the_keys() {
    let (rsa, ec, ed) = (
        SigningKey::rsa("r"),
        SigningKey::ec("e"),
        SigningKey::ed("d"),
    );
    let (_server, verifier) = issuer(&[&rsa, &ec, &ed]).await;
    for (key, kid, alg) in [
        (&ed, "r", "EdDSA"),
        (&ed, "e", "EdDSA"),
        (&ed, "d", "ES256"),
        (&ec, "d", "ES256"),
        (&ec, "e", "EdDSA"),
        (&ec, "e", "RS256"),
        (&rsa, "e", "RS256"),
        (&rsa, "r", "PS256"),
    ] {
        let head = json!({"alg": alg, "kid": kid});
        refused(
            &verifier,
            &key.sign_with(&head, &claims()),
            &format!("{alg} by {kid}"),
        )
        .await;
    }
    for key in [&rsa, &ec, &ed] {
        assert!(verifier.authenticate(&key.sign(&claims())).await.is_ok());
    }
}

#[tokio::test]
async fn a_key_that_says_its_algorithm_serves_no_other() {
    let key = SigningKey::rsa("r");
    let (server, verifier) = issuer(&[]).await;
    let mut jwk = key.jwk();
    jwk["alg"] = json!("PS256");
    server.json("/jwks", &json!({"keys": [jwk]}));
    refused(&verifier, &key.sign(&claims()), "RS256 by a PS256 key").await;
    let head = r#"{"alg":"PS256","kid":"r"}"#;
    let good = key.sign_text(head, &claims().to_string(), Algorithm::PS256);
    assert!(verifier.authenticate(&good).await.is_ok());
}

#[tokio::test]
async fn a_key_that_comes_with_the_token() {
    let (key, own) = (SigningKey::ed("d"), SigningKey::ed("d"));
    let (server, verifier) = issuer(&[&key]).await;
    for extra in [
        json!({"jwk": own.jwk()}),
        json!({"jku": server.url("/own")}),
        json!({"x5u": server.url("/own")}),
        json!({"x5c": ["AAAA"]}),
    ] {
        let theirs = own.sign_with(&header(&extra), &claims());
        refused(&verifier, &theirs, &extra.to_string()).await;
        let ours = key.sign_with(&header(&extra), &claims());
        assert!(
            verifier.authenticate(&ours).await.is_ok(),
            "ignored: {extra}"
        );
    }
    assert_eq!(server.hits("/own"), 0);
}

#[tokio::test]
async fn a_header_that_names_something_else() {
    let key = SigningKey::ed("d");
    let (server, verifier) = issuer(&[&key]).await;
    for changes in [
        json!({"kid": "../../dev/null"}),
        json!({"kid": "d' OR '1'='1"}),
        json!({"kid": "d\u{0}"}),
        json!({"kid": "D"}),
        json!({"kid": ""}),
        json!({"kid": null}),
        json!({"kid": 1}),
        json!({"typ": "logout+jwt"}),
        json!({"typ": "secevent+jwt"}),
        json!({"typ": 1}),
        json!({"crit": ["b64"], "b64": false}),
        json!({"crit": ["exp"]}),
        json!({"crit": []}),
    ] {
        let token = key.sign_with(&header(&changes), &claims());
        refused(&verifier, &token, &changes.to_string()).await;
    }
    assert!(server.hits("/jwks") <= 2);
    assert!(verifier.authenticate(&key.sign(&claims())).await.is_ok());
}

#[tokio::test]
async fn claims_that_are_not_good_here_and_now() {
    let key = SigningKey::ed("d");
    let (_server, verifier) = issuer(&[&key]).await;
    for (name, value) in [
        ("exp", json!(null)),
        ("exp", json!((NOW + 60).to_string())),
        ("exp", json!(NOW - 31)),
        ("exp", json!(1e300)),
        ("nbf", json!(NOW + 32)),
        ("iat", json!(NOW + 3600)),
        ("iss", json!(null)),
        ("iss", json!("https://id.example.com")),
        ("aud", json!(null)),
        ("aud", json!("https://mcp.example.com/mcp/")),
        ("aud", json!(["https://other.example.com"])),
        ("aud", json!([])),
        ("sub", json!(null)),
        ("sub", json!(7)),
        ("sub", json!("")),
    ] {
        let mut bad = claims();
        bad[name] = value.clone();
        refused(&verifier, &key.sign(&bad), &format!("{name}: {value}")).await;
        bad.as_object_mut().unwrap().remove(name);
        if !["nbf", "iat"].contains(&name) {
            refused(&verifier, &key.sign(&bad), &format!("no {name}")).await;
        }
    }
}

#[tokio::test]
async fn a_text_that_reads_in_two_ways() {
    let key = SigningKey::ed("d");
    let (_server, verifier) = issuer(&[&key]).await;
    let (head, body) = (header(&json!({})).to_string(), claims().to_string());
    let sign = |head: &str, body: &str| key.sign_text(head, body, Algorithm::EdDSA);
    assert!(verifier.authenticate(&sign(&head, &body)).await.is_ok());
    for (head, body) in [
        (&*head.replace('{', r#"{"alg":"none","#), &*body),
        (&head.replace('{', r#"{"kid":"x","#), &body),
        (&head, &body.replace('{', r#"{"sub":"root","#)),
        (&head, &body.replace('{', r#"{"\u0073ub":"root","#)),
        (&head, &body.replacen('}', r#","x":{"a":1,"a":2}}"#, 1)),
        (&head, &format!("{body} {body}")),
        (&head, "[]"),
        (&head, "null"),
        (&head, ""),
        ("[]", &body),
        ("", &body),
    ] {
        refused(&verifier, &sign(head, body), &format!("{head} {body}")).await;
    }
    let inner = key.sign(&claims());
    let nested = header(&json!({"cty": "JWT"})).to_string();
    refused(&verifier, &sign(&nested, &inner), "a token in a token").await;
    let quoted = format!("\"{inner}\"");
    refused(&verifier, &sign(&nested, &quoted), "a token in a token").await;
}

#[tokio::test]
async fn a_token_of_another_shape() {
    let key = SigningKey::ed("d");
    let (server, verifier) = issuer(&[&key]).await;
    let good = key.sign(&claims());
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        "a.b.c".to_owned(),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.AAAA"),
        format!("{good}.AAAA.AAAA"),
        format!("{good}="),
        format!("{good} "),
        format!("{good}\n"),
        good.replacen('.', "=.", 1),
        good.replace('.', ".."),
    ] {
        refused(&verifier, &bad, &bad).await;
    }
    assert_eq!(
        server.hits("/jwks"),
        1,
        "what is no token costs at most the first fetch"
    );
}

#[tokio::test]
async fn a_token_over_8_kib() {
    let key = SigningKey::ed("d");
    let (_server, verifier) = issuer(&[&key]).await;
    let padded = |filler| {
        let mut long = claims();
        long["x"] = json!("x".repeat(filler));
        key.sign(&long)
    };
    let over = (5_800..6_500)
        .find(|filler| padded(*filler).len() > 8_192)
        .unwrap();
    let (fits, over) = (padded(over - 1), padded(over));
    assert!(fits.len() > 8_190, "the longest that fits");
    assert!(verifier.authenticate(&fits).await.is_ok());
    refused(&verifier, &over, "one character of its claims longer").await;
}
