//! The index: what is staged.

use cap_std::fs::MetadataExt as _;
use gix_hash::ObjectId;
use gix_index::State;
use gix_index::decode::Options;
use gix_index::entry::{Flags, Stage};

use crate::change::{Files, Side, Source};
use crate::error::GitError;
use crate::handle::{Read, open_file, read_file};
use crate::session::Session;

/// The largest index, and the most memory its entries take.
const LARGEST: u64 = 128 << 20;

/// The index, decoded.
pub(crate) struct Index {
    state: State,
    /// When it was written, in nanoseconds: a file changed since may differ without a trace in its times.
    pub(crate) written: i128,
}

/// An entry of the index.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'i> {
    pub(crate) at: usize,
    pub(crate) inner: &'i gix_index::Entry,
}

impl Entry<'_> {
    pub(crate) fn mode(self) -> u32 {
        self.inner.mode.bits()
    }

    /// Whether the working tree's file is not looked at, by the user's wish.
    pub(crate) fn is_skipped(self) -> bool {
        self.inner
            .flags
            .intersects(Flags::SKIP_WORKTREE | Flags::ASSUME_VALID)
    }

    /// Whether it only says that a file is to be added.
    pub(crate) fn is_intent(self) -> bool {
        self.inner.flags.contains(Flags::INTENT_TO_ADD)
    }

    pub(crate) fn is_unmerged(self) -> bool {
        self.inner.stage_raw() != 0
    }
}

impl Index {
    pub(crate) fn len(&self) -> usize {
        self.state.entries().len()
    }

    pub(crate) fn path(&self, at: usize) -> &[u8] {
        self.state.entries()[at].path(&self.state)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.state
            .entries()
            .iter()
            .enumerate()
            .map(|(at, inner)| Entry { at, inner })
    }

    /// The entry of a file that is in no conflict.
    pub(crate) fn get(&self, path: &[u8]) -> Option<Entry<'_>> {
        let at = self
            .state
            .entry_index_by_path_and_stage(path.into(), Stage::Unconflicted)?;
        Some(Entry {
            at,
            inner: self.state.entry(at),
        })
    }

    /// Whether a file is there in any state.
    pub(crate) fn holds(&self, path: &[u8]) -> bool {
        self.state.entry_range(path.into()).is_some()
    }

    /// Whether there is something below the directory `path`, which has no slash at its end.
    pub(crate) fn holds_below(&self, path: &[u8]) -> bool {
        let prefix = [path, b"/"].concat();
        let entries = self.state.entries();
        let at = entries.partition_point(|entry| {
            let found: &[u8] = entry.path(&self.state);
            found < prefix.as_slice()
        });
        entries
            .get(at)
            .is_some_and(|entry| entry.path(&self.state).starts_with(&prefix))
    }

    pub(crate) fn id_of(&self, path: &[u8]) -> Option<ObjectId> {
        self.get(path).map(|entry| entry.inner.id)
    }

    /// The files that are staged and in no conflict.
    pub(crate) fn files(&self) -> Files {
        self.entries()
            .filter(|entry| !entry.is_unmerged() && !entry.is_intent())
            .map(|entry| {
                let side = Side {
                    mode: entry.mode(),
                    source: Source::Object(entry.inner.id),
                };
                (self.path(entry.at).to_vec(), side)
            })
            .collect()
    }

    /// The files in conflict.
    pub(crate) fn unmerged(&self) -> Vec<Vec<u8>> {
        let mut paths: Vec<_> = self
            .entries()
            .filter(|entry| entry.is_unmerged())
            .map(|entry| self.path(entry.at).to_vec())
            .collect();
        paths.dedup();
        paths
    }
}

impl Session<'_> {
    /// The index, read once for each call. A repository without one has an empty one.
    pub(crate) fn index(&self) -> Result<&Index, GitError> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let index = self.load_index()?;
        Ok(self.index.get_or_init(|| index))
    }

    fn load_index(&self) -> Result<Index, GitError> {
        let git = &self.place.git;
        let (bytes, written) = match open_file(git, b"index") {
            Ok((_, metadata)) => match read_file(git, b"index", LARGEST) {
                Ok(Read::Bytes(bytes)) => {
                    (bytes, nanoseconds(metadata.mtime(), metadata.mtime_nsec()))
                }
                Ok(Read::TooLarge) => {
                    return Err(GitError::refused("index", "is larger than 128 MiB"));
                }
                Err(error) => return Err(GitError::io("the index", error)),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Index {
                    state: State::new(gix_hash::Kind::Sha1),
                    written: 0,
                });
            }
            Err(error) => return Err(GitError::io("the index", error)),
        };
        let timestamp = State::new(gix_hash::Kind::Sha1).timestamp();
        let options = Options {
            thread_limit: Some(1),
            alloc_limit_bytes: usize::try_from(LARGEST * 4).ok(),
            ..Options::default()
        };
        let (state, _) = State::from_bytes(&bytes, timestamp, gix_hash::Kind::Sha1, options)
            .map_err(|error| GitError::damaged_by("its index", error))?;
        if state.link().is_some() {
            return Err(GitError::refused(
                "index",
                "is split in two (core.splitIndex); `git update-index --no-split-index` joins it",
            ));
        }
        if state.is_sparse() {
            return Err(GitError::refused(
                "index",
                "is sparse; `git sparse-checkout reapply --no-sparse-index` fills it",
            ));
        }
        if state.entries().len() > self.limits.entries {
            return Err(GitError::TooMany {
                what: "files of the index",
                limit: self.limits.entries,
                remedy: "compare revisions with git_diff instead",
            });
        }
        Ok(Index { state, written })
    }
}

pub(crate) fn nanoseconds(seconds: i64, rest: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(rest)
}
