//! `git_diff`, `git_diff_staged`, `git_diff_unstaged`: changed files in pages, each with its patch.

use mcp_factory_sdk::CursorKey;
use schemars::JsonSchema;
use serde::Serialize;

use crate::change::{Change, Files, Side, Source, between};
use crate::error::GitError;
use crate::revision::range;
use crate::session::Session;
use crate::text::text;
use crate::worktree::Found;

/// The most lines around a change.
pub const MOST_CONTEXT: u32 = 1000;

/// How to show what differs.
#[derive(Clone, Debug, Default)]
pub struct DiffRequest {
    /// Lines around a change.
    pub context_lines: u32,
    /// Only this file, or what is below this directory.
    pub path: Option<String>,
    /// Where the answer before ended.
    pub cursor: Option<String>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeType {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// Its content or mode changed.
    Modified,
    /// It has another path.
    Renamed,
    /// It became a file, a link or a submodule.
    TypeChanged,
    /// It is in a conflict.
    Unmerged,
}

impl ChangeType {
    pub(crate) fn of(change: &Change) -> Self {
        match (change.old, change.new) {
            _ if change.unmerged => Self::Unmerged,
            _ if change.from.is_some() => Self::Renamed,
            (None, _) => Self::Added,
            (_, None) => Self::Deleted,
            (Some(old), Some(new)) if old.mode & 0o170_000 != new.mode & 0o170_000 => {
                Self::TypeChanged
            }
            _ => Self::Modified,
        }
    }
}

/// A changed file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FileChange {
    /// Its path.
    pub path: String,
    /// The path it had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_path: Option<String>,
    /// What happened to it.
    pub change: ChangeType,
    /// Lines that came.
    pub additions: u32,
    /// Lines that went.
    pub deletions: u32,
    /// It is binary: its content is not shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub binary: bool,
    /// It is too large for its lines to be compared.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub too_large: bool,
    /// Its part of `diff` is cut short.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// What differs.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct DiffResult {
    /// The changed files of this page, by path.
    pub files: Vec<FileChange>,
    /// Their changes as a unified diff.
    pub diff: String,
    /// Whether something is left out.
    pub truncated: bool,
    /// Pass it as `cursor` to go on with the next files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Session<'_> {
    /// The working tree against the index.
    pub(crate) fn diff_unstaged(&self, request: &DiffRequest) -> Result<DiffResult, GitError> {
        let changes = self.unstaged(false)?.0;
        self.render(changes, request, CursorKey::new("unstaged", &request.key()))
    }

    /// The index against HEAD.
    pub(crate) fn diff_staged(&self, request: &DiffRequest) -> Result<DiffResult, GitError> {
        let changes = self.staged()?;
        self.render(changes, request, CursorKey::new("staged", &request.key()))
    }

    /// The working tree against a revision, or two revisions of `A..B` or `A...B`.
    pub(crate) fn diff(&self, target: &str, request: &DiffRequest) -> Result<DiffResult, GitError> {
        let changes = match range(target) {
            Some(range) => {
                let mut from = self.commit_at(range.from)?;
                let to = self.commit_at(range.to)?;
                if range.since_parting {
                    let base = self.merge_base(from.id, to.id)?.ok_or_else(|| {
                        GitError::Argument(
                            "the two revisions have no common history; use A..B".to_owned(),
                        )
                    })?;
                    from = self.commit(&base)?;
                }
                self.find_renames(self.changes(Some(from.tree), Some(to.tree))?)?
            }
            None => self.against_work(self.commit_at(target)?.tree)?,
        };
        let [context, path] = request.key();
        self.render(
            changes,
            request,
            CursorKey::new("diff", &[target, context, path]),
        )
    }

    /// What is staged: the index against HEAD, renames joined, conflicts among it.
    pub(crate) fn staged(&self) -> Result<Vec<Change>, GitError> {
        let head = match self.head()?.commit {
            Some(id) => Some(self.commit(&id)?.tree),
            None => None,
        };
        let index = self.index()?;
        let unmerged = index.unmerged();
        let mut old = self.files_of(head)?;
        for path in &unmerged {
            old.remove(path);
        }
        let mut changes = self.find_renames(between(&old, &index.files()))?;
        changes.extend(unmerged.into_iter().map(conflict));
        changes.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(changes)
    }

