//! `query`: one statement in a transaction that only reads, and its rows.

use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    columns::{self, Column},
    config::Guard,
    error::PostgresError,
    guard, parameters,
    rows::{Format, JsonRows, Limits, Sink},
    session::{Access, Database, Session},
    statement::{self, Statement},
};

/// What is asked.
#[derive(Clone, Debug)]
pub struct QueryRequest {
    /// One statement.
    pub sql: String,
    /// The values of `$1`, `$2`, ….
    pub params: Vec<Value>,
    /// The most rows.
    pub max_rows: u32,
    /// How the rows are shown.
    pub format: Format,
}

/// The rows of a statement.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct QueryResult {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows, each in the order of the columns. `numeric`, and whole numbers beyond 2^53, are strings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<JsonRows>,
    /// The rows as CSV, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csv: Option<String>,
    /// How many rows are here.
    pub row_count: usize,
    /// Whether there are more than fit into the answer.
    pub truncated: bool,
    /// How long it took, in milliseconds.
    pub elapsed_ms: f64,
}

impl Database {
    /// Runs a statement that reads.
    ///
    /// # Errors
    /// When it is refused, does not fit, fails, or takes too long.
    pub(crate) async fn query(&self, request: &QueryRequest) -> Result<QueryResult, PostgresError> {
        let sql = self.admit(&request.sql)?;
        let begun = Instant::now();
        let mut session = self.session().await?;
        let limits = Limits {
            rows: request.max_rows.min(self.settings.max_rows) as usize,
            bytes: self.settings.max_bytes,
        };
        let fetched = self
            .in_time(fetch(&mut session, sql, request, limits))
            .await;
        let mut result = session.conclude(fetched).await?;
        result.elapsed_ms = milliseconds(begun);
        Ok(result)
    }

    /// Looks at a statement for a reading tool, if that is wanted, and returns it without what follows it.
    pub(crate) fn admit<'a>(&self, sql: &'a str) -> Result<&'a str, PostgresError> {
        match self.settings.guard {
            Guard::Strict => {
                let statement = Statement::read(sql)?;
                guard::check_query(&statement)?;
                Ok(statement.trimmed())
            }
            Guard::Database => {
                statement::check_text(sql)?;
                Ok(Statement::read(sql).map_or(sql, |statement| statement.trimmed()))
            }
        }
    }
}

async fn fetch(
    session: &mut Session,
    sql: &str,
    request: &QueryRequest,
    limits: Limits,
) -> Result<QueryResult, PostgresError> {
    let (scope, statement) = session.begin_with(Access::Read, sql, 0).await?;
    let bound = parameters::bind(statement.params(), &request.params)?;
    let readable = columns::readable(&scope, statement, sql).await?;
    let portal = scope
        .transaction
        .bind_raw(&readable.statement, &bound)
        .await;
    let portal = portal.map_err(|error| scope.fault(&error, sql, 0))?;
    let mut sink = Sink::new(&readable.columns, &readable.shapes, request.format, limits);
    sink.fill(&scope, &portal).await?;
    let (row_count, truncated) = (sink.count, sink.truncated);
    let (rows, csv) = sink.finish()?;
    Ok(QueryResult {
        columns: readable.columns,
        rows,
        csv,
        row_count,
        truncated,
        elapsed_ms: 0.0,
    })
}

/// Since then, to a hundredth.
pub(crate) fn milliseconds(begun: Instant) -> f64 {
    (begun.elapsed().as_secs_f64() * 1e5).round() / 100.0
}
