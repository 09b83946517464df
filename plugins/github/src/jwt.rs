//! The proof with which a GitHub App asks for a token: a JSON Web Token, signed with its RSA key.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Clocks differ: GitHub refuses what was issued in its future.
const BEFORE: u64 = 60;
/// GitHub's most is ten minutes.
const LASTS: u64 = 540;

/// Why there is no key. Never holds any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyProblem {
    #[error("it is no PEM file of an RSA private key, as GitHub hands out for an App")]
    NotPem,
    #[error("its RSA private key cannot be read")]
    NotRsa,
    #[error("it cannot sign")]
    CannotSign,
}

/// Reads a key: PKCS#1, as GitHub makes them, or PKCS#8.
pub(crate) fn key(pem: &str) -> Result<KeyPair, KeyProblem> {
    // In an environment variable the line breaks are often written out.
    let pem = pem.replace("\\n", "\n");
    let (_, rest) = pem.split_once("-----BEGIN ").ok_or(KeyProblem::NotPem)?;
    let (label, rest) = rest.split_once("-----").ok_or(KeyProblem::NotPem)?;
    let (body, _) = rest.split_once("-----END ").ok_or(KeyProblem::NotPem)?;
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| KeyProblem::NotPem)?;
    let read = match label {
        "RSA PRIVATE KEY" => KeyPair::from_der(&der),
        "PRIVATE KEY" => KeyPair::from_pkcs8(&der),
        _ => return Err(KeyProblem::NotPem),
    };
    read.map_err(|_| KeyProblem::NotRsa)
}

/// A proof that this is the App `id`, made at `now` (seconds since 1970).
pub(crate) fn proof(key: &KeyPair, id: &str, now: u64) -> Result<String, KeyProblem> {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(serde_json::json!({ "alg": "RS256", "typ": "JWT" }));
    let claims = part(serde_json::json!({
        "iat": now.saturating_sub(BEFORE),
        "exp": now + LASTS,
        "iss": id,
    }));
    let mut token = format!("{header}.{claims}");
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        token.as_bytes(),
        &mut signature,
    )
    .map_err(|_| KeyProblem::CannotSign)?;
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    #[test]
    fn a_proof_can_be_checked() {
        let made = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der: Pkcs8V1Der<'_> = made.as_der().expect("DER");
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        let key = key(&pem).expect("readable");
        let token = proof(&key, "Iv1.app", 1_000).expect("signed");
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, made.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .expect("a valid signature");
        let claims = URL_SAFE_NO_PAD
            .decode(signed.split_once('.').expect("two parts").1)
            .expect("base64");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(
            claims,
            serde_json::json!({ "iat": 940, "exp": 1540, "iss": "Iv1.app" })
        );
    }

    #[test]
    fn what_is_no_key_is_said_without_it() {
        for (text, problem) in [
            ("canary", KeyProblem::NotPem),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
                KeyProblem::NotPem,
            ),
            (
                "-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----",
                KeyProblem::NotPem,
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
                KeyProblem::NotRsa,
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
                KeyProblem::NotRsa,
            ),
        ] {
            assert_eq!(key(text).map(|_| ()).expect_err(text), problem);
        }
    }
}
