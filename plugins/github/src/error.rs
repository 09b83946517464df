//! What can go wrong, in words for the model: what is wrong and what to do about it.
//!
//! Nothing in here holds a token, an address or an answer of GitHub as it came.

use std::time::Duration;

use mcp_factory_outbound::Halt;
use mcp_factory_sdk::ToolError;

/// Why a tool of this plugin refused or failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GithubError {
    // Arguments.
    #[error("`{name}` {problem}")]
    Argument { name: &'static str, problem: String },

    // What this server may do.
    #[error(
        "{repository} is not among the repositories this server may use; get_me says which are"
    )]
    NotAllowed { repository: String },
    #[error(
        "`{qualifier}` searches outside of the repositories this server may use; get_me says which are"
    )]
    SearchOutside { qualifier: String },
    #[error(
        "this server only reads: its operator has to set `read_only = false` in the settings of this plugin before anything can be changed"
    )]
    ReadOnly,
    #[error(
        "this server does not offer `{toolset}`: its operator has to add it to `toolsets` in the settings of this plugin"
    )]
    ToolsetOff { toolset: &'static str },
    #[error(
        "{what} is outsiders' work, which this server withholds (`lockdown`); ask the user to look at it on GitHub"
    )]
    Withheld { what: String },

    // Session taint.
    #[error(
        "refused: this session holds text that anybody could have written ({sources}), so the private repository {repository} cannot be read in it; the user can continue in a new session, or after {minutes} minutes"
    )]
    TaintedRead {
        repository: String,
        sources: String,
        minutes: u64,
    },
    #[error(
        "refused: this session holds text that anybody could have written ({sources}), so {repository} cannot be changed in it; the user can continue in a new session, or after {minutes} minutes"
    )]
    TaintedWrite {
        repository: String,
        sources: String,
        minutes: u64,
    },
    #[error(
        "refused: this session has read private repositories and holds text that anybody could have written in the public {repository}, so nothing can be written there; the user can continue in a new session, or after {minutes} minutes"
    )]
    TaintedLeak { repository: String, minutes: u64 },
    #[error(
        "refused: this session holds text that anybody could have written, so code search must name public repositories with `repo:owner/name`"
    )]
    TaintedSearch,
    #[error(
        "this server keeps watch over too many sessions to show text from a public repository now; try again in some minutes"
    )]
    TooManySessions,

    // Answers of GitHub.
    #[error("{what} does not exist, or the server's token may not see it")]
    NotFound { what: String },
    #[error("{what} is gone or switched off for this repository")]
    Gone { what: String },
    #[error(
        "GitHub refuses the server's token; its operator has to renew it (`token` or `app`), nothing can be done from here"
    )]
    Unauthorized,
    #[error("the server's token may not do this for {what}{needs}; ask the operator to grant it")]
    Forbidden { what: String, needs: String },
    #[error("{repository} was renamed or moved to {to}; call again with that owner and name")]
    Moved { repository: String, to: String },
    #[error(
        "{repository} was moved out of the repositories this server may use; get_me says which are"
    )]
    MovedAway { repository: String },
    #[error("{what} has changed since you looked: {reason}; read it again and redo the change")]
    Conflict { what: String, reason: String },
    #[error("GitHub does not accept this for {what}: {reason}")]
    Invalid { what: String, reason: String },
    #[error("{path} exists already; to replace it, pass the `sha` that get_file_contents shows")]
    FileExists { path: String },
    #[error(
        "the head of pull request {number} is {actual}, not expected_head_sha; review what was pushed, then merge that"
    )]
    HeadMoved { number: u64, actual: String },
    #[error("{what} is too large for GitHub to show; ask for less of it")]
    TooLarge { what: String },
    #[error("{what} is a {kind}; {remedy}")]
    WrongKind {
        what: String,
        kind: &'static str,
        remedy: &'static str,
    },

    // Limits and faults.
    #[error(
        "GitHub's rate limit is used up; call again in {} s (this server waits at most {} s by itself)", seconds(*.wait), seconds(*.most)
    )]
    RateLimited { wait: Duration, most: Duration },
    #[error("too many changes are waiting for their turn; try again in a moment")]
    TooManyWrites,
    #[error("the time for this call ran out while waiting for GitHub; nothing was changed")]
    OutOfTime,
    #[error("GitHub {0}")]
    Halted(Halt),
    #[error("GitHub did not answer as it should ({reason}); try again later")]
    Unavailable { reason: String },
    #[error(
        "GitHub did not answer as it should ({reason}); the change may or may not have been made: look before you try again"
    )]
    Uncertain { reason: String },
    #[error("the operator's credentials for GitHub cannot be read; its log says why")]
    Credentials,
}

impl From<Halt> for GithubError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::OutOfTime => Self::OutOfTime,
            halt => Self::Halted(halt),
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

impl GithubError {
    /// An argument that cannot be what it is.
    pub(crate) fn argument(name: &'static str, problem: impl Into<String>) -> Self {
        Self::Argument {
            name,
            problem: problem.into(),
        }
    }
}

/// The same for the client, by its kind.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` is given"
)]
pub(crate) fn told(error: GithubError) -> ToolError {
    let message = error.to_string();
    match error {
        GithubError::Argument { .. } => ToolError::invalid_arguments(message),
        GithubError::NotFound { .. } => ToolError::not_found(message),
        GithubError::RateLimited { .. }
        | GithubError::TooManyWrites
        | GithubError::Unavailable { .. } => ToolError::unavailable(message),
        GithubError::Halted(halt) => halt.tool_error(message),
        GithubError::OutOfTime => ToolError::timed_out(message),
        _ => ToolError::new(message),
    }
}
