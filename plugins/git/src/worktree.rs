//! The working tree beside the index: one walk, through directory handles, that follows no link.

use cap_std::fs::{Dir, Metadata, MetadataExt as _};
use gix_object::Kind;

use crate::attributes::Patterns;
use crate::content::link_target;
use crate::error::GitError;
use crate::files::DEEPEST;
use crate::handle::{Read, is_plain, open_dir, open_file, read_file};
use crate::index::{Entry, Index, nanoseconds};
use crate::objects::{is_submodule, is_symlink};
use crate::session::Session;

const REMEDY: &str = "compare revisions with git_diff instead";

/// What became of a file of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is not there.
    Gone,
    Same,
    /// It differs; the mode it has now.
    Changed(u32),
}

/// What a walk found.
pub(crate) struct Survey {
    /// For each entry of the index.
    pub(crate) tracked: Vec<Found>,
    /// Files that are neither in the index nor ignored; a directory that holds only such ends in a slash.
    pub(crate) untracked: Vec<Vec<u8>>,
}

struct Walk<'w, 's> {
    session: &'w Session<'s>,
    index: &'w Index,
    patterns: Patterns,
    survey: Survey,
    /// Whether untracked files are wanted.
    all: bool,
}

impl Session<'_> {
    /// Compares the working tree with the index; with `all`, also finds what is in neither.
    pub(crate) fn survey(&self, all: bool) -> Result<Survey, GitError> {
        let index = self.index()?;
        let mut walk = Walk {
            session: self,
            index,
            patterns: Patterns::new(self)?,
            survey: Survey {
                tracked: vec![Found::Gone; index.len()],
                untracked: Vec::new(),
            },
            all,
        };
        for entry in index.entries() {
            if entry.is_skipped() {
                walk.survey.tracked[entry.at] = Found::Same;
            }
        }
        walk.directory(self.place.work()?, b"", false, 0)?;
        walk.survey.untracked.sort();
        Ok(walk.survey)
    }
}

impl Walk<'_, '_> {
    fn directory(
        &mut self,
        dir: &Dir,
        prefix: &[u8],
        ignored: bool,
        depth: usize,
    ) -> Result<(), GitError> {
        if depth > DEEPEST {
            return Err(GitError::TooDeep { limit: DEEPEST });
        }
        self.patterns.enter(dir, prefix);
        for (name, is_dir) in self.names(dir)? {
            let path = [prefix, name.as_slice()].concat();
            if is_dir {
                self.below(dir, &name, &path, ignored, depth)?;
            } else if let Some(entry) = self.index.get(&path) {
                if !entry.is_skipped() {
                    self.survey.tracked[entry.at] = self.compare(dir, &name, &path, entry)?;
                }
            } else if self.all
                && !self.index.holds(&path)
                && !ignored
                && is_file(dir, &name)
                && !self.patterns.is_ignored(&path, false)
            {
                self.survey.untracked.push(path);
            }
        }
        self.patterns.leave();
        Ok(())
    }

    /// The directory `name`, which is at `path`.
    fn below(
        &mut self,
        dir: &Dir,
        name: &[u8],
        path: &[u8],
        ignored: bool,
        depth: usize,
    ) -> Result<(), GitError> {
        if let Some(entry) = self.index.get(path)
            && is_submodule(entry.mode())
        {
            // Another repository. It is not opened, so what it has checked out is not known.
            self.survey.tracked[entry.at] = Found::Same;
            return Ok(());
        }
        let tracked = self.index.holds_below(path);
        if !tracked && (!self.all || ignored) {
            return Ok(());
        }
        let ignored = ignored || self.patterns.is_ignored(path, true);
        if !tracked && ignored {
            return Ok(());
        }
        // It may have become a link since it was listed, or be closed to us.
        let Ok(below) = open_dir(dir, name) else {
            return Ok(());
        };
        let prefix = [path, b"/"].concat();
        if tracked {
            return self.directory(&below, &prefix, ignored, depth + 1);
        }
        if below.symlink_metadata(".git").is_ok()
            || self.has_untracked(&below, &prefix, depth + 1)?
        {
            self.survey.untracked.push(prefix);
        }
        Ok(())
    }

    /// Whether a directory without tracked files holds a file that is not ignored.
    fn has_untracked(&mut self, dir: &Dir, prefix: &[u8], depth: usize) -> Result<bool, GitError> {
        if depth > DEEPEST {
            return Err(GitError::TooDeep { limit: DEEPEST });
        }
        self.patterns.enter(dir, prefix);
        let mut found = false;
        for (name, is_dir) in self.names(dir)? {
            let path = [prefix, name.as_slice()].concat();
            if self.patterns.is_ignored(&path, is_dir) {
                continue;
            }
            found = if is_dir {
                let Ok(below) = open_dir(dir, &name) else {
                    continue;
                };
                let prefix = [path.as_slice(), b"/"].concat();
                below.symlink_metadata(".git").is_ok()
                    || self.has_untracked(&below, &prefix, depth + 1)?
            } else {
                is_file(dir, &name)
            };
            if found {
                break;
            }
        }
        self.patterns.leave();
        Ok(found)
    }

