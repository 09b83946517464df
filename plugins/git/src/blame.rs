//! `git_blame`: which commit each line of a file comes from.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use gix_hash::ObjectId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::change::{Change, Source};
use crate::commit::{date, shown, subject};
use crate::error::GitError;
use crate::hunks::Hunks;
use crate::objects::{Blob, Commit};
use crate::session::Session;
use crate::text::{is_binary, text};

/// What to look up.
#[derive(Clone, Debug, Default)]
pub struct BlameRequest {
    /// The file.
    pub path: String,
    /// As it is in which revision.
    pub revision: String,
    /// The first line, from 1.
    pub start_line: u64,
    /// The last line.
    pub end_line: Option<u64>,
}

/// Lines that come from one commit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BlameHunk {
    /// The commit.
    pub commit: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub date: String,
    /// The first line of its message.
    pub subject: String,
    /// The path the file had there, if another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_path: Option<String>,
    /// The number of the first line.
    pub start_line: u64,
    /// The lines.
    pub text: String,
}

/// Where lines come from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Blame {
    /// In the order of the file.
    pub hunks: Vec<BlameHunk>,
    /// How many lines the file has.
    pub lines: u64,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `start_line` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_start_line: Option<u64>,
}

/// Lines whose commit is not known yet: their place in the file that was asked for, and in the one at hand.
#[derive(Clone, Copy, Debug)]
struct Lines {
    wanted: u32,
    here: u32,
    length: u32,
}

/// Files to look at, the newest commit first.
type Open = BTreeMap<(Reverse<i64>, ObjectId, Vec<u8>), Vec<Lines>>;

