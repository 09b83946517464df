//! `copy_file` and `move_file`.

use std::io::{self, Read};

use cap_std::fs::MetadataExt;
use rustix::io::Errno;
use schemars::JsonSchema;
use serde::Serialize;

use crate::budget::Budget;
use crate::entry::EntryType;
use crate::error::FsError;
use crate::files::Files;
use crate::place::{LastLink, Place};
use crate::staged::{Replace, Staged, rename_new, sync};
use crate::walk::{Flow, Walk, walk};

/// A file or directory that now stands at another path.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Transferred {
    /// Its path now, in the form to pass back.
    pub path: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: EntryType,
    /// Whether something was replaced.
    pub replaced: bool,
}

impl Files {
    /// Copies one regular file, permissions included. The copy appears all at once.
    ///
    /// # Errors
    /// When a path is refused, the destination's root is read-only, the destination exists and `overwrite`
    /// is not set, the source is larger than `max_copy_bytes`, or the disk is full.
    pub fn copy(
        &self,
        source: &str,
        destination: &str,
        overwrite: bool,
    ) -> Result<Transferred, FsError> {
        let from = self.roots.resolve(source, LastLink::Follow)?;
        let (file, metadata) = self.roots.open_file(&from)?;
        let limit = self.limits.copy_bytes;
        let too_large = |size| FsError::TooLarge {
            path: from.shown.as_str().into(),
            size,
            limit,
            remedy: "ask the server's operator to raise max_copy_bytes",
        };
        if metadata.len() > limit {
            return Err(too_large(metadata.len()));
        }
        let to = self.roots.resolve_target(destination, LastLink::Follow)?;
        let _lock = self.locks.hold(to.root, &to.path);
        if from.is_same(&to) {
            return Err(FsError::Argument(
                "source and destination are one file; choose another destination".to_owned(),
            ));
        }
        let old = match to.now()? {
            Some(_) if !overwrite => return Err(exists_already(&to)),
            Some(_) => Some(self.roots.open_to_change(&to, false, false)?.1),
            None => None,
        };
        let name = to.own_name("written")?;
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists_already(&to),
            _ => FsError::io("write", to.shown.as_str(), &error),
        };
        let mut staged = Staged::begin(&to.parent).map_err(failed)?;
        let copied = staged
            .copy(&mut file.take(limit.saturating_add(1)))
            .map_err(failed)?;
        if copied > limit {
            return Err(too_large(copied));
        }
        match &old {
            Some(old) => staged.take_after(old),
            None => staged.permissions(metadata.mode()),
        }
        .map_err(failed)?;
        staged
            .publish(
                name,
                if old.is_some() {
                    Replace::Allowed
                } else {
                    Replace::Never
                },
            )
            .map_err(failed)?;
        Ok(Transferred {
            path: to.shown,
            kind: EntryType::File,
            replaced: old.is_some(),
        })
    }

    /// Moves or renames a file, a directory with all it holds, or a symbolic link itself.
    ///
    /// # Errors
    /// When a path is refused, a root is read-only, the destination exists and `overwrite` is not set or it
    /// is a directory, a deny rule covers anything inside the source or where it would go, or the paths are on
    /// different file systems.
    pub fn relocate(
        &self,
        source: &str,
        destination: &str,
        overwrite: bool,
    ) -> Result<Transferred, FsError> {
        let from = self.roots.resolve(source, LastLink::Keep)?;
        from.root.writable()?;
        let from_name = from.own_name("moved")?;
        let is = from.existing()?;
        let (root, steps) = self.roots.address(destination)?;
        root.writable()?;
        let to = self
            .roots
            .walk(root, destination, steps, LastLink::Keep)
            .map_err(|error| match error {
                FsError::NotFound { .. } => FsError::NoParent {
                    path: parent_of(destination).into(),
                },
                error => error,
            })?;
        let to_name = to.own_name("replaced")?;
        if to
            .metadata
            .as_ref()
            .is_some_and(cap_std::fs::Metadata::is_dir)
        {
            return Err(FsError::Exists {
                path: to.shown.as_str().into(),
                remedy: "it is a directory; name the new path in full, with its last component",
            });
        }
        if to.metadata.is_some() && !overwrite {
            return Err(exists_already(&to));
        }
        if to.only_directory && !is.is_dir() {
            return Err(FsError::NotDirectory {
                path: destination.into(),
            });
        }
        if is.is_dir() {
            if from.root.name == to.root.name && to.path.starts_with(&from.path) {
                return Err(FsError::IntoItself);
            }
            self.check_contents(&from, "moved", Some(&to))?;
        }
        let renamed = if overwrite {
            from.parent.rename(from_name, &to.parent, to_name)
        } else {
            rename_new(&from.parent, from_name, &to.parent, to_name)
        };
        renamed.map_err(|error| match (error.kind(), Errno::from_io_error(&error)) {
            (io::ErrorKind::AlreadyExists, _) => exists_already(&to),
            (io::ErrorKind::InvalidInput, _) => FsError::IntoItself,
            _ => FsError::io("move", from.shown.as_str(), &error),
        })?;
        sync(&to.parent);
        sync(&from.parent);
        Ok(Transferred {
            kind: is.into(),
            replaced: to.metadata.is_some(),
            path: to.shown,
        })
    }

    /// Looks at everything inside a directory that is about to be `action`: none of it may be denied, where
    /// it is or where it would go. How many entries there are.
    pub(crate) fn check_contents(
        &self,
        from: &Place<'_>,
        action: &'static str,
        to: Option<&Place<'_>>,
    ) -> Result<usize, FsError> {
        let mut budget = Budget::new(self.limits.entries, self.limits.search_time, &|| false);
        let settings = Walk {
            complete: Some(action),
            ..Walk::default()
        };
        walk(
            &self.roots,
            from,
            &settings,
            &mut budget,
            |visited, _| match to {
                Some(to) if self.roots.deny.covers(&to.path.join(visited.below_start)) => {
                    Err(FsError::HoldsDenied {
                        path: from.shown.as_str().into(),
                        action,
                    })
                }
                _ => Ok(Flow::GoOn),
            },
        )?;
        Ok(budget.visited())
    }
}

fn parent_of(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit_once('/')
        .map_or(path, |(parent, _)| parent)
}

fn exists_already(place: &Place<'_>) -> FsError {
    FsError::Exists {
        path: place.shown.as_str().into(),
        remedy: "pass overwrite = true to replace it",
    }
}
