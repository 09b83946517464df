//! What is taken out of arguments and results before they are written.
//!
//! Values under secret names, at any depth and in JSON that is a text; every secret that this process has read; and
//! in any text, what follows `Bearer` or `Basic`, what is between a scheme and `@`, and what a secret name is set to.
//! Not here: which names are secret (`names`).

use std::borrow::Cow;

use mcp_factory_sdk::known_secrets;
use serde_json::{Map, Value};

use super::names::{is_secret, plain};

/// What stands where something was.
pub(super) const REDACTED: &str = "[redacted]";
/// JSON in a text in JSON, and so on, is looked into so often.
const DEEPEST: usize = 3;
/// A secret of the process's that is shorter would make nonsense of every text.
const SHORTEST: usize = 4;
/// So many characters after `Bearer` are a credential, and not the next word.
const CREDENTIAL: usize = 8;
/// Lines of a secret of several that are worth looking for.
const LINE: usize = 16;

/// Takes secrets out.
#[derive(Debug, Default)]
pub(super) struct Redactor {
    /// The operator's names, plain.
    more: Vec<String>,
    /// The secrets of the process, the longest first.
    values: Vec<String>,
    /// How far the list of them is known.
    seen: u64,
}

/// The secrets of one call: those that everybody's names tell, and those of its tool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Redaction<'a> {
    redactor: &'a Redactor,
    marked: &'a [String],
}

impl Redactor {
    /// One that knows more names.
    pub(super) fn new(more: &[String]) -> Self {
        Self {
            more: more.iter().map(|name| plain(name)).collect(),
            ..Self::default()
        }
    }

    /// The redaction of a call whose tool marks these names. Looks for secrets that were read meanwhile.
    pub(super) fn of<'a>(&'a mut self, marked: &'a [String]) -> Redaction<'a> {
        if let Some(secrets) = known_secrets(&mut self.seen) {
            let all = secrets.iter().flat_map(|secret| parts(secret.expose()));
            self.values = all.map(str::to_owned).collect();
            self.values
                .sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
            self.values.dedup();
        }
        Redaction {
            redactor: self,
            marked,
        }
    }
}

/// A secret, and what of it is one by itself: the password of a URL, the lines of a key.
fn parts(secret: &str) -> impl Iterator<Item = &str> {
    let password = || {
        let (_, rest) = secret.split_once("://")?;
        let (user, _) = rest.rsplit_once('@')?;
        Some(user.split_once(':')?.1)
    };
    let lines = secret
        .lines()
        .filter(|line| line.len() >= LINE && !line.starts_with("-----"));
    let all = [Some(secret), password()]
        .into_iter()
        .flatten()
        .chain(lines);
    all.filter(|part| part.len() >= SHORTEST)
}

impl Redaction<'_> {
    /// A value without its secrets.
    pub(super) fn value(self, value: Value) -> Value {
        self.value_in(value, 0)
    }

    /// A text without its secrets.
    pub(super) fn text(self, text: &str) -> String {
        self.text_in(text, 0).into_owned()
    }

    fn value_in(self, value: Value, depth: usize) -> Value {
        match value {
            Value::Object(members) => {
                let members = members.into_iter().map(|(name, value)| {
                    let value = if self.is_secret(&name, &value) {
                        Value::from(REDACTED)
                    } else {
                        self.value_in(value, depth)
                    };
                    (self.text_in(&name, DEEPEST).into_owned(), value)
                });
                Value::Object(members.collect::<Map<_, _>>())
            }
            Value::Array(items) => {
                let items = items.into_iter().map(|item| self.value_in(item, depth));
                Value::Array(items.collect())
            }
            Value::String(text) => match self.text_in(&text, depth) {
                Cow::Borrowed(_) => Value::String(text),
                Cow::Owned(text) => Value::String(text),
            },
            // A secret of digits only may be a number somewhere.
            Value::Number(number) if self.redactor.values.contains(&number.to_string()) => {
                Value::from(REDACTED)
            }
            other => other,
        }
    }

    fn is_secret(self, name: &str, value: &Value) -> bool {
        is_secret(name, value)
            || self.marked.iter().any(|marked| marked == name)
            || self.redactor.more.contains(&plain(name))
    }

    fn text_in(self, text: &str, depth: usize) -> Cow<'_, str> {
        let mut text = Cow::Borrowed(text);
        if depth < DEEPEST
            && text.trim_start().starts_with(['{', '['])
            && let Ok(inner) = serde_json::from_str::<Value>(&text)
        {
            let clean = self.value_in(inner.clone(), depth + 1);
            // As it was written, if there was nothing to take out.
            if clean != inner {
                text = Cow::Owned(clean.to_string());
            }
        }
        for secret in &self.redactor.values {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), REDACTED));
            }
        }
        for find in [credential, user_information] {
            if let Some(clean) = without(&text, find) {
                text = Cow::Owned(clean);
            }
        }
        let assigned = |text: &str| assigned(text, |name, value| self.is_secret(name, value));
        if let Some(clean) = without(&text, assigned) {
            text = Cow::Owned(clean);
        }
        text
    }
}

