//! Characters that a person does not see and a model reads: tags, turns of direction, zero widths, controls.
//! A page can hide orders in them, so they are taken out of everything that is returned.

/// The text without what cannot be seen.
pub(crate) fn strip(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut previous = '\0';
    for letter in text.chars() {
        if matches!(letter, '\u{2028}' | '\u{2029}') {
            out.push('\n');
        } else if keep(letter, previous) {
            out.push(letter);
        }
        previous = letter;
    }
    out
}

fn keep(letter: char, previous: char) -> bool {
    match letter {
        '\n' | '\t' => true,
        // One joiner, or one choice of form, belongs to the character before it in many scripts and in emoji;
        // a row of them is a message.
        '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' => {
            !previous.is_ascii() && !is_invisible(previous) && !is_joiner(previous)
                || letter == '\u{200d}' && previous == '\u{fe0f}'
        }
        letter => !is_invisible(letter),
    }
}

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
            .map(|c| char::from_u32(0xe_0000 + u32::from(c)).unwrap())
            .collect();
        let selectors: String = (0..20)
            .map(|n| char::from_u32(0xe_0100 + n).unwrap())
            .collect();
        for hidden in [
            tags.as_str(),
            &selectors,
            "\u{202e}",
            "\u{2066}\u{2069}",
            "\u{200b}\u{200b}",
            "\u{200c}\u{200d}\u{200c}",
            "\u{fe00}\u{fe01}",
            "\u{ad}",
            "\u{1b}[8m\u{7}\0",
            "\u{feff}",
            "\u{3164}\u{2800}",
        ] {
            let seen = strip(&format!("a{hidden}b"));
            assert!(seen == "ab" || seen == "a[8mb", "{hidden:?}: {seen:?}");
        }
    }

    #[test]
    fn what_is_seen_stays() {
        for text in [
            "plain\ttext\n",
            "äöü ß 漢字 العربية עברית",
            "👩\u{200d}👩\u{200d}👧 ❤\u{fe0f} 🏳\u{fe0f}\u{200d}🌈",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
        ] {
            assert_eq!(strip(text), text);
        }
    }

    #[test]
    fn a_row_of_joiners_carries_nothing() {
        let row = "é\u{200c}\u{200d}\u{200c}\u{200d}\u{fe0f}\u{fe0e}";
        assert!(strip(row).chars().count() <= 3, "{:?}", strip(row));
    }
}
