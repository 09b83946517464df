//! `git_branch`: branches, here and of remotes.

use std::collections::HashMap;

use gix_hash::ObjectId;
use mcp_factory_sdk::CursorKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::commit::subject;
use crate::error::GitError;
use crate::session::Session;
use crate::text::text;

/// Which branches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BranchType {
    /// Those made here.
    #[default]
    Local,
    /// Those of remotes, as last fetched.
    Remote,
    /// Both.
    All,
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct BranchRequest {
    /// Which.
    pub branch_type: BranchType,
    /// Only those that hold this commit.
    pub contains: Option<String>,
    /// Only those that do not hold this commit.
    pub not_contains: Option<String>,
    /// Where the list before ended.
    pub cursor: Option<String>,
}

/// A branch.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Branch {
    /// Its name, `origin/main` for one of a remote.
    pub name: String,
    /// Whether it is one of a remote.
    pub remote: bool,
    /// Its newest commit.
    pub commit: String,
    /// The first line of that commit's message.
    pub subject: String,
}

/// Branches.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Branches {
    /// The branch that is checked out; absent when HEAD is detached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// By name, local ones first.
    pub branches: Vec<Branch>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Session<'_> {
    pub(crate) fn branches(&self, request: &BranchRequest) -> Result<Branches, GitError> {
        let kind = format!("{:?}", request.branch_type);
        let [contains, without] = [&request.contains, &request.not_contains]
            .map(|commit| commit.as_deref().unwrap_or_default());
        let call = CursorKey::new("branch", &[&kind, contains, without]);
        let after = match &request.cursor {
            Some(cursor) => call.decode(cursor)?,
            None => Vec::new(),
        };
        let contains = self.holder(request.contains.as_deref())?;
        let without = self.holder(request.not_contains.as_deref())?;
        let current = self
            .head()?
            .branch
            .map(|name| text(name.strip_prefix(b"refs/heads/").unwrap_or(&name)));

        let mut found: Vec<(Vec<u8>, ObjectId)> = Vec::new();
        for (prefix, wanted) in [
            ("refs/heads/", request.branch_type != BranchType::Remote),
            ("refs/remotes/", request.branch_type != BranchType::Local),
        ] {
            if wanted {
                let below = self.refs_below(prefix)?;
                found.extend(
                    below
                        .into_iter()
                        .map(|(name, id)| ([prefix.as_bytes(), &name].concat(), id)),
                );
            }
        }
        let mut branches = Vec::new();
        let mut bytes = 0;
        let mut last: Vec<u8> = Vec::new();
        let (mut contains, mut without) = (contains, without);
        for (name, id) in found {
            if name <= after {
                continue;
            }
            // A branch can name what is no commit; git does not list it either.
            let Ok(commit) = self.commit(&id) else {
                continue;
            };
            if let Some(holder) = &mut contains
                && !holder.holds(self, id)?
            {
                continue;
            }
            if let Some(holder) = &mut without
                && holder.holds(self, id)?
            {
                continue;
            }
            let subject = subject(&commit);
            bytes += name.len() + subject.len() + 100;
            if bytes > self.limits.bytes && !branches.is_empty() {
                return Ok(Branches {
                    current,
                    branches,
                    truncated: true,
                    next_cursor: Some(call.encode(&last)),
                });
            }
            let remote = name.starts_with(b"refs/remotes/");
            let short = name
                .splitn(3, |byte| *byte == b'/')
                .nth(2)
                .unwrap_or_default();
            branches.push(Branch {
                name: text(short),
                remote,
                commit: id.to_string(),
                subject,
            });
            last = name;
        }
        Ok(Branches {
            current,
            branches,
            truncated: false,
            next_cursor: None,
        })
    }

    fn holder(&self, commit: Option<&str>) -> Result<Option<Holder>, GitError> {
        let Some(commit) = commit else {
            return Ok(None);
        };
        let wanted = self.commit_at(commit)?.id;
        Ok(Some(Holder {
            known: HashMap::from([(wanted, true)]),
        }))
    }
}

/// Which commits have a certain one among their ancestors, remembered over all branches.
struct Holder {
    known: HashMap<ObjectId, bool>,
}

impl Holder {
    fn holds(&mut self, session: &Session<'_>, tip: ObjectId) -> Result<bool, GitError> {
        let mut stack = vec![tip];
        while let Some(&id) = stack.last() {
            if self.known.contains_key(&id) {
                stack.pop();
                continue;
            }
            session
                .budget
                .take("commits", "leave `contains` and `not_contains` out")?;
            let parents = session.commit(&id)?.parents;
            let mut holds = false;
            let mut open = Vec::new();
            for parent in parents {
                match self.known.get(&parent) {
                    Some(known) => holds |= known,
                    None => open.push(parent),
                }
            }
            if holds || open.is_empty() {
                self.known.insert(id, holds);
                stack.pop();
            } else {
                stack.extend(open);
            }
        }
        Ok(self.known.get(&tip).copied().unwrap_or(false))
    }
}
