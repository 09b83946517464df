//! What an issuer's answer must say for a token to be good: RFC 7662 §2.2, read strictly.

use std::time::Duration;

use serde_json::{Map, Value};

/// What is held against an answer.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// The `iss`, where the answer has one: the issuer was asked itself.
    pub(crate) issuer: String,
    /// One of these must be in `aud`.
    pub(crate) audience: Vec<String>,
    /// Whether a token for nobody in particular is taken: the operator wrote `audience = []`. Otherwise
    /// every token of the issuer, made for whatever other server, would open this one.
    pub(crate) audience_may_lack: bool,
    /// How far the issuer's clock may be from ours.
    pub(crate) leeway: Duration,
}

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The token is good, up to this second of the wall clock.
    Good { expires: Option<u64> },
    /// It is not, and why, for the log.
    Bad(&'static str),
    /// The answer is none: whoever answered is no introspection endpoint.
    NoAnswer,
}

impl Expected {
    /// Judges an answer at `unix_now`.
    pub(super) fn judge(&self, answer: &Map<String, Value>, unix_now: u64) -> Verdict {
        match answer.get("active") {
            None => Verdict::NoAnswer,
            // A text "true" is not true.
            Some(Value::Bool(true)) => match self.check(answer, unix_now) {
                Ok(expires) => Verdict::Good { expires },
                Err(cause) => Verdict::Bad(cause),
            },
            Some(_) => Verdict::Bad("it is not active"),
        }
    }

    fn check(
        &self,
        answer: &Map<String, Value>,
        unix_now: u64,
    ) -> Result<Option<u64>, &'static str> {
        if !is_access_token(answer) {
            return Err("it is not a bearer access token");
        }
        match answer.get("iss") {
            None | Some(Value::Null) => {}
            Some(Value::String(issuer)) if *issuer == self.issuer => {}
            Some(_) => return Err("its issuer is another"),
        }
        if !self.is_for_us(answer.get("aud")) {
            return Err("its audience is another, or it has none");
        }
        let leeway = self.leeway.as_secs();
        let expires = time(answer.get("exp"))?;
        if expires.is_some_and(|expires| expires.saturating_add(leeway) <= unix_now) {
            return Err("it has expired");
        }
        if time(answer.get("nbf"))?.is_some_and(|from| from > unix_now.saturating_add(leeway)) {
            return Err("it is not valid yet");
        }
        Ok(expires)
    }

    fn is_for_us(&self, audience: Option<&Value>) -> bool {
        let ours = |value: &Value| {
            let text = value.as_str();
            text.is_some_and(|text| self.audience.iter().any(|ours| ours == text))
        };
        match audience {
            None | Some(Value::Null) => self.audience_may_lack,
            Some(Value::Array(all)) if all.is_empty() => self.audience_may_lack,
            Some(Value::Array(all)) => all.iter().any(ours),
            Some(one) => ours(one),
        }
    }
}

/// Issuers introspect refresh tokens too, and say so in either of these. A token of type `DPoP` (RFC 9449) is
/// not for bearers.
fn is_access_token(answer: &Map<String, Value>) -> bool {
    let is = |claim: &str, names: &[&str]| match answer.get(claim) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => names.iter().any(|name| text.eq_ignore_ascii_case(name)),
        Some(_) => false,
    };
    is("token_type", &["bearer", "access_token"]) && is("token_use", &["access", "access_token"])
}

