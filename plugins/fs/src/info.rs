//! `get_file_info` and `list_allowed_directories`.

use cap_std::fs::{Metadata, MetadataExt};
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::Mode;
use crate::entry::EntryType;
use crate::error::FsError;
use crate::files::Files;
use crate::place::LastLink;
use crate::{capped, media, time};

/// What is known about a file or directory.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FileInfo {
    /// Its path after symbolic links, in the form to pass back.
    pub path: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: EntryType,
    /// Size in bytes.
    pub size: u64,
    /// When its content last changed, RFC 3339.
    pub mtime: String,
    /// Permissions in octal, such as `644`.
    pub permissions: String,
    /// How many names it has on disk.
    pub links: u64,
    /// Whether the tools may change it: whether its root is `rw`.
    pub writable: bool,
    /// Media type by content, for regular files that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
}

/// A root, as callers see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AllowedDirectory {
    /// Its name: `name:path/below` means a file in it.
    pub name: String,
    /// `ro` or `rw`.
    pub mode: Mode,
    /// Its top, as a path to pass to the other tools. The first root is `.`.
    pub path: String,
}

/// All roots.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AllowedDirectories {
    /// The first is where relative paths start.
    pub roots: Vec<AllowedDirectory>,
    /// Always false: there are never more.
    pub truncated: bool,
}

impl Files {
    /// Tells what a path is.
    ///
    /// # Errors
    /// When the path is refused or nothing is there.
    pub fn info(&self, path: &str) -> Result<FileInfo, FsError> {
        let place = self.roots.resolve(path, LastLink::Follow)?;
        let metadata = place.existing()?;
        let mime_type = match self.roots.open_file(&place) {
            Ok((mut file, _)) => capped::read(&mut file, media::SNIFFED, metadata.len())
                .ok()
                .map(|(bytes, more)| media::mime_type(&bytes, more)),
            Err(_) => None,
        };
        let writable = place.root.mode == Mode::Rw;
        Ok(file_info(
            place.shown.clone(),
            metadata,
            writable,
            mime_type,
        ))
    }

    /// As [`Self::info`], of what the kernel has in memory; `None` when it cannot be told without waiting.
    pub fn info_at_once(&self, path: &str) -> Option<FileInfo> {
        let seen = self.look_at_once(path)?;
        let metadata = &seen.metadata;
        if metadata.is_symlink() {
            return None;
        }
        let mime_type = if metadata.is_file() {
            let (bytes, now) = seen.read(media::SNIFFED)?;
            Some(media::mime_type(&bytes, now.len() > media::SNIFFED))
        } else {
            None
        };
        let writable = seen.root.mode == Mode::Rw;
        Some(file_info(seen.shown(self), metadata, writable, mime_type))
    }

    /// Names the roots. Never their paths on the host.
    pub fn allowed(&self) -> AllowedDirectories {
        let roots = self.roots.iter().map(|root| AllowedDirectory {
            name: root.name.clone(),
            mode: root.mode,
            path: self.roots.show(root, std::path::Path::new("")),
        });
        AllowedDirectories {
            roots: roots.collect(),
            truncated: false,
        }
    }
}

fn file_info(
    path: String,
    metadata: &Metadata,
    writable: bool,
    mime_type: Option<&'static str>,
) -> FileInfo {
    FileInfo {
        path,
        kind: metadata.into(),
        size: metadata.len(),
        mtime: time::modified(metadata),
        permissions: format!("{:o}", metadata.mode() & 0o7777),
        links: metadata.nlink(),
        writable,
        mime_type: mime_type.map(str::to_owned),
    }
}