/// `text` without everything that `find` finds in it, from the front; `None` when that is nothing. What it gives is
/// where something begins and ends.
fn without(text: &str, find: impl Fn(&str) -> Option<(usize, usize)>) -> Option<String> {
    let (mut clean, mut rest) = (String::new(), text);
    while let Some((from, to)) = find(rest) {
        clean.push_str(&rest[..from]);
        clean.push_str(REDACTED);
        rest = &rest[to..];
    }
    (rest.len() < text.len()).then(|| clean + rest)
}

/// What comes after `Bearer` or `Basic`. The second is a word of its own, so what follows must look like base64.
fn credential(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let of_it = |letter: &&u8| letter.is_ascii_alphanumeric() || b"-._~+/=".contains(letter);
    let is_coded = |letter: &u8| letter.is_ascii_digit() || letter.is_ascii_uppercase();
    let after = |at: usize, word: &str| {
        let from = at + word.len();
        // First whether it is the word at all: what follows may be long, and every letter of it a first one.
        let start = bytes.get(at..from)?;
        if !start.eq_ignore_ascii_case(word.as_bytes()) {
            return None;
        }
        let to = from + bytes[from..].iter().take_while(of_it).count();
        (to - from >= CREDENTIAL).then_some((from, to))
    };
    let starts = bytes.iter().enumerate();
    let mut starts = starts.filter(|(_, letter)| matches!(letter, b'b' | b'B'));
    starts.find_map(|(at, _)| {
        let basic =
            || after(at, "basic ").filter(|(from, to)| bytes[*from..*to].iter().any(is_coded));
        after(at, "bearer ").or_else(basic)
    })
}

/// What stands before the host of a URL.
fn user_information(text: &str) -> Option<(usize, usize)> {
    text.match_indices("://").find_map(|(at, scheme)| {
        let from = at + scheme.len();
        let ends = |letter: char| letter.is_whitespace() || "/?#\"'<>\\".contains(letter);
        let authority = text[from..].split(ends).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let is_clean = user.is_empty() || user == REDACTED;
        (!is_clean).then_some((from, from + user.len()))
    })
}

/// What a secret name is set to, as in a query, a form or a file of variables: `token=…`.
fn assigned(text: &str, is_secret: impl Fn(&str, &Value) -> bool) -> Option<(usize, usize)> {
    let of_name = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    text.match_indices('=').find_map(|(at, _)| {
        let before = &text[..at];
        let name = &before[before.trim_end_matches(of_name).len()..];
        let quote = text[at + 1..].starts_with(['"', '\'']);
        let from = at + 1 + usize::from(quote);
        // How far it goes is only looked at where it matters: a text may be one `=` after the other.
        let is_found = !name.is_empty()
            && !text[from..].starts_with(REDACTED)
            && is_secret(name, &Value::from(""));
        let ends = |letter: char| letter.is_whitespace() || "&;,\"'<>\\".contains(letter);
        if !is_found {
            return None;
        }
        let value = text[from..].split(ends).next()?;
        (!value.is_empty()).then_some((from, from + value.len()))
    })
}

#[cfg(test)]
mod tests {
    use mcp_factory_sdk::{Secret, SecretReference, keep_secret};
    use serde_json::json;

    use super::*;

    fn clean(value: Value) -> Value {
        Redactor::new(&["I-BAN".to_owned()])
            .of(&["code".to_owned()])
            .value(value)
    }

    #[test]
    fn what_has_a_secret_name_is_gone_at_any_depth() {
        let value = json!({
            "path": "/a",
            "password": "canary",
            "headers": [{"Authorization": ["canary"], "Accept": "text/plain"}],
            "iban": "canary", "code": "canary", "key": "b",
            "deep": {"deeper": {"api_key": {"inner": "canary"}}},
            "max_tokens": 5,
        });
        assert_eq!(
            clean(value),
            json!({
                "path": "/a",
                "password": REDACTED,
                "headers": [{"Authorization": REDACTED, "Accept": "text/plain"}],
                "iban": REDACTED, "code": REDACTED, "key": "b",
                "deep": {"deeper": {"api_key": REDACTED}},
                "max_tokens": 5,
            })
        );
    }

