//! Where a list goes on: an opaque text that names the last entry returned, not a position.
//!
//! A list that grows or shrinks between two pages neither repeats nor skips what stayed. A cursor grants
//! nothing: it is read as a name to compare with, never opened.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::FsError;

/// The last entry of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// A size, a time or a line, by the list.
    pub(crate) number: i64,
    /// A name or a path, as bytes.
    pub(crate) name: Vec<u8>,
}

/// What ties a cursor to the call that returned it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call([u8; 8]);

impl Call {
    /// Of a tool and those arguments of it that change the list or its order.
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

    /// The cursor as text.
    pub(crate) fn encode(self, cursor: &Cursor) -> String {
        let bytes = [&self.0[..], &cursor.number.to_le_bytes(), &cursor.name].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The text of an earlier [`Self::encode`] of the same call.
    pub(crate) fn decode(self, text: &str) -> Result<Cursor, FsError> {
        // A name has at most PATH_MAX bytes.
        let bytes = (text.len() <= 8192)
            .then(|| URL_SAFE_NO_PAD.decode(text).ok())
            .flatten();
        let bytes = bytes.ok_or(FsError::BadCursor)?;
        let (call, rest) = bytes.split_first_chunk::<8>().ok_or(FsError::BadCursor)?;
        let (number, name) = rest.split_first_chunk::<8>().ok_or(FsError::BadCursor)?;
        if *call != self.0 {
            return Err(FsError::BadCursor);
        }
        Ok(Cursor {
            number: i64::from_le_bytes(*number),
            name: name.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_only_to_its_own_call() {
        let call = Call::new("list", &["a", "b"]);
        let cursor = Cursor {
            number: -3,
            name: b"x\n\xFF".to_vec(),
        };
        assert_eq!(call.decode(&call.encode(&cursor)).unwrap(), cursor);
        assert!(
            Call::new("list", &["ab", ""])
                .decode(&call.encode(&cursor))
                .is_err()
        );
        for bad in ["", "!", "AAAA", &"A".repeat(10_000)] {
            assert!(call.decode(bad).is_err(), "{bad}");
        }
    }
}
