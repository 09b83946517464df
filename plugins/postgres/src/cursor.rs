//! Where a list goes on: an opaque text that names the last entry, bound to the call it came from.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::error::PostgresError;

/// The first byte of every cursor: another form gets another number.
const VERSION: u8 = 1;
/// The longest cursor that is read, in characters.
const LONGEST: usize = 2048;

/// What ties a cursor to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call([u8; 8]);

impl Call {
    /// Of a tool and those of its arguments that change the list.
    pub(crate) fn new(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let mut short = [0; 8];
        short.copy_from_slice(&hash.finalize()[..8]);
        Self(short)
    }

    /// The cursor behind an entry, which is named by some texts.
    pub(crate) fn encode(self, key: &[String]) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.0);
        // A list of strings is always JSON.
        bytes.extend(serde_json::to_vec(key).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What [`encode`](Self::encode) was given, `N` texts.
    pub(crate) fn decode<const N: usize>(self, text: &str) -> Result<[String; N], PostgresError> {
        let bytes = (text.len() <= LONGEST)
            .then(|| URL_SAFE_NO_PAD.decode(text).ok())
            .flatten()
            .ok_or(PostgresError::BadCursor)?;
        let key = bytes
            .strip_prefix(&[VERSION])
            .and_then(|bytes| bytes.strip_prefix(&self.0))
            .ok_or(PostgresError::BadCursor)?;
        let key: Vec<String> = serde_json::from_slice(key).map_err(|_| PostgresError::BadCursor)?;
        key.try_into().map_err(|_| PostgresError::BadCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_only_to_its_own_call() {
        let call = Call::new(&["search", "a", "b"]);
        let key = ["x\"".to_owned(), String::new()];
        let text = call.encode(&key);
        assert_eq!(call.decode::<2>(&text).expect("its own"), key);
        assert!(call.decode::<3>(&text).is_err());
        assert!(Call::new(&["search", "ab", ""]).decode::<2>(&text).is_err());
        for bad in ["", "!", "AAAA", &"A".repeat(5000)] {
            assert!(call.decode::<2>(bad).is_err(), "{bad}");
        }
    }
}
