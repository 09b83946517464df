//! Walking a directory and all below it, through handles, in a fixed order, within a budget.
//!
//! Entries come sorted by name, a directory before what it holds. Symbolic links are reported and never
//! followed, so there are no loops. No entry but directories and `.gitignore` files is opened.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

use crate::budget::Budget;
use crate::entry::{Entry, EntryType, entries};
use crate::error::FsError;
use crate::gitignore::Ignores;
use crate::globs::Globs;
use crate::path::below;
use crate::place::{Handle, Place};
use crate::root::{Root, Roots};

/// How deep a walk goes; each level keeps a directory open.
pub(crate) const MAX_DEPTH: usize = 64;

/// What to leave out and where to begin.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Left out, with all below.
    pub(crate) exclude: Option<Globs>,
    /// Leaves out what `.gitignore` files name.
    pub(crate) gitignore: bool,
    /// Begins after this path, relative to the start.
    pub(crate) after: Option<PathBuf>,
    /// The path of `after` itself is visited once more: only a part of it was used.
    pub(crate) again: bool,
    /// Everything must be seen, for what is about to happen to all of it: what is denied, unreadable, too
    /// deep or too much is an error that names this action, such as `moved`.
    pub(crate) complete: Option<&'static str>,
}

/// An entry that was reached.
#[derive(Debug)]
pub(crate) struct Visited<'w> {
    /// Relative to the root.
    pub(crate) path: &'w Path,
    /// Relative to where the walk started.
    pub(crate) below_start: &'w Path,
    /// The directory that holds it.
    pub(crate) parent: &'w Dir,
    pub(crate) entry: &'w Entry,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    GoOn,
    Stop,
}

/// What a walk left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gaps {
    /// Directories that could not be read, or were too deep.
    pub(crate) unreadable: u64,
    /// Directories with more entries than the budget; the rest of their names was never seen.
    pub(crate) cut: bool,
}

struct Walker<'w, 'c, V> {
    roots: &'w Roots,
    root: &'w Root,
    walk: &'w Walk,
    /// Where it started, for messages.
    shown: &'w str,
    budget: &'w mut Budget<'c>,
    visit: V,
    gaps: Gaps,
}

/// Walks what is below `start`, a directory, and calls `visit` for each entry that no rule leaves out.
/// Returns when all is seen, when `visit` stops it or fails, or when the budget is spent.
pub(crate) fn walk(
    roots: &Roots,
    start: &Place<'_>,
    walk: &Walk,
    budget: &mut Budget<'_>,
    visit: impl FnMut(&Visited<'_>, &Budget<'_>) -> Result<Flow, FsError>,
) -> Result<Gaps, FsError> {
    let dir = start.open_dir()?;
    let ignores = if walk.gitignore {
        above(roots, start)?
    } else {
        Ignores::default()
    };
    let shown = start.shown.as_str();
    let mut walker = Walker {
        roots,
        root: start.root,
        walk,
        shown,
        budget,
        visit,
        gaps: Gaps::default(),
    };
    // The start is named by the caller, so its not being readable is an error and not a gap.
    let list = entries(&dir, walker.budget.most())
        .map_err(|error| FsError::io("list", start.shown.as_str(), &error))?;
    walker.directory(&dir, list, &start.path, Path::new(""), &ignores, 1)?;
    Ok(walker.gaps)
}

/// The `.gitignore` files of the directories above `start`.
pub(crate) fn above(roots: &Roots, start: &Place<'_>) -> Result<Ignores, FsError> {
    let mut ignores = Ignores::default();
    let mut path = PathBuf::new();
    let mut dir = Handle::Root(&start.root.dir);
    for name in &start.path {
        ignores = ignores.enter(roots, &dir, &path);
        path.push(name);
        let next = dir
            .open_dir_nofollow(name)
            .map_err(|error| FsError::io("open", start.shown.as_str(), &error))?;
        dir = Handle::Opened(next);
    }
    Ok(ignores)
}

impl<V: FnMut(&Visited<'_>, &Budget<'_>) -> Result<Flow, FsError>> Walker<'_, '_, V> {
    fn directory(
        &mut self,
        dir: &Dir,
        (list, cut): (Vec<Entry>, bool),
        path: &Path,
        below_start: &Path,
        ignores: &Ignores,
        depth: usize,
    ) -> Result<Flow, FsError> {
        self.gaps.cut |= cut;
        if let Some(action) = self.walk.complete.filter(|_| cut) {
            return Err(self.too_many(action));
        }
        let ignores = if self.walk.gitignore {
            ignores.enter(self.roots, dir, path)
        } else {
            ignores.clone()
        };
        for entry in &list {
            let path = below(path, &entry.name);
            let below_start = below(below_start, &entry.name);
            let is_dir = entry.kind == EntryType::Directory;
            let (visit, descend) = self.due(&below_start);
            let denied = self.roots.deny.covers(&path);
            if let Some(action) = self.walk.complete.filter(|_| denied) {
                return Err(FsError::HoldsDenied {
                    path: self.shown.into(),
                    action,
                });
            }
            if !(visit || descend)
                || denied
                || ignores.ignores(&path, is_dir)
                || self
                    .walk
                    .exclude
                    .as_ref()
                    .is_some_and(|exclude| exclude.matches(&below_start))
            {
                continue;
            }
            if visit {
                if !self.budget.take() {
                    return self
                        .walk
                        .complete
                        .map_or(Ok(Flow::Stop), |action| Err(self.too_many(action)));
                }
                let visited = Visited {
                    path: &path,
                    below_start: &below_start,
                    parent: dir,
                    entry,
                };
                if (self.visit)(&visited, self.budget)? == Flow::Stop {
                    return Ok(Flow::Stop);
                }
            }
            if !is_dir {
                continue;
            }
            let opened = if depth < MAX_DEPTH {
                dir.open_dir_nofollow(&entry.name).ok()
            } else {
                None
            };
            let inside = opened
                .and_then(|inside| Some((entries(&inside, self.budget.most()).ok()?, inside)));
            let Some((list, inside)) = inside else {
                if self.walk.complete.is_some() {
                    let path = self.roots.show(self.root, &path).into();
                    return Err(if depth < MAX_DEPTH {
                        FsError::Io {
                            action: "read",
                            path,
                            reason: "its entries cannot be checked".to_owned(),
                        }
                    } else {
                        FsError::TooDeep {
                            path: self.shown.into(),
                            limit: MAX_DEPTH,
                        }
                    });
                }
                self.gaps.unreadable += 1;
                continue;
            };
            if self.directory(&inside, list, &path, &below_start, &ignores, depth + 1)?
                == Flow::Stop
            {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::GoOn)
    }

    fn too_many(&self, action: &'static str) -> FsError {
        FsError::TooManyEntries {
            path: self.shown.into(),
            limit: self.budget.most(),
            action,
        }
    }

    /// Whether to visit an entry and whether to look into it, given where the walk begins. Paths compare by
    /// components, which is the order of this walk.
    fn due(&self, path: &Path) -> (bool, bool) {
        let Some(after) = &self.walk.after else {
            return (true, true);
        };
        match path.cmp(after) {
            Ordering::Greater => (true, true),
            Ordering::Equal => (self.walk.again, true),
            Ordering::Less => (false, after.starts_with(path)),
        }
    }
}
