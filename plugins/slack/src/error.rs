//! What can go wrong, in words for the model: what is wrong and what to do about it.

use mcp_factory_outbound::{Halt, OutboundError};
use mcp_factory_sdk::{BadCursor, SecretProblem, ToolError, quoted};

use crate::refusal::Refusal;

/// Why a tool of this plugin refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum SlackError {
    // What the caller wrote.
    #[error("{} is no channel id; ids look like C0123456789, and slack_list_channels shows them", quoted(.0))]
    NotChannelId(String),
    #[error("{} is no user id; ids look like U0123456789, and slack_get_users shows them", quoted(.0))]
    NotUserId(String),
    #[error("`{argument}` must be a message's `ts`, such as 1712345678.123456, and is {}", quoted(.value))]
    NotTimestamp {
        argument: &'static str,
        value: String,
    },
    #[error("{} is no name of an emoji; write it as in thumbsup, without colons", quoted(.0))]
    NotEmoji(String),
    #[error("the text is empty once invisible characters are taken out; write a message")]
    EmptyText,
    #[error(
        "{what} would notify everybody in the channel or group; leave it out, or ask the server's operator to set `allow_broadcasts`"
    )]
    Broadcast { what: String },
    #[error(transparent)]
    BadCursor(#[from] BadCursor),

    // What the operator allows.
    #[error(
        "the channel {0} is not one that this server may use; slack_list_channels shows those it may"
    )]
    NotListed(String),
    #[error(
        "the channel {0} is not public, and this server uses only public channels and those its operator lists in `channels`; slack_list_channels shows them"
    )]
    NotPublic(String),
    #[error(
        "this server only reads Slack; its operator can allow posting with `mode = \"readwrite\"` in the plugin's settings"
    )]
    ReadOnly,

    // What Slack says.
    #[error("{0}")]
    Refused(Refusal),
    #[error("Slack {0}")]
    Halted(Halt),
    #[error("Slack does not answer properly now (HTTP {0}); try again in a minute")]
    Unavailable(u16),
    #[error(
        "Slack's answer could not be read; try again, and tell the server's operator if it stays so"
    )]
    Unreadable,
    #[error("Slack could not be reached: {0}")]
    Unreachable(OutboundError),
    #[error(
        "the connection to Slack broke before it answered, so it is not known whether this was done; read the channel before trying again"
    )]
    Uncertain(OutboundError),
    #[error("the server's Slack token cannot be read; tell its operator")]
    Token(SecretProblem),
}

impl From<Halt> for SlackError {
    fn from(halt: Halt) -> Self {
        Self::Halted(halt)
    }
}

/// The same for the model; what it need not know goes to the log.
pub(crate) fn told(error: SlackError) -> ToolError {
    let message = error.to_string();
    match error {
        SlackError::Refused(refusal) if refusal.is_not_found() => ToolError::not_found(message),
        SlackError::NotChannelId(_)
        | SlackError::NotUserId(_)
        | SlackError::NotTimestamp { .. }
        | SlackError::NotEmoji(_)
        | SlackError::EmptyText
        | SlackError::BadCursor(_) => ToolError::invalid_arguments(message),
        SlackError::Halted(halt) => halt.tool_error(message),
        SlackError::Unavailable(_) | SlackError::Unreadable => ToolError::unavailable(message),
        SlackError::Unreachable(cause) | SlackError::Uncertain(cause) => {
            ToolError::unavailable(message).because(cause)
        }
        SlackError::Token(cause) => ToolError::unavailable(message).because(cause),
        _ => ToolError::new(message),
    }
}
