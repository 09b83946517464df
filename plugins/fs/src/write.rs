//! `write_file`: new, replaced or longer files.

use std::io::{self, Seek, SeekFrom, Write};

use cap_std::fs::{File, Metadata};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::FsError;
use crate::files::Files;
use crate::place::{LastLink, Place};
use crate::read::WHOLE_FILE;
use crate::staged::{Replace, Staged};
use crate::{capped, hash};

/// What happens to a file that exists: the call fails, it is replaced, or the content is added at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "a schema reads better as a plain list; the type's words say the rest"
)]
pub enum WriteMode {
    #[default]
    Create,
    Overwrite,
    Append,
}

/// What to write.
#[derive(Clone, Debug)]
pub struct WriteRequest {
    /// The file.
    pub path: String,
    /// Its content, or what is added.
    pub content: String,
    /// What happens to a file that exists.
    pub mode: WriteMode,
    /// The file must have this SHA-256 now.
    pub if_sha256: Option<String>,
}

/// A file that was written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Written {
    /// The file's path, in the form to pass back.
    pub path: String,
    /// Size of the file now.
    pub bytes: u64,
    /// SHA-256 of the file now, for the next `if_sha256`. Absent after appending to a file above 16 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Whether there was no such file before.
    pub created: bool,
}

impl Files {
    /// Writes a file.
    ///
    /// # Errors
    /// When the path is refused, the root is read-only, the content is too large, the file exists (or is not
    /// the one of `if_sha256`), or the disk is full. The old file is then as it was.
    pub fn write(&self, request: &WriteRequest) -> Result<Written, FsError> {
        let content = request.content.as_bytes();
        let size = content.len() as u64;
        if size > self.limits.write_bytes {
            return Err(FsError::ContentTooLarge {
                size,
                limit: self.limits.write_bytes,
            });
        }
        if request.mode == WriteMode::Create && request.if_sha256.is_some() {
            return Err(FsError::Argument(
                "if_sha256 is about a file that exists, mode = \"create\" about one that does not; pass mode = \"overwrite\" or \"append\""
                    .to_owned(),
            ));
        }
        let place = self.roots.resolve_target(&request.path, LastLink::Follow)?;
        let _lock = self.locks.hold(place.root, &place.path);
        let exists = place.now()?.is_some();
        if exists && request.mode == WriteMode::Create {
            return Err(exists_already(&place));
        }
        if !exists {
            if request.if_sha256.is_some() {
                return Err(FsError::ShaOfNothing {
                    path: place.shown.as_str().into(),
                });
            }
            publish(&place, content, None)?;
            return Ok(Written {
                path: place.shown,
                bytes: size,
                sha256: Some(hash::sha256(content)),
                created: true,
            });
        }
        if request.mode == WriteMode::Append {
            return self.append(place, content, request.if_sha256.as_deref());
        }
        let (mut file, old) =
            self.roots
                .open_to_change(&place, request.if_sha256.is_some(), false)?;
        if let Some(expected) = &request.if_sha256 {
            check_sha256(&place, &mut file, expected)?;
        }
        publish(&place, content, Some(&old))?;
        Ok(Written {
            path: place.shown,
            bytes: size,
            sha256: Some(hash::sha256(content)),
            created: false,
        })
    }

    fn append(
        &self,
        place: Place<'_>,
        content: &[u8],
        if_sha256: Option<&str>,
    ) -> Result<Written, FsError> {
        let (mut file, old) = self.roots.open_to_change(&place, true, true)?;
        if let Some(expected) = if_sha256 {
            check_sha256(&place, &mut file, expected)?;
        }
        if let Err(error) = append_or_undo(&mut file, old.len(), content) {
            return Err(FsError::io("write", place.shown.as_str(), &error));
        }
        let failed = |error: io::Error| FsError::io("read", place.shown.as_str(), &error);
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let (bytes, more) = capped::read(&mut file, WHOLE_FILE, size).map_err(failed)?;
        let sha256 = (!more).then(|| hash::sha256(&bytes));
        let bytes = file.metadata().map_err(failed)?.len();
        Ok(Written {
            path: place.shown,
            bytes,
            sha256,
            created: false,
        })
    }
}

/// Puts `content` at the place all at once; in the stead of `old`, or where nothing is.
pub(crate) fn publish(
    place: &Place<'_>,
    content: &[u8],
    old: Option<&Metadata>,
) -> Result<(), FsError> {
    let name = place.own_name("written")?;
    let staged = || -> io::Result<()> {
        let mut staged = Staged::begin(&place.parent)?;
        staged.write(content)?;
        if let Some(old) = old {
            staged.take_after(old)?;
        }
        staged.publish(
            name,
            if old.is_some() {
                Replace::Allowed
            } else {
                Replace::Never
            },
        )
    };
    staged().map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists_already(place),
        _ => FsError::io("write", place.shown.as_str(), &error),
    })
}

/// Appends, and takes a part that was written back off when the rest does not fit.
fn append_or_undo(file: &mut File, old: u64, content: &[u8]) -> io::Result<()> {
    let result = file.write_all(content).and_then(|()| file.sync_all());
    if result.is_err() {
        // Another program may have appended meanwhile: its bytes are not ours to cut.
        let ours = file
            .metadata()
            .is_ok_and(|now| now.len() <= old + content.len() as u64);
        if ours {
            drop(file.set_len(old));
        }
    }
    result
}

/// Refuses a file that is not the one the caller read.
pub(crate) fn check_sha256(
    place: &Place<'_>,
    file: &mut File,
    expected: &str,
) -> Result<(), FsError> {
    let size = file.metadata().map_or(0, |now| now.len());
    let (bytes, more) = capped::read(file, WHOLE_FILE, size)
        .map_err(|error| FsError::io("read", place.shown.as_str(), &error))?;
    if more {
        return Err(FsError::TooLarge {
            path: place.shown.as_str().into(),
            size: file.metadata().map_or(WHOLE_FILE + 1, |now| now.len()),
            limit: WHOLE_FILE,
            remedy: "leave if_sha256 out for a file of this size",
        });
    }
    compare_sha256(place, &bytes, expected)
}

/// As [`check_sha256`], for a file that was read.
pub(crate) fn compare_sha256(
    place: &Place<'_>,
    bytes: &[u8],
    expected: &str,
) -> Result<(), FsError> {
    let actual = hash::sha256(bytes);
    if actual.eq_ignore_ascii_case(expected.trim()) {
        Ok(())
    } else {
        Err(FsError::ShaMismatch {
            path: place.shown.as_str().into(),
            actual,
        })
    }
}

fn exists_already(place: &Place<'_>) -> FsError {
    FsError::Exists {
        path: place.shown.as_str().into(),
        remedy: "pass mode = \"overwrite\" to replace it, \"append\" to add to it, or change it with edit_file",
    }
}
