//! Bytes of a repository as text for people and models.

/// As text; what is not UTF-8 becomes U+FFFD.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether content is binary, by git's rule: a NUL among the first 8000 bytes.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(8000)].contains(&0)
}

/// A path in the header of a diff: quoted as git does where it holds a quote, a backslash or a control character.
pub(crate) fn quoted(prefix: &str, path: &[u8]) -> String {
    let is_plain = |byte: &u8| !byte.is_ascii_control() && !b"\"\\".contains(byte);
    if path.iter().all(is_plain) {
        return format!("{prefix}{}", text(path));
    }
    let mut quoted = format!("\"{prefix}");
    for character in text(path).chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            other if other.is_ascii_control() => quoted += &octal(other),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn octal(character: char) -> String {
    format!("\\{:03o}", u32::from(character))
}

/// The longest start of `text` of at most `limit` bytes.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_as_git_does() {
        assert_eq!(quoted("a/", "é f".as_bytes()), "a/é f");
        assert_eq!(quoted("b/", b"a\"\\\t\n\x01"), r#""b/a\"\\\t\n\001""#);
    }

    #[test]
    fn cuts_fall_between_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert!(is_binary(b"a\0") && !is_binary(b"a"));
    }
}
