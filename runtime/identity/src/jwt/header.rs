//! What a token says of itself before its signature is checked, and how little of that counts.
//!
//! `jku`, `x5u`, `x5c` and `jwk` are not looked at: a key comes from the issuer, never with the token.

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::{Cause, algorithm};

/// The types of an access token, in lower case. RFC 9068 has the first two; Auth0, Clerk, Entra and others
/// send `JWT` or none. ID, logout, `DPoP` and event tokens that name their type are none of them.
const TYPES: [&str; 3] = ["at+jwt", "application/at+jwt", "jwt"];

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
}

impl Header {
    pub(super) fn read(header: &Map<String, Value>) -> Result<Self, Cause> {
        let algorithm = header
            .get("alg")
            .and_then(Value::as_str)
            .and_then(algorithm)
            .ok_or("its algorithm is none that this server knows")?;
        if header.contains_key("crit") {
            return Err("it demands an extension (`crit`), and none is known here");
        }
        match header.get("typ") {
            None => {}
            Some(Value::String(typ)) if TYPES.contains(&&*typ.to_ascii_lowercase()) => {}
            Some(_) => return Err("its `typ` is not that of an access token"),
        }
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err("its `kid` is no text"),
        };
        Ok(Self { algorithm, kid })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(header: &Value) -> Result<Header, Cause> {
        Header::read(header.as_object().unwrap())
    }

    #[test]
    fn types_of_access_tokens_are_read_in_any_case() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt"] {
            assert!(read(&json!({"alg": "ES256", "typ": typ})).is_ok(), "{typ}");
        }
        assert!(read(&json!({"alg": "ES256"})).is_ok());
        for typ in [
            json!("logout+jwt"),
            json!("id+jwt"),
            json!("dpop+jwt"),
            json!("secevent+jwt"),
            json!("JWT "),
            json!(""),
            json!(null),
            json!(["JWT"]),
        ] {
            let refused = read(&json!({"alg": "ES256", "typ": typ}));
            assert_eq!(refused, Err("its `typ` is not that of an access token"));
        }
    }

    #[test]
    fn an_algorithm_is_one_of_four() {
        for name in ["RS256", "PS256", "ES256", "EdDSA"] {
            assert!(read(&json!({"alg": name})).is_ok(), "{name}");
        }
        for alg in [
            json!("none"),
            json!("None"),
            json!("HS256"),
            json!("rs256"),
            json!("RS512"),
            json!("ES384"),
            json!("RS256 "),
            json!(null),
            json!(["RS256"]),
        ] {
            let refused = read(&json!({"alg": alg}));
            assert_eq!(refused, Err("its algorithm is none that this server knows"));
        }
        assert!(read(&json!({})).is_err());
    }

    #[test]
    fn extensions_and_odd_names_are_refused() {
        for crit in [json!(["exp"]), json!(["b64"]), json!([]), json!(null)] {
            let refused = read(&json!({"alg": "ES256", "crit": crit}));
            assert!(refused.unwrap_err().contains("`crit`"));
        }
        for kid in [json!(1), json!(null), json!({})] {
            let refused = read(&json!({"alg": "ES256", "kid": kid}));
            assert_eq!(refused, Err("its `kid` is no text"));
        }
    }
}
