//! SQLite for agents: questions that cannot change anything, and changes only where the operator allows them.
//!
//! This file is the plugin's face: its tools, each a few lines. The work is done by [`Database`], which knows
//! no protocol. What a statement may do is decided in `guard`; how connections are hardened is in `source`;
//! how work ends in time is in `stop` and `pool`. The README has the settings and what is refused and why.

#![forbid(unsafe_code)]

mod allowed;
mod config;
mod database;
mod declared;
mod denial;
mod error;
mod functions;
mod guard;
mod insights;
mod lexer;
mod parameters;
mod pool;
mod rows;
mod session;
mod source;
mod stop;
mod tables;

use mcp_factory_sdk::{DeclaredTool, Event, prelude::*};
use serde_json::Value;

pub use config::{Config, ConfigError, Mode};
pub use database::{Database, Request};
pub use declared::Query;
pub use denial::Denial;
pub use error::{Place, SqliteError};
pub use insights::{Added, Insights};
pub use parameters::Parameters;
pub use rows::{Answer, Column};
pub use tables::{Description, ForeignKey, Index, Listed, TableColumn, Tables};

/// The plugin: the open database, and the callers' memos.
#[derive(Debug)]
pub struct Sqlite {
    database: Database,
    insights: Insights,
}

/// How SQLite would answer a question.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// The steps, outer loops first.
    pub steps: Vec<Step>,
}

/// A step of a plan.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Step {
    /// Its number.
    pub id: i64,
    /// The number of the step it is part of, or 0.
    pub parent: i64,
    /// What is done: SCAN reads a whole table, SEARCH uses an index.
    pub detail: String,
}

/// What was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Created {
    /// Always true; a failure is an error.
    pub created: bool,
}

impl Plugin for Sqlite {
    type Config = Config;

    async fn start(config: Config, context: &StartContext) -> Result<Self, StartError> {
        let insights = Insights::new(config.max_insights);
        let opened = tokio::task::spawn_blocking(move || Database::open(&config)).await?;
        let database = opened.map_err(|error| match error {
            ConfigError::NoPath => StartError::new(format!(
                "{error}; for example with --set 'plugins.{}.path=\"/srv/data.db\"'",
                context.mount()
            )),
            error => error.into(),
        })?;
        for tool in context.declared() {
            database.prepare_declared(tool).await?;
        }
        Ok(Self { database, insights })
    }

    async fn stop(&self) {
        self.database.close().await;
    }

    async fn health(&self) -> Health {
        let (used, size) = self.database.readers();
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let gauges = |health: Health| {
            health
                .gauge("readers_in_use", used as f64)
                .gauge("readers_max", size as f64)
                .gauge("memos", self.insights.memos() as f64)
        };
        // A question of our own would wait behind those of callers; when all read, reading works.
        if used == size {
            return gauges(Health::ok());
        }
        match self.database.probe().await {
            Ok(()) => gauges(Health::ok()),
            Err(error) => gauges(Health::failing(error.to_string())),
        }
    }
}

/// Every failure of the domain is written for the model, with its cause for the log.
fn told(error: SqliteError) -> ToolError {
    let message = error.to_string();
    match error {
        SqliteError::Damaged(cause) | SqliteError::Storage(cause) => {
            ToolError::unavailable(message).because(cause)
        }
        SqliteError::Lost(cause) => ToolError::internal(cause),
        SqliteError::Busy | SqliteError::Overloaded | SqliteError::Stopping => {
            ToolError::unavailable(message)
        }
        SqliteError::TimedOut => ToolError::timed_out(message),
        SqliteError::NoTable { .. } => ToolError::not_found(message),
        SqliteError::Parameters(_) | SqliteError::BadCursor(_) => {
            ToolError::invalid_arguments(message)
        }
        _ => ToolError::new(message),
    }
}

/// An SQLite database: its tables, questions to them in SQL and, where allowed, changes.
#[plugin(name = "sqlite", declares)]
impl Sqlite {
    /// Lists the tables and views, in pages.
    #[tool(scope = "read", title = "List tables", read_only)]
    async fn list_tables(
        &self,
        /// How many a page has.
        #[arg(default = 200, minimum = 1, maximum = 1000)]
        limit: u32,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    ) -> Result<Tables, ToolError> {
        self.database.tables(limit, cursor).await.map_err(told)
    }

    /// Shows a table or view: columns, keys, indexes, the statement that made it.
    #[tool(scope = "read", title = "Describe table", read_only)]
    async fn describe_table(
        &self,
        /// Its name.
        #[arg(min_length = 1, max_length = 1000)]
        table_name: String,
    ) -> Result<Description, ToolError> {
        self.database.describe(table_name).await.map_err(told)
    }

