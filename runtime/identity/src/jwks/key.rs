//! One key of a set: which are usable, and with which algorithm.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

/// A public key that verifies signatures.
#[derive(Debug)]
pub(crate) struct Key {
    kid: Option<String>,
    /// What may be verified with it: one, or both of RSA's when the set does not say.
    algorithms: &'static [Algorithm],
    decoding: DecodingKey,
}

/// Members of a JWK that only a private or shared key has. Whoever publishes one has lost it.
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl Key {
    /// Reads a JWK; an error says why it is not used.
    pub(super) fn read(jwk: &Value) -> Result<Self, &'static str> {
        let text = |name| jwk.get(name).and_then(Value::as_str);
        if SECRET_MEMBERS.iter().any(|name| jwk.get(name).is_some()) {
            return Err("it holds private or shared parameters");
        }
        if !matches!(jwk.get("use").map(Value::as_str), None | Some(Some("sig"))) {
            return Err("it is not for signatures");
        }
        if let Some(operations) = jwk.get("key_ops") {
            let listed = operations.as_array().map(Vec::as_slice).unwrap_or_default();
            if !listed.iter().any(|operation| operation == "verify") {
                return Err("it is not for verifying");
            }
        }
        let alg = match jwk.get("alg") {
            None => None,
            Some(alg) => Some(alg.as_str().ok_or("its `alg` is no text")?),
        };
        let (algorithms, decoding): (&'static [Algorithm], _) = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => (rsa_algorithms(alg)?, rsa(text("n"), text("e"))?),
            (Some("EC"), Some("P-256")) => match alg {
                None | Some("ES256") => (&[Algorithm::ES256], ec(text("x"), text("y"))?),
                _ => return Err("its `alg` is not ES256"),
            },
            (Some("OKP"), Some("Ed25519")) => match alg {
                None | Some("EdDSA" | "Ed25519") => (&[Algorithm::EdDSA], ed(text("x"))?),
                _ => return Err("its `alg` is not EdDSA"),
            },
            _ => return Err("its type or curve is not supported"),
        };
        Ok(Self {
            kid: text("kid").map(str::to_owned),
            algorithms,
            decoding,
        })
    }

    /// Its name in the set.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether a signature by `algorithm` may be verified with it.
    pub(crate) fn serves(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    pub(crate) const fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

fn rsa_algorithms(alg: Option<&str>) -> Result<&'static [Algorithm], &'static str> {
    match alg {
        None => Ok(&[Algorithm::RS256, Algorithm::PS256]),
        Some("RS256") => Ok(&[Algorithm::RS256]),
        Some("PS256") => Ok(&[Algorithm::PS256]),
        Some(_) => Err("its `alg` is neither RS256 nor PS256"),
    }
}

/// 2048 to 8192 bits, which is what the verifier takes, and an odd exponent from 3 to 2^32.
fn rsa(n: Option<&str>, e: Option<&str>) -> Result<DecodingKey, &'static str> {
    let (n, e) = (unsigned(n)?, unsigned(e)?);
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err("its modulus is not of 2048 to 8192 bits");
    }
    if e.len() > 4 || e == [1] || e.last().is_none_or(|last| last % 2 == 0) {
        return Err("its exponent is not a usual one");
    }
    Ok(DecodingKey::from_rsa_raw_components(&n, &e))
}

fn ec(x: Option<&str>, y: Option<&str>) -> Result<DecodingKey, &'static str> {
    let mut point = vec![4];
    point.extend(coordinate(x)?);
    point.extend(coordinate(y)?);
    Ok(DecodingKey::from_ec_der(&point))
}

fn ed(x: Option<&str>) -> Result<DecodingKey, &'static str> {
    Ok(DecodingKey::from_ed_der(&coordinate(x)?))
}

fn coordinate(text: Option<&str>) -> Result<Vec<u8>, &'static str> {
    Some(bytes(text)?)
        .filter(|bytes| bytes.len() == 32)
        .ok_or("a coordinate is not of 32 bytes")
}

/// A big-endian number; some issuers put a zero in front.
fn unsigned(text: Option<&str>) -> Result<Vec<u8>, &'static str> {
    let bytes = bytes(text)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Ok(bytes[zeros..].to_vec())
}

fn bytes(text: Option<&str>) -> Result<Vec<u8>, &'static str> {
    let text = text.ok_or("a parameter is missing")?;
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| "a parameter is not base64url")
}
