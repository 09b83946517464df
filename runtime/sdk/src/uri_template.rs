//! Matching a URI against a template (the part of RFC 6570 that can be matched backwards).

use crate::Variables;

/// A URI template: literal text with `{name}` (one path segment) and `{+name}` (the rest, slashes too).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UriTemplate<'a>(&'a str);

/// A piece of a template.
enum Part<'a> {
    Literal(&'a str),
    Variable { name: &'a str, reserved: bool },
}

impl<'a> UriTemplate<'a> {
    /// A template. The macros have checked its form: balanced braces, unique names, no two variables
    /// without text between them.
    pub const fn new(template: &'a str) -> Self {
        Self(template)
    }

    /// Whether the text has variables at all; if not, it is a plain URI.
    pub fn has_variables(&self) -> bool {
        self.0.contains('{')
    }

    /// The names of the variables, in order.
    pub fn variables(&self) -> Vec<&'a str> {
        self.parts()
            .into_iter()
            .filter_map(|part| match part {
                Part::Variable { name, .. } => Some(name),
                Part::Literal(_) => None,
            })
            .collect()
    }

    fn parts(&self) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        let mut rest = self.0;
        while let Some((literal, tail)) = rest.split_once('{') {
            if !literal.is_empty() {
                parts.push(Part::Literal(literal));
            }
            let (name, tail) = tail.split_once('}').unwrap_or((tail, ""));
            parts.push(match name.strip_prefix('+') {
                Some(name) => Part::Variable {
                    name,
                    reserved: true,
                },
                None => Part::Variable {
                    name,
                    reserved: false,
                },
            });
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest));
        }
        parts
    }

    /// The values that make this template into `uri`, percent-decoded; `None` when there are none.
    ///
    /// A variable is never empty, `{name}` never holds a `/`, and a value that does not decode to
    /// UTF-8, or decodes to one with a NUL, does not match.
    pub fn matches(&self, uri: &str) -> Option<Variables> {
        let parts = self.parts();
        let mut values = Vec::new();
        let mut rest = uri;
        let mut index = 0;
        while index < parts.len() {
            match &parts[index] {
                Part::Literal(literal) => rest = rest.strip_prefix(literal)?,
                Part::Variable { name, reserved } => {
                    let end = match parts.get(index + 1) {
                        // The last occurrence for {+name}, so that it may hold the literal itself.
                        Some(Part::Literal(literal)) if *reserved => rest.rfind(literal)?,
                        Some(Part::Literal(literal)) => rest.find(literal)?,
                        _ => rest.len(),
                    };
                    let (raw, tail) = rest.split_at(end);
                    if raw.is_empty() || (!reserved && raw.contains('/')) {
                        return None;
                    }
                    values.push(((*name).to_owned(), percent_decode(raw)?));
                    rest = tail;
                }
            }
            index += 1;
        }
        rest.is_empty().then(|| values.into_iter().collect())
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        // `from_str_radix` would also take a sign.
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|decoded| !decoded.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(template: &str, uri: &str) -> Option<Vec<(String, String)>> {
        UriTemplate::new(template).matches(uri).map(|variables| {
            variables
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        })
    }

    #[test]
    fn a_segment_is_one_and_the_rest_is_many() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            matched("demo://users/{id}", "demo://users/7"),
            Some(vec![pair("id", "7")])
        );
        assert_eq!(matched("demo://users/{id}", "demo://users/7/8"), None);
        assert_eq!(matched("demo://users/{id}", "demo://users/"), None);
        assert_eq!(
            matched("fs://{root}/{+path}", "fs://docs/a/b%20c.txt"),
            Some(vec![pair("root", "docs"), pair("path", "a/b c.txt")])
        );
        assert_eq!(
            matched("test://{id}/data", "test://x/data"),
            Some(vec![pair("id", "x")])
        );
        assert_eq!(matched("test://{id}/data", "test://x/date"), None);
    }

    #[test]
    fn what_does_not_decode_does_not_match() {
        for uri in ["a://%", "a://%2", "a://%+1", "a://%ff", "a://%00"] {
            assert_eq!(matched("a://{x}", uri), None, "{uri}");
        }
        // A slash that was hidden by encoding is decoded after the split, so the function must expect it.
        assert_eq!(
            matched("a://{x}", "a://..%2Fb"),
            Some(vec![("x".to_owned(), "../b".to_owned())])
        );
    }
}
