//! `delete_file`: files, symbolic links themselves, and directories.

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;
use schemars::JsonSchema;
use serde::Serialize;

use crate::entry::{EntryType, entries};
use crate::error::FsError;
use crate::files::Files;
use crate::path::below;
use crate::place::LastLink;
use crate::staged::sync;
use std::path::Path;

/// What was deleted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Deleted {
    /// The path that no longer exists.
    pub path: String,
    /// How many files, links and directories are gone.
    pub deleted: u64,
}

impl Files {
    /// Deletes a file, a symbolic link (never what it points at) or a directory.
    ///
    /// # Errors
    /// When the path is refused, the root is read-only, a directory is not empty and `recursive` is not set,
    /// or it holds something that a deny rule covers: then nothing is deleted.
    pub fn delete(&self, path: &str, recursive: bool) -> Result<Deleted, FsError> {
        let place = self.roots.resolve(path, LastLink::Keep)?;
        place.root.writable()?;
        let name = place.own_name("deleted")?;
        let failed = |error: std::io::Error| FsError::io("delete", place.shown.as_str(), &error);
        let mut deleted = 0;
        if !place.existing()?.is_dir() {
            place.parent.remove_file(name).map_err(failed)?;
        } else if recursive {
            self.check_contents(&place, "deleted", None)?;
            let dir = place.open_dir()?;
            self.empty(&dir, &place.path, &place.shown, &mut deleted)?;
            place.parent.remove_dir(name).map_err(failed)?;
        } else {
            place.parent.remove_dir(name).map_err(failed)?;
        }
        sync(&place.parent);
        Ok(Deleted {
            deleted: deleted + 1,
            path: place.shown,
        })
    }

    /// Deletes all that is in a directory, through handles, following nothing.
    fn empty(&self, dir: &Dir, path: &Path, shown: &str, deleted: &mut u64) -> Result<(), FsError> {
        let failed = |error: std::io::Error| FsError::io("delete", shown, &error);
        let (list, _) = entries(dir, self.limits.entries).map_err(failed)?;
        for entry in list {
            let path = below(path, &entry.name);
            // It was looked at before; this is for what appeared since.
            if self.roots.deny.covers(&path) {
                return Err(FsError::HoldsDenied {
                    path: shown.into(),
                    action: "deleted",
                });
            }
            if entry.kind == EntryType::Directory {
                let inside = dir.open_dir_nofollow(&entry.name).map_err(failed)?;
                self.empty(&inside, &path, shown, deleted)?;
                dir.remove_dir(&entry.name).map_err(failed)?;
            } else {
                dir.remove_file(&entry.name).map_err(failed)?;
            }
            *deleted += 1;
        }
        Ok(())
    }
}
