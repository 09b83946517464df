//! Text that others wrote, without what nobody sees: a hidden character is a way to speak to a model behind
//! its user's back.

/// The text without what cannot be seen: control characters (line ends and tabs stay), characters of no
/// width, marks that turn the direction of writing, tags, and selectors that can carry bytes. Separators of
/// lines and paragraphs become line ends.
///
/// One joiner or one choice of form after a character stays: many scripts and emoji are written with them.
pub fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut previous = '\0';
    for letter in text.chars() {
        if matches!(letter, '\u{2028}' | '\u{2029}') {
            seen.push('\n');
        } else if is_kept(letter, previous) {
            seen.push(letter);
        }
        previous = letter;
    }
    seen
}

/// [`visible`], and at most `limit` bytes of it, cut between characters. The flag says whether it was cut.
pub fn visible_up_to(text: &str, limit: usize) -> (String, bool) {
    let mut text = visible(text);
    let more = text.len() > limit;
    if more {
        text.truncate(text.floor_char_boundary(limit));
    }
    (text, more)
}

/// A value of the caller's as a message repeats it: quoted, on one line, at most 80 characters of it.
pub fn quoted(value: &str) -> String {
    let short: String = visible(value).chars().take(80).collect();
    format!("{short:?}")
}

fn is_kept(letter: char, previous: char) -> bool {
    match letter {
        '\n' | '\t' => true,
        letter if is_joiner(letter) => {
            let after_a_letter =
                !previous.is_ascii() && !is_invisible(previous) && !is_joiner(previous);
            after_a_letter || (letter == '\u{200d}' && previous == '\u{fe0f}')
        }
        letter => !is_invisible(letter),
    }
}

/// Joiners, and the selectors that choose between text and emoji. A row of them would be a message.
fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(
            u32::from(letter),
            0x00ad                    // soft hyphen
            | 0x034f                  // grapheme joiner
            | 0x061c                  // Arabic letter mark
            | 0x115f..=0x1160         // Hangul fillers
            | 0x17b4..=0x17b5         // Khmer vowels without a form
            | 0x180b..=0x180f         // Mongolian selectors
            | 0x200b | 0x200e..=0x200f // zero width space, direction marks
            | 0x2028..=0x202e         // line separators, embeddings and overrides
            | 0x2060..=0x206f         // word joiner, invisible operators, isolates
            | 0x2800                  // an empty Braille cell
            | 0x3164                  // Hangul filler
            | 0xfe00..=0xfe0d         // choices of form
            | 0xfeff                  // byte order mark
            | 0xffa0                  // half-width Hangul filler
            | 0xfff0..=0xfffb         // annotations
            | 0x1_3430..=0x1_343f     // hieroglyph format controls
            | 0x1_bca0..=0x1_bca3     // shorthand controls
            | 0x1_d173..=0x1_d17a     // musical controls
            | 0xe_0000..=0xe_0fff     // tags, more choices of form
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_messages_are_gone() {
        let tags: String = "ignore all"
            .chars()
            .filter_map(|letter| char::from_u32(0xe_0000 + u32::from(letter)))
            .collect();
        let selectors: String = (0..20)
            .filter_map(|n| char::from_u32(0xe_0100 + n))
            .collect();
        for hidden in [
            tags.as_str(),
            &selectors,
            "\0",
            "\u{1b}",
            "\u{85}",
            "\u{ad}",
            "\u{34f}",
            "\u{115f}",
            "\u{17b4}",
            "\u{180b}",
            "\u{200b}\u{200b}",
            "\u{200c}\u{200d}\u{200c}",
            "\u{200e}",
            "\u{202e}",
            "\u{2060}",
            "\u{2066}\u{2069}",
            "\u{2800}",
            "\u{3164}",
            "\u{fe00}\u{fe01}",
            "\u{feff}",
            "\u{fff9}",
            "\u{1d173}",
            "\u{e007f}",
        ] {
            assert_eq!(visible(&format!("a{hidden}b")), "ab", "{hidden:?}");
        }
        assert_eq!(visible("a\u{2028}b\u{2029}c"), "a\nb\nc");
    }

    #[test]
    fn what_is_seen_stays() {
        for text in [
            "plain\ttext\n",
            "größe 漢字 العربية עברית",
            "👩\u{200d}👩\u{200d}👧 ❤\u{fe0f} 🏳\u{fe0f}\u{200d}🌈 👍🏽",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
        ] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn a_row_of_joiners_carries_nothing() {
        let row = "é\u{200c}\u{200d}\u{200c}\u{200d}\u{fe0f}\u{fe0e}";
        assert!(visible(row).chars().count() <= 3, "{:?}", visible(row));
    }

    #[test]
    fn a_cut_is_at_a_character_and_said() {
        assert_eq!(visible_up_to("größe", 3), ("gr".to_owned(), true));
        assert_eq!(visible_up_to("größe", 7), ("größe".to_owned(), false));
        assert_eq!(visible_up_to("a\u{200b}b", 2), ("ab".to_owned(), false));
    }

    #[test]
    fn what_is_repeated_is_short_and_on_one_line() {
        assert_eq!(quoted("a\nb\u{202e}"), r#""a\nb""#);
        assert_eq!(quoted(&"x".repeat(500)).len(), 82);
    }
}
