//! A new file content beside its destination, which appears at its name all at once or not at all.
//!
//! When anything fails before that, the staged file is removed and the old one is as it was.

use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, File, Metadata, MetadataExt, OpenOptions};
use rustix::fs::{AtFlags, Gid, Mode, RenameFlags, Uid};
use rustix::io::Errno;

/// Whether the destination may exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replace {
    /// It must not; checked by the file system in the same step.
    Never,
    /// What is there is replaced.
    Allowed,
}

/// A file that is being written under a name of its own.
#[derive(Debug)]
pub(crate) struct Staged<'d> {
    dir: &'d Dir,
    name: OsString,
    file: File,
    published: bool,
}

impl<'d> Staged<'d> {
    /// Begins an empty file in `dir`.
    pub(crate) fn begin(dir: &'d Dir) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create_new(true)
            .follow(FollowSymlinks::No);
        loop {
            let name = OsString::from(format!(
                ".mcp-fs-{:016x}.tmp",
                RandomState::new().hash_one(())
            ));
            match dir.open_with(&name, &options) {
                Ok(file) => {
                    return Ok(Self {
                        dir,
                        name,
                        file,
                        published: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes over the permissions of the file that will be replaced and, as far as the server's user may, its
    /// owner. Bits that would run it as another user are not taken over.
    pub(crate) fn take_after(&self, old: &Metadata) -> io::Result<()> {
        // First the owner: a change of owner may take permissions away.
        let owned = rustix::fs::fchown(
            &self.file,
            Some(Uid::from_raw(old.uid())),
            Some(Gid::from_raw(old.gid())),
        );
        match owned {
            Ok(()) | Err(Errno::PERM | Errno::INVAL | Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
        self.permissions(old.mode())
    }

    /// Sets the permissions, without the bits that would run the file as another user.
    pub(crate) fn permissions(&self, mode: u32) -> io::Result<()> {
        rustix::fs::fchmod(&self.file, Mode::from_bits_truncate(mode & 0o777))
            .map_err(io::Error::from)
    }

    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Appends all that `from` holds; how much that was.
    pub(crate) fn copy(&mut self, from: &mut impl Read) -> io::Result<u64> {
        io::copy(from, &mut self.file)
    }

    /// Puts the file on disk and under `name`, all at once.
    pub(crate) fn publish(mut self, name: &OsStr, replace: Replace) -> io::Result<()> {
        self.file.sync_all()?;
        match replace {
            Replace::Allowed => self.dir.rename(&self.name, self.dir, name)?,
            Replace::Never => rename_new(self.dir, &self.name, self.dir, name)?,
        }
        self.published = true;
        sync(self.dir);
        Ok(())
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if !self.published {
            // Nothing can be done about a failure here; the name says what the file is.
            drop(self.dir.remove_file(&self.name));
        }
    }
}

/// Renames without replacing anything, in one step of the file system. `from` and `to` are plain names.
pub(crate) fn rename_new(from_dir: &Dir, from: &OsStr, to_dir: &Dir, to: &OsStr) -> io::Result<()> {
    match rustix::fs::renameat_with(from_dir, from, to_dir, to, RenameFlags::NOREPLACE) {
        // Not every file system can. A second link to a file is as atomic; directories have none.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            rustix::fs::linkat(from_dir, from, to_dir, to, AtFlags::empty())?;
            from_dir.remove_file(from)
        }
        result => result.map_err(io::Error::from),
    }
}

/// Puts the names in a directory on disk. Some file systems cannot; the change itself is made by then.
pub(crate) fn sync(dir: &Dir) {
    if let Ok(dir) = dir.open(".") {
        drop(dir.sync_all());
    }
}
