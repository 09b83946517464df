//! Queries of the manifest as tools: `[[plugins.postgres.tool]] sql = "… $1"`.
//!
//! In the room: what is checked when a server is built (`check`), when it starts (`prepare`), and a call.

use mcp_factory_sdk::{DeclaredTool, ParameterKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    columns::{self, Column},
    config::Mode,
    error::PostgresError,
    execute::{CHANGES, ExecuteRequest},
    guard, parameters,
    query::QueryRequest,
    rows::{Format, JsonRows},
    session::{Access, Database},
    statement::Statement,
};

/// The keys of a declared tool beside those of every tool.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// One statement; `$1` is the first parameter of the tool, `$2` the second, and so on.
    pub sql: String,
    /// The most rows of an answer; 100 when it is not set. `max_rows` of the plugin is above it.
    pub max_rows: Option<u32>,
    /// Leaves the grammar of the statement to the database: for the rare form that the build's own parser does
    /// not know. What is wrong is then said when the server starts.
    #[serde(default)]
    pub skip_parse: bool,
}

/// What a declared tool answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DeclaredResult {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows, each in the order of the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<JsonRows>,
    /// How many rows were changed, by a tool that changes some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affected: Option<u64>,
    /// Whether there are more rows than fit into the answer.
    pub truncated: bool,
    /// How long it took, in milliseconds.
    pub elapsed_ms: f64,
}

/// Judges a declaration without a database.
///
/// # Errors
/// What is wrong, for the author of the manifest.
pub(crate) fn check(tool: &DeclaredTool, body: &Declaration) -> Result<(), String> {
    let wrong = |error: PostgresError| format!("`sql`: {error}");
    let statement = Statement::read(&body.sql).map_err(wrong)?;
    let named = statement.parameters();
    let given = u32::try_from(tool.parameters.len()).unwrap_or(u32::MAX);
    if named != given {
        return Err(format!(
            "`sql` names {named} parameters (the last is ${named}), but the tool has {given}: they are $1, $2, … in their order"
        ));
    }
    if let Some(missing) = statement.missing_parameter(named) {
        return Err(format!("`sql` names ${named} but not ${missing}"));
    }
    if body.max_rows == Some(0) {
        return Err("`max_rows` is 0; it must be 1 or more".to_owned());
    }
    if changes(&statement) {
        if tool.hints.read_only {
            return Err(format!(
                "`sql` is {} {}, but the tool says read_only",
                article(&statement.verb()),
                statement.verb()
            ));
        }
        if tool.scope.as_str().rsplit(':').next() == Some("read") {
            return Err(format!(
                "`sql` is {} {}, so `scope` must be \"write\" or \"admin\"",
                article(&statement.verb()),
                statement.verb()
            ));
        }
    } else {
        guard::check_query(&statement).map_err(wrong)?;
    }
    if body.skip_parse {
        return Ok(());
    }
    parses(statement.trimmed())
}

/// Whether it is of PostgreSQL's grammar.
#[cfg(feature = "grammar")]
fn parses(sql: &str) -> Result<(), String> {
    use sqlparser::{dialect::PostgreSqlDialect, parser::Parser};
    // Bounded in depth by the parser itself.
    match Parser::parse_sql(&PostgreSqlDialect {}, sql) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "`sql` does not parse: {error}; when PostgreSQL does take it, set skip_parse = true"
        )),
    }
}

/// A server whose manifest declares no query has no parser for one. Without it, PostgreSQL judges when the server
/// starts.
#[cfg(not(feature = "grammar"))]
#[expect(clippy::unnecessary_wraps, reason = "as the other")]
fn parses(_sql: &str) -> Result<(), String> {
    Ok(())
}

fn article(verb: &str) -> &'static str {
    if verb.starts_with(['I', 'U']) {
        "an"
    } else {
        "a"
    }
}

fn changes(statement: &Statement<'_>) -> bool {
    CHANGES.contains(&statement.verb().as_str())
}

/// A value of a kind, to see whether the server's type takes such.
fn example(kind: ParameterKind) -> Value {
    match kind {
        ParameterKind::Text => "".into(),
        ParameterKind::Integer => 1.into(),
        ParameterKind::Number => 1.5.into(),
        ParameterKind::Boolean => true.into(),
    }
}

impl Database {
    /// Has the server read a declared statement.
    ///
    /// # Errors
    /// What the server says, or which parameter does not fit.
    pub(crate) async fn prepare(
        &self,
        tool: &DeclaredTool,
        body: &Declaration,
    ) -> Result<(), PostgresError> {
        let statement = Statement::read(&body.sql)?;
        let writes = changes(&statement);
        if writes && self.settings.mode == Mode::Readonly {
            return Err(PostgresError::ReadOnly {
                tool: tool.name.to_owned(),
            });
        }
        let mut session = self.session().await?;
        let read = async {
            let sql = statement.trimmed();
            // Reading a statement runs nothing, whatever it is.
            let (scope, prepared) = session.begin_with(Access::Read, sql, 0).await?;
            let examples: Vec<Value> = tool
                .parameters
                .iter()
                .map(|parameter| example(parameter.kind))
                .collect();
            parameters::bind(prepared.params(), &examples)?;
            if writes {
                columns::readable_as_is(&prepared).map(drop)
            } else {
                columns::readable(&scope, prepared, sql).await.map(drop)
            }
        };
        let read = self.in_time(read).await;
        session.conclude(read).await
    }

    /// Runs a declared statement.
    ///
    /// # Errors
    /// As `query` or `execute`.
    pub(crate) async fn run_declared(
        &self,
        tool: &DeclaredTool,
        body: Declaration,
        params: Vec<Value>,
    ) -> Result<DeclaredResult, PostgresError> {
        let statement = Statement::read(&body.sql)?;
        if changes(&statement) {
            self.writable(tool.name)?;
            let request = ExecuteRequest {
                sql: body.sql.clone(),
                params,
                max_affected: None,
                dry_run: false,
            };
            let executed = self.change(&statement, statement.verb(), &request).await?;
            return Ok(DeclaredResult {
                columns: executed.columns,
                rows: executed.returning,
                affected: Some(executed.affected),
                truncated: executed.truncated,
                elapsed_ms: executed.elapsed_ms,
            });
        }
        let request = QueryRequest {
            sql: body.sql,
            params,
            max_rows: body.max_rows.unwrap_or(100),
            format: Format::Rows,
        };
        let result = self.query(&request).await?;
        Ok(DeclaredResult {
            columns: result.columns,
            rows: result.rows,
            affected: None,
            truncated: result.truncated,
            elapsed_ms: result.elapsed_ms,
        })
    }
}
