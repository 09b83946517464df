//! `git_status`: what differs between the last commit, the index and the working tree.

use mcp_factory_sdk::{BadCursor, CursorKey};
use schemars::JsonSchema;
use serde::Serialize;

use crate::change::Change;
use crate::diff::ChangeType;
use crate::error::GitError;
use crate::session::Session;
use crate::text::text;

/// A file that differs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StatusEntry {
    /// Its path.
    pub path: String,
    /// The path it had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_path: Option<String>,
    /// What happened to it.
    pub change: ChangeType,
}

/// What differs.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Status {
    /// The branch that is checked out; absent when HEAD is detached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit that is checked out; absent when there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Whether nothing differs and nothing is untracked.
    pub clean: bool,
    /// Staged: differs between HEAD and the index.
    pub staged: Vec<StatusEntry>,
    /// Not staged: differs between the index and the working tree.
    pub unstaged: Vec<StatusEntry>,
    /// In a conflict.
    pub conflicts: Vec<String>,
    /// Neither tracked nor ignored; a directory ends in a slash.
    pub untracked: Vec<String>,
    /// Whether something is left out.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Session<'_> {
    pub(crate) fn status(&self, cursor: Option<&str>) -> Result<Status, GitError> {
        self.place.work()?;
        let call = CursorKey::new("status", &[]);
        let start: usize = match cursor {
            Some(cursor) => {
                let place = call.decode(cursor)?;
                std::str::from_utf8(&place)
                    .ok()
                    .and_then(|place| place.parse().ok())
                    .ok_or(BadCursor)?
            }
            None => 0,
        };
        let head = self.head()?;
        let staged = self.staged()?;
        let (unstaged, untracked) = self.unstaged(true)?;
        let mut status = Status {
            branch: head
                .branch
                .map(|name| text(name.strip_prefix(b"refs/heads/").unwrap_or(&name))),
            head: head.commit.map(|id| id.to_string()),
            clean: staged.is_empty() && unstaged.is_empty() && untracked.is_empty(),
            ..Status::default()
        };
        let conflicts = unstaged
            .iter()
            .filter(|change| change.unmerged)
            .map(|change| Item::Conflict(&change.path));
        let items = conflicts
            .chain(
                staged
                    .iter()
                    .filter(|change| !change.unmerged)
                    .map(Item::Staged),
            )
            .chain(
                unstaged
                    .iter()
                    .filter(|change| !change.unmerged)
                    .map(Item::Unstaged),
            )
            .chain(untracked.iter().map(|path| Item::Untracked(path)));
        let mut bytes = 0;
        for (at, item) in items.enumerate().skip(start) {
            bytes += item.path().len() + 60;
            if bytes > self.limits.bytes && at > start {
                status.truncated = true;
                status.next_cursor = Some(call.encode(at.to_string().as_bytes()));
                break;
            }
            match item {
                Item::Conflict(path) => status.conflicts.push(text(path)),
                Item::Staged(change) => status.staged.push(entry(change)),
                Item::Unstaged(change) => status.unstaged.push(entry(change)),
                Item::Untracked(path) => status.untracked.push(text(path)),
            }
        }
        Ok(status)
    }
}

enum Item<'c> {
    Conflict(&'c [u8]),
    Staged(&'c Change),
    Unstaged(&'c Change),
    Untracked(&'c [u8]),
}

impl Item<'_> {
    fn path(&self) -> &[u8] {
        match self {
            Self::Conflict(path) | Self::Untracked(path) => path,
            Self::Staged(change) | Self::Unstaged(change) => &change.path,
        }
    }
}

fn entry(change: &Change) -> StatusEntry {
    StatusEntry {
        path: text(&change.path),
        old_path: change.from.as_ref().map(|(path, _)| text(path)),
        change: ChangeType::of(change),
    }
}
