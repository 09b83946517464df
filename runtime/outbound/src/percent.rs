//! Text as a part of a URL.

use std::fmt::Write as _;

/// Adds `text` to `into`, percent-encoded but for what RFC 3986 calls unreserved and the bytes in `kept`.
pub fn percent_encode(into: &mut String, text: &str, kept: &[u8]) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            into.push(char::from(byte));
        } else {
            write!(into, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::percent_encode;

    #[test]
    fn all_but_the_unreserved_is_encoded() {
        for (text, kept, encoded) in [
            ("a b/ü+~%", "/", "a%20b/%C3%BC%2B~%25"),
            ("a/b=&\0", "", "a%2Fb%3D%26%00"),
            ("-._~", "", "-._~"),
        ] {
            let mut out = "x".to_owned();
            percent_encode(&mut out, text, kept.as_bytes());
            assert_eq!(out, format!("x{encoded}"));
        }
    }
}
