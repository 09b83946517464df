//! PostgreSQL for agents: read-only by the database's own means, not by a guess at the SQL.
//!
//! This file is the plugin's face: its tools, each a few lines. The work is done by `Database`, which knows
//! no protocol; `session` is where what only reads is kept from writing. The README has the settings, the
//! forms of values, and what is refused and why.

#![forbid(unsafe_code)]

mod activity;
mod bounded;
mod cancel;
mod catalogue;
mod checkup;
mod columns;
mod config;
mod connect;
mod csv;
mod declared;
mod denied;
mod details;
mod error;
mod execute;
mod explain;
mod guard;
mod lexer;
mod moment;
mod numeric;
mod parameters;
mod pool;
mod put;
mod query;
mod role;
mod rows;
mod schemas;
mod search;
mod session;
mod shape;
mod statement;
mod target;
mod value;

use std::{borrow::Cow, sync::Arc, time::Duration};

use deadpool::Runtime;
use mcp_factory_sdk::{DeclaredTool, Declares, Health, prelude::*};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

pub use activity::{ActiveQueries, ActiveQuery, Cancelled, Order, TopQueries, TopQuery};
pub use checkup::{Check, Checkup, Status};
pub use columns::Column;
pub use config::{Config, Guard, Mode, Tls};
pub use connect::ConnectError;
pub use declared::{Declaration, DeclaredResult};
pub use details::{ColumnDetails, Details, ForeignKey, Named};
pub use error::{DatabaseError, PostgresError};
pub use execute::{ExecuteRequest, Executed};
pub use explain::{Plan, PlanJson};
pub use query::{QueryRequest, QueryResult};
pub use role::RoleProblem;
pub use rows::{Format, JsonRows};
pub use schemas::{SchemaInfo, Schemas};
pub use search::{Detail, Found, Object, ObjectType, SearchRequest};

use cancel::Canceller;
use connect::Connector;
use error::told;
use pool::{Manager, Pool};
use session::Database;

/// How long a call waits for a connection when all are in use.
const WAITING: Duration = Duration::from_secs(5);
/// How long a probe of the plugin's health may take.
const PROBING: Duration = Duration::from_secs(3);

/// The plugin: the database it is connected to.
#[derive(Debug)]
pub struct Postgres {
    database: Database,
}

impl Plugin for Postgres {
    type Config = Config;

    async fn start(config: Config, context: &StartContext) -> Result<Self, StartError> {
        let settings = Arc::new(config.check(context.mount())?);
        let tasks = TaskTracker::new();
        let connector = Arc::new(Connector::new(Arc::clone(&settings), tasks.clone()));
        let pool = Pool::builder(Manager(Arc::clone(&connector)))
            .max_size(settings.pool_max)
            .wait_timeout(Some(WAITING))
            .runtime(Runtime::Tokio1)
            .build()?;
        let canceller = Arc::new(Canceller::new(connector, tasks, Handle::current()));
        let database = Database::new(Arc::clone(&settings), pool, canceller);
        // Who the role is decides whether it is safe to start, so the first connection is made now.
        if let Err(error) = database.ready().await {
            database.stop().await;
            return Err(match error {
                PostgresError::Unreachable(cause) => StartError::new(format!(
                    "the database of `url` ({}) cannot be used",
                    settings.url
                ))
                .because(cause),
                other => StartError::new(other.to_string()),
            });
        }
        for tool in context.declared() {
            if let Err(reason) = prepare(&database, tool).await {
                database.stop().await;
                return Err(StartError::new(format!(
                    "the tool `{}`: {reason}",
                    tool.name
                )));
            }
        }
        Ok(Self { database })
    }

