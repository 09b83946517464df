//! A part of a text by characters.

use crate::error::FetchError;

/// Which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The first character, from 0.
    pub start: usize,
    /// The most characters.
    pub length: usize,
}

impl Slice {
    /// The part, and where the next one starts when there is one.
    pub(crate) fn of(self, text: &str) -> Result<(&str, Option<usize>), FetchError> {
        let mut ends = text.char_indices().map(|(at, _)| at).skip(self.start);
        let Some(from) = ends.next() else {
            if self.start == 0 {
                return Ok(("", None));
            }
            return Err(FetchError::PastTheEnd {
                start: self.start,
                length: text.chars().count(),
            });
        };
        match ends.nth(self.length.saturating_sub(1)) {
            Some(to) => Ok((&text[from..to], Some(self.start + self.length))),
            None => Ok((&text[from..], None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str, start: usize, length: usize) -> Option<(&str, Option<usize>)> {
        Slice { start, length }.of(text).ok()
    }

    #[test]
    fn parts_are_counted_in_characters() {
        assert_eq!(part("äöü", 0, 2), Some(("äö", Some(2))));
        assert_eq!(part("äöü", 2, 2), Some(("ü", None)));
        assert_eq!(part("äöü", 0, 3), Some(("äöü", None)));
        assert_eq!(part("äöü", 0, usize::MAX), Some(("äöü", None)));
        assert_eq!(part("", 0, 5), Some(("", None)));
        assert_eq!(part("äöü", 3, 1), None);
        assert_eq!(part("", usize::MAX, 1), None);
    }
}
