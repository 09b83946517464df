//! What Linear's errors mean, and what to do about each. Linear answers some of them with 200.

use std::fmt;

use mcp_factory_sdk::visible;
use serde::Deserialize;

/// An entry of `errors` in an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct GraphqlError {
    message: String,
    extensions: Extensions,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Extensions {
    code: Option<String>,
    r#type: Option<String>,
    user_presentable_message: Option<String>,
}

/// A refusal by Linear.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The token is not valid (any more).
    Token,
    /// The token may not do this.
    Forbidden,
    /// What was named is not there, or not for this token.
    NotFound,
    /// The query costs more than Linear allows at once.
    Complex,
    /// What was sent is not right, in Linear's words for users.
    Input(String),
    /// Anything else; what Linear said is in the log.
    Other,
    /// Linear answered that it did not do it, without an error.
    NotDone,
}

impl GraphqlError {
    /// Whether it is a rate limit.
    pub(crate) fn is_rate_limit(&self) -> bool {
        self.has("RATELIMITED")
    }

    fn has(&self, word: &str) -> bool {
        [&self.extensions.code, &self.extensions.r#type]
            .into_iter()
            .flatten()
            .any(|text| text.eq_ignore_ascii_case(word))
    }

    /// What is logged: Linear's words, which name fields and types, and may name more.
    pub(crate) fn logged(&self) -> String {
        visible(&self.message).chars().take(300).collect()
    }

    /// What it means.
    pub(crate) fn refusal(&self) -> Refusal {
        let message = self.message.to_ascii_lowercase();
        if self.has("AUTHENTICATION_ERROR") || self.has("authentication error") {
            Refusal::Token
        } else if self.has("FORBIDDEN")
            || self.has("forbidden")
            || message.contains("required linear scope")
        {
            Refusal::Forbidden
        } else if message.contains("entity not found") || message.ends_with("not found") {
            Refusal::NotFound
        } else if message.contains("too complex") || message.contains("complexity") {
            Refusal::Complex
        } else {
            // Only what Linear itself means for users is repeated, as a word of Linear's.
            let words = self.extensions.user_presentable_message.as_deref();
            let words = words.map(|words| visible(words).replace(['\n', '\t'], " "));
            match words.filter(|words| !words.trim().is_empty()) {
                Some(words) => Refusal::Input(words.chars().take(300).collect()),
                None => Refusal::Other,
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => {
                "Linear does not accept the server's token; only the server's operator can mend that"
            }
            Self::Forbidden => {
                "the server's Linear token may not do this; ask the server's operator for a token with more rights"
            }
            Self::NotFound => {
                "Linear knows nothing of what was named, or does not show it to this server; look for it with a list or a search first"
            }
            Self::Complex => "this is more than Linear answers at once; pass a smaller `limit`",
            Self::Input(words) => {
                return write!(f, "Linear refused this: {words:?}; change what you asked for");
            }
            Self::Other => {
                "Linear refused this; change what you asked for, or tell the server's operator, whose log says more"
            }
            Self::NotDone => "Linear did not do this and did not say why; look at the issue, and try again",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refusal(error: Value) -> Refusal {
        serde_json::from_value::<GraphqlError>(error)
            .expect("an error")
            .refusal()
    }

    #[test]
    fn every_error_becomes_a_sentence() {
        for (error, expected, words) in [
            (
                json!({ "message": "x", "extensions": { "code": "AUTHENTICATION_ERROR" } }),
                Refusal::Token,
                "operator can mend",
            ),
            (
                json!({ "message": "x", "extensions": { "type": "authentication error" } }),
                Refusal::Token,
                "operator can mend",
            ),
            (
                json!({ "message": "x", "extensions": { "code": "FORBIDDEN" } }),
                Refusal::Forbidden,
                "more rights",
            ),
            (
                json!({ "message": "Missing required Linear scope: write" }),
                Refusal::Forbidden,
                "more rights",
            ),
            (
                json!({ "message": "Entity not found: Issue" }),
                Refusal::NotFound,
                "look for it",
            ),
            (
                json!({ "message": "Query too complex" }),
                Refusal::Complex,
                "smaller `limit`",
            ),
            (
                json!({ "message": "x", "extensions": { "userPresentableMessage": "Title is\ntoo long\u{202e}" } }),
                Refusal::Input("Title is too long".to_owned()),
                "\"Title is too long\"",
            ),
            (
                json!({ "message": "canary at SELECT" }),
                Refusal::Other,
                "whose log",
            ),
            (json!({}), Refusal::Other, "whose log"),
        ] {
            let refusal = refusal(error);
            assert_eq!(refusal, expected);
            let text = refusal.to_string();
            assert!(text.contains(words) && !text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn a_rate_limit_is_known_by_its_code() {
        let limit = json!({ "message": "x", "extensions": { "code": "RATELIMITED" } });
        let limit: GraphqlError = serde_json::from_value(limit).expect("an error");
        assert!(limit.is_rate_limit());
        assert!(!GraphqlError::default().is_rate_limit());
    }
}
