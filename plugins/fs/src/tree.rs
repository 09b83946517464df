//! `directory_tree`: a directory as a nested tree, breadth first, so that a full tree is cut at its depths
//! and not in its middle.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;
use schemars::JsonSchema;
use serde::Serialize;

use crate::entry::{EntryType, entries};
use crate::error::FsError;
use crate::files::Files;
use crate::gitignore::Ignores;
use crate::globs::Globs;
use crate::path::below;
use crate::place::LastLink;
use crate::walk;

/// The most entries one tree holds.
pub(crate) const MOST_ENTRIES: u32 = 10_000;
/// The deepest tree.
pub(crate) const MOST_DEPTH: u32 = 32;

/// Which tree.
#[derive(Clone, Debug)]
pub struct TreeRequest {
    /// The directory.
    pub path: String,
    /// How many levels.
    pub depth: u32,
    /// How many entries in all.
    pub max_entries: u32,
    /// Globs to leave out.
    pub exclude: Vec<String>,
    /// Whether `.gitignore` files count.
    pub gitignore: bool,
}

/// A file or directory of a tree.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TreeNode {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: EntryType,
    /// What is in it, for directories that were looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<TreeNode>>,
    /// True for a directory with entries that are not shown; ask for its own tree to see them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub truncated: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

/// A directory tree.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Tree {
    /// The directory's path, in the form to pass back.
    pub path: String,
    /// What is in it.
    pub children: Vec<TreeNode>,
    /// How many entries are shown.
    pub entries: u64,
    /// True when something below was left out for depth or number; the directories that lack it say so too.
    pub truncated: bool,
}

/// A directory that waits to be looked into.
struct Pending {
    /// Its index among the flat nodes; `None` for the start.
    node: Option<usize>,
    /// Relative to the start.
    below_start: PathBuf,
    ignores: Ignores,
    depth: u32,
}

/// A node before nesting.
struct Flat {
    node: TreeNode,
    parent: Option<usize>,
}

impl Files {
    /// Shows a directory as a tree.
    ///
    /// # Errors
    /// When the path is refused or is no directory, or a glob is not valid.
    pub fn tree(&self, request: &TreeRequest) -> Result<Tree, FsError> {
        if request.depth == 0 || request.depth > MOST_DEPTH {
            return Err(FsError::Argument(format!(
                "depth is {}; pass 1 to {MOST_DEPTH}",
                request.depth
            )));
        }
        if request.max_entries == 0 || request.max_entries > MOST_ENTRIES {
            return Err(FsError::Argument(format!(
                "max_entries is {}; pass 1 to {MOST_ENTRIES}",
                request.max_entries
            )));
        }
        let exclude = Globs::new(&request.exclude)?;
        let place = self.roots.resolve(&request.path, LastLink::Follow)?;
        let start = place.open_dir()?;
        let ignores = if request.gitignore {
            walk::above(&self.roots, &place)?
        } else {
            Ignores::default()
        };
        let most = request.max_entries as usize;

        let mut nodes: Vec<Flat> = Vec::new();
        let mut truncated = false;
        let first = Pending {
            node: None,
            below_start: PathBuf::new(),
            ignores,
            depth: 1,
        };
        let mut queue = VecDeque::from([first]);
        while let Some(here) = queue.pop_front() {
            // Opened when its turn comes: a queue of handles could use up the descriptors of the process.
            let opened;
            let dir: &Dir = if here.node.is_none() {
                &start
            } else {
                match descend(&start, &here.below_start) {
                    Some(dir) => {
                        opened = dir;
                        &opened
                    }
                    None => continue,
                }
            };
            let Ok((list, mut cut)) = entries(dir, self.limits.entries) else {
                continue;
            };
            let path = place.path.join(&here.below_start);
            let ignores = if request.gitignore {
                here.ignores.enter(&self.roots, dir, &path)
            } else {
                Ignores::default()
            };
            for entry in list {
                let below_start = below(&here.below_start, &entry.name);
                let path = below(&path, &entry.name);
                let is_dir = entry.kind == EntryType::Directory;
                if self.roots.deny.covers(&path)
                    || ignores.ignores(&path, is_dir)
                    || exclude.matches(&below_start)
                {
                    continue;
                }
                if nodes.len() == most {
                    cut = true;
                    break;
                }
                let too_deep = is_dir && here.depth == request.depth;
                truncated |= too_deep;
                nodes.push(Flat {
                    node: TreeNode {
                        name: entry.name.to_string_lossy().into_owned(),
                        kind: entry.kind,
                        children: None,
                        truncated: too_deep,
                    },
                    parent: here.node,
                });
                if is_dir && !too_deep {
                    let node = Some(nodes.len() - 1);
                    queue.push_back(Pending {
                        node,
                        below_start,
                        ignores: ignores.clone(),
                        depth: here.depth + 1,
                    });
                }
            }
            truncated |= cut;
            if let Some(node) = here.node {
                nodes[node].node.truncated = cut;
                nodes[node].node.children = Some(Vec::new());
            }
        }
        let entries = nodes.len() as u64;
        Ok(Tree {
            path: place.shown.clone(),
            children: nest(nodes),
            entries,
            truncated,
        })
    }
}

/// Opens a directory below `start` by plain names alone, following nothing.
fn descend(start: &Dir, below_start: &Path) -> Option<Dir> {
    let mut names = below_start.iter();
    let mut dir = start.open_dir_nofollow(names.next()?).ok()?;
    for name in names {
        dir = dir.open_dir_nofollow(name).ok()?;
    }
    Some(dir)
}

/// Puts every node into its parent. Children always stand after their parents.
fn nest(mut nodes: Vec<Flat>) -> Vec<TreeNode> {
    let mut top = Vec::new();
    while let Some(Flat { mut node, parent }) = nodes.pop() {
        if let Some(children) = &mut node.children {
            // They were taken from the end, so they came in reverse.
            children.reverse();
        }
        match parent {
            Some(parent) => nodes[parent]
                .node
                .children
                .get_or_insert_default()
                .push(node),
            None => top.push(node),
        }
    }
    top.reverse();
    top
}