    /// What is changed and not staged, and what is not tracked.
    pub(crate) fn unstaged(
        &self,
        untracked: bool,
    ) -> Result<(Vec<Change>, Vec<Vec<u8>>), GitError> {
        let survey = self.survey(untracked)?;
        let index = self.index()?;
        let mut changes = Vec::new();
        for entry in index.entries().filter(|entry| !entry.is_unmerged()) {
            let old = (!entry.is_intent()).then(|| Side {
                mode: entry.mode(),
                source: Source::Object(entry.inner.id),
            });
            let new = match survey.tracked[entry.at] {
                Found::Same => continue,
                Found::Gone => None,
                Found::Changed(mode) => Some(Side {
                    mode,
                    source: Source::Work,
                }),
            };
            if old.is_some() || new.is_some() {
                changes.push(Change::new(index.path(entry.at).to_vec(), old, new));
            }
        }
        changes.extend(index.unmerged().into_iter().map(conflict));
        changes.sort_by(|one, other| one.path.cmp(&other.path));
        Ok((changes, survey.untracked))
    }

    /// The files of the working tree that are tracked, against a tree.
    fn against_work(&self, tree: gix_hash::ObjectId) -> Result<Vec<Change>, GitError> {
        let survey = self.survey(false)?;
        let index = self.index()?;
        let mut now = Files::new();
        for entry in index.entries().filter(|entry| !entry.is_unmerged()) {
            let side = match survey.tracked[entry.at] {
                Found::Gone => continue,
                Found::Same => Side {
                    mode: entry.mode(),
                    source: Source::Object(entry.inner.id),
                },
                Found::Changed(mode) => Side {
                    mode,
                    source: Source::Work,
                },
            };
            now.insert(index.path(entry.at).to_vec(), side);
        }
        let unmerged = index.unmerged();
        let mut then = self.files_of(Some(tree))?;
        for path in &unmerged {
            then.remove(path);
        }
        let mut changes = self.find_renames(between(&then, &now))?;
        changes.extend(unmerged.into_iter().map(conflict));
        changes.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(changes)
    }

    /// A page of changes: whole files until the limit; a single file above it is cut after a line.
    pub(crate) fn render(
        &self,
        changes: Vec<Change>,
        request: &DiffRequest,
        call: CursorKey,
    ) -> Result<DiffResult, GitError> {
        let after = match &request.cursor {
            Some(cursor) => call.decode(cursor)?,
            None => Vec::new(),
        };
        let only = request
            .path
            .as_deref()
            .unwrap_or_default()
            .trim_matches('/')
            .as_bytes();
        let mut page = DiffResult::default();
        let mut last = Vec::new();
        for change in changes {
            let is_after = after.is_empty() || change.path > after;
            if !is_after || !is_below(&change.path, only) {
                continue;
            }
            let Some(patch) = self.patch(&change, request.context_lines.min(MOST_CONTEXT))? else {
                continue;
            };
            let mut printed = text(&patch.text);
            let left = self.limits.bytes.saturating_sub(page.diff.len());
            let is_cut = printed.len() > left;
            if is_cut && !page.files.is_empty() {
                page.truncated = true;
                page.next_cursor = Some(call.encode(&last));
                return Ok(page);
            }
            if is_cut {
                let end = crate::text::cut(&printed, left)
                    .rfind('\n')
                    .map_or(0, |at| at + 1);
                printed.truncate(end);
                page.truncated = true;
            }
            page.diff.push_str(&printed);
            page.files.push(FileChange {
                path: text(&change.path),
                old_path: change.from.as_ref().map(|(path, _)| text(path)),
                change: ChangeType::of(&change),
                additions: patch.additions,
                deletions: patch.deletions,
                binary: patch.binary,
                too_large: patch.too_large,
                cut: is_cut,
            });
            last = change.path;
        }
        Ok(page)
    }
}

impl DiffRequest {
    /// What changes the answer, beside the target. The width of the context does not: a page may have another.
    fn key(&self) -> [&str; 2] {
        ["", self.path.as_deref().unwrap_or_default()]
    }
}

fn is_below(path: &[u8], only: &[u8]) -> bool {
    only.is_empty()
        || path == only
        || path
            .strip_prefix(only)
            .is_some_and(|rest| rest.starts_with(b"/"))
}

fn conflict(path: Vec<u8>) -> Change {
    Change {
        unmerged: true,
        ..Change::new(path, None, None)
    }
}
