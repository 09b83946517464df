//! Keys that are made for one test, and tokens signed with them.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// A private key and its public half as a JWK.
pub(crate) struct SigningKey {
    pub(crate) kid: &'static str,
    algorithm: Algorithm,
    encoding: EncodingKey,
    jwk: Value,
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The document an issuer publishes.
pub(crate) fn key_set(keys: &[&SigningKey]) -> Value {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()})
}

impl SigningKey {
    pub(crate) fn ec(kid: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
        let pkcs8 = pair.to_pkcs8v1().unwrap();
        Self {
            kid,
            algorithm: Algorithm::ES256,
            encoding: EncodingKey::from_ec_der(pkcs8.as_ref()),
            jwk: json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": x, "y": y}),
        }
    }

    pub(crate) fn ed(kid: &'static str) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let x = encode(pair.public_key());
        let pkcs8 = pair.to_pkcs8().unwrap();
        Self {
            kid,
            algorithm: Algorithm::EdDSA,
            encoding: EncodingKey::from_ed_der(pkcs8.as_ref()),
            jwk: json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x}),
        }
    }

    pub(crate) fn rsa(kid: &'static str) -> Self {
        let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        // The signer takes PKCS #1, which is what stands in PKCS #8 behind 26 bytes that name the algorithm.
        let pkcs1 = &pkcs8.as_ref()[26..];
        Self {
            kid,
            algorithm: Algorithm::RS256,
            encoding: EncodingKey::from_rsa_der(pkcs1),
            jwk: json!({"kty": "RSA", "kid": kid, "n": encode(public.n), "e": encode(public.e)}),
        }
    }

    /// The public half as `SubjectPublicKeyInfo`; RSA only.
    pub(crate) fn public_der(&self) -> Vec<u8> {
        let part = |name: &str| URL_SAFE_NO_PAD.decode(self.jwk[name].as_str().unwrap());
        let (n, e) = (part("n").unwrap(), part("e").unwrap());
        let public: PublicKeyX509Der<'_> = PublicKeyComponents { n, e }.as_der().unwrap();
        public.as_ref().to_vec()
    }

    /// The same as it is usually found in a file.
    pub(crate) fn public_pem(&self) -> String {
        let text = STANDARD.encode(self.public_der());
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(64)
            .map(String::from_utf8_lossy)
            .collect();
        let body = lines.join("\n");
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
    }

    pub(crate) fn jwk(&self) -> Value {
        self.jwk.clone()
    }

    /// A token with the header `{alg, kid, typ: at+jwt}`.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let alg = format!("{:?}", self.algorithm);
        self.sign_with(
            &json!({"alg": alg, "kid": self.kid, "typ": "at+jwt"}),
            claims,
        )
    }

    /// A token with any header, signed by this key's own algorithm.
    pub(crate) fn sign_with(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string(), self.algorithm)
    }

    /// A token of any two texts.
    pub(crate) fn sign_text(&self, header: &str, claims: &str, algorithm: Algorithm) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &self.encoding, algorithm).unwrap();
        format!("{signed}.{signature}")
    }
}
