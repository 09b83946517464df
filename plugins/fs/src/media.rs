//! `read_media_file`: images, sounds and other binary files as bytes, and media types by content.

use crate::error::FsError;
use crate::files::Files;
use crate::place::LastLink;
use crate::{capped, resource};

/// How many bytes tell the media type.
pub(crate) const SNIFFED: u64 = 8 << 10;

/// A binary file.
#[derive(Clone, Debug)]
pub struct Media {
    /// The file's path, in the form to pass back.
    pub path: String,
    /// Its URI as a resource.
    pub uri: String,
    /// Media type by content, such as `image/png`.
    pub mime_type: &'static str,
    /// The whole file.
    pub bytes: Vec<u8>,
}

impl Files {
    /// Reads a binary file as a whole.
    ///
    /// # Errors
    /// When the path is refused, or is a text file, or is larger than `max_media_bytes`.
    pub fn read_media(&self, path: &str) -> Result<Media, FsError> {
        let place = self.roots.resolve(path, LastLink::Follow)?;
        let (mut file, metadata) = self.roots.open_file(&place)?;
        let limit = self.limits.media_bytes;
        let too_large = |size| FsError::TooLarge {
            path: place.shown.as_str().into(),
            size,
            limit,
            remedy: "the whole file would have to fit into one answer; ask the server's operator to raise max_media_bytes",
        };
        if metadata.len() > limit {
            return Err(too_large(metadata.len()));
        }
        let (bytes, more) = capped::read(&mut file, limit, metadata.len())
            .map_err(|error| FsError::io("read", place.shown.as_str(), &error))?;
        if more {
            return Err(too_large(limit + 1));
        }
        let mime_type = mime_type(&bytes, false);
        if mime_type.starts_with("text/") {
            return Err(FsError::IsText {
                path: place.shown.as_str().into(),
            });
        }
        Ok(Media {
            uri: resource::uri(place.root, &place.path),
            path: place.shown,
            mime_type,
            bytes,
        })
    }
}

/// The media type of a file that begins with `bytes` and, if `more`, goes on.
pub(crate) fn mime_type(bytes: &[u8], more: bool) -> &'static str {
    if let Some(kind) = infer::get(bytes) {
        return kind.mime_type();
    }
    let is_text = memchr::memchr(0, bytes).is_none()
        && match std::str::from_utf8(bytes) {
            Ok(_) => true,
            Err(error) => more && error.error_len().is_none(),
        };
    if is_text {
        "text/plain"
    } else {
        "application/octet-stream"
    }
}

#[cfg(test)]
mod tests {
    use super::mime_type;

    #[test]
    fn content_decides() {
        assert_eq!(mime_type(b"\x89PNG\r\n\x1a\n....", false), "image/png");
        assert_eq!(mime_type(b"RIFF\0\0\0\0WAVEfmt ", false), "audio/x-wav");
        assert_eq!(mime_type("héllo".as_bytes(), false), "text/plain");
        assert_eq!(mime_type(&"hé".as_bytes()[..2], true), "text/plain");
        assert_eq!(
            mime_type(&"hé".as_bytes()[..2], false),
            "application/octet-stream"
        );
        assert_eq!(mime_type(b"a\0b", false), "application/octet-stream");
        assert_eq!(mime_type(b"", false), "text/plain");
    }
}
