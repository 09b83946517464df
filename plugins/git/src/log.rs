//! `git_log`: commits, newest first.

use mcp_factory_sdk::{BadCursor, CursorKey};
use schemars::JsonSchema;
use serde::Serialize;

use crate::commit::CommitInfo;
use crate::error::GitError;
use crate::history::History;
use crate::objects::Commit;
use crate::session::Session;

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct LogRequest {
    /// Where to start.
    pub revision: String,
    /// The most commits.
    pub max_count: usize,
    /// How many to leave out first.
    pub skip: usize,
    /// Only commits since, in seconds.
    pub since: Option<i64>,
    /// Only commits until, in seconds.
    pub until: Option<i64>,
    /// Only commits that changed this file or directory.
    pub path: Option<String>,
    /// Where the list before ended.
    pub cursor: Option<String>,
}

/// Commits.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Log {
    /// Newest first.
    pub commits: Vec<CommitInfo>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Session<'_> {
    pub(crate) fn log(&self, request: &LogRequest) -> Result<Log, GitError> {
        let since = request
            .since
            .map(|time| time.to_string())
            .unwrap_or_default();
        let until = request
            .until
            .map(|time| time.to_string())
            .unwrap_or_default();
        let path = request
            .path
            .as_deref()
            .unwrap_or_default()
            .trim_matches('/');
        // Relative dates move; a list that goes on keeps those of its start.
        let call = CursorKey::new("log", &[&request.revision, path]);
        let start = match &request.cursor {
            Some(cursor) => Start::decode(&call.decode(cursor)?)?,
            None => Start {
                tip: self.commit_at(&request.revision)?.id,
                skip: request.skip,
                since,
                until,
            },
        };
        let since: Option<i64> = start.since.parse().ok();
        let until: Option<i64> = start.until.parse().ok();

        let mut commits = Vec::new();
        let mut bytes = 0;
        let mut passed = 0;
        let mut walk = History::from(self, [start.tip])?;
        while let Some(commit) = walk.next(self)? {
            let time = commit.committer.time.seconds;
            if since.is_some_and(|since| time < since) {
                continue;
            }
            let changed = self.follow(&mut walk, &commit, path)?;
            if !changed || until.is_some_and(|until| time > until) {
                continue;
            }
            passed += 1;
            if passed <= start.skip {
                continue;
            }
            let info = CommitInfo::from(&commit);
            bytes += info.message.len() + info.author.len() + 200 + 41 * info.parents.len();
            let is_full = commits.len() == request.max_count
                || (bytes > self.limits.bytes && !commits.is_empty());
            if is_full {
                let skip = passed - 1;
                let next = Start { skip, ..start };
                return Ok(Log {
                    commits,
                    truncated: true,
                    next_cursor: Some(call.encode(next.encode().as_bytes())),
                });
            }
            commits.push(info);
        }
        Ok(Log {
            commits,
            truncated: false,
            next_cursor: None,
        })
    }

    /// Adds the parents that count, and says whether the commit changed `path`: of parents that have the same
    /// content there, the first alone is followed, as git simplifies history.
    fn follow(&self, walk: &mut History, commit: &Commit, path: &str) -> Result<bool, GitError> {
        if path.is_empty() {
            for parent in &commit.parents {
                walk.add(self, *parent)?;
            }
            return Ok(true);
        }
        let here = self.entry_at(commit.tree, path.as_bytes())?;
        for parent in &commit.parents {
            let there = self.commit(parent)?.tree;
            if self.entry_at(there, path.as_bytes())? == here {
                walk.add(self, *parent)?;
                return Ok(false);
            }
        }
        for parent in &commit.parents {
            walk.add(self, *parent)?;
        }
        Ok(!commit.parents.is_empty() || here.is_some())
    }
}

/// Where a list started, and how far it came.
struct Start {
    tip: gix_hash::ObjectId,
    skip: usize,
    since: String,
    until: String,
}

impl Start {
    fn encode(&self) -> String {
        format!("{} {} {} {}", self.tip, self.skip, self.since, self.until)
    }

    fn decode(bytes: &[u8]) -> Result<Self, GitError> {
        let text = std::str::from_utf8(bytes).map_err(|_| BadCursor)?;
        let parts: Vec<&str> = text.split(' ').collect();
        let [tip, skip, since, until] = parts[..] else {
            return Err(BadCursor.into());
        };
        Ok(Self {
            tip: gix_hash::ObjectId::from_hex(tip.as_bytes()).map_err(|_| BadCursor)?,
            skip: skip.parse().map_err(|_| BadCursor)?,
            since: since.to_owned(),
            until: until.to_owned(),
        })
    }
}
