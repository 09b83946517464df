//! Bytes to text: UTF-8, UTF-16 and Latin-1. Everything else is left to the caller's own tools.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{FsError, Shown};

/// How the bytes of a file become text. `Auto` goes by the byte order mark, else takes UTF-8, and refuses
/// anything else instead of guessing; `Latin1` makes every byte the character of that number and never fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "a schema reads better as a plain list; the type's words say the rest"
)]
pub enum Encoding {
    #[default]
    Auto,
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-16le")]
    Utf16le,
    #[serde(rename = "utf-16be")]
    Utf16be,
    Latin1,
}

impl Encoding {
    /// Decides for a file that begins with these bytes; never returns [`Encoding::Auto`].
    pub(crate) fn of(self, bytes: &[u8]) -> Self {
        match self {
            Self::Auto if bytes.starts_with(&[0xFF, 0xFE]) => Self::Utf16le,
            Self::Auto if bytes.starts_with(&[0xFE, 0xFF]) => Self::Utf16be,
            Self::Auto => Self::Utf8,
            chosen => chosen,
        }
    }

    /// The text of `bytes`, without a byte order mark. `cut` means that the file goes on, so that a
    /// character split at the end is dropped rather than an error.
    pub(crate) fn decode(
        self,
        mut bytes: Vec<u8>,
        cut: bool,
        path: &str,
    ) -> Result<String, FsError> {
        let chosen = self.of(&bytes);
        let bad = |encoding, remedy| FsError::BadEncoding {
            path: Shown::from(path),
            encoding,
            remedy,
        };
        match chosen {
            Self::Utf16le | Self::Utf16be => {
                if bytes.len() % 2 == 1 {
                    if !cut {
                        return Err(bad(
                            "UTF-16",
                            "it has an odd number of bytes; pass encoding = \"latin1\" to see them",
                        ));
                    }
                    bytes.pop();
                }
                let pairs = bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
                let mut units: Vec<u16> = match chosen {
                    Self::Utf16le => pairs.map(u16::from_le_bytes).collect(),
                    _ => pairs.map(u16::from_be_bytes).collect(),
                };
                if cut
                    && units
                        .last()
                        .is_some_and(|unit| (0xD800..0xDC00).contains(unit))
                {
                    units.pop();
                }
                let text = String::from_utf16(&units)
                    .map_err(|_| bad("UTF-16", "pass encoding = \"latin1\" to see its bytes"))?;
                Ok(text
                    .strip_prefix('\u{FEFF}')
                    .map(str::to_owned)
                    .unwrap_or(text))
            }
            Self::Latin1 => Ok(bytes.into_iter().map(char::from).collect()),
            Self::Utf8 | Self::Auto => {
                if self == Self::Auto && memchr::memchr(0, &bytes).is_some() {
                    let mime = infer::get(&bytes)
                        .map_or("application/octet-stream", |kind| kind.mime_type());
                    return Err(FsError::Binary {
                        path: path.into(),
                        mime: mime.to_owned(),
                    });
                }
                if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
                    bytes.drain(..3);
                }
                match String::from_utf8(bytes) {
                    Ok(text) => Ok(text),
                    Err(error) if cut && error.utf8_error().error_len().is_none() => {
                        let valid = error.utf8_error().valid_up_to();
                        let mut bytes = error.into_bytes();
                        bytes.truncate(valid);
                        String::from_utf8(bytes).map_err(|_| bad("UTF-8", "read it again"))
                    }
                    Err(error) => Err(match infer::get(error.as_bytes()) {
                        Some(kind) if self == Self::Auto => FsError::Binary {
                            path: path.into(),
                            mime: kind.mime_type().to_owned(),
                        },
                        _ => bad(
                            "UTF-8",
                            "pass encoding = \"latin1\", \"utf-16le\" or \"utf-16be\"",
                        ),
                    }),
                }
            }
        }
    }

    /// The name in results.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Utf8 => "utf-8",
            Self::Utf16le => "utf-16le",
            Self::Utf16be => "utf-16be",
            Self::Latin1 => "latin1",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(bytes: &[u8], cut: bool) -> Result<String, FsError> {
        Encoding::Auto.decode(bytes.to_vec(), cut, "f")
    }

    #[test]
    fn byte_order_marks_choose_and_vanish() {
        assert_eq!(auto(b"\xEF\xBB\xBFhi", false).unwrap(), "hi");
        assert_eq!(auto(b"\xFF\xFEh\0i\0", false).unwrap(), "hi");
        assert_eq!(auto(b"\xFE\xFF\0h\0i", false).unwrap(), "hi");
        assert_eq!(
            Encoding::Utf16be
                .decode(b"\0h\0i".to_vec(), false, "f")
                .unwrap(),
            "hi"
        );
    }

    #[test]
    fn a_character_cut_at_the_end_is_dropped_only_when_the_file_goes_on() {
        let split = &"né".as_bytes()[..2];
        assert_eq!(auto(split, true).unwrap(), "n");
        assert!(auto(split, false).is_err());
        assert!(auto(b"n\xFFx", true).is_err());
        let utf16 = b"\xFF\xFEh\0\x3D\xD8";
        assert_eq!(auto(utf16, true).unwrap(), "h");
        assert!(auto(utf16, false).is_err());
        assert_eq!(auto(b"\xFF\xFEh\0i", true).unwrap(), "h");
        assert!(
            auto(b"\xFF\xFEh\0i", false)
                .unwrap_err()
                .to_string()
                .contains("odd number")
        );
    }

    #[test]
    fn binary_and_other_encodings_are_refused_with_the_way_out() {
        assert!(
            auto(b"\x89PNG\r\n\x1a\n\0\0", false)
                .unwrap_err()
                .to_string()
                .contains("image/png")
        );
        assert!(
            auto(b"a\0b", false)
                .unwrap_err()
                .to_string()
                .contains("read_media_file")
        );
        assert!(
            auto(b"caf\xE9 noir", false)
                .unwrap_err()
                .to_string()
                .contains("latin1")
        );
        assert_eq!(
            Encoding::Latin1
                .decode(b"caf\xE9".to_vec(), false, "f")
                .unwrap(),
            "café"
        );
    }
}
