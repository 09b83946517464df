//! What can go wrong, in words for the model: what is wrong and what to do about it.

use mcp_factory_outbound::{Halt, OutboundError};
use mcp_factory_sdk::{BadCursor, SecretProblem, ToolError, quoted};

use crate::id::Id;
use crate::refusal::Refusal;

/// Why a tool of this plugin refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum NotionError {
    // What the caller wrote.
    #[error("`{argument}` must be an id such as 59833787-2cf9-4fdf-8782-e53db20768a5, and is {}; notion_search shows ids", quoted(.value))]
    NotId {
        argument: &'static str,
        value: String,
    },
    #[error("`{0}` is empty once invisible characters are taken out; write something")]
    Empty(&'static str),
    #[error("the text makes {0} blocks, and {1} are added at once; add it in parts")]
    TooManyBlocks(usize, usize),
    #[error("nothing is to be changed; pass at least one property")]
    NoChange,
    #[error("`{0}` is larger than {1} bytes; make it simpler")]
    TooLarge(&'static str, usize),
    #[error("there is no property {}; there are {known}", quoted(.name))]
    NoProperty { name: String, known: String },
    #[error("the property {} is {kind}, which cannot be written", quoted(.name))]
    NotWritable { name: String, kind: String },
    #[error("the property {} must be {expected}", quoted(.name))]
    WrongValue {
        name: String,
        expected: &'static str,
    },
    #[error("a page below another page has no properties but its title; leave `properties` out")]
    NoPropertiesHere,
    #[error("the database has several data sources; name one of them: {0}")]
    WhichSource(String),
    #[error(transparent)]
    BadCursor(#[from] BadCursor),

    // What the operator allows.
    #[error(
        "there is nothing with the id {0} that this server may use; notion_search shows what there is"
    )]
    NotFound(Id),
    #[error(
        "this is too deep inside of Notion to be sure that it may be used; name something higher up"
    )]
    TooDeep,
    #[error(
        "this server only reads Notion; its operator can allow changes with `mode = \"readwrite\"` in the plugin's settings"
    )]
    ReadOnly,

    // What Notion says.
    #[error("{0}")]
    Refused(Refusal),
    #[error("Notion {0}")]
    Halted(Halt),
    #[error("Notion does not answer properly now (HTTP {0}); try again in a minute")]
    Unavailable(u16),
    #[error(
        "Notion's answer could not be read; try again, and tell the server's operator if it stays so"
    )]
    Unreadable,
    #[error("Notion could not be reached: {0}")]
    Unreachable(OutboundError),
    #[error(
        "the connection to Notion broke before it answered, so it is not known whether this was done; look at the page before trying again"
    )]
    Uncertain(OutboundError),
    #[error("the server's Notion token cannot be read; tell its operator")]
    Token(SecretProblem),
}

impl From<Halt> for NotionError {
    fn from(halt: Halt) -> Self {
        Self::Halted(halt)
    }
}

/// The same for the model; what it need not know goes to the log.
pub(crate) fn told(error: NotionError) -> ToolError {
    use NotionError as E;
    let message = error.to_string();
    match error {
        E::NotFound(_) | E::Refused(Refusal::NotFound) => ToolError::not_found(message),
        E::ReadOnly | E::TooDeep | E::Refused(_) => ToolError::new(message),
        E::Halted(halt) => halt.tool_error(message),
        E::Unavailable(_) | E::Unreadable => ToolError::unavailable(message),
        E::Unreachable(cause) | E::Uncertain(cause) => {
            ToolError::unavailable(message).because(cause)
        }
        E::Token(cause) => ToolError::unavailable(message).because(cause),
        _ => ToolError::invalid_arguments(message),
    }
}
