//! What a refused client is told in `WWW-Authenticate`: RFC 6750 §3 and RFC 9728 §5.1.
//!
//! In the room: the words and their quoting. Not here: which scopes are asked for (`authenticator`).

use http::HeaderValue;

use crate::Refusal;

/// A challenge in the making. Its texts come from the configuration and from static tables.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Challenge<'a> {
    /// What went wrong; none for a request without a credential.
    pub(crate) error: Option<&'static str>,
    /// All scopes that are needed, in one challenge.
    pub(crate) scopes: &'a [&'a str],
    /// The absolute URL of the metadata. Without one (API keys), a realm fills the place.
    pub(crate) resource_metadata: Option<&'a str>,
    /// One sentence, the same for every cause.
    pub(crate) description: Option<&'a str>,
}

/// Whether a refusal is challenged at all: a 503 and a missing tenant are not, since another token would not
/// help.
pub(crate) const fn is_challenged(refusal: &Refusal) -> bool {
    !matches!(refusal, Refusal::NoTenant | Refusal::Unavailable { .. })
}

/// The error code of a refusal; none for a request that presented nothing, as RFC 6750 §3.1 has it.
pub(crate) const fn error_of(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::InvalidToken => Some("invalid_token"),
        Refusal::InvalidRequest(_) => Some("invalid_request"),
        Refusal::InsufficientScope(_) => Some("insufficient_scope"),
        Refusal::NoCredential | Refusal::NoTenant | Refusal::Unavailable { .. } => None,
    }
}

impl Challenge<'_> {
    /// The header's value.
    pub(crate) fn header(&self) -> HeaderValue {
        let mut text = String::from("Bearer ");
        let place = match self.resource_metadata {
            Some(url) => ("resource_metadata", url),
            None => ("realm", "mcp"),
        };
        let scope = self.scopes.join(" ");
        // In the order of the specification's examples: an error is followed by what would mend it.
        let parameters = match self.error {
            None => [place, ("scope", &scope), ("", ""), ("", "")],
            Some(error) => [
                ("error", error),
                ("scope", &scope),
                place,
                ("error_description", self.description.unwrap_or_default()),
            ],
        };
        for (name, value) in parameters {
            if value.is_empty() {
                continue;
            }
            if !text.ends_with(' ') {
                text.push_str(", ");
            }
            text.push_str(name);
            text.push('=');
            quote(&mut text, value);
        }
        // Only visible ASCII was put in, see `quote`.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Bearer"))
    }
}

/// RFC 9110 §5.6.4 `quoted-string`. What a header cannot hold becomes `?`: it cannot occur, since scopes and
/// URLs are checked when the server starts.
fn quote(out: &mut String, value: &str) {
    out.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            _ => out.push('?'),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const URL: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

    #[test]
    fn the_words_are_those_of_the_specification() {
        let none = Challenge {
            scopes: &["read"],
            resource_metadata: Some(URL),
            ..Challenge::default()
        };
        assert_eq!(
            none.header(),
            format!("Bearer resource_metadata=\"{URL}\", scope=\"read\"")
        );
        let under_scoped = Challenge {
            error: Some("insufficient_scope"),
            scopes: &["read", "fs:write"],
            resource_metadata: Some(URL),
            description: Some("more is needed"),
        };
        assert_eq!(
            under_scoped.header(),
            format!(
                "Bearer error=\"insufficient_scope\", scope=\"read fs:write\", \
                 resource_metadata=\"{URL}\", error_description=\"more is needed\""
            )
        );
        assert_eq!(Challenge::default().header(), "Bearer realm=\"mcp\"");
    }

    #[test]
    fn only_what_another_token_would_mend_is_challenged() {
        assert!(is_challenged(&Refusal::NoCredential));
        assert!(is_challenged(&Refusal::InvalidToken));
        assert!(!is_challenged(&Refusal::NoTenant));
        let retry_after = Duration::from_secs(1);
        assert!(!is_challenged(&Refusal::Unavailable { retry_after }));
        assert_eq!(error_of(&Refusal::NoCredential), None);
        assert_eq!(error_of(&Refusal::InvalidToken), Some("invalid_token"));
    }

    #[test]
    fn what_no_header_holds_does_not_break_it() {
        let odd = Challenge {
            error: Some("invalid_token"),
            description: Some("a\r\nSet-Cookie: é"),
            ..Challenge::default()
        };
        assert_eq!(
            odd.header(),
            "Bearer error=\"invalid_token\", realm=\"mcp\", error_description=\"a??Set-Cookie: ?\""
        );
    }

    /// A reader of challenges, as a client would write it: name, quoted string, comma.
    fn read(header: &str) -> Option<Vec<(String, String)>> {
        let mut rest = header.strip_prefix("Bearer ")?;
        let mut parameters = Vec::new();
        loop {
            let (name, after) = rest.split_once("=\"")?;
            let mut value = String::new();
            let mut characters = after.char_indices();
            let end = loop {
                match characters.next()? {
                    (_, '\\') => value.push(characters.next()?.1),
                    (at, '"') => break at,
                    (_, other) => value.push(other),
                }
            };
            parameters.push((name.to_owned(), value));
            match &after[end + 1..] {
                "" => return Some(parameters),
                more => rest = more.strip_prefix(", ")?,
            }
        }
    }

    proptest! {
        #[test]
        fn what_went_in_comes_out(
            scopes in prop::collection::vec("[!-~]{1,12}", 0..4),
            url in "https://[a-z\"\\\\,= ]{1,20}",
            description in "[ -~]{0,40}",
        ) {
            let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
            let challenge = Challenge {
                error: Some("invalid_token"),
                scopes: &names,
                resource_metadata: Some(&url),
                description: Some(&description),
            };
            let header = challenge.header();
            let expected: Vec<_> = [
                ("error", "invalid_token".to_owned()),
                ("scope", scopes.join(" ")),
                ("resource_metadata", url.clone()),
                ("error_description", description.clone()),
            ]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
            let text = header.to_str().expect("a text");
            prop_assert_eq!(read(text), Some(expected));
        }
    }
}
