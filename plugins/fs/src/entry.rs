//! Entries of a directory, read without opening any of them.

use std::ffi::OsString;
use std::io;

use cap_std::fs::{Dir, FileType, FileTypeExt, Metadata};
use schemars::JsonSchema;
use serde::Serialize;

/// What stands at a path. Symbolic links are not followed by listings; FIFOs, sockets and devices are
/// never opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "a schema reads better as a plain list; the type's words say the rest"
)]
pub enum EntryType {
    File,
    Directory,
    Symlink,
    Fifo,
    Socket,
    Device,
}

impl From<FileType> for EntryType {
    fn from(kind: FileType) -> Self {
        if kind.is_file() {
            Self::File
        } else if kind.is_dir() {
            Self::Directory
        } else if kind.is_symlink() {
            Self::Symlink
        } else if kind.is_fifo() {
            Self::Fifo
        } else if kind.is_socket() {
            Self::Socket
        } else {
            Self::Device
        }
    }
}

impl From<&Metadata> for EntryType {
    fn from(metadata: &Metadata) -> Self {
        metadata.file_type().into()
    }
}

/// A name in a directory.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: OsString,
    pub(crate) kind: EntryType,
}

/// The entries of `dir`, at most `limit`, sorted by the bytes of their names. The flag says whether there
/// were more.
pub(crate) fn entries(dir: &Dir, limit: usize) -> io::Result<(Vec<Entry>, bool)> {
    let mut list = Vec::new();
    let mut more = false;
    for entry in dir.entries()? {
        if list.len() == limit {
            more = true;
            break;
        }
        let entry = entry?;
        let name = entry.file_name();
        // The type comes with the name on most file systems; the others are asked, never opened.
        let known = entry.file_type().ok().map(EntryType::from);
        let kind = match known {
            Some(kind) if kind != EntryType::Device => kind,
            _ => match dir.symlink_metadata(&name) {
                Ok(metadata) => EntryType::from(&metadata),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            },
        };
        list.push(Entry { name, kind });
    }
    list.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok((list, more))
}
