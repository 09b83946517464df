//! Text that others wrote, without what nobody sees: a hidden character is a way to speak to a model behind
//! its user's back.

/// The text without control characters (line ends and tabs stay), characters of no width, marks that turn
/// the direction of writing, tag characters and the variation selectors that can carry bytes.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|&c| !is_invisible(c)).collect()
}

/// [`plain`], and at most `limit` bytes of it. The flag says whether something was cut off.
pub(crate) fn plain_up_to(text: &str, limit: usize) -> (String, bool) {
    let mut text = plain(text);
    let more = text.len() > limit;
    if more {
        text.truncate(text.floor_char_boundary(limit));
    }
    (text, more)
}

/// A value of the caller as a message repeats it: quoted, short, on one line.
pub(crate) fn shown(value: &str) -> String {
    let short: String = plain(value).chars().take(80).collect();
    format!("{short:?}")
}

fn is_invisible(c: char) -> bool {
    if matches!(c, '\n' | '\t') {
        return false;
    }
    c.is_control()
        || matches!(c,
            // Soft hyphen, grapheme joiner, Arabic letter mark, fillers that draw nothing.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            // The two selectors that choose between text and emoji stay; nothing can be written in them.
            | '\u{fe00}'..='\u{fe0d}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_goes_and_the_rest_stays() {
        for hidden in [
            '\u{0}',
            '\u{1b}',
            '\u{85}',
            '\u{ad}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{feff}',
            '\u{fe00}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e007f}',
            '\u{e0100}',
            '\u{3164}',
        ] {
            assert_eq!(plain(&format!("a{hidden}b")), "ab", "{hidden:?}");
        }
        let seen = "größe 日本語 \u{2764}\u{fe0f} 👍🏽 a\tb\nc";
        assert_eq!(plain(seen), seen);
    }

    #[test]
    fn a_cut_is_at_a_character_and_said() {
        assert_eq!(plain_up_to("größe", 3), ("gr".to_owned(), true));
        assert_eq!(plain_up_to("größe", 7), ("größe".to_owned(), false));
        assert_eq!(plain_up_to("a\u{200b}b", 2), ("ab".to_owned(), false));
    }

    #[test]
    fn what_is_repeated_is_short_and_on_one_line() {
        assert_eq!(shown("a\nb\u{202e}"), r#""a\nb""#);
        assert_eq!(shown(&"x".repeat(500)).len(), 82);
    }
}
