//! Where a list goes on: an opaque text that belongs to one call and holds the place of the store.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::S3Error;

/// The form of the text below. A change of the form changes this.
const VERSION: u8 = 1;
/// The longest cursor that is read.
const LONGEST: usize = 8192;

/// What ties a cursor to the call that returned it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call(u64);

impl Call {
    /// Of a tool and those arguments of it that change the list. It protects nobody: a cursor grants nothing.
    pub(crate) fn new(tool: &str, arguments: &[&str]) -> Self {
        let mut hasher = DefaultHasher::new();
        (tool, arguments).hash(&mut hasher);
        Self(hasher.finish())
    }

    pub(crate) fn encode(self, place: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode([&[VERSION][..], &self.0.to_le_bytes(), place].concat())
    }

    pub(crate) fn decode(self, text: &str) -> Result<Vec<u8>, S3Error> {
        let bytes = (text.len() <= LONGEST)
            .then(|| URL_SAFE_NO_PAD.decode(text).ok())
            .flatten()
            .ok_or(S3Error::BadCursor)?;
        let (call, place) = bytes
            .strip_prefix(&[VERSION])
            .and_then(|rest| rest.split_first_chunk::<8>())
            .ok_or(S3Error::BadCursor)?;
        if u64::from_le_bytes(*call) != self.0 {
            return Err(S3Error::BadCursor);
        }
        Ok(place.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_only_to_its_own_call() {
        let call = Call::new("list", &["a", "b"]);
        assert_eq!(call.decode(&call.encode(b"x\n\xFF")).unwrap(), b"x\n\xFF");
        assert!(
            Call::new("list", &["ab", ""])
                .decode(&call.encode(b"x"))
                .is_err()
        );
        for bad in ["", "!", "AAAA", &"A".repeat(10_000)] {
            assert!(call.decode(bad).is_err(), "{bad}");
        }
    }
}
