//! What can go wrong, in words for the model: what is wrong and what to do about it.

use mcp_factory_outbound::{Halt, OutboundError, TooLong};
use mcp_factory_sdk::{BadCursor, SecretProblem, ToolError, quoted};

use crate::refusal::Refusal;

/// Why a tool of this plugin refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum LinearError {
    // What the caller wrote.
    #[error("{} is no issue; write its identifier, such as ENG-123, or its id", quoted(.0))]
    NotIssue(String),
    #[error("{} is no id of a project; linear_list_projects shows them", quoted(.0))]
    NotProject(String),
    #[error("{} is nobody: write an email address, an id from linear_list_users, `me` or `none`", quoted(.0))]
    NotPerson(String),
    #[error("there is nobody with the email address {}; linear_list_users shows who there is", quoted(.0))]
    NobodyWithEmail(String),
    #[error("`due_date` must be a day such as 2026-12-31, and is {}", quoted(.0))]
    NotDay(String),
    #[error("{} is no time; write it as in 2026-12-31 or 2026-12-31T08:00:00Z", quoted(.0))]
    NotTime(String),
    #[error("`{0}` is empty once invisible characters are taken out; write something")]
    Empty(&'static str),
    #[error("nothing is to be changed; pass at least one field beside `issue`")]
    NoChange,
    #[error("the team {team} has no state {}; its states are {known}", quoted(.state))]
    NoState {
        team: String,
        state: String,
        known: String,
    },
    #[error("the team {team} has no label {}; its labels are {known}", quoted(.label))]
    NoLabel {
        team: String,
        label: String,
        known: String,
    },
    #[error(transparent)]
    BadCursor(#[from] BadCursor),

    // What the operator allows.
    #[error("there is no team {} that this server may use; linear_list_teams shows those it may", quoted(.0))]
    NoTeam(String),
    #[error("name the `team`: one of {0}")]
    WhichTeam(String),
    #[error("there is no issue {} that this server may use; linear_search_issues finds others", quoted(.0))]
    NoIssue(String),
    #[error(
        "this server only reads Linear; its operator can allow changes with `mode = \"readwrite\"` in the plugin's settings"
    )]
    ReadOnly,

    // What Linear says.
    #[error("{0}")]
    Refused(Refusal),
    #[error(
        "Linear wants a pause of {} seconds before this, longer than a call may wait; try again after that, and ask for less at once", .0.seconds
    )]
    RateLimited(TooLong),
    #[error("Linear {0}")]
    Halted(Halt),
    #[error("Linear does not answer properly now (HTTP {0}); try again in a minute")]
    Unavailable(u16),
    #[error(
        "Linear's answer could not be read; try again, and tell the server's operator if it stays so"
    )]
    Unreadable,
    #[error("Linear could not be reached: {0}")]
    Unreachable(OutboundError),
    #[error(
        "the connection to Linear broke before it answered, so it is not known whether this was done; look at the issue before trying again"
    )]
    Uncertain(OutboundError),
    #[error("the server's Linear token cannot be read; tell its operator")]
    Token(SecretProblem),
}

impl From<Halt> for LinearError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Limited(wait) => Self::RateLimited(wait),
            halt => Self::Halted(halt),
        }
    }
}

/// The same for the model; what it need not know goes to the log.
pub(crate) fn told(error: LinearError) -> ToolError {
    use LinearError as E;
    let message = error.to_string();
    match error {
        E::NoTeam(_) | E::NoIssue(_) | E::Refused(Refusal::NotFound) => {
            ToolError::not_found(message)
        }
        E::ReadOnly | E::Refused(_) => ToolError::new(message),
        E::Halted(halt) => halt.tool_error(message),
        E::RateLimited(_) | E::Unavailable(_) | E::Unreadable => ToolError::unavailable(message),
        E::Unreachable(cause) | E::Uncertain(cause) => {
            ToolError::unavailable(message).because(cause)
        }
        E::Token(cause) => ToolError::unavailable(message).because(cause),
        _ => ToolError::invalid_arguments(message),
    }
}
