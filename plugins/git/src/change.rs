//! Which files differ: between two trees, a tree and the index, the index and the working tree, or a tree
//! and the working tree.

use std::collections::BTreeMap;

use gix_hash::ObjectId;

use crate::error::GitError;
use crate::files::DEEPEST;
use crate::objects::TreeEntry;
use crate::session::Session;

/// Where one side of a change has its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Object(ObjectId),
    /// The file of that path in the working tree.
    Work,
}

/// One side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) mode: u32,
    pub(crate) source: Source,
}

/// A file that differs.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) path: Vec<u8>,
    pub(crate) old: Option<Side>,
    pub(crate) new: Option<Side>,
    /// The path it had, and how similar the content is, in percent.
    pub(crate) from: Option<(Vec<u8>, u32)>,
    /// Whether it waits for a conflict to be solved; then there are no sides.
    pub(crate) unmerged: bool,
}

impl Change {
    pub(crate) fn new(path: Vec<u8>, old: Option<Side>, new: Option<Side>) -> Self {
        Self {
            path,
            old,
            new,
            from: None,
            unmerged: false,
        }
    }
}

/// Files by path.
pub(crate) type Files = BTreeMap<Vec<u8>, Side>;

const REMEDY: &str = "compare revisions that differ less";

impl Session<'_> {
    /// All files of a tree.
    pub(crate) fn files_of(&self, tree: Option<ObjectId>) -> Result<Files, GitError> {
        let mut files = Files::new();
        let mut open: Vec<(Vec<u8>, ObjectId, usize)> =
            tree.map(|tree| (Vec::new(), tree, 0)).into_iter().collect();
        while let Some((prefix, tree, depth)) = open.pop() {
            deep(depth)?;
            for entry in self.tree(&tree)? {
                self.budget.take("files", REMEDY)?;
                let path = [prefix.as_slice(), &entry.name].concat();
                if entry.is_tree() {
                    open.push(([path.as_slice(), b"/"].concat(), entry.id, depth + 1));
                } else {
                    files.insert(path, side(&entry));
                }
            }
        }
        Ok(files)
    }

    /// What differs between two trees, by path. Equal subtrees are not visited.
    pub(crate) fn changes(
        &self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
    ) -> Result<Vec<Change>, GitError> {
        let mut changes = Vec::new();
        let mut open = vec![(Vec::new(), old, new, 0)];
        while let Some((prefix, old, new, depth)) = open.pop() {
            deep(depth)?;
            let entries =
                |tree: Option<ObjectId>| tree.map_or(Ok(Vec::new()), |tree| self.tree(&tree));
            let mut pairs: BTreeMap<Vec<u8>, (Option<TreeEntry>, Option<TreeEntry>)> =
                BTreeMap::new();
            for entry in entries(old)? {
                let pair = pairs.entry(entry.name.clone()).or_default();
                pair.0 = Some(entry);
            }
            for entry in entries(new)? {
                let pair = pairs.entry(entry.name.clone()).or_default();
                pair.1 = Some(entry);
            }
            for (name, (old, new)) in pairs {
                self.budget.take("files", REMEDY)?;
                if old == new {
                    continue;
                }
                let path = [prefix.as_slice(), &name].concat();
                let tree = |entry: &Option<TreeEntry>| {
                    entry
                        .as_ref()
                        .filter(|entry| entry.is_tree())
                        .map(|entry| entry.id)
                };
                let file = |entry: &Option<TreeEntry>| {
                    entry.as_ref().filter(|entry| !entry.is_tree()).map(side)
                };
                if tree(&old).is_some() || tree(&new).is_some() {
                    open.push((
                        [path.as_slice(), b"/"].concat(),
                        tree(&old),
                        tree(&new),
                        depth + 1,
                    ));
                }
                let (old, new) = (file(&old), file(&new));
                if old.is_some() || new.is_some() {
                    changes.push(Change::new(path, old, new));
                }
            }
        }
        changes.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(changes)
    }
}

/// What differs between two lists of files.
pub(crate) fn between(old: &Files, new: &Files) -> Vec<Change> {
    let mut changes: Vec<Change> = new
        .iter()
        .filter(|(path, side)| old.get(*path) != Some(side))
        .map(|(path, side)| Change::new(path.clone(), old.get(path).copied(), Some(*side)))
        .collect();
    let gone = old.iter().filter(|(path, _)| !new.contains_key(*path));
    changes.extend(gone.map(|(path, side)| Change::new(path.clone(), Some(*side), None)));
    changes.sort_by(|one, other| one.path.cmp(&other.path));
    changes
}

fn side(entry: &TreeEntry) -> Side {
    Side {
        mode: canonical(entry.mode),
        source: Source::Object(entry.id),
    }
}

/// Very old trees hold other permission bits; git shows them as these two.
pub(crate) fn canonical(mode: u32) -> u32 {
    match mode & 0o170_000 {
        0o100_000 if mode & 0o100 != 0 => 0o100_755,
        0o100_000 => 0o100_644,
        kind => kind,
    }
}

fn deep(depth: usize) -> Result<(), GitError> {
    if depth > DEEPEST {
        return Err(GitError::TooDeep { limit: DEEPEST });
    }
    Ok(())
}
