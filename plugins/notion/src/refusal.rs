//! What Notion's error codes mean, and what to do about each.

use std::fmt;

use mcp_factory_sdk::visible;

/// A refusal by Notion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The token is not valid (any more).
    Token,
    /// The connection may not do this.
    Restricted,
    /// What was named is not there, or not shared with the connection.
    NotFound,
    /// Somebody changed the same thing at the same time.
    Conflict,
    /// What was sent is not right, in Notion's words.
    Invalid(String),
    /// Anything else; what Notion said is in the log.
    Other(String),
}

impl Refusal {
    /// Of the `code` and the `message` of an answer.
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        match (status, code) {
            (401, _) | (_, "unauthorized") => Self::Token,
            (403, _) | (_, "restricted_resource") => Self::Restricted,
            (404, _) | (_, "object_not_found") => Self::NotFound,
            (409, _) | (_, "conflict_error") => Self::Conflict,
            (_, "validation_error") => {
                let words = visible(message).replace(['\n', '\t'], " ");
                Self::Invalid(words.chars().take(300).collect())
            }
            _ => Self::Other(
                code.chars()
                    .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .take(60)
                    .collect(),
            ),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => {
                "Notion does not accept the server's token; only the server's operator can mend that"
            }
            Self::Restricted => {
                "the server's Notion connection may not do this; ask the server's operator to give it the capability"
            }
            Self::NotFound => {
                "Notion knows nothing of what was named, or it is not shared with the server's connection; ask the user to share it, or look for it with notion_search"
            }
            Self::Conflict => "somebody changed this at the same moment; read it again, and try again",
            Self::Invalid(words) => {
                return write!(f, "Notion refused this: {words:?}; change what you asked for");
            }
            Self::Other(code) => {
                return write!(
                    f,
                    "Notion refused this (`{code}`); change what you asked for, or tell the server's operator"
                );
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn every_code_becomes_a_sentence() {
        for (status, code, words) in [
            (401, "unauthorized", "operator can mend"),
            (403, "restricted_resource", "give it the capability"),
            (404, "object_not_found", "ask the user to share it"),
            (409, "conflict_error", "read it again"),
            (400, "validation_error", "Notion refused this: \"bo dy\""),
            (400, "invalid_json", "(`invalid_json`)"),
            (400, "a b`<\u{202e}", "(`ab`)"),
        ] {
            let text = Refusal::new(status, code, "bo\ndy\u{200b}").to_string();
            assert!(text.contains(words), "{text}");
        }
        let long = Refusal::new(400, "validation_error", &"x".repeat(5_000)).to_string();
        assert!(long.len() < 400);
    }
}
