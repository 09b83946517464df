//! What a body is, by its `Content-Type`, or by its beginning when there is none.

/// What can be done with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Html,
    /// Text, JSON, XML: returned as it is.
    Text,
}

/// A `Content-Type`, without what could not be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaType {
    /// `type/subtype` in lower case.
    pub(crate) essence: String,
    pub(crate) charset: Option<String>,
}

impl MediaType {
    /// Reads the header's value; `None` when it is no media type.
    pub(crate) fn read(value: &str) -> Option<Self> {
        let mut parts = value.split(';');
        let essence = parts.next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) || essence.len() > 100 {
            return None;
        }
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            let value = value.trim().trim_matches('"');
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.to_owned())
        });
        Some(Self { essence, charset })
    }

    /// What can be done with it; `None` when it is not text.
    pub(crate) fn kind(&self) -> Option<Kind> {
        let (kind, subtype) = self.essence.split_once('/')?;
        match (kind, subtype) {
            ("text", "html") | ("application", "xhtml+xml") => Some(Kind::Html),
            ("text", "rtf") => None,
            ("text", _) => Some(Kind::Text),
            (_, subtype) if subtype.ends_with("+json") || subtype.ends_with("+xml") => {
                Some(Kind::Text)
            }
            (
                "application",
                "json" | "xml" | "javascript" | "ecmascript" | "yaml" | "x-yaml" | "toml"
                | "ndjson" | "x-ndjson" | "jsonl" | "json5" | "graphql" | "sql" | "x-sh"
                | "x-javascript",
            ) => Some(Kind::Text),
            _ => None,
        }
    }
}

/// What a body without a `Content-Type` looks like.
pub(crate) fn sniff(body: &[u8]) -> Option<Kind> {
    let start = &body[..body.len().min(1024)];
    let text = String::from_utf8_lossy(start)
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_ascii_lowercase();
    if ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|tag| text.starts_with(tag))
    {
        return Some(Kind::Html);
    }
    (!is_binary(body) && std::str::from_utf8(body).is_ok()).then_some(Kind::Text)
}

/// Whether what claims to be text is not: no text holds a NUL, except in UTF-16, which begins with a mark.
pub(crate) fn is_binary(body: &[u8]) -> bool {
    let marked = body.starts_with(&[0xff, 0xfe]) || body.starts_with(&[0xfe, 0xff]);
    !marked && memchr::memchr(0, &body[..body.len().min(64 * 1024)]).is_some()
}

fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(value: &str) -> Option<Kind> {
        MediaType::read(value)?.kind()
    }

    #[test]
    fn text_is_told_from_the_rest() {
        for html in [
            "text/html",
            "TEXT/HTML; charset=utf-8",
            "application/xhtml+xml",
        ] {
            assert_eq!(kind(html), Some(Kind::Html), "{html}");
        }
        for text in [
            "text/plain",
            "text/csv;x=y",
            "application/json",
            "application/problem+json",
            "image/svg+xml",
            "application/yaml",
        ] {
            assert_eq!(kind(text), Some(Kind::Text), "{text}");
        }
        for other in [
            "image/png",
            "application/pdf",
            "application/octet-stream",
            "text/rtf",
            "nonsense",
            "a/b/c",
            "text/<script>",
            "",
        ] {
            assert_eq!(kind(other), None, "{other}");
        }
    }

    #[test]
    fn the_charset_is_read() {
        let charset = |value| MediaType::read(value).unwrap().charset;
        assert_eq!(
            charset("text/html; a=b; Charset=\"ISO-8859-1\"").as_deref(),
            Some("ISO-8859-1")
        );
        assert_eq!(charset("text/html"), None);
    }

    #[test]
    fn a_body_without_a_type_is_looked_at() {
        assert_eq!(
            sniff(b"\xef\xbb\xbf \n<!DOCTYPE HTML><p>"),
            Some(Kind::Html)
        );
        assert_eq!(sniff(b"plain"), Some(Kind::Text));
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n\0\0"), None);
        assert_eq!(sniff(b"\xff\xd8\xff\xe0"), None);
        assert_eq!(sniff(b""), Some(Kind::Text));
        assert!(is_binary(b"a\0b") && !is_binary(b"\xff\xfea\0"));
    }
}
