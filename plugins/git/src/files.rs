//! `git_list_files`: what a revision holds.

use mcp_factory_sdk::{BadCursor, CursorKey};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::GitError;
use crate::objects::{TreeEntry, is_submodule, is_symlink, is_tree};
use crate::session::Session;
use crate::text::text;
use gix_hash::ObjectId;
use gix_object::Kind;

/// How deep trees are nested.
pub(crate) const DEEPEST: usize = 256;

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    /// Of which revision.
    pub revision: String,
    /// Below which directory; empty for the top.
    pub path: String,
    /// Also what is in directories below.
    pub recursive: bool,
    /// The most entries.
    pub limit: usize,
    /// Where the list before ended.
    pub cursor: Option<String>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryType {
    /// A file.
    File,
    /// A file that can be executed.
    Executable,
    /// A symbolic link.
    Symlink,
    /// A directory.
    Directory,
    /// Another repository.
    Submodule,
}

impl EntryType {
    pub(crate) fn of(mode: u32) -> Self {
        match mode {
            mode if is_tree(mode) => Self::Directory,
            mode if is_submodule(mode) => Self::Submodule,
            mode if is_symlink(mode) => Self::Symlink,
            mode if mode & 0o111 != 0 => Self::Executable,
            _ => Self::File,
        }
    }
}

/// A file or directory of a revision.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FileEntry {
    /// From the top.
    pub path: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: EntryType,
    /// Bytes, of files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// Files of a revision.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FileList {
    /// The commit.
    pub commit: String,
    /// In the order of their paths.
    pub entries: Vec<FileEntry>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Session<'_> {
    pub(crate) fn list_files(&self, request: &ListRequest) -> Result<FileList, GitError> {
        let path = request.path.trim_matches('/');
        let path = if path == "." { "" } else { path };
        let recursive = if request.recursive { "r" } else { "" };
        let call = CursorKey::new("list", &[&request.revision, path, recursive]);
        let (commit, after) = match &request.cursor {
            Some(cursor) => {
                let place = call.decode(cursor)?;
                let (commit, after) = place.split_at_checked(20).ok_or(BadCursor)?;
                let commit = ObjectId::try_from(commit).map_err(|_| BadCursor)?;
                (self.commit(&commit)?, after.to_vec())
            }
            None => (self.commit_at(&request.revision)?, Vec::new()),
        };
        let tree = match self.entry_at(commit.tree, path.as_bytes())? {
            Some((mode, id)) if is_tree(mode) => id,
            Some(_) => return Err(GitError::IsFile { path: path.into() }),
            None => return Err(GitError::NoSuchPath { path: path.into() }),
        };
        let mut found = Vec::new();
        let prefix = if path.is_empty() {
            Vec::new()
        } else {
            [path.as_bytes(), b"/"].concat()
        };
        self.collect(tree, &prefix, request.recursive, 0, &mut found)?;
        found.sort_by(|(one, _), (other, _)| one.cmp(other));

        let mut answer = FileList {
            commit: commit.id.to_string(),
            entries: Vec::new(),
            truncated: false,
            next_cursor: None,
        };
        let mut bytes = 0;
        let mut last: Vec<u8> = Vec::new();
        for (path, entry) in found {
            if !after.is_empty() && path <= after {
                continue;
            }
            bytes += path.len() + 60;
            let is_full = answer.entries.len() == request.limit
                || (bytes > self.limits.bytes && !answer.entries.is_empty());
            if is_full {
                answer.truncated = true;
                let place = [commit.id.as_slice(), &last].concat();
                answer.next_cursor = Some(call.encode(&place));
                break;
            }
            let kind = EntryType::of(entry.mode);
            let is_blob = !matches!(kind, EntryType::Directory | EntryType::Submodule);
            // A partial clone lacks some.
            let size = if is_blob {
                self.header(&entry.id)
                    .ok()
                    .filter(|(kind, _)| *kind == Kind::Blob)
            } else {
                None
            };
            answer.entries.push(FileEntry {
                path: text(&path),
                kind,
                size: size.map(|(_, size)| size),
            });
            last = path;
        }
        Ok(answer)
    }

    fn collect(
        &self,
        tree: ObjectId,
        prefix: &[u8],
        recursive: bool,
        depth: usize,
        found: &mut Vec<(Vec<u8>, TreeEntry)>,
    ) -> Result<(), GitError> {
        if depth > DEEPEST {
            return Err(GitError::TooDeep { limit: DEEPEST });
        }
        for entry in self.tree(&tree)? {
            self.budget
                .take("files", "name a directory below, or pass recursive = false")?;
            let path = [prefix, &entry.name].concat();
            if recursive && entry.is_tree() {
                self.collect(
                    entry.id,
                    &[path.as_slice(), b"/"].concat(),
                    true,
                    depth + 1,
                    found,
                )?;
            } else {
                found.push((path, entry));
            }
        }
        Ok(())
    }

    /// The mode and id at a path of a tree; the tree itself for an empty one.
    pub(crate) fn entry_at(
        &self,
        tree: ObjectId,
        path: &[u8],
    ) -> Result<Option<(u32, ObjectId)>, GitError> {
        let mut here = (0o040_000, tree);
        if path.is_empty() {
            return Ok(Some(here));
        }
        for part in path.split(|byte| *byte == b'/') {
            if !is_tree(here.0) {
                return Ok(None);
            }
            let found = self
                .tree(&here.1)?
                .into_iter()
                .find(|entry| entry.name == part);
            match found {
                Some(entry) => here = (entry.mode, entry.id),
                None => return Ok(None),
            }
        }
        Ok(Some(here))
    }
}
