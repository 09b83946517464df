//! Queries that a manifest declares as tools: judged when a server is built and again when it starts.

use std::collections::BTreeSet;

use mcp_factory_sdk::DeclaredTool;
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::config::{ConfigError, Limits};
use crate::database::Database;
use crate::error::SqliteError;
use crate::guard::Grant;
use crate::lexer::{self, Kind};
use crate::parameters::Parameters;
use crate::session::Session;
use crate::source::{self, Purpose};

/// The keys of `[[plugins.sqlite.tool]]` beside those of every tool.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// One SQL statement. Its parameters, `:name` or `?` in order, are those of the tool, all of them and no
    /// others.
    pub sql: String,
}

/// Whether the tool promises to read only.
fn promises_to_read(tool: &DeclaredTool) -> bool {
    let scope = tool.scope.as_str();
    tool.hints.read_only || scope == "read" || scope.ends_with(":read")
}

/// Whether the tool is run where nothing can be changed: because it promises to, or because it asks.
pub(crate) fn reads(tool: &DeclaredTool, sql: &str) -> bool {
    promises_to_read(tool) || asks(sql)
}

fn asks(sql: &str) -> bool {
    matches!(lexer::verb(sql).as_deref(), Some("SELECT" | "VALUES"))
}

/// Judges a declaration without its database.
pub(crate) fn check(tool: &DeclaredTool, query: &Query) -> Result<(), String> {
    let sql = &query.sql;
    if lexer::is_empty(sql) {
        return Err("`sql` is empty; write one statement".to_owned());
    }
    if lexer::second_statement(sql).is_some() {
        return Err("`sql` holds more than one statement; declare a tool for each".to_owned());
    }
    let verb = lexer::verb(sql).unwrap_or_default();
    let asks = asks(sql);
    let changes = matches!(verb.as_str(), "INSERT" | "REPLACE" | "UPDATE" | "DELETE");
    if !asks && !changes {
        return Err(
            "`sql` is neither SELECT, VALUES, INSERT, REPLACE, UPDATE nor DELETE; declare one of these"
                .to_owned(),
        );
    }
    if changes && promises_to_read(tool) {
        return Err(format!(
            "`sql` is {verb}, but the tool only reads; set `scope = \"write\"` and not `read_only`, or write a SELECT"
        ));
    }
    match_parameters(tool, sql)?;
    parse(sql, if asks { Grant::Read } else { Grant::Write })
}

/// The parameters in the statement are those of the tool.
fn match_parameters(tool: &DeclaredTool, sql: &str) -> Result<(), String> {
    let tokens = lexer::tokens(sql);
    let used = tokens.iter().filter(|token| token.kind == Kind::Parameter);
    let (numbered, named): (Vec<&str>, Vec<&str>) = used
        .map(|token| token.text)
        .partition(|text| text.starts_with('?'));
    if !numbered.is_empty() && !named.is_empty() {
        return Err(format!(
            "`sql` mixes `{}` and `{}`; use names for all parameters",
            numbered[0], named[0]
        ));
    }
    let declared: BTreeSet<&str> = tool.parameters.iter().map(|p| p.name).collect();
    if numbered.is_empty() {
        let named: BTreeSet<&str> = named.iter().map(|text| &text[1..]).collect();
        if let Some(missing) = named.difference(&declared).next() {
            return Err(format!(
                "`sql` uses `:{missing}`, which is no parameter of the tool; declare it"
            ));
        }
        if let Some(unused) = declared.difference(&named).next() {
            return Err(format!(
                "the parameter `{unused}` does not occur in `sql` as `:{unused}`; use it or remove it"
            ));
        }
        return Ok(());
    }
    if let Some(number) = numbered.iter().find(|text| text.len() > 1) {
        return Err(format!(
            "`sql` uses `{number}`; use `:name`, or `?` in order"
        ));
    }
    if numbered.len() != tool.parameters.len() {
        return Err(format!(
            "`sql` has {} `?` and the tool {} parameters; give each its own, in order, or use `:name`",
            numbered.len(),
            tool.parameters.len()
        ));
    }
    Ok(())
}

/// Lets SQLite parse the statement in an empty database. That its tables are missing there is no mistake.
fn parse(sql: &str, grant: Grant) -> Result<(), String> {
    let limits = Limits::default();
    let broken = |error: rusqlite::Error| format!("`sql` cannot be checked: {error}");
    let connection = Connection::open_in_memory().map_err(broken)?;
    source::harden(&connection, Purpose::Write, &limits).map_err(broken)?;
    let session = Session::new(connection).map_err(broken)?;
    let parsed = session.prepare(grant, sql).map(drop);
    match parsed {
        Err(SqliteError::Sql { message, .. }) if message.starts_with("no such table") => Ok(()),
        Err(error) => Err(format!("`sql`: {error}")),
        Ok(()) => Ok(()),
    }
}

/// The caller's arguments as parameters of the statement.
pub(crate) fn parameters(sql: &str, arguments: Vec<(&'static str, Value)>) -> Parameters {
    let tokens = lexer::tokens(sql);
    let in_order = tokens
        .iter()
        .any(|token| token.kind == Kind::Parameter && token.text.starts_with('?'));
    if in_order {
        return Parameters::InOrder(arguments.into_iter().map(|(_, value)| value).collect());
    }
    let named: Map<String, Value> = arguments
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Parameters::ByName(named)
}

impl Database {
    /// Prepares a declared statement against the real database.
    pub(crate) async fn prepare_declared(
        &self,
        tool: &'static DeclaredTool,
    ) -> Result<(), ConfigError> {
        let refused = |reason| ConfigError::Declared {
            tool: tool.name,
            reason,
        };
        let query: Query = tool.body().map_err(refused)?;
        check(tool, &query).map_err(refused)?;
        let prepared = if reads(tool, &query.sql) {
            self.prepare_read(query.sql).await
        } else {
            self.prepare_write(query.sql).await
        };
        prepared.map_err(|error| match error {
            SqliteError::ReadOnly => refused(
                "it changes the database; set `mode = \"readwrite\"` in the plugin's section"
                    .to_owned(),
            ),
            error => refused(error.to_string()),
        })
    }
}
