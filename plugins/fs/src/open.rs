//! Opening the file at a place: never following, never waiting, and only if it is a regular file.

use std::ffi::OsStr;
use std::io;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, File, FileTypeExt, Metadata, MetadataExt, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;

use crate::error::FsError;
use crate::place::Place;
use crate::root::Roots;

impl Roots {
    /// Opens a regular file for reading and returns it with its own metadata. Never waits: a FIFO, a device
    /// or a directory is refused by what the opened handle says of itself.
    pub(crate) fn open_file(&self, place: &Place<'_>) -> Result<(File, Metadata), FsError> {
        check_regular(place.existing()?, &place.shown)?;
        let name = place.own_name("read")?;
        self.open_regular(
            &place.parent,
            name,
            &place.shown,
            OpenOptions::new().read(true),
        )
    }

    /// Opens a file that exists for writing, which also asks whether its permissions allow that, for a caller
    /// that holds its lock. Nothing is written through the handle but what is appended.
    pub(crate) fn open_to_change(
        &self,
        place: &Place<'_>,
        read: bool,
        append: bool,
    ) -> Result<(File, Metadata), FsError> {
        let shown = place.shown.as_str();
        let now = place
            .now()?
            .ok_or_else(|| FsError::NotFound { path: shown.into() })?;
        check_regular(&now, shown)?;
        let mut options = OpenOptions::new();
        options.read(read).write(!append).append(append);
        self.open_regular(
            &place.parent,
            place.own_name("written")?,
            shown,
            &mut options,
        )
    }

    /// Opens `name` in `parent` with `options`, without following it, without waiting, and only if it is a
    /// regular file.
    pub(crate) fn open_regular(
        &self,
        parent: &Dir,
        name: &OsStr,
        shown: &str,
        options: &mut OpenOptions,
    ) -> Result<(File, Metadata), FsError> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options
            .follow(FollowSymlinks::No)
            .custom_flags(flags.bits().cast_signed());
        let file = parent
            .open_with(name, options)
            .map_err(|error| swapped(shown, &error))?;
        let metadata = file
            .metadata()
            .map_err(|error| FsError::io("look up", shown, &error))?;
        check_regular(&metadata, shown)?;
        if self.deny_hardlinks && metadata.nlink() > 1 {
            return Err(FsError::HardLinked { path: shown.into() });
        }
        Ok((file, metadata))
    }
}

/// What a thing is called in messages.
fn kind_name(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_file() {
        "file"
    } else if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "symbolic link"
    } else if kind.is_fifo() {
        "FIFO"
    } else if kind.is_socket() {
        "socket"
    } else {
        "device"
    }
}

fn check_regular(metadata: &Metadata, shown: &str) -> Result<(), FsError> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(FsError::IsDirectory { path: shown.into() })
    } else {
        Err(FsError::NotRegular {
            path: shown.into(),
            kind: kind_name(metadata),
        })
    }
}

/// An error of opening what was looked at a moment ago: a link now, or no longer one, or gone.
pub(crate) fn swapped(shown: &str, error: &io::Error) -> FsError {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::LOOP | Errno::NOTDIR | Errno::INVAL | Errno::NXIO | Errno::XDEV) => {
            FsError::Changed { path: shown.into() }
        }
        _ => FsError::io("open", shown, error),
    }
}
