//! Bytes to text: by the mark at their beginning, else as the header says, else as the page says of itself,
//! else UTF-8, else what the web's old pages are.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How far into a page its own word about its encoding is looked for.
const PRESCAN: usize = 1024;

/// The text, with a replacement character where the bytes are none.
pub(crate) fn decode(body: &[u8], cut: bool, declared: Option<&str>, html: bool) -> String {
    let declared = declared.and_then(|label| Encoding::for_label(label.as_bytes()));
    let own = || html.then(|| said_by_page(body)).flatten();
    let encoding = declared.or_else(own).unwrap_or_else(|| {
        // A body that was cut may end within a character.
        let is_utf8 = match std::str::from_utf8(body) {
            Ok(_) => true,
            Err(error) => cut && error.error_len().is_none(),
        };
        if is_utf8 { UTF_8 } else { WINDOWS_1252 }
    });
    // A mark at the beginning overrules all.
    encoding.decode(body).0.into_owned()
}

/// `<meta charset="…">`, or `charset=…` in a `<meta http-equiv>`.
fn said_by_page(body: &[u8]) -> Option<&'static Encoding> {
    let start = String::from_utf8_lossy(&body[..body.len().min(PRESCAN)]).to_ascii_lowercase();
    let mut rest = start.as_str();
    while let Some(at) = rest.find("<meta") {
        rest = &rest[at + 5..];
        let tag = rest.split('>').next().unwrap_or_default();
        let Some((_, value)) = tag.split_once("charset") else {
            continue;
        };
        let value = value.trim_start().strip_prefix('=').unwrap_or_default();
        let value = value.trim_start().trim_start_matches(['"', '\'']);
        let end = value
            .find(['"', '\'', ';', '/', ' '])
            .unwrap_or(value.len());
        if let Some(encoding) = Encoding::for_label(&value.as_bytes()[..end]) {
            // A page that could be searched for its encoding is not in UTF-16.
            return Some(if encoding.output_encoding() == encoding {
                encoding
            } else {
                UTF_8
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_about_the_encoding_is_heard_in_its_turn() {
        for (body, declared, expected) in [
            (b"\xe4".as_slice(), Some("latin1"), "ä"),
            (b"\xc3\xa4", None, "ä"),
            (b"\xe4", None, "ä"),
            (b"\xc3\xa4\xc3", None, "Ã¤Ã"),
            (b"\xef\xbb\xbf\xc3\xa4", Some("latin1"), "ä"),
            (b"\xff\xfee\0", None, "e"),
            (b"\xc3\xa4", Some("nonsense"), "ä"),
            (b"\x82\xa0", Some("shift_jis"), "あ"),
        ] {
            assert_eq!(decode(body, false, declared, false), expected, "{body:?}");
        }
        assert_eq!(decode(b"\xc3\xa4\xc3", true, None, false), "ä\u{fffd}");
        for page in [
            b"<meta charset=iso-8859-5>\xd0".as_slice(),
            b"<META name=x><meta http-equiv=content-type content='text/html; charset=ISO-8859-5'>\xd0",
            b"<meta charset = \"iso-8859-5\" >\xd0",
        ] {
            let text = decode(page, false, None, true);
            assert!(text.ends_with('а'), "{text}");
            assert!(decode(page, false, Some("utf-8"), true).ends_with('\u{fffd}'));
            assert!(!decode(page, false, None, false).ends_with('а'), "only in HTML");
        }
        assert!(decode(b"<meta charset=utf-16>\xc3\xa4", false, None, true).ends_with('ä'));
    }
}
