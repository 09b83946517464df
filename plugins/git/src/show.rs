//! `git_show`: a commit and what it changed.

use mcp_factory_sdk::CursorKey;
use schemars::JsonSchema;
use serde::Serialize;

use crate::commit::CommitInfo;
use crate::diff::{DiffRequest, DiffResult};
use crate::error::GitError;
use crate::session::Session;

/// A commit and what it changed, against its first parent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ShownCommit {
    /// The commit.
    #[serde(flatten)]
    pub info: CommitInfo,
    /// What it changed.
    #[serde(flatten)]
    pub diff: DiffResult,
}

impl Session<'_> {
    pub(crate) fn show(
        &self,
        revision: &str,
        request: &DiffRequest,
    ) -> Result<ShownCommit, GitError> {
        let commit = self.commit_at(revision)?;
        let parent = match commit.parents.first() {
            Some(parent) => Some(self.commit(parent)?.tree),
            None => None,
        };
        let changes = self.find_renames(self.changes(parent, Some(commit.tree))?)?;
        let path = request.path.as_deref().unwrap_or_default();
        let id = commit.id.to_string();
        let diff = self.render(changes, request, CursorKey::new("show", &[&id, path]))?;
        Ok(ShownCommit {
            info: CommitInfo::from(&commit),
            diff,
        })
    }
}
