//! Text in URLs and signatures, behind percent signs.

use mcp_factory_outbound::percent_encode;

/// Percent-encodes all but what RFC 3986 calls unreserved, as signatures demand; with `path`, slashes stay.
pub(crate) fn percent(text: &str, path: bool) -> String {
    let mut out = String::with_capacity(text.len());
    percent_encode(&mut out, text, if path { b"/" } else { b"" });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_unreserved_is_encoded() {
        assert_eq!(percent("a b/ü+~%", true), "a%20b/%C3%BC%2B~%25");
        assert_eq!(percent("a/b=&", false), "a%2Fb%3D%26");
    }
}
