//! Text as a JSON string, faster than a byte at a time.
//!
//! In the room: what has to be escaped, found eight bytes at once, for who writes text and for who reads it. The rest
//! of JSON is `serde_json`'s, and so is every byte that is written: a test compares the two.

use serde::{Serialize as _, Serializer, ser::Error as _};
use serde_json::value::RawValue;

use crate::kept;

/// Appends `text` to `json` as a JSON string, with its quotes; the same bytes as `serde_json` writes.
pub fn append(json: &mut Vec<u8>, text: &str) {
    json.reserve(room(text));
    pieces(text, |piece| json.extend_from_slice(piece.as_bytes()));
}

/// For `#[serde(serialize_with = "mcp_factory_sdk::json_text::serialize")]` on a text that may be long, such as the
/// content of a file. It writes what it would without, in fewer steps, and only to JSON.
///
/// # Errors
/// When the serializer fails.
pub fn serialize<S: Serializer>(text: impl AsRef<str>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut json = kept::take();
    append(&mut json, text.as_ref());
    let raw: &RawValue = serde_json::from_slice(&json).map_err(S::Error::custom)?;
    let written = raw.serialize(serializer)?;
    kept::give_back(json);
    Ok(written)
}

/// Enough for most texts: quotes, and an escape here and there.
const fn room(text: &str) -> usize {
    text.len() + text.len() / 16 + 2
}

/// Gives the JSON string piece by piece.
fn pieces(text: &str, mut write: impl FnMut(&str)) {
    write("\"");
    let mut rest = text;
    loop {
        let clean = clean(rest.as_bytes());
        // What is escaped is ASCII, so it stands on a boundary of characters.
        write(&rest[..clean]);
        let Some(&byte) = rest.as_bytes().get(clean) else {
            break;
        };
        match byte {
            b'"' => write("\\\""),
            b'\\' => write("\\\\"),
            b'\n' => write("\\n"),
            b'\r' => write("\\r"),
            b'\t' => write("\\t"),
            0x08 => write("\\b"),
            0x0C => write("\\f"),
            control => {
                let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
                write(if control < 0x10 { "\\u000" } else { "\\u001" });
                write(digit(control & 0xF).encode_utf8(&mut [0; 4]));
            }
        }
        rest = &rest[clean + 1..];
    }
    write("\"");
}

/// How many bytes at the beginning stand for themselves in a JSON string: those before the first quote, backslash or
/// control character (RFC 8259 §7), or all.
pub fn clean(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xFF;
    const HIGHS: u64 = ONES << 7;
    let (words, tail) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        // A byte that is too small borrows when something is taken away, and its high bit tells. What it borrows
        // disturbs only the bytes above it, so the lowest one that is found is right.
        let found = (word.wrapping_sub(ONES * 0x20) & !word)
            | (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash);
        let found = found & HIGHS;
        if found != 0 {
            return at * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let special = |byte: &u8| *byte < 0x20 || matches!(*byte, b'"' | b'\\');
    let in_tail = tail.iter().position(special).unwrap_or(tail.len());
    bytes.len() - tail.len() + in_tail
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) {
        let theirs = serde_json::to_string(text).unwrap();
        let mut ours = b"before".to_vec();
        append(&mut ours, text);
        assert_eq!(ours, format!("before{theirs}").into_bytes(), "{text:?}");
        let mut written = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut written);
        serialize(text, &mut serializer).unwrap();
        assert_eq!(written, theirs.into_bytes(), "{text:?}");
    }

    #[test]
    fn every_ascii_byte_at_every_place_of_a_word() {
        for byte in 0..0x80_u8 {
            for place in 0..17 {
                let mut text = ".".repeat(17);
                text.replace_range(place..=place, &char::from(byte).to_string());
                both(&text);
                both(&text[..=place]);
            }
        }
    }

    #[test]
    fn two_of_a_kind_side_by_side_and_characters_of_every_length() {
        for first in "\0\u{1}\u{1f} !\"#[\\]\u{7f}\u{80}ÿé€😀\u{2028}".chars() {
            for second in "\0\n \"!\\]\u{7f}é😀".chars() {
                for before in 0..9 {
                    both(&format!("{}{first}{second}{first}ab", "x".repeat(before)));
                }
            }
        }
        both("");
    }
}
