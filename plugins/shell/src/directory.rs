//! Where a command runs: the declared directory, or a new, empty one of its own.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::User;

/// A directory made for one call; dropped with all that is in it.
#[derive(Debug)]
pub(crate) struct PrivateDirectory {
    path: PathBuf,
    pub(crate) handle: File,
}

/// So many names are tried: whoever knows a name beforehand can only make the call take another.
const ATTEMPTS: u64 = 64;

impl PrivateDirectory {
    /// Makes one that only `user` (or the server's) may enter. Blocks.
    pub(crate) fn make(user: Option<User>) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let parent = std::env::temp_dir();
        let process = std::process::id();
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..ATTEMPTS {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("mcp-shell-{process}-{number}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Self::given(path, user),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn given(path: PathBuf, user: Option<User>) -> io::Result<Self> {
        if let Some(user) = user {
            std::os::unix::fs::lchown(&path, Some(user.uid), Some(user.gid))?;
        }
        let handle = open(&path)?;
        Ok(Self { path, handle })
    }
}

impl Drop for PrivateDirectory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a command's directory could not be removed");
        }
    }
}

/// Opens a directory to point at it.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .custom_flags(libc::O_PATH | libc::O_CLOEXEC | libc::O_DIRECTORY)
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn it_is_private_and_gone_afterwards() {
        let one = PrivateDirectory::make(None).expect("a directory");
        let two = PrivateDirectory::make(None).expect("a directory");
        assert_ne!(one.path, two.path);
        let path = one.path.clone();
        let mode = std::fs::metadata(&path).expect("it is there").mode();
        assert_eq!(mode & 0o777, 0o700);
        std::fs::create_dir_all(path.join("a/b")).expect("a folder");
        std::fs::write(path.join("a/b/c"), "x").expect("a file");
        drop(one);
        assert!(!path.exists());
    }
}