/// Seconds since 1970; a fraction is cut off. What is no such number is no time to go by.
fn time(value: Option<&Value>) -> Result<Option<u64>, &'static str> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let whole = value.as_u64();
            // Saturates; a negative time is long past.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let cut = || value.as_f64().map(|seconds| seconds as u64);
            whole
                .or_else(cut)
                .map(Some)
                .ok_or("a time of it is no number")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_000_000;

    fn expected() -> Expected {
        Expected {
            issuer: "https://id.example.com/".to_owned(),
            audience: vec!["https://mcp.example.com/mcp".to_owned(), "mcp".to_owned()],
            audience_may_lack: false,
            leeway: Duration::from_secs(30),
        }
    }

    /// An answer that is good but for these members.
    fn judge(expected: &Expected, changes: &Value) -> Verdict {
        let mut answer = json!({"active": true, "sub": "ann", "aud": "mcp"});
        let members = answer.as_object_mut().expect("an object");
        for (name, value) in changes.as_object().expect("changes") {
            members.insert(name.clone(), value.clone());
        }
        expected.judge(members, NOW)
    }

    fn good(changes: &Value) -> bool {
        matches!(judge(&expected(), changes), Verdict::Good { .. })
    }

    #[test]
    fn only_true_is_active() {
        assert!(good(&json!({})));
        for other in [
            json!("true"),
            json!(1),
            json!(false),
            json!(null),
            json!({}),
        ] {
            assert!(!good(&json!({"active": other})), "{other}");
        }
        let no_answer = json!({"error": "invalid_client"});
        let verdict = expected().judge(no_answer.as_object().expect("an object"), NOW);
        assert_eq!(verdict, Verdict::NoAnswer);
    }

    #[test]
    fn the_audience_is_ours() {
        for aud in [
            json!("mcp"),
            json!(["x", "mcp"]),
            json!(["https://mcp.example.com/mcp"]),
        ] {
            assert!(good(&json!({"aud": aud})), "{aud}");
        }
        for aud in [
            json!("x"),
            json!("MCP"),
            json!(["x"]),
            json!([7]),
            json!(7),
            json!({"a": "mcp"}),
        ] {
            assert!(!good(&json!({"aud": aud})), "{aud}");
            let lax = Expected {
                audience_may_lack: true,
                ..expected()
            };
            assert!(
                matches!(judge(&lax, &json!({"aud": aud})), Verdict::Bad(_)),
                "{aud}"
            );
        }
        for nobody in [json!(null), json!([])] {
            assert!(!good(&json!({"aud": nobody})), "{nobody}");
            let lax = Expected {
                audience_may_lack: true,
                ..expected()
            };
            assert!(matches!(
                judge(&lax, &json!({"aud": nobody})),
                Verdict::Good { .. }
            ));
        }
    }

    #[test]
    fn the_issuer_is_ours_where_it_is_said() {
        assert!(good(&json!({"iss": "https://id.example.com/"})));
        assert!(good(&json!({"iss": null})));
        for iss in [
            json!("https://id.example.com"),
            json!("https://evil.example/"),
            json!(7),
        ] {
            assert!(!good(&json!({"iss": iss})), "{iss}");
        }
    }

    #[test]
    fn times_are_honoured() {
        for (exp, expires) in [
            (json!(NOW + 60), NOW + 60),
            (json!(1_000_060.9), NOW + 60),
            (json!(NOW - 29), NOW - 29),
        ] {
            let verdict = judge(&expected(), &json!({"exp": exp}));
            assert_eq!(
                verdict,
                Verdict::Good {
                    expires: Some(expires)
                }
            );
        }
        for exp in [
            json!(NOW - 30),
            json!(0),
            json!(-5),
            json!("1000060"),
            json!(true),
        ] {
            assert!(!good(&json!({"exp": exp})), "{exp}");
        }
        assert!(good(&json!({"nbf": NOW + 30})) && !good(&json!({"nbf": NOW + 31})));
        assert!(!good(&json!({"nbf": "0"})));
        assert!(good(&json!({"exp": u64::MAX, "nbf": 0})));
    }

    #[test]
    fn only_access_tokens_of_bearers_are_taken() {
        for (claim, value) in [
            ("token_type", "Bearer"),
            ("token_type", "access_token"),
            ("token_use", "access_token"),
            ("token_use", "access"),
        ] {
            assert!(good(&json!({claim: value})), "{claim} {value}");
        }
        for (claim, value) in [
            ("token_type", json!("DPoP")),
            ("token_type", json!("refresh_token")),
            ("token_type", json!(7)),
            ("token_use", json!("refresh_token")),
            ("token_use", json!("id")),
        ] {
            assert!(!good(&json!({claim: value})), "{claim} {value}");
        }
    }
}
