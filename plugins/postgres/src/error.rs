//! Everything that can go wrong, in sentences for the model that called.
//!
//! What the database says is passed on as its message, SQLSTATE, hint and place in the caller's own SQL. Its
//! internal queries, its details (which quote rows) and everything about the connection stay here.

use mcp_factory_sdk::{BadCursor, ToolError};
use tokio_postgres::error::{DbError, ErrorPosition};

use crate::{connect::ConnectError, put::put};

/// The most of one message of the database that is passed on, in characters.
const MESSAGE: usize = 1000;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences are the documentation")]
pub enum PostgresError {
    // The statement.
    #[error("`sql` is empty; pass one statement")]
    Empty,
    #[error("`sql` does not end: {0} is not closed")]
    Unfinished(&'static str),
    #[error("`sql` holds more than one statement; pass one, without a semicolon inside")]
    SeveralStatements,
    #[error("`sql` is longer than {limit} bytes; pass long values as `params`")]
    TooLong { limit: usize },
    #[error("{what} holds a NUL character, which PostgreSQL cannot store; remove it")]
    Nul { what: String },
    #[error(
        "`{root}` is not a query: this tool runs SELECT, WITH, VALUES, TABLE, SHOW and EXPLAIN; changes go through `execute`, definitions through `execute_ddl`"
    )]
    NotAQuery { root: String },
    #[error(
        "the statement returns no columns, so it is not a query and was not run; changes go through `execute`, definitions through `execute_ddl`"
    )]
    NoColumns,
    #[error("`{verb}` changes data, and this tool only reads; use `execute`")]
    Writes { verb: String },
    #[error(
        "the function `{name}` is off limits here: it reaches files, other servers, sessions or settings, runs SQL out of a string, or waits"
    )]
    DeniedFunction { name: String },
    #[error("names of the form U&\"…\" are not read here; write the name plainly")]
    UnicodeName,
    #[error("`{verb}` does not belong to `{tool}`, which runs {allowed}")]
    WrongVerb {
        tool: &'static str,
        verb: String,
        allowed: &'static str,
    },
    #[error(
        "this server only reads: its operator has to set mode = \"readwrite\" for the plugin before `{tool}` can be used"
    )]
    ReadOnly { tool: String },

    // Parameters and values.
    #[error("the statement has {expected} parameters, but `params` holds {given}")]
    ParameterCount { expected: usize, given: usize },
    #[error("${number} is of type {type_name}: {got} does not fit; {wanted}")]
    Parameter {
        number: usize,
        type_name: String,
        got: &'static str,
        wanted: &'static str,
    },
    #[error(
        "the column `{column}` has the type {type_name}, which cannot be read here; cast it, for example to text: {column}::text"
    )]
    UnreadableColumn { column: String, type_name: String },
    #[error(
        "a row holds more than the {limit} bytes that one answer may have; select fewer columns, or part of a value: left(column, 1000)"
    )]
    RowTooLarge { limit: usize },

    // What happened.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(
        "the statement was cancelled after {seconds} s; narrow it with WHERE or LIMIT, or look at its plan with explain_query"
    )]
    TimedOut { seconds: f64 },
    #[error(
        "the statement was cancelled, most likely because its {seconds} s were over; narrow it with WHERE or LIMIT, or look at its plan with explain_query"
    )]
    Interrupted { seconds: f64 },
    #[error("all {size} connections to the database are in use; try again shortly")]
    Busy { size: usize },
    #[error("the database cannot be reached now; try again shortly, or ask the server's operator")]
    Unreachable(#[source] ConnectError),
    #[error("the connection to the database was lost; nothing was changed; try again")]
    Lost(#[source] tokio_postgres::Error),
    #[error(
        "the connection to the database was lost in the middle; nothing was changed; try again"
    )]
    LostInUse,
    #[error(
        "the connection was lost while the change was being committed: look whether it was made before you repeat it"
    )]
    CommitUnknown,
    #[error(
        "the statement would change {affected} rows, more than max_affected = {limit}; nothing was changed"
    )]
    TooManyAffected { affected: u64, limit: u64 },
    #[error("the database answered in a way that is not understood")]
    Protocol(String),

    #[error(
        "max_affected counts only the rows of the main statement, and a part of this one changes rows too; pass the parts one by one, or look first with dry_run"
    )]
    PartsWrite,

    // The catalogue.
    #[error("there is no {what} `{name}` that this server shows; search_objects finds names")]
    NoSuchObject { what: &'static str, name: String },
    #[error("the schema `{0}` is not among those this server shows; list_schemas names them")]
    HiddenSchema(String),
    #[error(transparent)]
    BadCursor(#[from] BadCursor),
    #[error(
        "there is no check `{0}`; the checks are all, connections, cache, indexes, vacuum, sequences, constraints, replication"
    )]
    NoSuchCheck(String),
    #[error(
        "there is no client process {0} in this database; list_active_queries shows which there are"
    )]
    NoSuchBackend(i32),
    #[error(
        "this needs the extension pg_stat_statements 1.8 or later, which {state}; the database's administrator adds pg_stat_statements to shared_preload_libraries, restarts, and runs CREATE EXTENSION pg_stat_statements"
    )]
    NoStatistics { state: &'static str },
}

