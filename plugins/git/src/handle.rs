//! Reading through directory handles: never following a link, never waiting, never more than a limit.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, File, Metadata, OpenOptions, OpenOptionsExt as _};
use rustix::fs::OFlags;

/// A file that was read.
pub(crate) enum Read {
    Bytes(Vec<u8>),
    /// It holds more than the limit.
    TooLarge,
}

/// Opens the regular file `name` in `dir`. A link, a FIFO or a device is `NotFound`'s cousin: `InvalidInput`.
pub(crate) fn open_file(dir: &Dir, name: &[u8]) -> io::Result<(File, Metadata)> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    options
        .read(true)
        .follow(FollowSymlinks::No)
        .custom_flags(flags.bits().cast_signed());
    let file = dir.open_with(OsStr::from_bytes(name), &options)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok((file, metadata))
}

/// Reads the regular file `name` in `dir`.
pub(crate) fn read_file(dir: &Dir, name: &[u8], limit: u64) -> io::Result<Read> {
    let (file, metadata) = open_file(dir, name)?;
    if metadata.len() > limit {
        return Ok(Read::TooLarge);
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Ok(Read::TooLarge);
    }
    Ok(Read::Bytes(bytes))
}

/// Opens the directory `name` in `dir`, not following a link.
pub(crate) fn open_dir(dir: &Dir, name: &[u8]) -> io::Result<Dir> {
    dir.open_dir_nofollow(OsStr::from_bytes(name))
}

/// The directory that holds the last part of the relative `path`, and that part. No part may be a link,
/// `.`, `..` or `.git`, whoever wrote the path.
pub(crate) fn parent_of<'p>(top: &Dir, path: &'p [u8]) -> io::Result<(Dir, &'p [u8])> {
    let mut dir = top.try_clone()?;
    let mut parts = path.split(|byte| *byte == b'/').peekable();
    loop {
        let part = parts.next().unwrap_or_default();
        if !is_plain(part) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if parts.peek().is_none() {
            return Ok((dir, part));
        }
        dir = open_dir(&dir, part)?;
    }
}

/// Whether a name is one that can stand in a working tree.
pub(crate) fn is_plain(part: &[u8]) -> bool {
    !(part.is_empty()
        || part == b"."
        || part == b".."
        || part.contains(&0)
        || part.contains(&b'/')
        || part.eq_ignore_ascii_case(b".git"))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make what is read")]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_lead_anywhere() {
        let top = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(top.path().join("a/.git")).unwrap();
        std::fs::write(top.path().join("a/f"), "x").unwrap();
        std::os::unix::fs::symlink("a", top.path().join("l")).unwrap();
        let dir = Dir::open_ambient_dir(top.path(), cap_std::ambient_authority()).unwrap();
        assert!(parent_of(&dir, b"a/f").is_ok());
        for bad in [
            "", "/a", "a/", "a//f", "../x", "a/../a/f", "./a", "a/.git/x", ".GIT/x", "l/f", "a\0",
        ] {
            assert!(parent_of(&dir, bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(
            matches!(read_file(&dir, b"l", 9), Err(error) if error.kind() != io::ErrorKind::NotFound)
        );
    }

    #[test]
    fn a_limit_is_a_limit() {
        let top = tempfile::tempdir().unwrap();
        std::fs::write(top.path().join("f"), "12345").unwrap();
        let dir = Dir::open_ambient_dir(top.path(), cap_std::ambient_authority()).unwrap();
        assert!(
            matches!(read_file(&dir, b"f", 5).unwrap(), Read::Bytes(bytes) if bytes == b"12345")
        );
        assert!(matches!(read_file(&dir, b"f", 4).unwrap(), Read::TooLarge));
    }
}
