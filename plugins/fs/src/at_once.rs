//! Reading a small file that the kernel has in memory, where nothing may wait.
//!
//! In the room: which roots can be read so, how many threads may try at a time, and the system calls that answer
//! from memory or not at all. `None` is never an answer: the caller goes the long way (`place`, `open`), which may
//! wait, follows links and has words for every failure.

use std::fs::File as StdFile;
use std::io::IoSliceMut;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::{Dir, File, Metadata, MetadataExt};
use rustix::fs::{FsWord, Mode, OFlags, ResolveFlags, fstatfs, openat2};
use rustix::io::{ReadWriteFlags, preadv2};
use tokio::sync::Semaphore;

use crate::files::Files;
use crate::path::{Step, Steps};
use crate::root::Root;

/// The largest file that is read at once, in bytes: what a worker does with its content is over in a tenth of a
/// millisecond. With larger ones the hop to another thread and back matters less and less.
pub(crate) const MOST: u64 = 32 << 10;

/// The path leads to nothing but itself: through no link, so the path that was held against the deny rules is the
/// one that is opened, and onto no other file system than the one that was judged. Names that the kernel would have
/// to look for on a disk or ask another machine for are not found.
const RESOLVE: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV)
    .union(ResolveFlags::CACHED);

/// How many of so many workers may read at once: all but one, so that one is left whatever the kernel does to the
/// others. The only one may: after a read that took long, the server has the tool's calls on threads of their own.
pub(crate) const fn turns_among(workers: usize) -> usize {
    match workers {
        1 => 1,
        workers => workers.saturating_sub(1),
    }
}

/// Whether files on a file system of this type (`f_type` of `statfs`) are on a disk of this machine, so that opening
/// one asks nobody else, and can be read with `RWF_NOWAIT`. Not those of other machines (NFS, SMB, 9P, Ceph), nor of
/// other programs (FUSE), nor what may lie upon such (overlayfs), nor what refuses `RWF_NOWAIT` (tmpfs).
fn is_local(kind: FsWord) -> bool {
    const EXT: FsWord = 0xEF53;
    const XFS: FsWord = 0x5846_5342;
    const BTRFS: FsWord = 0x9123_683E;
    const F2FS: FsWord = 0xF2F5_2010;
    matches!(kind, EXT | XFS | BTRFS | F2FS)
}

/// Whether files in this root can be read at once: its file system is local and the kernel knows how (Linux 5.12).
pub(crate) fn is_possible(root: &Dir) -> bool {
    fstatfs(root).is_ok_and(|status| is_local(status.f_type))
        && open(root, Path::new("."), OFlags::PATH).is_some()
}

fn open(root: &Dir, path: &Path, flags: OFlags) -> Option<File> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat2(root, path, flags, Mode::empty(), RESOLVE).ok()?;
    Some(File::from_std(StdFile::from(file)))
}

/// The path that the steps spell, if they go down only, to something that need not be a directory.
fn plain(steps: Steps) -> Option<PathBuf> {
    if steps.only_directory {
        return None;
    }
    let mut path = PathBuf::new();
    for step in steps.steps {
        match step {
            Step::Down(name) => path.push(name),
            Step::Up | Step::Here => return None,
        }
    }
    Some(path)
}

/// What stands at a path, looked up without waiting.
#[derive(Debug)]
pub(crate) struct Seen<'f> {
    pub(crate) root: &'f Root,
    /// Relative to the root, free of links, and covered by no deny rule.
    path: PathBuf,
    pub(crate) metadata: Metadata,
    deny_hardlinks: bool,
    turns: &'f Semaphore,
}

impl Files {
    /// From now on, small files that the kernel has in memory are read at once where that is asked for, by at most as
    /// many threads at a time as `turns` has permits.
    #[must_use]
    pub fn at_once(mut self, turns: Arc<Semaphore>) -> Self {
        self.turns = Some(turns);
        self
    }

    /// What stands at a path argument. Opens nothing.
    pub(crate) fn look_at_once(&self, argument: &str) -> Option<Seen<'_>> {
        let turns = self.turns.as_deref()?;
        let (root, steps) = self.roots.address(argument).ok()?;
        if !root.at_once {
            return None;
        }
        let path = plain(steps)?;
        if self.roots.deny.covers(&path) {
            return None;
        }
        // Such a handle is a place, not an open file: it wakes nobody at the other end of a FIFO.
        let metadata = open(&root.dir, &path, OFlags::PATH)?.metadata().ok()?;
        Some(Seen {
            root,
            path,
            metadata,
            deny_hardlinks: self.roots.deny_hardlinks,
            turns,
        })
    }
}

impl Seen<'_> {
    /// How results name it.
    pub(crate) fn shown(&self, files: &Files) -> String {
        files.roots.show(self.root, &self.path)
    }

    /// The first `most` bytes at most, and what is true of the file that they are from. `most` is at most [`MOST`].
    pub(crate) fn read(&self, most: u64) -> Option<(Vec<u8>, Metadata)> {
        if !self.metadata.is_file() {
            return None;
        }
        // One of few: a kernel that waits after all, for a scanner of viruses or for memory, leaves a worker free.
        let _turn = self.turns.try_acquire().ok()?;
        let file = open(
            &self.root.dir,
            &self.path,
            OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY,
        )?;
        // Its own: another may stand there by now.
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || (self.deny_hardlinks && metadata.nlink() > 1) {
            return None;
        }
        let size = usize::try_from(metadata.len().min(most)).ok()?;
        let bytes = read(&file, size, metadata.len() <= most)?;
        Some((bytes, metadata))
    }
}

/// The first `size` bytes. When these should be `all`, room for one more shows a file that grew.
fn read(file: &File, size: usize, all: bool) -> Option<Vec<u8>> {
    let mut bytes = vec![0; size + usize::from(all)];
    let mut buffers = [IoSliceMut::new(&mut bytes)];
    let count = preadv2(file, &mut buffers, 0, ReadWriteFlags::NOWAIT).ok()?;
    if count != size {
        return None;
    }
    bytes.truncate(size);
    Some(bytes)
}

#[cfg(test)]
mod tests;
