//! Where a list goes on: an opaque text that names the last entry returned, not a position.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::SqliteError;

/// What a cursor of this version begins with, and of which list it is.
const TABLES: &str = "1:tables:";

/// A cursor after the table `name`.
pub(crate) fn after(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{TABLES}{name}"))
}

/// The name in a cursor.
pub(crate) fn name(cursor: &str) -> Result<String, SqliteError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix(TABLES).map(str::to_owned))
        .ok_or(SqliteError::BadCursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cursor_is_read() {
        assert_eq!(name(&after("a:b")).unwrap(), "a:b");
        for bad in ["", "!", "AAAA", &URL_SAFE_NO_PAD.encode("2:tables:a")] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
