//! Where a list goes on: an opaque text that belongs to the call that returned it.
//!
//! A cursor grants nothing and hides nothing: whatever is behind it is checked as on the first page. It is
//! tied to its call so that a model that mixes two lists up is told so instead of shown the wrong page.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The form of the bytes inside; another one is refused.
const VERSION: u8 = 1;
/// The longest cursor that is read, in bytes of its text.
const LONGEST: usize = 8192;

/// A list of one tool under those arguments that decide what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorKey(u64);

/// A cursor of another call, of another version, or of nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`cursor` does not belong to this call; pass `next_cursor` of the last answer with the same arguments, or leave it out to begin anew"
)]
pub struct BadCursor;

impl CursorKey {
    /// Of a tool and those arguments of it that change the list.
    pub fn new(tool: &str, arguments: &[&str]) -> Self {
        let mut hasher = DefaultHasher::new();
        (tool, arguments).hash(&mut hasher);
        Self(hasher.finish())
    }

    /// The cursor for a place in the list, in the plugin's own form: at most 6 KiB.
    pub fn encode(self, place: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode([&[VERSION][..], &self.0.to_le_bytes(), place].concat())
    }

    /// The place in a cursor.
    ///
    /// # Errors
    /// When the cursor is not one of this list.
    pub fn decode(self, cursor: &str) -> Result<Vec<u8>, BadCursor> {
        let bytes = (cursor.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(cursor).ok());
        let bytes = bytes.flatten().ok_or(BadCursor)?;
        let rest = bytes.strip_prefix(&[VERSION]).ok_or(BadCursor)?;
        let (key, place) = rest.split_first_chunk::<8>().ok_or(BadCursor)?;
        if u64::from_le_bytes(*key) == self.0 {
            Ok(place.to_vec())
        } else {
            Err(BadCursor)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_only_to_its_own_call() {
        let key = CursorKey::new("log", &["a", "b"]);
        let cursor = key.encode(b"x\n\xff");
        assert_eq!(key.decode(&cursor), Ok(b"x\n\xff".to_vec()));
        for other in [
            CursorKey::new("log", &["ab", ""]),
            CursorKey::new("log", &["a"]),
            CursorKey::new("show", &["a", "b"]),
        ] {
            assert_eq!(other.decode(&cursor), Err(BadCursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let key = CursorKey::new("log", &[]);
        let mut newer = URL_SAFE_NO_PAD.decode(key.encode(b"x")).expect("base64");
        newer[0] = 2;
        for bad in [
            "",
            "!",
            "AAAA",
            &"A".repeat(10_000),
            &URL_SAFE_NO_PAD.encode(newer),
        ] {
            assert_eq!(key.decode(bad), Err(BadCursor), "{bad}");
        }
    }
}
