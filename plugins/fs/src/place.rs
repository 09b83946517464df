//! A place below a root, found one name at a time through directory handles.
//!
//! Every step opens one plain name with `O_NOFOLLOW` inside the handle of the step before, and a symbolic
//! link is read and walked the same way. So the path a place reports is the path that is opened, whatever
//! is renamed meanwhile: the deny rules are checked on the truth. `cap_std::fs::Dir` holds every single
//! step inside the root once more.

use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, Metadata, MetadataExt};

use crate::error::FsError;
use crate::open::swapped;
use crate::path::{Step, Steps, below};
use crate::root::{Root, Roots};

/// How many symbolic links one path may pass through, as in Linux.
const MAX_LINKS: u32 = 40;

/// What to do when the last name of a path is a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastLink {
    /// Go where it points.
    Follow,
    /// The link itself is meant: to move or delete it.
    Keep,
}

/// A directory handle, the root's own or one opened on the way.
#[derive(Debug)]
pub(crate) enum Handle<'r> {
    Root(&'r Dir),
    Opened(Dir),
}

impl Deref for Handle<'_> {
    type Target = Dir;

    fn deref(&self) -> &Dir {
        match self {
            Self::Root(dir) => dir,
            Self::Opened(dir) => dir,
        }
    }
}

/// Where a path argument leads.
#[derive(Debug)]
pub(crate) struct Place<'r> {
    pub(crate) root: &'r Root,
    /// The directory that holds it; for the top of a root, the root.
    pub(crate) parent: Handle<'r>,
    /// Its name in `parent`; `None` for the top of a root.
    pub(crate) name: Option<OsString>,
    /// Relative to the root and free of symbolic links (but for the last name with [`LastLink::Keep`]).
    pub(crate) path: PathBuf,
    /// The path was written with a slash at its end.
    pub(crate) only_directory: bool,
    /// What stands there, or `None` if nothing does.
    pub(crate) metadata: Option<Metadata>,
    /// How results and messages call it.
    pub(crate) shown: String,
}

