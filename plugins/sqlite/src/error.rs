//! What can go wrong, in words for the model: what is wrong and what to do about it.
//!
//! SQLite's own words are passed on only where they speak of the caller's statement. No path is in here.

use mcp_factory_sdk::BadCursor;
use rusqlite::{Error, ErrorCode};

use crate::denial::Denial;

/// Why a tool of this plugin refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum SqliteError {
    // The statement.
    #[error("{message}{place}; correct the statement")]
    Sql { message: String, place: Place },
    #[error("{0}")]
    Denied(#[from] Denial),
    #[error("the statement is empty; send one SQL statement")]
    Empty,
    #[error("the statement is longer than 64 KiB; send long values as `params`")]
    StatementTooLong,
    #[error("the statement contains a NUL character{place}; remove it")]
    Nul { place: Place },
    #[error(
        "only one statement can be sent at a time, and another follows{place}; call once for each"
    )]
    SeveralStatements { place: Place },
    #[error("the statement returns no rows, and this tool only reads; send a SELECT")]
    NoRows,
    #[error("the statement only reads; use query")]
    OnlyReads,
    #[error("{0}")]
    Parameters(String),
    #[error("this tool takes one CREATE TABLE; {0}")]
    NotCreateTable(&'static str),
    #[error("{0}; nothing was changed")]
    Constraint(String),
    #[error(
        "the statement would change {affected} rows and max_affected is {limit}; nothing was changed; narrow the WHERE, or raise max_affected"
    )]
    TooManyAffected { affected: u64, limit: u64 },

    // Limits.
    #[error(
        "row {row} alone has more than {limit} bytes; select fewer columns, or a part of the value with substr()"
    )]
    RowTooLarge { row: usize, limit: usize },
    #[error(
        "a value is longer than this server handles; select length() of it, or compute something shorter"
    )]
    ValueTooLarge,
    #[error(
        "the statement needs more memory than it may use; narrow it with WHERE, or sort and group fewer rows"
    )]
    OutOfMemory,
    #[error(
        "the statement took too long and was stopped; narrow it with WHERE or LIMIT, and look at it with explain_query"
    )]
    TimedOut,
    #[error("the call was cancelled")]
    Cancelled,
    #[error("all connections are in use; try again in a moment")]
    Overloaded,
    #[error("another program is writing to the database; try again in a moment")]
    Busy,
    #[error("the plugin is stopping; the call was not made")]
    Stopping,

    // Names and modes.
    #[error("there is no table or view {name:?}; list_tables names them")]
    NoTable { name: String },
    #[error(transparent)]
    BadCursor(#[from] BadCursor),
    #[error(
        "this server only reads the database; its operator allows changes with the setting `mode = \"readwrite\"`"
    )]
    ReadOnly,
    #[error("the memo is turned off; its operator allows it with the setting `max_insights`")]
    NoMemo,
    #[error("the insight is empty; say what was found")]
    EmptyInsight,

    // For the operator's log.
    #[error("the database is damaged; tell the operator of this server")]
    Damaged(#[source] Error),
    #[error("the database cannot be used now; tell the operator of this server")]
    Storage(#[source] Error),
    #[error("the work was lost")]
    Lost(#[source] tokio::task::JoinError),
}

/// Where in a statement: a line and a column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(Option<(usize, usize)>);

impl Place {
    pub(crate) const UNKNOWN: Self = Self(None);

    /// The place of a byte in `sql`.
    pub(crate) fn of(sql: &str, offset: usize) -> Self {
        let Some(before) = sql.get(..offset) else {
            return Self::UNKNOWN;
        };
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Self(Some((line, before[start..].chars().count() + 1)))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some((line, column)) => write!(formatter, " at line {line}, column {column}"),
            None => Ok(()),
        }
    }
}

impl SqliteError {
    /// Puts into words what SQLite said about the caller's `sql`.
    pub(crate) fn of(error: Error, sql: &str) -> Self {
        match error {
            Error::SqlInputError {
                msg,
                sql: rest,
                offset,
                ..
            } => {
                // What was being parsed is always the end of the whole.
                let start = sql.len().saturating_sub(rest.len());
                let place = usize::try_from(offset)
                    .map_or(Place::UNKNOWN, |offset| Place::of(sql, start + offset));
                Self::Sql {
                    message: short(&msg),
                    place,
                }
            }
            Error::MultipleStatement => Self::SeveralStatements {
                place: Place::UNKNOWN,
            },
            Error::SqliteFailure(failure, ref message) => {
                let words = || short(message.as_deref().unwrap_or("the statement failed"));
                match failure.code {
                    ErrorCode::OperationInterrupted => Self::TimedOut,
                    ErrorCode::OutOfMemory => Self::OutOfMemory,
                    ErrorCode::TooBig => Self::ValueTooLarge,
                    ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                    ErrorCode::ConstraintViolation => Self::Constraint(words()),
                    ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged(error),
                    ErrorCode::Unknown
                    | ErrorCode::TypeMismatch
                    | ErrorCode::ParameterOutOfRange
                    | ErrorCode::AuthorizationForStatementDenied => Self::Sql {
                        message: words(),
                        place: Place::UNKNOWN,
                    },
                    _ => Self::Storage(error),
                }
            }
            error => Self::Storage(error),
        }
    }
}

/// SQLite repeats parts of the statement; a message stays a sentence all the same.
fn short(message: &str) -> String {
    const LONGEST: usize = 300;
    let mut text: String = message
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST)
        .collect();
    if message.chars().count() > LONGEST {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_lines() {
        let sql = "select é,\n  wrong";
        assert_eq!(
            Place::of(sql, sql.find("wrong").unwrap()).to_string(),
            " at line 2, column 3"
        );
        assert_eq!(
            Place::of(sql, sql.find(',').unwrap()).to_string(),
            " at line 1, column 9"
        );
        assert_eq!(Place::of(sql, 900).to_string(), "");
    }

    #[test]
    fn messages_stay_short() {
        assert_eq!(short(&"x".repeat(9000)).chars().count(), 301);
        assert_eq!(short("a\u{7}b\nc"), "abc");
    }
}