    /// The names in a directory, and which are directories themselves.
    fn names(&self, dir: &Dir) -> Result<Vec<(Vec<u8>, bool)>, GitError> {
        let unreadable = |error| GitError::io("the working tree", error);
        let mut names = Vec::new();
        for entry in dir.entries().map_err(unreadable)? {
            self.session
                .budget
                .take("files of the working tree", REMEDY)?;
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().into_encoded_bytes();
            if is_plain(&name) {
                names.push((name, entry.file_type().map_err(unreadable)?.is_dir()));
            }
        }
        Ok(names)
    }

    fn compare(
        &self,
        dir: &Dir,
        name: &[u8],
        path: &[u8],
        entry: Entry<'_>,
    ) -> Result<Found, GitError> {
        let os_name: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(name);
        let Ok(metadata) = dir.symlink_metadata(os_name) else {
            return Ok(Found::Gone);
        };
        let mode = match metadata.file_type() {
            kind if kind.is_symlink() => 0o120_000,
            kind if !kind.is_file() => return Ok(Found::Gone),
            _ if !self.session.settings.file_mode && !is_symlink(entry.mode()) => entry.mode(),
            _ if metadata.mode() & 0o100 != 0 => 0o100_755,
            _ => 0o100_644,
        };
        if mode != entry.mode() || entry.is_intent() {
            return Ok(Found::Changed(mode));
        }
        if self.is_untouched(entry, &metadata) || self.is_same(dir, name, path, entry, mode)? {
            return Ok(Found::Same);
        }
        Ok(Found::Changed(mode))
    }

    /// Whether size and times say that nothing was written since the file was staged.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the index keeps 32 bits of each"
    )]
    fn is_untouched(&self, entry: Entry<'_>, now: &Metadata) -> bool {
        let then = &entry.inner.stat;
        let is_old = nanoseconds(now.mtime(), now.mtime_nsec()) < self.index.written
            && nanoseconds(now.ctime(), now.ctime_nsec()) <= self.index.written;
        is_old
            && then.size == now.size() as u32
            && then.mtime.secs == now.mtime() as u32
            && then.mtime.nsecs == now.mtime_nsec() as u32
            && then.ctime.secs == now.ctime() as u32
            && then.ctime.nsecs == now.ctime_nsec() as u32
            && then.ino == now.ino() as u32
    }

    /// Whether the content is the staged one.
    fn is_same(
        &self,
        dir: &Dir,
        name: &[u8],
        path: &[u8],
        entry: Entry<'_>,
        mode: u32,
    ) -> Result<bool, GitError> {
        let session = self.session;
        session.budget.check()?;
        let hash = |bytes: &[u8]| {
            gix_object::compute_hash(gix_hash::Kind::Sha1, Kind::Blob, bytes)
                .map_err(|error| GitError::damaged_by("a file", error))
        };
        if is_symlink(mode) {
            return Ok(match link_target(dir, name) {
                Some(target) => hash(&target)? == entry.inner.id,
                None => false,
            });
        }
        match read_file(dir, name, session.limits.object_bytes) {
            Ok(Read::Bytes(bytes)) => {
                if hash(&bytes)? == entry.inner.id {
                    return Ok(true);
                }
                let eol = session.eol_of(path)?;
                Ok(hash(&session.to_git(path, eol, bytes)?)? == entry.inner.id)
            }
            Ok(Read::TooLarge) => self.is_same_large(dir, name, entry),
            Err(_) => Ok(false),
        }
    }

    /// A file above the limit is hashed in parts, with its line endings as they are.
    fn is_same_large(&self, dir: &Dir, name: &[u8], entry: Entry<'_>) -> Result<bool, GitError> {
        use std::io::Read as _;
        let Ok((mut file, metadata)) = open_file(dir, name) else {
            return Ok(false);
        };
        let size = metadata.len();
        let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
        hasher.update(format!("blob {size}\0").as_bytes());
        let mut part = vec![0; 1 << 20];
        let mut left = size;
        while left > 0 {
            self.session.budget.check()?;
            let wanted = usize::try_from(left.min(part.len() as u64)).unwrap_or(part.len());
            let Ok(read @ 1..) = file.read(&mut part[..wanted]) else {
                return Ok(false);
            };
            hasher.update(&part[..read]);
            left -= read as u64;
        }
        Ok(hasher.try_finalize().is_ok_and(|id| id == entry.inner.id))
    }
}

/// Whether it is a file or a link: git knows nothing else.
fn is_file(dir: &Dir, name: &[u8]) -> bool {
    let name: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(name);
    dir.symlink_metadata(name)
        .is_ok_and(|found| found.is_file() || found.is_symlink())
}
