//! What can go wrong, in words for the model: what is wrong and what to do about it.

use mcp_factory_sdk::BadCursor;
use rusqlite::{Error, ErrorCode};

/// Why a tool of this plugin refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum MemoryError {
    #[error(
        "there is no entity {name:?}; search_nodes finds those there are and create_entities makes new ones; nothing was added"
    )]
    NoEntity { name: String },
    #[error("{what} is empty; nothing was changed")]
    Empty { what: &'static str },
    #[error(
        "{what} has {length} characters and the limit is {limit}; shorten it; nothing was changed"
    )]
    TooLong {
        what: &'static str,
        length: usize,
        limit: usize,
    },
    #[error(
        "the graph would have more than {limit} {what}, its limit; delete some first; nothing was changed"
    )]
    Full { what: &'static str, limit: u64 },
    #[error(
        "{name:?} would have more than {limit} observations, its limit; delete some first, or make a second entity; nothing was changed"
    )]
    TooManyObservations { name: String, limit: u64 },
    #[error(transparent)]
    BadCursor(#[from] BadCursor),
    #[error(
        "this server only reads the graph; its operator allows changes with the setting `mode = \"readwrite\"`"
    )]
    ReadOnly,
    #[error("the graph is in use; try again in a moment; nothing was changed")]
    Busy,
    #[error("the call took too long and was stopped; nothing was changed; ask for less")]
    TimedOut,
    #[error("the plugin is stopping; the call was not made")]
    Stopping,
    #[error("the graph cannot be used now; tell the operator of this server")]
    Storage(#[source] Error),
    #[error("the work was lost")]
    Lost(#[source] tokio::task::JoinError),
}

impl From<Error> for MemoryError {
    fn from(error: Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Self::TimedOut,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Storage(error),
        }
    }
}
