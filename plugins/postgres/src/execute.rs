//! `execute` and `execute_ddl`: one statement that changes something, all of it or nothing.

use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    columns::{self, Column},
    config::{Guard, Mode},
    error::PostgresError,
    guard, parameters,
    query::milliseconds,
    rows::{Format, JsonRows, Limits, Sink},
    session::{Access, CLEANING, Database, Session},
    statement::Statement,
};

/// What `execute` runs.
pub(crate) const CHANGES: [&str; 4] = ["INSERT", "UPDATE", "DELETE", "MERGE"];
/// What `execute_ddl` runs.
const DEFINITIONS: [&str; 14] = [
    "ALTER", "ANALYZE", "CLUSTER", "COMMENT", "CREATE", "DROP", "GRANT", "IMPORT", "REASSIGN",
    "REFRESH", "REINDEX", "REVOKE", "SECURITY", "TRUNCATE",
];

/// What is asked.
#[derive(Clone, Debug)]
pub struct ExecuteRequest {
    /// One statement.
    pub sql: String,
    /// The values of `$1`, `$2`, ….
    pub params: Vec<Value>,
    /// The most rows that it may change.
    pub max_affected: Option<u64>,
    /// Whether everything is undone at the end.
    pub dry_run: bool,
}

/// What a statement changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Executed {
    /// What it was, such as `UPDATE`.
    pub command: String,
    /// How many rows it changed, without those of cascades and triggers.
    pub affected: u64,
    /// Whether the change stands; a dry run is undone.
    pub committed: bool,
    /// The columns of RETURNING.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Column>,
    /// The rows of RETURNING.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returning: Option<JsonRows>,
    /// Whether RETURNING gave more rows than fit into the answer. All were changed.
    pub truncated: bool,
    /// How long it took, in milliseconds.
    pub elapsed_ms: f64,
}

impl Database {
    /// Runs a statement that changes rows.
    ///
    /// # Errors
    /// When it is refused, does not fit, fails, changes too much, or takes too long: then nothing was changed.
    pub(crate) async fn execute(
        &self,
        request: &ExecuteRequest,
    ) -> Result<Executed, PostgresError> {
        self.writable("execute")?;
        let statement = Statement::read(&request.sql)?;
        let verb = statement.verb();
        if !CHANGES.contains(&verb.as_str()) {
            return Err(PostgresError::WrongVerb {
                tool: "execute",
                verb,
                allowed: "INSERT, UPDATE, DELETE and MERGE; reading is done by `query`, definitions by `execute_ddl`",
            });
        }
        if request.max_affected.is_some() && guard::writing_part(&statement).is_some() {
            return Err(PostgresError::PartsWrite);
        }
        if self.settings.guard == Guard::Strict {
            guard::check_functions(&statement)?;
        }
        self.change(&statement, verb, request).await
    }

    /// Runs a statement that defines something.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub(crate) async fn execute_ddl(
        &self,
        sql: String,
        dry_run: bool,
    ) -> Result<Executed, PostgresError> {
        self.writable("execute_ddl")?;
        let request = ExecuteRequest {
            sql,
            params: Vec::new(),
            max_affected: None,
            dry_run,
        };
        let statement = Statement::read(&request.sql)?;
        let verb = statement.verb();
        let alters_system = statement
            .tokens()
            .get(1)
            .is_some_and(|token| token.is("SYSTEM"));
        if !DEFINITIONS.contains(&verb.as_str()) || (verb == "ALTER" && alters_system) {
            return Err(PostgresError::WrongVerb {
                tool: "execute_ddl",
                verb,
                allowed: "CREATE, ALTER, DROP, TRUNCATE, COMMENT, GRANT, REVOKE and the like; rows are changed by `execute`",
            });
        }
        self.change(&statement, verb, &request).await
    }

    /// Whether anything may be changed.
    pub(crate) fn writable(&self, tool: &str) -> Result<(), PostgresError> {
        match self.settings.mode {
            Mode::Readwrite => Ok(()),
            Mode::Readonly => Err(PostgresError::ReadOnly {
                tool: tool.to_owned(),
            }),
        }
    }

    /// Runs a statement in a transaction that may write.
    pub(crate) async fn change(
        &self,
        statement: &Statement<'_>,
        command: String,
        request: &ExecuteRequest,
    ) -> Result<Executed, PostgresError> {
        let begun = Instant::now();
        let limits = Limits {
            rows: self.settings.max_rows as usize,
            bytes: self.settings.max_bytes,
        };
        let mut session = self.session().await?;
        let changed = run(&mut session, statement.trimmed(), request, limits, self).await;
        let mut executed = session.conclude(changed).await?;
        executed.command = command;
        executed.elapsed_ms = milliseconds(begun);
        Ok(executed)
    }
}

async fn run(
    session: &mut Session,
    sql: &str,
    request: &ExecuteRequest,
    limits: Limits,
    database: &Database,
) -> Result<Executed, PostgresError> {
    let work = async {
        let (scope, statement) = session.begin_with(Access::Write, sql, 0).await?;
        let bound = parameters::bind(statement.params(), &request.params)?;
        let (columns, shapes) = columns::readable_as_is(&statement)?;
        let mut sink = Sink::new(&columns, &shapes, Format::Rows, limits);
        let rows = scope.transaction.query_raw(&statement, &bound).await;
        let rows = rows.map_err(|error| scope.fault(&error, sql, 0))?;
        let (_, affected) = sink.drain(&scope, rows).await?;
        if let Some(limit) = request.max_affected.filter(|limit| affected > *limit) {
            return Err(PostgresError::TooManyAffected { affected, limit });
        }
        let truncated = sink.truncated;
        let returning = sink.finish()?.0.filter(|_| !columns.is_empty());
        let executed = Executed {
            command: String::new(),
            affected,
            committed: !request.dry_run,
            columns,
            returning,
            truncated,
            elapsed_ms: 0.0,
        };
        Ok((scope, executed))
    };
    let (scope, executed) = database.in_time(work).await?;
    if request.dry_run {
        return Ok(executed);
    }
    // Its own time: from here on nobody but the server knows what became of the change.
    match tokio::time::timeout(CLEANING, scope.commit()).await {
        Ok(committed) => committed.map(|()| executed),
        Err(_) => Err(PostgresError::CommitUnknown),
    }
}
