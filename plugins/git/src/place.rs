//! Where a repository's git directory and working tree are: exactly at the configured path.

use std::path::{Path, PathBuf};

use cap_std::fs::Dir;

use crate::error::GitError;
use crate::handle::open_dir;

/// The opened directories of a repository.
pub(crate) struct Place {
    /// The git directory.
    pub(crate) git: Dir,
    /// Its path, for the object database, which opens files by path.
    pub(crate) objects: PathBuf,
    /// The working tree, unless it is bare.
    pub(crate) work: Option<Dir>,
}

impl Place {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a path of the host is opened: the configured one"
    )]
    /// Opens the repository at `path`. Nothing above it is looked at, and no file there can send us elsewhere.
    pub(crate) fn open(path: &Path) -> Result<Self, GitError> {
        let top =
            Dir::open_ambient_dir(path, cap_std::ambient_authority()).map_err(
                |error| match error.kind() {
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                        GitError::Gone
                    }
                    _ => GitError::io("the directory", error),
                },
            )?;
        match top.symlink_metadata(".git") {
            Ok(metadata) if metadata.is_dir() => Ok(Self {
                git: open_dir(&top, b".git")
                    .map_err(|error| GitError::io("the git directory", error))?,
                objects: path.join(".git").join("objects"),
                work: Some(top),
            }),
            Ok(metadata) if metadata.is_file() => Err(GitError::refused(
                ".git",
                "is a file that names another directory (a linked working tree or a submodule), and only data inside the repository is read",
            )),
            Ok(_) => Err(GitError::refused(
                ".git",
                "is not a directory, and links are never followed",
            )),
            Err(_) if is_bare(&top) => Ok(Self {
                git: top,
                objects: path.join("objects"),
                work: None,
            }),
            Err(_) => Err(GitError::Gone),
        }
    }

    /// The working tree.
    pub(crate) fn work(&self) -> Result<&Dir, GitError> {
        self.work.as_ref().ok_or(GitError::Bare)
    }
}

/// Whether this is a git directory itself.
fn is_bare(top: &Dir) -> bool {
    let is_dir = |name| top.symlink_metadata(name).is_ok_and(|found| found.is_dir());
    let head = top.symlink_metadata("HEAD");
    head.is_ok_and(|head| head.is_file()) && is_dir("objects") && is_dir("refs")
}