impl Session<'_> {
    pub(crate) fn blame(&self, request: &BlameRequest) -> Result<Blame, GitError> {
        let path = request.path.trim_start_matches('/');
        let commit = self.commit_at(&request.revision)?;
        let bytes = self.file_bytes(commit.tree, path)?;
        if is_binary(&bytes) {
            return Err(GitError::Binary {
                path: path.into(),
                size: bytes.len() as u64,
            });
        }
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let count = lines.len() as u64;
        let first = request.start_line.max(1) - 1;
        let last = request.end_line.unwrap_or(count).min(count);
        if first > 0 && first >= count {
            return Err(GitError::NoSuchLine {
                path: path.into(),
                lines: count,
                line: first + 1,
            });
        }
        if request.end_line.is_some_and(|end| end <= first) {
            return Err(GitError::Argument(
                "`end_line` is before `start_line`; swap them".to_owned(),
            ));
        }
        let (first32, last32) = (
            u32::try_from(first).unwrap_or(u32::MAX),
            u32::try_from(last).unwrap_or(u32::MAX),
        );
        let origins = self.origins(&commit, path.as_bytes(), first32..last32)?;
        let mut blame = Blame {
            hunks: Vec::new(),
            lines: count,
            truncated: last < count,
            next_start_line: None,
        };
        let mut size = 0;
        for (line, (id, old_path)) in origins {
            let shown_line = text(lines[line as usize]);
            let commit_id = id.to_string();
            size += shown_line.len() + 1;
            let joins = blame.hunks.last().is_some_and(|hunk: &BlameHunk| {
                hunk.commit == commit_id
                    && hunk.old_path.as_deref().unwrap_or(path) == text(&old_path)
            });
            if !joins {
                size += 300;
            }
            if size > self.limits.bytes && !blame.hunks.is_empty() {
                blame.truncated = true;
                blame.next_start_line = Some(u64::from(line) + 1);
                return Ok(blame);
            }
            if let Some(hunk) = blame.hunks.last_mut().filter(|_| joins) {
                hunk.text.push_str(&shown_line);
                continue;
            }
            let commit = self.commit(&id)?;
            blame.hunks.push(BlameHunk {
                commit: commit_id,
                author: shown(&commit.author),
                date: date(&commit.author),
                subject: subject(&commit),
                old_path: (old_path != path.as_bytes()).then(|| text(&old_path)),
                start_line: u64::from(line) + 1,
                text: crate::text::cut(&shown_line, self.limits.bytes).to_owned(),
            });
        }
        if last < count {
            blame.next_start_line = Some(last + 1);
        }
        Ok(blame)
    }

    /// For each line of the range, the commit it comes from and the path it had there.
    fn origins(
        &self,
        commit: &Commit,
        path: &[u8],
        range: std::ops::Range<u32>,
    ) -> Result<BTreeMap<u32, (ObjectId, Vec<u8>)>, GitError> {
        let mut origins = BTreeMap::new();
        let mut open = Open::new();
        let length = range.end.saturating_sub(range.start);
        let all = Lines {
            wanted: range.start,
            here: range.start,
            length,
        };
        open.insert(
            (
                Reverse(commit.committer.time.seconds),
                commit.id,
                path.to_vec(),
            ),
            vec![all],
        );
        while let Some(((_, id, path), mut lines)) = open.pop_first() {
            self.budget.take("commits", "name fewer lines")?;
            let commit = self.commit(&id)?;
            let mut parents = Vec::new();
            for parent in &commit.parents {
                let parent = self.commit(parent)?;
                if let Some((path, blob)) = self.earlier(&commit, &parent, &path)? {
                    parents.push((parent, path, blob));
                }
            }
            let here = self.entry_at(commit.tree, &path)?.map(|(_, id)| id);
            let bytes = self.text_of(here)?;
            // A parent with the very same file takes all.
            parents.sort_by_key(|(_, _, blob)| Some(*blob) != here);
            for (parent, path, blob) in parents {
                if lines.is_empty() {
                    break;
                }
                let before = self.text_of(Some(blob))?;
                let common = Hunks::new(&before, &bytes).common();
                let (passed, kept) = split(&lines, &common);
                lines = kept;
                let key = (Reverse(parent.committer.time.seconds), parent.id, path);
                if !passed.is_empty() {
                    open.entry(key).or_default().extend(passed);
                }
            }
            for part in lines {
                for line in part.wanted..part.wanted + part.length {
                    origins.insert(line, (id, path.clone()));
                }
            }
        }
        Ok(origins)
    }

    /// The path and content of a file in a parent, under its old name if it was renamed.
    fn earlier(
        &self,
        commit: &Commit,
        parent: &Commit,
        path: &[u8],
    ) -> Result<Option<(Vec<u8>, ObjectId)>, GitError> {
        if let Some((mode, id)) = self.entry_at(parent.tree, path)? {
            return Ok((mode & 0o170_000 == 0o100_000).then(|| (path.to_vec(), id)));
        }
        let changes = self.changes(Some(parent.tree), Some(commit.tree))?;
        let wanted = |change: &Change| change.path == path || change.new.is_none();
        let changes = changes.into_iter().filter(wanted).collect();
        let renamed = self
            .find_renames(changes)?
            .into_iter()
            .find(|change| change.path == path);
        Ok(
            renamed.and_then(|change| match (change.from, change.old?.source) {
                (Some((from, _)), Source::Object(id)) => Some((from, id)),
                _ => None,
            }),
        )
    }

    fn text_of(&self, id: Option<ObjectId>) -> Result<Vec<u8>, GitError> {
        match id.map(|id| self.blob(&id)).transpose()? {
            Some(Blob::Bytes(bytes)) => Ok(bytes),
            // A version too large to compare is one where all lines are new.
            Some(Blob::TooLarge(_)) | None => Ok(Vec::new()),
        }
    }
}

/// Splits lines into those that stand in the parent too, at their places there, and the rest.
fn split(lines: &[Lines], common: &[(u32, u32, u32)]) -> (Vec<Lines>, Vec<Lines>) {
    let (mut passed, mut kept) = (Vec::new(), Vec::new());
    for part in lines {
        let end = part.here + part.length;
        let mut at = part.here;
        let keep = |from: u32, to: u32| {
            (from < to).then(|| Lines {
                wanted: part.wanted + (from - part.here),
                here: from,
                length: to - from,
            })
        };
        // Those that end before the part do not matter.
        let from = common.partition_point(|(new, _, length)| new + length <= at);
        for (new, old, length) in &common[from..] {
            if *new >= end {
                break;
            }
            let (start, stop) = ((*new).max(at), (new + length).min(end));
            kept.extend(keep(at, start));
            passed.extend(keep(start, stop).map(|lines| Lines {
                here: old + (start - new),
                ..lines
            }));
            at = stop;
        }
        kept.extend(keep(at, end));
    }
    (passed, kept)
}
