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
    json.push(b'"');
    let mut rest = text.as_bytes();
    // Words without anything to escape in a row.
    let mut row = 0;
    // A word is written as it is, and taken back from where it must not be: a copy of a length that is known only then
    // takes longer to begin than most pieces of a text are long.
    while let Some((word, after)) = rest.split_first_chunk() {
        json.extend_from_slice(word);
        let found = special(*word);
        if found != 0 {
            let clean = first(found);
            json.truncate(json.len() - word.len() + clean);
            escape(json, word[clean]);
            rest = &rest[clean + 1..];
            row = 0;
            continue;
        }
        rest = after;
        row += 1;
        if row == LONG {
            rest = append_clean(json, rest);
            row = 0;
        }
    }
    for &byte in rest {
        if is_special(byte) {
            escape(json, byte);
        } else {
            json.push(byte);
        }
    }
    json.push(b'"');
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

/// Enough for most texts: quotes, an escape here and there, and a word that is taken back.
const fn room(text: &str) -> usize {
    text.len() + text.len() / 16 + 10
}

/// After so many words with nothing to escape, more are likely to follow.
const LONG: usize = 4;

/// Appends what has nothing to escape, four words at a time, and returns the rest.
fn append_clean<'t>(json: &mut Vec<u8>, mut rest: &'t [u8]) -> &'t [u8] {
    while let Some((four, after)) = rest.split_first_chunk::<32>() {
        let words = four.as_chunks().0.iter();
        if words.fold(0, |found, word| found | special(*word)) != 0 {
            break;
        }
        json.extend_from_slice(four);
        rest = after;
    }
    rest
}

/// Appends the escape of a byte that cannot stand for itself.
fn escape(json: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        control => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            let digits = [control >> 4, control & 0xF].map(|half| DIGITS[usize::from(half)]);
            json.extend_from_slice(b"\\u00");
            json.extend_from_slice(&digits);
            return;
        }
    };
    json.extend_from_slice(&[b'\\', letter]);
}

/// Whether a byte cannot stand for itself in a JSON string: a quote, a backslash or a control character (RFC 8259 §7).
/// What is escaped is ASCII, so no character is cut in two.
const fn is_special(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, b'"' | b'\\')
}

/// The high bits of such bytes in a word: of the lowest one, and above it perhaps of others.
fn special(word: [u8; 8]) -> u64 {
    const ONES: u64 = u64::MAX / 0xFF;
    const HIGHS: u64 = ONES << 7;
    let word = u64::from_le_bytes(word);
    let quote = word ^ (ONES * u64::from(b'"'));
    let backslash = word ^ (ONES * u64::from(b'\\'));
    // A byte that is too small borrows when something is taken away, and its high bit tells. What it borrows
    // disturbs only the bytes above it, so the lowest one that is found is right.
    let found = (word.wrapping_sub(ONES * 0x20) & !word)
        | (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash);
    found & HIGHS
}

/// Which byte of a word the lowest bit of [`special`] is in.
const fn first(found: u64) -> usize {
    (found.trailing_zeros() / 8) as usize
}

/// How many bytes at the beginning stand for themselves in a JSON string, or all.
pub fn clean(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks();
    for (at, word) in words.iter().enumerate() {
        let found = special(*word);
        if found != 0 {
            return at * word.len() + first(found);
        }
    }
    let in_tail = tail.iter().position(|&byte| is_special(byte));
    let in_tail = in_tail.unwrap_or(tail.len());
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

    /// Long enough for what is written several words at a time, and for what comes after that.
    #[test]
    fn each_kind_at_every_place_of_a_long_text() {
        for length in [31, 32, 33, 63, 64, 65, 72, 104, 140] {
            for place in 0..length {
                for kind in ["\0", "\u{1f}", "\"", "\\", "\n", "\u{7f}", "é"] {
                    let before = "abcdefgh".chars().cycle().take(place);
                    let after = "ijklmnop".chars().cycle().take(length - place);
                    both(&before.chain(kind.chars()).chain(after).collect::<String>());
                }
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
