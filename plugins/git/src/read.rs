//! `git_read_file`: a file as it is in a revision.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::GitError;
use crate::objects::{Blob, is_submodule, is_tree};
use crate::session::Session;
use crate::text::{cut, is_binary, text};

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct ReadRequest {
    /// The file.
    pub path: String,
    /// Of which revision.
    pub revision: String,
    /// The first line, from 1.
    pub offset: u64,
    /// The most lines.
    pub limit: Option<u64>,
}

/// A file of a revision.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RevisionFile {
    /// The commit.
    pub commit: String,
    /// The file.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// How many lines it has.
    pub lines: u64,
    /// The lines that were asked for.
    pub text: String,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `offset` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<u64>,
}

impl Session<'_> {
    /// The bytes of a file, which has to be one and within the limit.
    pub(crate) fn file_bytes(
        &self,
        tree: gix_hash::ObjectId,
        path: &str,
    ) -> Result<Vec<u8>, GitError> {
        let shown = || path.into();
        let (mode, id) = self
            .entry_at(tree, path.as_bytes())?
            .ok_or_else(|| GitError::NoSuchPath { path: shown() })?;
        if is_tree(mode) {
            return Err(GitError::IsDirectory { path: shown() });
        }
        if is_submodule(mode) {
            return Err(GitError::IsSubmodule { path: shown() });
        }
        match self.blob(&id)? {
            Blob::Bytes(bytes) => Ok(bytes),
            Blob::TooLarge(size) => Err(GitError::TooLarge {
                path: shown(),
                size,
                limit: self.limits.object_bytes,
            }),
        }
    }

    pub(crate) fn read_file(&self, request: &ReadRequest) -> Result<RevisionFile, GitError> {
        let path = request.path.trim_start_matches('/');
        let commit = self.commit_at(&request.revision)?;
        let bytes = self.file_bytes(commit.tree, path)?;
        let size = bytes.len() as u64;
        if is_binary(&bytes) {
            return Err(GitError::Binary {
                path: path.into(),
                size,
            });
        }
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let count = lines.len() as u64;
        let first = request.offset.max(1) - 1;
        if first > 0 && first >= count {
            return Err(GitError::NoSuchLine {
                path: path.into(),
                lines: count,
                line: first + 1,
            });
        }
        let most = request.limit.unwrap_or(u64::MAX);
        let mut shown = String::new();
        let mut next = first;
        for line in lines
            .iter()
            .skip(usize::try_from(first).unwrap_or(usize::MAX))
        {
            if next - first == most {
                break;
            }
            let line = text(line);
            if shown.len() + line.len() > self.limits.bytes {
                if next > first {
                    break;
                }
                // One line over the limit: its start, and on with the next.
                shown.push_str(cut(&line, self.limits.bytes));
                next += 1;
                return Ok(file(
                    commit.id.to_string(),
                    path,
                    size,
                    count,
                    shown,
                    next,
                    true,
                ));
            }
            shown.push_str(&line);
            next += 1;
        }
        Ok(file(
            commit.id.to_string(),
            path,
            size,
            count,
            shown,
            next,
            false,
        ))
    }
}

fn file(
    commit: String,
    path: &str,
    size: u64,
    lines: u64,
    text: String,
    next: u64,
    cut: bool,
) -> RevisionFile {
    RevisionFile {
        commit,
        path: path.to_owned(),
        size,
        lines,
        text,
        truncated: cut || next < lines,
        next_offset: (next < lines).then_some(next + 1),
    }
}
