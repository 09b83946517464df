//! Where a list goes on: an opaque text that only the call that returned it understands.
//!
//! The service's own cursor is inside, and how many entries of that page were returned already: a page that
//! is too large for one answer is returned in parts. A cursor grants nothing; every entry behind it is
//! checked as on the first page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// The form of the bytes below; another one is refused.
const VERSION: u8 = 1;
/// The longest cursor that is read, in bytes.
const LONGEST: usize = 4096;

/// A cursor of another call, another version, or of nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`cursor` does not belong to this call; pass `next_cursor` of the last answer with the same arguments, or leave it out to begin anew"
)]
pub struct BadCursor;

/// A place in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// The service's cursor of the page; empty for the first one.
    pub(crate) page: String,
    /// How many entries of that page were returned already.
    pub(crate) skip: u32,
}

/// What ties a cursor to the call that returned it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List([u8; 8]);

impl List {
    /// Of a tool and those arguments of it that change the list.
    pub(crate) fn new(tool: &str, arguments: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in [&tool].into_iter().chain(arguments) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let mut short = [0; 8];
        short.copy_from_slice(&hash.finalize()[..8]);
        Self(short)
    }

    /// The place as text.
    pub(crate) fn encode(self, position: &Position) -> String {
        let skip = position.skip.to_le_bytes();
        URL_SAFE_NO_PAD.encode([&[VERSION], &self.0[..], &skip, position.page.as_bytes()].concat())
    }

    /// The place in an earlier answer of the same call; the beginning when there is none.
    pub(crate) fn decode(self, text: Option<&str>) -> Result<Position, BadCursor> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(Position::default());
        };
        let bytes = (text.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(text).ok());
        let bytes = bytes.flatten().ok_or(BadCursor)?;
        let (head, rest) = bytes.split_first_chunk::<9>().ok_or(BadCursor)?;
        let (skip, page) = rest.split_first_chunk::<4>().ok_or(BadCursor)?;
        if head[0] != VERSION || head[1..] != self.0 {
            return Err(BadCursor);
        }
        Ok(Position {
            page: String::from_utf8(page.to_vec()).map_err(|_| BadCursor)?,
            skip: u32::from_le_bytes(*skip),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_only_to_its_own_call() {
        let list = List::new("users", &["a", "b"]);
        let position = Position {
            page: "dXNlcjpVMDY=".to_owned(),
            skip: 7,
        };
        let text = list.encode(&position);
        assert_eq!(list.decode(Some(&text)), Ok(position));
        for other in [
            List::new("users", &["ab", ""]),
            List::new("channels", &["a", "b"]),
        ] {
            assert_eq!(other.decode(Some(&text)), Err(BadCursor));
        }
        assert_eq!(list.decode(None), Ok(Position::default()));
        assert_eq!(list.decode(Some("")), Ok(Position::default()));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let list = List::new("users", &[]);
        let other_version = [&[2], &list.0[..], &[0; 4]].concat();
        let not_text = [&[VERSION], &list.0[..], &[0; 4], &[0xff]].concat();
        for bad in [
            "!".to_owned(),
            "AAAA".to_owned(),
            "A".repeat(10_000),
            URL_SAFE_NO_PAD.encode(other_version),
            URL_SAFE_NO_PAD.encode(not_text),
        ] {
            assert_eq!(list.decode(Some(&bad)), Err(BadCursor), "{bad}");
        }
    }
}