/// What the database itself said.
#[derive(Clone, Debug)]
pub struct DatabaseError {
    /// The five characters of its code.
    pub sqlstate: String,
    /// Its message, hint and place, in one text.
    text: String,
}

impl std::error::Error for DatabaseError {}

impl std::fmt::Display for DatabaseError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl DatabaseError {
    /// Takes over what the caller may see. `sql` is the caller's text, which in what was sent began after
    /// `prefix` characters.
    pub(crate) fn new(error: &DbError, sql: &str, prefix: usize) -> Self {
        let sqlstate = error.code().code().to_owned();
        let mut text = format!("{} (SQLSTATE {sqlstate})", short(error.message()));
        if let Some(ErrorPosition::Original(position)) = error.position() {
            let position = (*position as usize).saturating_sub(prefix);
            if let Some((line, column)) = place(sql, position) {
                put!(&mut text, " at line {line}, column {column}");
            }
        }
        if let Some(constraint) = error.constraint() {
            put!(&mut text, "; constraint {}", short(constraint));
        }
        let hint = error.hint().map(short).or_else(|| {
            let hint = match sqlstate.as_str() {
                "25006" => "this tool only reads; changes go through `execute`",
                "42501" => "the server's database role lacks the privilege; ask its operator",
                "42P01" | "3F000" => "search_objects finds names",
                "55P03" => "somebody else holds the lock; list_active_queries shows who",
                "57014" => "narrow the statement with WHERE or LIMIT, or look at its plan with explain_query",
                "25001" => "this statement cannot be run here, only by the database's administrator",
                _ => return None,
            };
            Some(hint.to_owned())
        });
        if let Some(hint) = hint {
            put!(&mut text, ". Hint: {hint}");
        }
        Self { sqlstate, text }
    }
}

/// The line and column, from 1, of a position in characters, from 1.
fn place(sql: &str, position: usize) -> Option<(usize, usize)> {
    if position == 0 || position > sql.chars().count() + 1 {
        return None;
    }
    let before: String = sql.chars().take(position - 1).collect();
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    Some((line, column))
}

/// At most [`MESSAGE`] characters of a text.
fn short(text: &str) -> String {
    match text.char_indices().nth(MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What the caller of a tool is told.
pub(crate) fn told(error: PostgresError) -> ToolError {
    let message = error.to_string();
    match error {
        PostgresError::NoSuchObject { .. } | PostgresError::HiddenSchema(_) => {
            ToolError::not_found(message)
        }
        PostgresError::TimedOut { .. } | PostgresError::Interrupted { .. } => {
            ToolError::timed_out(message)
        }
        PostgresError::Busy { .. } | PostgresError::LostInUse | PostgresError::CommitUnknown => {
            ToolError::unavailable(message)
        }
        PostgresError::Unreachable(cause) => {
            tracing::warn!(%cause, "the database cannot be reached");
            ToolError::unavailable(message)
        }
        PostgresError::Lost(cause) => {
            tracing::warn!(%cause, "a connection to the database was lost");
            ToolError::unavailable(message)
        }
        PostgresError::Protocol(cause) => ToolError::internal(cause),
        _ => ToolError::new(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters() {
        assert_eq!(place("é\nab", 1), Some((1, 1)));
        assert_eq!(place("é\nab", 4), Some((2, 2)));
        assert_eq!(place("a", 2), Some((1, 2)));
        assert_eq!(place("a", 3), None);
        assert_eq!(place("a", 0), None);
    }

    #[test]
    fn long_messages_are_cut() {
        assert_eq!(short("ab"), "ab");
        assert_eq!(short(&"é".repeat(2000)).chars().count(), MESSAGE + 1);
    }
}