    /// Answers one question in SQL: SELECT, with CTEs, windows, JSON and full text. Cannot change anything.
    #[tool(scope = "read", title = "Query", read_only)]
    async fn query(
        &self,
        /// One SQL statement.
        #[arg(min_length = 1, max_length = 65536)]
        sql: String,
        /// Values: an array for `?`, an object for `:name`.
        params: Option<Parameters>,
        /// At most so many rows; the server has its own limit.
        #[arg(minimum = 1, maximum = 1000)]
        max_rows: Option<u32>,
    ) -> Result<Answer, ToolError> {
        let request = Request {
            sql,
            parameters: params.unwrap_or_default(),
            max_rows,
            ..Request::default()
        };
        self.database.query(request).await.map_err(told)
    }

    /// Shows how a question would be answered: which tables are scanned, which indexes are used.
    #[tool(scope = "read", title = "Explain query", read_only)]
    async fn explain_query(
        &self,
        /// The SELECT.
        #[arg(min_length = 1, max_length = 65536)]
        sql: String,
        /// Values, as for query; may be left out.
        params: Option<Parameters>,
    ) -> Result<Plan, ToolError> {
        let request = Request {
            sql,
            parameters: params.unwrap_or_default(),
            ..Request::default()
        };
        let steps = self.database.explain(request).await.map_err(told)?;
        let step = |(id, parent, detail)| Step { id, parent, detail };
        Ok(Plan {
            steps: steps.into_iter().map(step).collect(),
        })
    }

    /// Runs one INSERT, UPDATE or DELETE, whole or not at all.
    #[tool(scope = "write", title = "Execute", destructive)]
    async fn execute(
        &self,
        /// One SQL statement; RETURNING shows the rows it changed.
        #[arg(min_length = 1, max_length = 65536)]
        sql: String,
        /// Values: an array for `?`, an object for `:name`.
        params: Option<Parameters>,
        /// Changes nothing if more rows would be changed, those of triggers included.
        max_affected: Option<u64>,
        /// Tries it and takes it back.
        #[arg(default = false)]
        dry_run: bool,
    ) -> Result<Answer, ToolError> {
        let request = Request {
            sql,
            parameters: params.unwrap_or_default(),
            max_affected,
            dry_run,
            ..Request::default()
        };
        self.database.execute(request).await.map_err(told)
    }

    /// Makes a table.
    #[tool(scope = "admin", title = "Create table", destructive = false)]
    async fn create_table(
        &self,
        /// One CREATE TABLE statement.
        #[arg(min_length = 1, max_length = 65536)]
        query: String,
    ) -> Result<Created, ToolError> {
        self.database.create_table(query).await.map_err(told)?;
        Ok(Created { created: true })
    }

    /// Adds a finding to the memo of this caller, the resource `memo://insights`. Changes nothing in the
    /// database.
    #[tool(scope = "write", title = "Add insight", destructive = false)]
    async fn append_insight(
        &self,
        cx: &Context,
        /// What was found, in a sentence or two.
        #[arg(min_length = 1, max_length = 4000)]
        insight: String,
    ) -> Result<Added, ToolError> {
        let added = self.insights.add(cx.principal().key(), &insight);
        let added = added.map_err(told)?;
        cx.publish(Event::ResourceUpdated("memo://insights".to_owned()));
        Ok(added)
    }

    /// What `append_insight` collected for this caller.
    #[resource(
        uri = "memo://insights",
        scope = "read",
        name = "insights",
        title = "Insights",
        mime_type = "text/markdown"
    )]
    async fn memo(&self, cx: &Context) -> String {
        self.insights.memo(cx.principal().key())
    }

    /// A table or view: columns, keys, indexes, the statement that made it.
    #[resource(
        uri = "sqlite://{table}/schema",
        scope = "read",
        name = "schema",
        title = "Table schema",
        mime_type = "application/json"
    )]
    async fn schema(&self, table: String) -> Result<String, ToolError> {
        let description = self.database.describe(table).await.map_err(told)?;
        Ok(serde_json::to_string(&description)?)
    }

    #[completion(resource = "sqlite://{table}/schema", argument = "table")]
    async fn complete_table(&self, value: String) -> Result<Vec<String>, ToolError> {
        self.database.names(value).await.map_err(told)
    }
}

impl Declares for Sqlite {
    type Body = Query;
    type Answer = Answer;

    fn check(tool: &DeclaredTool, query: &Query) -> Result<(), String> {
        declared::check(tool, query)
    }

    async fn run(
        &self,
        _: Context,
        tool: &'static DeclaredTool,
        arguments: Vec<(&'static str, Value)>,
    ) -> Result<Answer, ToolError> {
        let Query { sql } = tool
            .body()
            .map_err(|_| ToolError::bug("a declared query that was not checked"))?;
        let reads = declared::reads(tool, &sql);
        let request = Request {
            parameters: declared::parameters(&sql, arguments),
            sql,
            ..Request::default()
        };
        let answer = if reads {
            self.database.query(request).await
        } else {
            self.database.execute(request).await
        };
        answer.map_err(told)
    }
}
