//! What can go wrong, in words for the model: what is wrong and what to do about it.
//!
//! Paths in here are those of files in a repository, never of the host. What a library or the system
//! says is kept for the log.

use std::fmt;

use mcp_factory_sdk::BadCursor;

/// Something a caller wrote, as it is put into a message: quoted, control characters escaped, cut when long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// The longest text that is repeated in full, in characters.
    const LONGEST: usize = 200;
}

impl<T: AsRef<[u8]>> From<T> for Shown {
    fn from(text: T) -> Self {
        let text = String::from_utf8_lossy(text.as_ref());
        let mut short: String = text.chars().take(Self::LONGEST).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        Self(short)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What a library or the system said, for the log.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a tool of this plugin refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum GitError {
    // Which repository.
    #[error("there is no repository {given} here; `repo_path` is one of: {known}")]
    NoSuchRepository { given: Shown, known: String },
    #[error("there are several repositories here; set `repo_path` to one of: {known}")]
    WhichRepository { known: String },

    // Repositories that are not read.
    #[error(
        "the repository is not there any more; tell the user that its directory is gone or was emptied"
    )]
    Gone,
    #[error(
        "the repository is refused: `{what}` {why}; ask its owner to change that, or use another repository"
    )]
    Refused { what: String, why: &'static str },
    #[error(
        "this repository has no working tree (it is bare); use git_show, git_log or git_diff with A..B"
    )]
    Bare,
    #[error(
        "the data of this repository is damaged or incomplete ({what}); ask the user to run `git fsck`"
    )]
    Damaged {
        what: String,
        #[source]
        cause: Option<Cause>,
    },
    #[error(
        "the object {id} is not in this repository: its history is incomplete here (a shallow or partial clone, or damage); ask the user to fetch it"
    )]
    MissingObject { id: String },
    #[error("the server's user may not read {what} of this repository; ask the server's operator")]
    Unreadable {
        what: String,
        #[source]
        cause: Option<Cause>,
    },

    // Revisions.
    #[error(
        "{given} is not a revision here; use a branch, a tag, a commit id of at least 4 digits, HEAD, or one of these with ~N or ^N"
    )]
    BadRevision { given: Shown },
    #[error("{given} uses `{syntax}`, which is not supported; {remedy}")]
    RevisionSyntax {
        given: Shown,
        syntax: &'static str,
        remedy: &'static str,
    },
    #[error("the short id {given} fits more than one object; use more digits")]
    Ambiguous { given: Shown },
    #[error("{given} goes back further than the history does; use a smaller number")]
    NoSuchAncestor { given: Shown },
    #[error("there is no commit yet: the branch is empty; make a first commit")]
    Unborn,
    #[error("{given} is a {kind}, not a {wanted}; {remedy}")]
    WrongKind {
        given: Shown,
        kind: &'static str,
        wanted: &'static str,
        remedy: &'static str,
    },

    // Files in a revision.
    #[error("there is no {path} in that revision; git_list_files shows what there is")]
    NoSuchPath { path: Shown },
    #[error("{path} is a directory; use git_list_files, or name a file")]
    IsDirectory { path: Shown },
    #[error("{path} is a file; leave `path` out, or name a directory")]
    IsFile { path: Shown },
    #[error("{path} is a submodule: its content is another repository, which is not opened here")]
    IsSubmodule { path: Shown },
    #[error("{path} is a binary file of {size} bytes and cannot be shown as text")]
    Binary { path: Shown, size: u64 },
    #[error("{path} has {size} bytes and the limit here is {limit}; it cannot be shown")]
    TooLarge { path: Shown, size: u64, limit: u64 },
    #[error("{path} has {lines} lines, so there is no line {line}")]
    NoSuchLine { path: Shown, lines: u64, line: u64 },

    // Arguments.
    #[error("{0}")]
    Argument(String),
    #[error(
        "{given} is not a date that can be read as {name}; use 2026-01-31, 2026-01-31T12:00:00Z or \"2 weeks ago\""
    )]
    BadDate { name: &'static str, given: Shown },
    #[error(transparent)]
    BadCursor(#[from] BadCursor),

    // Limits.
    #[error("more than {limit} {what} would have to be visited; {remedy}")]
    TooMany {
        what: &'static str,
        limit: usize,
        remedy: &'static str,
    },
    #[error("the directories are nested more than {limit} deep; nothing below is read")]
    TooDeep { limit: usize },
    #[error(
        "the answer was not ready in time and the work was stopped; ask for less: a path, fewer commits, or a narrower range"
    )]
    TimedOut,
    #[error("the call was cancelled")]
    Cancelled,
    #[error("too many git calls are running; try again shortly")]
    Busy,
    #[error(
        "this server could not confine the call to its repository, and is set to refuse then; ask its operator"
    )]
    NotConfined {
        #[source]
        cause: Option<Cause>,
    },
}

impl GitError {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged {
            what: what.into(),
            cause: None,
        }
    }

    pub(crate) fn damaged_by(what: impl Into<String>, cause: impl Into<Cause>) -> Self {
        Self::Damaged {
            what: what.into(),
            cause: Some(cause.into()),
        }
    }

    pub(crate) fn refused(what: impl AsRef<[u8]>, why: &'static str) -> Self {
        let what = Shown::from(what).0;
        Self::Refused {
            what: what.escape_debug().to_string(),
            why,
        }
    }

    /// A failure of the system while `what` was read.
    pub(crate) fn io(what: impl Into<String>, error: std::io::Error) -> Self {
        Self::Unreadable {
            what: what.into(),
            cause: Some(error.into()),
        }
    }
}