impl Roots {
    /// Finds the place a path argument means. Nothing is opened but directories on the way.
    pub(crate) fn resolve(&self, argument: &str, last: LastLink) -> Result<Place<'_>, FsError> {
        let (root, steps) = self.address(argument)?;
        self.walk(root, argument, steps, last)
    }

    /// As [`Self::resolve`], for steps below a known root. `argument` is for messages.
    pub(crate) fn walk<'r>(
        &'r self,
        root: &'r Root,
        argument: &str,
        steps: Steps,
        last: LastLink,
    ) -> Result<Place<'r>, FsError> {
        let Steps {
            steps,
            only_directory,
        } = steps;
        let mut todo: Vec<Step> = steps.into_iter().rev().collect();
        let mut stack: Vec<(PathBuf, OsString, Dir)> = Vec::new();
        let mut links = 0;
        while let Some(step) = todo.pop() {
            let name = match step {
                Step::Down(name) => name,
                Step::Here => continue,
                Step::Up => {
                    let left = stack.pop();
                    left.ok_or_else(|| FsError::Escapes {
                        path: argument.into(),
                    })?;
                    continue;
                }
            };
            let here = stack.last().map_or(&root.dir, |(_, _, dir)| dir);
            let path = below(
                stack.last().map_or(Path::new(""), |(path, _, _)| path),
                &name,
            );
            if self.deny.covers(&path) {
                return Err(FsError::Denied {
                    path: argument.into(),
                });
            }
            let is_last = todo.is_empty();
            let metadata = match here.symlink_metadata(&name) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound && is_last => {
                    if links > 0 && last == LastLink::Follow {
                        return Err(FsError::DanglingLink {
                            path: argument.into(),
                        });
                    }
                    return Ok(self.place(root, stack, name, path, only_directory, None));
                }
                Err(error) => return Err(FsError::io("look up", argument, &error)),
            };
            let keep = is_last && last == LastLink::Keep && !only_directory;
            if metadata.is_symlink() && !keep {
                links += 1;
                if links > MAX_LINKS {
                    return Err(FsError::TooManyLinks {
                        path: argument.into(),
                        limit: MAX_LINKS,
                    });
                }
                let target = here
                    .read_link_contents(&name)
                    .map_err(|error| swapped(argument, &error))?;
                if target.is_absolute() {
                    return Err(FsError::AbsoluteLink {
                        path: argument.into(),
                    });
                }
                todo.extend(Steps::of_link(target.as_os_str()).into_iter().rev());
            } else if is_last {
                if only_directory && !metadata.is_dir() {
                    return Err(FsError::NotDirectory {
                        path: argument.into(),
                    });
                }
                return Ok(self.place(root, stack, name, path, only_directory, Some(metadata)));
            } else if metadata.is_dir() {
                let dir = here
                    .open_dir_nofollow(&name)
                    .map_err(|error| swapped(argument, &error))?;
                stack.push((path, name, dir));
            } else {
                return Err(FsError::NotDirectory {
                    path: argument.into(),
                });
            }
        }
        // The path ended in `..`, in `.` or in a link to such: at a directory that is open already.
        let Some((path, name, dir)) = stack.pop() else {
            return Ok(Place {
                root,
                parent: Handle::Root(&root.dir),
                name: None,
                path: PathBuf::new(),
                only_directory: true,
                metadata: Some(
                    root.dir
                        .dir_metadata()
                        .map_err(|error| FsError::io("look up", argument, &error))?,
                ),
                shown: self.show(root, Path::new("")),
            });
        };
        let metadata = dir
            .dir_metadata()
            .map_err(|error| FsError::io("look up", argument, &error))?;
        Ok(self.place(root, stack, name, path, true, Some(metadata)))
    }

    /// Assembles a place whose parent is the top of `stack`.
    fn place<'r>(
        &self,
        root: &'r Root,
        mut stack: Vec<(PathBuf, OsString, Dir)>,
        name: OsString,
        path: PathBuf,
        only_directory: bool,
        metadata: Option<Metadata>,
    ) -> Place<'r> {
        let parent = stack
            .pop()
            .map_or(Handle::Root(&root.dir), |(_, _, dir)| Handle::Opened(dir));
        let shown = self.show(root, &path);
        Place {
            root,
            parent,
            name: Some(name),
            path,
            only_directory,
            metadata,
            shown,
        }
    }

    /// The place of a file that is about to be written: its root must be `rw`, its directory must exist, and
    /// it is not a directory.
    pub(crate) fn resolve_target(
        &self,
        argument: &str,
        last: LastLink,
    ) -> Result<Place<'_>, FsError> {
        let (root, steps) = self.address(argument)?;
        root.writable()?;
        let place = self
            .walk(root, argument, steps, last)
            .map_err(|error| match error {
                FsError::NotFound { .. } => {
                    let parent = argument
                        .trim_end_matches('/')
                        .rsplit_once('/')
                        .map_or(argument, |(parent, _)| parent);
                    FsError::NoParent {
                        path: parent.into(),
                    }
                }
                error => error,
            })?;
        if place.only_directory || place.metadata.as_ref().is_some_and(Metadata::is_dir) {
            return Err(FsError::IsDirectory {
                path: place.shown.as_str().into(),
            });
        }
        Ok(place)
    }
}

impl Place<'_> {
    /// What stands here; an error if nothing does.
    pub(crate) fn existing(&self) -> Result<&Metadata, FsError> {
        self.metadata.as_ref().ok_or_else(|| FsError::NotFound {
            path: self.shown.as_str().into(),
        })
    }

    /// What stands here at this moment, for a caller that holds the file's lock by now.
    pub(crate) fn now(&self) -> Result<Option<Metadata>, FsError> {
        match self.parent.symlink_metadata(self.own_name("written")?) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FsError::io("look up", self.shown.as_str(), &error)),
        }
    }

    /// The name in the parent, for something that is about to be `action`; the top of a root has none.
    pub(crate) fn own_name(&self, action: &'static str) -> Result<&OsStr, FsError> {
        self.name.as_deref().ok_or_else(|| FsError::IsRoot {
            path: self.shown.as_str().into(),
            action,
        })
    }

    /// Opens the directory that stands here.
    pub(crate) fn open_dir(&self) -> Result<Handle<'_>, FsError> {
        if !self.existing()?.is_dir() {
            return Err(FsError::NotDirectory {
                path: self.shown.as_str().into(),
            });
        }
        match &self.name {
            None => Ok(Handle::Root(&self.root.dir)),
            Some(name) => self
                .parent
                .open_dir_nofollow(name)
                .map(Handle::Opened)
                .map_err(|error| swapped(&self.shown, &error)),
        }
    }

    /// Whether this and the other are one file or directory on disk.
    pub(crate) fn is_same(&self, other: &Place<'_>) -> bool {
        let identity = |place: &Place<'_>| place.metadata.as_ref().map(|is| (is.dev(), is.ino()));
        identity(self).is_some() && identity(self) == identity(other)
    }
}
