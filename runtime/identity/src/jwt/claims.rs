//! What the claims of an access token must say: whose it is, for whom, and when it is good.
//! Not here: who the caller is and what they may do (`grants`).

use serde_json::{Map, Value};

use super::{Cause, Expected};

/// The last second that is a date and no mistake: 2^53, to which JSON's numbers are exact.
const LAST_SECOND: u64 = 1 << 53;

/// Claims of which `OpenID` Connect Core §3 puts one or more into an ID token, and nobody into an access token.
const OF_ID_TOKENS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// Claims that are good now.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) claims: Map<String, Value>,
    /// The first second at which they are not.
    pub(super) refused_from: u64,
}

impl Expected {
    /// Checks everything but the caller's name, at the second `now`.
    pub(super) fn check(&self, claims: Map<String, Value>, now: u64) -> Result<Checked, Cause> {
        let leeway = self.leeway.as_secs();
        let expires = match claims.get("exp") {
            None => return Err("it never expires (no `exp`)"),
            Some(exp) => seconds(exp).ok_or("its `exp` is no date")?,
        };
        let refused_from = expires + leeway;
        if refused_from <= now {
            return Err("it has expired");
        }
        for (name, early) in [
            ("nbf", "it is not yet good (`nbf`)"),
            ("iat", "it was issued in the future (`iat`)"),
        ] {
            let Some(value) = claims.get(name) else {
                continue;
            };
            let from = seconds(value).ok_or("its `nbf` or `iat` is no date")?;
            if from > now + leeway {
                return Err(early);
            }
        }
        if claims.get("iss").and_then(Value::as_str) != Some(&self.issuer) {
            return Err("it is of another issuer");
        }
        if !self.is_audience(claims.get("aud")) {
            return Err("it is meant for another server (`aud`)");
        }
        // An ID token is meant for the application that a user logs in to, which with some issuers has the
        // very audience of this server.
        if OF_ID_TOKENS.iter().any(|name| claims.contains_key(*name)) {
            return Err("it is an ID token, not an access token");
        }
        Ok(Checked {
            claims,
            refused_from,
        })
    }

    fn is_audience(&self, aud: Option<&Value>) -> bool {
        let ours = |name: &str| self.audience.iter().any(|audience| audience == name);
        match aud {
            Some(Value::String(name)) => ours(name),
            Some(Value::Array(names)) => {
                names.iter().all(Value::is_string)
                    && names.iter().filter_map(Value::as_str).any(ours)
            }
            _ => false,
        }
    }
}

/// A `NumericDate` (RFC 7519 §2): a number, of which the fraction does not matter.
fn seconds(value: &Value) -> Option<u64> {
    let number = value.as_number()?;
    let whole = if let Some(whole) = number.as_u64() {
        whole
    } else {
        let float = number.as_f64()?;
        if !(0.0..=9_007_199_254_740_992.0).contains(&float) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "in range"
        )]
        let whole = float as u64;
        whole
    };
    (whole <= LAST_SECOND).then_some(whole)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn check(changes: &Value) -> Result<u64, Cause> {
        let expected = Expected {
            issuer: "https://id.example.com/".to_owned(),
            audience: vec!["https://mcp.example.com/mcp".to_owned(), "api".to_owned()],
            algorithms: Vec::new(),
            leeway: Duration::from_secs(30),
        };
        let mut claims = json!({
            "iss": "https://id.example.com/",
            "aud": "api",
            "sub": "ada",
            "exp": NOW + 60,
            "iat": NOW - 60,
        });
        for (name, value) in changes.as_object().unwrap() {
            // `null` stands for a claim that is missing; "null" for one that is null.
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                Value::String(text) if text == "null" => claims[name] = Value::Null,
                value => claims[name] = value.clone(),
            }
        }
        let claims = claims.as_object().unwrap().clone();
        expected.check(claims, NOW).map(|good| good.refused_from)
    }

    #[test]
    fn a_good_token_is_good_until_it_expires_and_the_leeway_is_over() {
        assert_eq!(check(&json!({})), Ok(NOW + 90));
        assert_eq!(check(&json!({"exp": NOW - 29})), Ok(NOW + 1));
        assert_eq!(check(&json!({"exp": NOW - 30})), Err("it has expired"));
        assert_eq!(check(&json!({"exp": NOW - 31})), Err("it has expired"));
        assert_eq!(check(&json!({"exp": 0})), Err("it has expired"));
    }

    #[test]
    fn an_expiry_is_a_number() {
        assert_eq!(
            check(&json!({"exp": null})),
            Err("it never expires (no `exp`)")
        );
        assert_eq!(check(&json!({"exp": 1_800_000_060.9})), Ok(NOW + 90));
        for exp in [
            json!("1800000060"),
            json!("null"),
            json!(true),
            json!([NOW + 60]),
            json!(-1),
            json!(-1.5),
            json!(1e300),
            json!(u64::MAX),
            json!(LAST_SECOND + 1),
        ] {
            assert_eq!(
                check(&json!({"exp": exp})),
                Err("its `exp` is no date"),
                "{exp}"
            );
        }
    }

    #[test]
    fn other_dates_may_be_missing_but_not_wrong() {
        assert!(check(&json!({"iat": null})).is_ok());
        for name in ["nbf", "iat"] {
            assert!(check(&json!({name: NOW + 30})).is_ok());
            let early = check(&json!({name: NOW + 31})).unwrap_err();
            assert!(early.contains(name), "{early}");
            for wrong in [json!("1800000000"), json!("null"), json!(-1), json!(1e300)] {
                assert_eq!(
                    check(&json!({name: wrong})),
                    Err("its `nbf` or `iat` is no date")
                );
            }
        }
    }

    #[test]
    fn the_issuer_is_the_same_to_the_letter() {
        for iss in [
            json!(null),
            json!("null"),
            json!("https://id.example.com"),
            json!("https://ID.example.com/"),
            json!("https://evil.example/"),
            json!(["https://id.example.com/"]),
        ] {
            assert_eq!(
                check(&json!({"iss": iss})),
                Err("it is of another issuer"),
                "{iss}"
            );
        }
    }

    #[test]
    fn the_audience_is_one_of_ours() {
        for good in [
            json!("https://mcp.example.com/mcp"),
            json!(["other", "api"]),
            json!(["api"]),
        ] {
            assert!(check(&json!({"aud": good})).is_ok(), "{good}");
        }
        for bad in [
            json!(null),
            json!("null"),
            json!(""),
            json!("other"),
            json!("API"),
            json!("api "),
            json!("other api"),
            json!([]),
            json!(["other"]),
            json!([["api"]]),
            json!(["api", 1]),
            json!({"api": true}),
        ] {
            let refused = check(&json!({"aud": bad}));
            assert_eq!(
                refused,
                Err("it is meant for another server (`aud`)"),
                "{bad}"
            );
        }
    }

    #[test]
    fn an_id_token_is_no_access_token() {
        for name in OF_ID_TOKENS {
            let refused = check(&json!({ name: "x" }));
            assert_eq!(
                refused,
                Err("it is an ID token, not an access token"),
                "{name}"
            );
        }
    }
}
