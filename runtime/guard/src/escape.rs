//! JSON that stays one line wherever it is read, and shows what it holds.
//!
//! JSON escapes the ASCII control characters. Some readers also break lines at others, and some
//! characters turn text around on a screen: these are escaped too.

use std::io::{self, Write};

use serde_json::ser::Formatter;

/// Compact JSON, with more escapes.
pub(crate) struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, character)) = rest.char_indices().find(|(_, c)| is_unruly(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            write!(writer, "\\u{:04x}", u32::from(character))?;
            rest = &rest[at + character.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Controls beyond ASCII, line and paragraph separators, marks of direction; all of four hexadecimal digits.
pub(crate) const fn is_unruly(character: char) -> bool {
    matches!(
        character,
        '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize as _;

    /// Some of each range.
    const UNRULY: [char; 10] = [
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202e}',
        '\u{2066}', '\u{2069}', '\u{feff}',
    ];

    #[test]
    fn a_text_is_one_line_and_reads_back() {
        for text in [
            "a\nb\r\nc",
            "\"\\\u{0}\u{1b}[31m\t\u{b}\u{c}",
            "a\u{2028}b\u{2029}c\u{85}d\u{7f}",
            "\u{202e}\u{2066}gpj.exe\u{200f}\u{feff}",
            &UNRULY.iter().collect::<String>(),
            "plain, größer, 🦀, \u{fffd}",
            "",
        ] {
            let mut json = Vec::new();
            text.serialize(&mut serde_json::Serializer::with_formatter(
                &mut json, Escaping,
            ))
            .expect("it is written");
            let json = String::from_utf8(json).expect("it is text");
            assert!(!json.contains(UNRULY), "{json}");
            assert!(!json.contains(char::is_control), "{json}");
            assert_eq!(
                serde_json::from_str::<String>(&json).expect("it is JSON"),
                text
            );
        }
    }
}
