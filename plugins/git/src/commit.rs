//! A commit as it is shown.

use schemars::JsonSchema;
use serde::Serialize;

use crate::objects::{Commit, Person};
use crate::text::{cut, text};

/// The longest message that is shown in full.
const LONGEST_MESSAGE: usize = 16 << 10;

/// A commit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CommitInfo {
    /// Its id.
    pub commit: String,
    /// The ids of its parents.
    pub parents: Vec<String>,
    /// Who wrote it, as `Name <email>`.
    pub author: String,
    /// When it was written.
    pub date: String,
    /// Who committed it, if somebody else did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committer: Option<String>,
    /// What was said about it.
    pub message: String,
}

impl From<&Commit> for CommitInfo {
    fn from(commit: &Commit) -> Self {
        let author = shown(&commit.author);
        let committer = shown(&commit.committer);
        let message = text(commit.message.trim_ascii_end());
        let mut short = cut(&message, LONGEST_MESSAGE).to_owned();
        if short.len() < message.len() {
            short.push('…');
        }
        Self {
            commit: commit.id.to_string(),
            parents: commit.parents.iter().map(ToString::to_string).collect(),
            date: date(&commit.author),
            committer: (committer != author).then_some(committer),
            author,
            message: short,
        }
    }
}

pub(crate) fn shown(person: &Person) -> String {
    format!("{} <{}>", text(&person.name), text(&person.email))
}

pub(crate) fn date(person: &Person) -> String {
    person
        .time
        .format_or_unix(gix_date::time::format::ISO8601_STRICT)
}

/// The first line of a message.
pub(crate) fn subject(commit: &Commit) -> String {
    let line = commit.message.trim_ascii_start();
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    cut(&text(line.trim_ascii_end()), 200).to_owned()
}