    async fn health(&self) -> Health {
        let (in_use, open, cancelling) = self.database.counts();
        let size = self.database.settings.pool_max;
        // While all connections are in use the database is there, and a probe would only wait in line.
        let health = if in_use < size {
            match tokio::time::timeout(PROBING, self.database.ready()).await {
                Ok(Ok(())) => Health::ok(),
                Ok(Err(PostgresError::Unreachable(cause))) => Health::failing(cause.to_string()),
                Ok(Err(error)) => Health::failing(error.to_string()),
                Err(_) => Health::failing("the database does not answer in time"),
            }
        } else {
            Health::ok()
        };
        // A server has far fewer connections than an f64 counts.
        let number = |count: usize| u32::try_from(count).map_or(f64::INFINITY, f64::from);
        health
            .gauge("pool_in_use", number(in_use))
            .gauge("pool_open", number(open))
            .gauge("pool_max", number(size))
            .gauge("cancelling", number(cancelling))
    }

    async fn stop(&self) {
        self.database.stop().await;
    }
}

async fn prepare(database: &Database, tool: &DeclaredTool) -> Result<(), String> {
    let body: Declaration = tool.body()?;
    declared::check(tool, &body)?;
    database
        .prepare(tool, &body)
        .await
        .map_err(|error| error.to_string())
}

impl Declares for Postgres {
    type Body = Declaration;
    type Answer = DeclaredResult;

    fn check(tool: &DeclaredTool, body: &Declaration) -> Result<(), String> {
        declared::check(tool, body)
    }

    async fn run(
        &self,
        _: Context,
        tool: &'static DeclaredTool,
        arguments: Vec<(&'static str, Value)>,
    ) -> Result<DeclaredResult, ToolError> {
        let body = tool
            .body()
            .map_err(|_| ToolError::bug("a declaration that was checked does not read"))?;
        let params = arguments.into_iter().map(|(_, value)| value).collect();
        self.database
            .run_declared(tool, body, params)
            .await
            .map_err(told)
    }
}

/// A value of `$1`, `$2`, …: any JSON.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Parameter(Value);

impl JsonSchema for Parameter {
    fn schema_name() -> Cow<'static, str> {
        "Parameter".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({})
    }

    fn inline_schema() -> bool {
        true
    }
}

fn values(params: Vec<Parameter>) -> Vec<Value> {
    params.into_iter().map(|parameter| parameter.0).collect()
}

/// A PostgreSQL database: look around in it, query it, find out why it is slow.
///
/// Values go into `params` as $1, $2, …, never into the SQL. In results, `numeric` and very large whole
/// numbers are strings, `bytea` is \x and hexadecimal, times with a zone are in UTC.
#[plugin(name = "postgres", declares)]
impl Postgres {
    /// Names the schemas.
    #[tool(scope = "read", title = "List schemas", read_only)]
    async fn list_schemas(
        &self,
        /// Shows PostgreSQL's own too.
        #[arg(default = false)]
        include_system: bool,
    ) -> Result<Schemas, ToolError> {
        self.database.schemas(include_system).await.map_err(told)
    }

    /// Finds tables, columns and other objects by name.
    #[tool(scope = "read", title = "Search objects", read_only)]
    async fn search_objects(
        &self,
        /// A LIKE pattern, such as %order%; letter case is ignored.
        #[arg(default = "%".to_owned(), max_length = 200)]
        pattern: String,
        /// What to find.
        #[arg(name = "type", default = ObjectType::Table)]
        object_type: ObjectType,
        /// Only in this schema.
        schema: Option<String>,
        /// How much to tell: `summary` adds comments and sizes, `full` columns and definitions.
        #[arg(default = Detail::Names)]
        detail: Detail,
        /// How many a page has.
        #[arg(default = 100, minimum = 1, maximum = 1000)]
        limit: u32,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    ) -> Result<Found, ToolError> {
        let request = SearchRequest {
            pattern,
            object_type,
            schema,
            detail,
            limit,
            cursor,
        };
        self.database.search(&request).await.map_err(told)
    }

