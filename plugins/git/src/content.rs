//! The content of one side of a change.

use crate::change::{Side, Source};
use crate::error::GitError;
use crate::handle::{Read, parent_of, read_file};
use crate::objects::{Blob, is_submodule, is_symlink};
use crate::session::Session;

/// What a side holds.
pub(crate) enum Content {
    Bytes(Vec<u8>),
    TooLarge,
    /// The working tree's file was there a moment ago.
    Gone,
}

impl Session<'_> {
    /// The content of a side, as it is or would be in the object database.
    pub(crate) fn content(&self, path: &[u8], side: Side) -> Result<Content, GitError> {
        match side.source {
            // What stands for a submodule in a diff.
            Source::Object(id) if is_submodule(side.mode) => Ok(Content::Bytes(
                format!("Subproject commit {id}\n").into_bytes(),
            )),
            Source::Object(id) => Ok(match self.blob(&id)? {
                Blob::Bytes(bytes) => Content::Bytes(bytes),
                Blob::TooLarge(_) => Content::TooLarge,
            }),
            Source::Work => self.work_content(path, side.mode),
        }
    }

    fn work_content(&self, path: &[u8], mode: u32) -> Result<Content, GitError> {
        let work = self.place.work()?;
        let Ok((dir, name)) = parent_of(work, path) else {
            return Ok(Content::Gone);
        };
        if is_symlink(mode) {
            return Ok(link_target(&dir, name).map_or(Content::Gone, Content::Bytes));
        }
        match read_file(&dir, name, self.limits.object_bytes) {
            Ok(Read::Bytes(bytes)) => {
                let eol = self.eol_of(path)?;
                Ok(Content::Bytes(self.to_git(path, eol, bytes)?))
            }
            Ok(Read::TooLarge) => Ok(Content::TooLarge),
            Err(_) => Ok(Content::Gone),
        }
    }
}

/// Where a symbolic link points: its text, which is never followed.
pub(crate) fn link_target(dir: &cap_std::fs::Dir, name: &[u8]) -> Option<Vec<u8>> {
    let name = std::os::unix::ffi::OsStrExt::from_bytes(name);
    let name: &std::ffi::OsStr = name;
    let target = dir.read_link_contents(name).ok()?;
    Some(target.into_os_string().into_encoded_bytes())
}
