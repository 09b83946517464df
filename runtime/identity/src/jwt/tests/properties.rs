//! Tokens nobody thought of.

use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::{claims, issuer};
use crate::jwt::JwtVerifier;
use crate::testing::keys::SigningKey;

/// A verifier that already has its keys, and a good token of each fast algorithm; two for after.
fn prepared() -> (Runtime, JwtVerifier, Vec<String>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (ec, ed) = (SigningKey::ec("e"), SigningKey::ed("d"));
    let mut later = claims();
    later["sub"] = "grace".into();
    let tokens = vec![
        ec.sign(&claims()),
        ed.sign(&claims()),
        ec.sign(&later),
        ed.sign(&later),
    ];
    let verifier = runtime.block_on(async {
        let (_server, verifier) = issuer(&[&ec, &ed]).await;
        for token in &tokens[..2] {
            assert!(verifier.authenticate(token).await.is_ok());
        }
        verifier
    });
    (runtime, verifier, tokens)
}

#[test]
fn a_token_with_any_byte_changed_is_refused() {
    let (runtime, verifier, tokens) = prepared();
    for token in &tokens[..2] {
        for at in 0..token.len() {
            // Each printable byte in the last places, where base64 has bits to spare; every seventh elsewhere.
            let step = if at + 4 > token.len() { 1 } else { 7 };
            let bytes = (b'!'..=b'~').skip(at % 7).step_by(step);
            for byte in bytes.filter(|byte| *byte != token.as_bytes()[at]) {
                let mut bytes = token.clone().into_bytes();
                bytes[at] = byte;
                let changed = String::from_utf8(bytes).unwrap();
                let answer = runtime.block_on(verifier.authenticate(&changed));
                assert!(answer.is_err(), "byte {at} as {:?}", char::from(byte));
            }
        }
    }
    // None of it was refused for another reason than itself.
    for token in &tokens[2..] {
        assert!(runtime.block_on(verifier.authenticate(token)).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbage_is_refused(texts in prop::collection::vec(".{0,300}|[A-Za-z0-9_-]{0,80}(\\.[A-Za-z0-9_-]{0,80}){0,4}", 1..8)) {
        PREPARED.with(|(runtime, verifier, _)| {
            for text in &texts {
                prop_assert!(runtime.block_on(verifier.authenticate(text)).is_err());
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_header_and_claims_of_any_text_do_not_panic(head in json(), body in json(), signature in "[A-Za-z0-9_-]{0,90}") {
        PREPARED.with(|(runtime, verifier, _)| {
            let encode = crate::testing::keys::encode;
            let token = format!("{}.{}.{signature}", encode(&head), encode(&body));
            prop_assert!(runtime.block_on(verifier.authenticate(&token)).is_err());
            Ok(())
        })?;
    }

    #[test]
    fn a_token_cut_and_mended_is_refused(which in 0usize..2, from in any::<prop::sample::Index>(), length in 1usize..40, filler in "[A-Za-z0-9_.-]{0,40}") {
        PREPARED.with(|(runtime, verifier, tokens)| {
            let token = &tokens[which];
            let start = from.index(token.len());
            let end = (start + length).min(token.len());
            let changed = format!("{}{filler}{}", &token[..start], &token[end..]);
            prop_assume!(changed != *token);
            prop_assert!(runtime.block_on(verifier.authenticate(&changed)).is_err());
            Ok(())
        })?;
    }
}

thread_local! {
    static PREPARED: (Runtime, JwtVerifier, Vec<String>) = prepared();
}

/// JSON objects that look much like headers and claims.
fn json() -> impl Strategy<Value = String> {
    let name = "alg|kid|typ|crit|exp|iss|aud|sub|[a-z]{1,4}";
    let value = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        "ES256|EdDSA|none|e|d|JWT".prop_map(|text| format!("\"{text}\"")),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        "[\\[{]{1,200}",
    ];
    prop::collection::vec((name, value), 0..6).prop_map(|members| {
        let members: Vec<_> = members
            .into_iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}