    #[test]
    fn json_in_a_text_is_looked_into_and_else_left_as_it_was() {
        let inner = json!({"token": "canary", "a": [1]}).to_string();
        let twice = json!({"body": inner}).to_string();
        let told = clean(json!({"body": inner, "twice": twice}));
        assert!(!told.to_string().contains("canary"), "{told}");
        assert_eq!(told["body"], "{\"token\":\"[redacted]\",\"a\":[1]}");
        let odd = "{ \"a\" :  1.50 }";
        assert_eq!(clean(json!({"body": odd})), json!({"body": odd}));
    }

    #[test]
    fn credentials_in_a_text_are_gone() {
        for (text, told) in [
            (
                "Authorization: Bearer abcdefgh.ijk",
                "Authorization: Bearer [redacted]",
            ),
            (
                "curl -H 'authorization: bearer abcdefghij' x",
                "curl -H 'authorization: bearer [redacted]' x",
            ),
            (
                "Basic dXNlcjpwYXNz, and Bearer zzzzzzzzz",
                "Basic [redacted], and Bearer [redacted]",
            ),
            (
                "https://ann:hunter2@example.com/a?b=c",
                "https://[redacted]@example.com/a?b=c",
            ),
            (
                "https://example.com/?token=hunter2&page=2",
                "https://example.com/?token=[redacted]&page=2",
            ),
            (
                "DB_PASSWORD=\"hunter2\"\nHOST=a",
                "DB_PASSWORD=\"[redacted]\"\nHOST=a",
            ),
            (
                "user=ann;password=hunter2;api_key=hunter2",
                "user=ann;password=[redacted];api_key=[redacted]",
            ),
        ] {
            assert_eq!(clean(json!([text])), json!([told]));
        }
        for text in [
            "the bearer of news",
            "basic rules",
            "Basic authentication is what it is called",
            "a == b",
            "=",
            "token=",
            "http://example.com/@ann",
            "größe=ß",
        ] {
            assert_eq!(clean(json!([text])), json!([text]));
        }
    }

    #[test]
    fn a_text_that_is_made_to_take_long_does_not() {
        let begun = std::time::Instant::now();
        for part in [
            "a=",
            "token=[redacted]",
            "token=",
            "://[redacted]@",
            "://",
            "basic b",
            "bearer ",
            "b",
            "QmFzZTY0",
        ] {
            clean(json!([part.repeat((1 << 19) / part.len())]));
        }
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(20),
            "{:?}",
            begun.elapsed()
        );
    }

    #[test]
    fn every_secret_that_was_read_is_gone_wherever_it_stands() {
        let read = |name: &str, value: &str| {
            keep_secret(format!("vault:{name}"), Secret::new(value.to_owned()));
            let reference: SecretReference = format!("vault:{name}").parse().expect("a reference");
            reference.read().expect("it was kept")
        };
        read("redact#plain", "s3cr3t-canary");
        read("redact#quoted", "can\"ary\\two");
        read("redact#url", "redis://ann:canary-three@host/0");
        read(
            "redact#key",
            "-----BEGIN KEY-----\ncanarycanarycanary\n-----END KEY-----",
        );
        read("redact#short", "abc");
        read("redact#digits", "8315550123");
        let value = json!({
            "text": "it is s3cr3t-canary, can\"ary\\two and canary-three",
            "s3cr3t-canary": 8_315_550_123_u64,
            "inner": json!({"a": "can\"ary\\two"}).to_string(),
            "lines": ["canarycanarycanary", "abc"],
        });
        let told = clean(value).to_string();
        assert!(
            !told.contains("canary") && !told.contains("can\\"),
            "{told}"
        );
        assert!(
            !told.contains("8315550123") && told.contains("abc"),
            "{told}"
        );
        // One that is rotated: both are known.
        let mut redactor = Redactor::default();
        assert_eq!(
            redactor.of(&[]).text("s3cr3t-canary fourth-canary"),
            "[redacted] fourth-canary"
        );
        read("redact#plain", "fourth-canary");
        assert_eq!(
            redactor.of(&[]).text("s3cr3t-canary fourth-canary"),
            "[redacted] [redacted]"
        );
    }
}