    /// Shows one object: columns, keys with their targets, indexes, size, comments, definition.
    #[tool(scope = "read", title = "Object details", read_only)]
    async fn get_object_details(
        &self,
        /// Its name, without the schema.
        name: String,
        /// Its schema.
        #[arg(default = "public".to_owned())]
        schema: String,
        /// What it is.
        #[arg(name = "type", default = ObjectType::Table)]
        object_type: ObjectType,
    ) -> Result<Details, ToolError> {
        self.database
            .details(&schema, &name, object_type)
            .await
            .map_err(told)
    }

    /// Runs one query in a transaction that only reads.
    #[tool(scope = "read", title = "Query", read_only)]
    async fn query(
        &self,
        /// One statement: SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN.
        sql: String,
        /// The values of $1, $2, ….
        #[arg(default, max_length = 1000)]
        params: Vec<Parameter>,
        /// The most rows.
        #[arg(default = 100, minimum = 1, maximum = 1000)]
        max_rows: u32,
        /// Rows as JSON, or CSV.
        #[arg(default = Format::Rows)]
        format: Format,
    ) -> Result<QueryResult, ToolError> {
        let request = QueryRequest {
            sql,
            params: values(params),
            max_rows,
            format,
        };
        self.database.query(&request).await.map_err(told)
    }

    /// Shows the plan of a query.
    #[tool(scope = "read", title = "Explain query", read_only)]
    async fn explain_query(
        &self,
        /// One statement.
        sql: String,
        /// The values of $1, $2, ….
        #[arg(default, max_length = 1000)]
        params: Vec<Parameter>,
        /// Runs it and measures, in a transaction that only reads.
        #[arg(default = false)]
        analyze: bool,
    ) -> Result<Plan, ToolError> {
        self.database
            .explain(&sql, &values(params), analyze)
            .await
            .map_err(told)
    }

    /// Changes rows: one INSERT, UPDATE, DELETE or MERGE, all of it or nothing.
    #[tool(scope = "write", title = "Change rows", destructive)]
    async fn execute(
        &self,
        /// One statement. RETURNING shows what was changed.
        sql: String,
        /// The values of $1, $2, ….
        #[arg(default, max_length = 1000)]
        params: Vec<Parameter>,
        /// Changes nothing if more rows than this would be. Cascades and triggers do not count.
        max_affected: Option<u64>,
        /// Undoes everything at the end.
        #[arg(default = false)]
        dry_run: bool,
    ) -> Result<Executed, ToolError> {
        let request = ExecuteRequest {
            sql,
            params: values(params),
            max_affected,
            dry_run,
        };
        self.database.execute(&request).await.map_err(told)
    }

    /// Defines something: one CREATE, ALTER, DROP, TRUNCATE, GRANT and the like.
    #[tool(scope = "admin", title = "Change definitions", destructive)]
    async fn execute_ddl(
        &self,
        /// One statement.
        sql: String,
        /// Undoes everything at the end.
        #[arg(default = false)]
        dry_run: bool,
    ) -> Result<Executed, ToolError> {
        self.database.execute_ddl(sql, dry_run).await.map_err(told)
    }

    /// Stops the statement that another process runs; its client stays connected.
    #[tool(scope = "admin", title = "Cancel a statement", destructive)]
    async fn cancel_backend(
        &self,
        /// The process, from list_active_queries.
        pid: i32,
    ) -> Result<Cancelled, ToolError> {
        self.database.cancel_backend(pid).await.map_err(told)
    }

    /// Shows which statements took the most time (extension `pg_stat_statements`).
    #[tool(scope = "read", title = "Top queries", read_only)]
    async fn get_top_queries(
        &self,
        /// How many.
        #[arg(default = 10, minimum = 1, maximum = 100)]
        limit: u32,
        /// By what.
        #[arg(default = Order::Total)]
        order: Order,
    ) -> Result<TopQueries, ToolError> {
        self.database.top_queries(limit, order).await.map_err(told)
    }

