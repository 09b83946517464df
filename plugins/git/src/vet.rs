//! What a repository's own directory may hold, looked at anew by every call before any of it is read.
//!
//! A git directory can point elsewhere in many ways. None is followed: a repository that uses one is refused,
//! by a sentence that names it. Only what this plugin reads is looked at; hooks, logs, submodules and other
//! working trees are not.

use cap_std::fs::{Dir, FileTypeExt as _};

use crate::budget::Budget;
use crate::error::GitError;
use crate::handle::open_dir;

/// How deep directories below `refs` and `objects` go.
const DEEPEST: usize = 32;

/// The most files below them.
const MOST: usize = 1_000_000;

/// The files at the top that are read.
const FILES: [&str; 5] = ["HEAD", "config", "index", "packed-refs", "shallow"];

/// Fails for a git directory that points outside of itself or holds what is not a file.
pub(crate) fn vet(git: &Dir, budget: &Budget<'_>) -> Result<(), GitError> {
    let budget = &budget.apart(MOST);
    let unreadable = |error| GitError::io("the git directory", error);
    for entry in git.entries().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name == b"commondir" {
            return Err(GitError::refused(
                "commondir",
                "makes its data another directory's, and only data inside the repository is read",
            ));
        }
        let kind = entry.file_type().map_err(unreadable)?;
        let is_file = FILES.iter().any(|file| file.as_bytes() == name);
        if matches!(name, b"objects" | b"refs" | b"info") {
            if !kind.is_dir() {
                return Err(not_plain(name, kind));
            }
            below(git, name, name, 0, budget)?;
        } else if is_file && !kind.is_file() {
            return Err(not_plain(name, kind));
        }
    }
    Ok(())
}

/// Vets the directory `name` of `parent`, which is `path` in messages.
fn below(
    parent: &Dir,
    name: &[u8],
    path: &[u8],
    depth: usize,
    budget: &Budget<'_>,
) -> Result<(), GitError> {
    if depth > DEEPEST {
        return Err(GitError::TooDeep { limit: DEEPEST });
    }
    let unreadable = |error| GitError::io("the git directory", error);
    let dir = open_dir(parent, name).map_err(unreadable)?;
    for entry in dir.entries().map_err(unreadable)? {
        budget.take(
            "files of the git directory",
            "ask the user to run `git gc` there",
        )?;
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let path = [path, b"/", name].concat();
        if matches!(
            path.as_slice(),
            b"objects/info/alternates" | b"objects/info/http-alternates"
        ) {
            return Err(GitError::refused(
                &path,
                "takes objects from another place, and only data inside the repository is read",
            ));
        }
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            below(&dir, name, &path, depth + 1, budget)?;
        } else if !kind.is_file() {
            return Err(not_plain(&path, kind));
        }
    }
    Ok(())
}

fn not_plain(path: &[u8], kind: cap_std::fs::FileType) -> GitError {
    let why = if kind.is_symlink() {
        "is a symbolic link, and links are never followed in a git directory"
    } else if kind.is_fifo() || kind.is_socket() || kind.is_block_device() || kind.is_char_device()
    {
        "is a FIFO, a socket or a device, and those are never opened"
    } else {
        "is not what git puts there"
    };
    GitError::refused(path, why)
}
