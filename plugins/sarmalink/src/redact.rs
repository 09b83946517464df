//! The key that was sent, kept out of what came back. It helps against an engine that echoes, by accident or
//! not; one that is out to give its own key away can always spell it otherwise.

use crate::{failure::Failure, keys::Key};

/// Keys shorter than this are not looked for: they would be found in words. For the same reason, a part of
/// a key is one from this length on.
const SHORTEST: usize = 8;
/// What stands in a key's place.
const MASK: &str = "[key]";

/// What is looked for: the key of one attempt, if it has one.
#[derive(Debug)]
pub(crate) struct Redaction<'a>(&'a Key);

impl<'a> Redaction<'a> {
    pub(crate) const fn of(key: &'a Key) -> Self {
        Self(key)
    }

    fn secret(&self) -> Option<&'a str> {
        let secret = self.0.secret.as_ref()?.expose().as_str();
        (secret.len() >= SHORTEST).then_some(secret)
    }

    /// An answer without the key, and without the beginning of one at its end: there an engine that came to
    /// its limit stopped in the middle of it, or, with `cut`, this side did.
    pub(crate) fn text(&self, text: String, cut: bool) -> String {
        let Some(secret) = self.secret() else {
            return text;
        };
        let mut text = if text.contains(secret) {
            text.replace(secret, MASK)
        } else {
            text
        };
        let starts = secret.char_indices().map(|(at, _)| at).rev();
        let at_end = starts
            .filter(|at| *at > 0)
            .find(|at| text.ends_with(&secret[..*at]));
        if let Some(length) = at_end.filter(|length| cut || *length >= SHORTEST) {
            text.truncate(text.len() - length);
            // What was cut ends anywhere, and does not grow again.
            if !cut {
                text.push_str(MASK);
            }
        }
        text
    }

    /// A short word of an engine, of at most `most` bytes. Give it uncut, or with at least 32 bytes more than
    /// `most`: a part of the key is not recognised by less.
    pub(crate) fn word(&self, mut word: String, most: usize) -> String {
        if self.shares(&word) {
            return MASK.to_owned();
        }
        word.truncate(word.floor_char_boundary(most));
        word
    }

    /// A failure whose code and parameter hold no part of the key.
    pub(crate) fn failure(&self, failure: Failure) -> Failure {
        let is_clean = |word: &String| !self.shares(word);
        Failure {
            code: failure.code.filter(is_clean),
            parameter: failure.parameter.filter(is_clean),
            ..failure
        }
    }

    /// Whether any eight bytes in a row are in the key too; letter case does not count.
    fn shares(&self, word: &str) -> bool {
        let Some(secret) = self.secret() else {
            return false;
        };
        let mut parts = secret.as_bytes().windows(SHORTEST);
        parts.any(|part| {
            let mut places = word.as_bytes().windows(SHORTEST);
            places.any(|place| place.eq_ignore_ascii_case(part))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mcp_factory_sdk::Secret;

    use super::*;
    use crate::failure::Reason;

    const CANARY: &str = "canary0123456789abcdef";

    fn key(secret: &str) -> Key {
        Key {
            index: 0,
            secret: Some(Arc::new(Secret::new(secret.to_owned()))),
        }
    }

    #[test]
    fn an_answer_holds_neither_the_key_nor_its_beginning_at_the_end() {
        let key = key(CANARY);
        let redaction = Redaction::of(&key);
        let whole = format!("it is {CANARY}, {CANARY}!");
        assert_eq!(redaction.text(whole, false), "it is [key], [key]!");
        for length in 1..CANARY.len() {
            let text = format!("{CANARY} it is {}", &CANARY[..length]);
            assert_eq!(redaction.text(text.clone(), true), "[key] it is ");
            let expected = if length < 8 {
                text.replace(CANARY, "[key]")
            } else {
                "[key] it is [key]".to_owned()
            };
            assert_eq!(redaction.text(text, false), expected);
        }
    }

    #[test]
    fn what_holds_no_key_is_left_alone() {
        let (long, short) = (key(CANARY), key("stop"));
        let nobody = Key {
            index: 0,
            secret: None,
        };
        for key in [&long, &short, &nobody] {
            let redaction = Redaction::of(key);
            let text = "the end of a text, and then stop: größer".to_owned();
            assert_eq!(redaction.text(text.clone(), true), text);
            assert_eq!(redaction.word("stop".to_owned(), 32), "stop");
            assert_eq!(redaction.word("größer".to_owned(), 3), "gr");
        }
    }

    #[test]
    fn a_key_of_other_letters_is_cut_between_them() {
        let key = key("schlüßelmitpunkten");
        let text = Redaction::of(&key).text("es ist schlü".to_owned(), true);
        assert_eq!(text, "es ist ");
    }

    #[test]
    fn a_word_that_shares_eight_characters_with_the_key_is_not_shown() {
        let key = key(CANARY);
        let redaction = Redaction::of(&key);
        for (word, is_shown) in [
            ("invalid_value", true),
            ("canary0", true),
            ("canary01", false),
            ("x_0123456789_x", false),
            ("CANARY0123456789ABCDEF", false),
        ] {
            let failure = Failure {
                code: Some(word.to_owned()),
                parameter: Some(word.to_owned()),
                ..Failure::new(Reason::Rejected)
            };
            let failure = redaction.failure(failure);
            assert_eq!(failure.code.is_some(), is_shown, "{word}");
            assert_eq!(failure.parameter.is_some(), is_shown, "{word}");
            let expected = if is_shown { word } else { "[key]" };
            assert_eq!(redaction.word(word.to_owned(), 32), expected);
        }
    }
}