    /// Shows what runs now, what it waits for and who blocks it.
    #[tool(scope = "read", title = "Active queries", read_only)]
    async fn list_active_queries(
        &self,
        /// How many.
        #[arg(default = 10, minimum = 1, maximum = 100)]
        limit: u32,
    ) -> Result<ActiveQueries, ToolError> {
        self.database.active_queries(limit).await.map_err(told)
    }

    /// Looks the database over as its administrator would.
    #[tool(scope = "read", title = "Database health", read_only)]
    async fn analyze_db_health(
        &self,
        /// all, or some of: connections, cache, indexes, vacuum, sequences, constraints, replication.
        #[arg(default = vec!["all".to_owned()], max_length = 8)]
        checks: Vec<String>,
    ) -> Result<Checkup, ToolError> {
        self.database.checkup(&checks).await.map_err(told)
    }

    /// A table or view: columns, keys, indexes, size.
    #[resource(
        uri = "postgres://{schema}/{table}/schema",
        scope = "read",
        name = "table",
        title = "Table",
        mime_type = "application/json"
    )]
    async fn table(&self, schema: String, table: String) -> Result<String, ToolError> {
        let details = self
            .database
            .relation(&schema, &table)
            .await
            .map_err(told)?;
        Ok(serde_json::to_string(&details)?)
    }

    /// How the database is.
    #[resource(
        uri = "postgres://health",
        scope = "read",
        name = "health",
        title = "Database health",
        mime_type = "application/json"
    )]
    async fn health_report(&self) -> Result<String, ToolError> {
        let checkup = self.database.checkup(&[]).await.map_err(told)?;
        Ok(serde_json::to_string(&checkup)?)
    }

    #[completion(resource = "postgres://{schema}/{table}/schema", argument = "schema")]
    async fn complete_schema(&self, value: String) -> Result<Vec<String>, ToolError> {
        let schemas = self.database.schemas(false).await.map_err(told)?.schemas;
        let names = schemas.into_iter().map(|schema| schema.name);
        Ok(names
            .filter(|name| name.starts_with(&value))
            .take(100)
            .collect())
    }

    #[completion(resource = "postgres://{schema}/{table}/schema", argument = "table")]
    async fn complete_table(
        &self,
        value: String,
        schema: Option<String>,
    ) -> Result<Vec<String>, ToolError> {
        self.database
            .names_of_tables(schema, &value)
            .await
            .map_err(told)
    }

    /// Gets to know a schema before questions are asked of it.
    #[prompt(scope = "read", title = "Explore a schema")]
    async fn explore_schema(
        &self,
        /// Which schema; all when it is left out.
        schema: Option<String>,
    ) -> String {
        let place = schema.map_or_else(
            || "the database (list_schemas first)".to_owned(),
            |schema| format!("the schema `{schema}`"),
        );
        format!(
            "Get to know {place}. Find its tables with search_objects (detail \"summary\"), look at the largest and \
             the most connected ones with get_object_details, and look at a few rows of each with query (LIMIT 5). \
             Then describe in at most 20 lines: what the data is about, the main tables and how they are joined (with \
             the columns), what a row of each stands for, and what looks odd. Do not guess: say what you did not look at."
        )
    }

    /// Finds out why a query is slow and what would help.
    #[prompt(scope = "read", title = "Explain a slow query")]
    async fn explain_slow_query(
        &self,
        /// The query.
        sql: String,
    ) -> String {
        format!(
            "This query is slow:\n\n```sql\n{sql}\n```\n\nFind out why. Look at its plan with explain_query; with \
             analyze = true only if it ends in reasonable time. Look at the tables and indexes in the plan with \
             get_object_details. Name the part of the plan that takes the time and why (a missing index, a wrong \
             estimate, too many rows read, a sort that does not fit into memory, a lock). Then say what would help, \
             the most useful first, as SQL that the user can run, and what each would cost. Change nothing."
        )
    }
}
