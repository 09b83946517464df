//! What the server is doing: `list_active_queries`, `get_top_queries`, `cancel_backend`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;

use crate::{catalogue::get, error::PostgresError, session::Database};

/// What runs now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActiveQueries {
    /// The statements, the longest running first.
    pub queries: Vec<ActiveQuery>,
    /// Whether there are more.
    pub truncated: bool,
}

/// A statement that runs now, or a transaction that waits for its client.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActiveQuery {
    /// The process that runs it, for `cancel_backend`.
    pub pid: i32,
    /// The role.
    pub user: Option<String>,
    /// What the client calls itself.
    pub application: Option<String>,
    /// `active`, `idle in transaction` and so on.
    pub state: Option<String>,
    /// How long it has run, in milliseconds.
    pub duration_ms: Option<f64>,
    /// What it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// The processes that hold what it waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocked_by: Vec<i32>,
    /// The beginning of its SQL; none when it belongs to a role that this server may not look at.
    pub query: Option<String>,
}

const ACTIVE: &str = "\
    SELECT a.pid, a.usename::text AS \"user\", a.application_name AS application, a.state, \
      (extract(epoch FROM clock_timestamp() - CASE WHEN a.state = 'active' THEN a.query_start ELSE a.xact_start END) * 1000)::float8 AS duration, \
      a.wait_event_type || ': ' || a.wait_event AS waits, pg_catalog.pg_blocking_pids(a.pid) AS blockers, \
      nullif(left(a.query, 1000), '<insufficient privilege>') AS query \
    FROM pg_catalog.pg_stat_activity a \
    WHERE a.datname = pg_catalog.current_database() AND a.backend_type = 'client backend' \
      AND a.pid <> pg_catalog.pg_backend_pid() AND a.state <> 'idle' \
    ORDER BY duration DESC NULLS LAST LIMIT $1";

/// What the server spent its time on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TopQueries {
    /// The statements.
    pub queries: Vec<TopQuery>,
}

/// A statement, over all of its runs; constants are replaced by `$1`, `$2`, ….
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TopQuery {
    /// The beginning of its SQL.
    pub query: Option<String>,
    /// How often it ran.
    pub calls: i64,
    /// All of its time, in milliseconds.
    pub total_ms: f64,
    /// Its time on average, in milliseconds.
    pub mean_ms: f64,
    /// How many rows it returned or changed.
    pub rows: i64,
    /// How much of what it read was in memory, of 1.
    pub cache_hit: Option<f64>,
}

/// By what the top is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum Order {
    Total,
    Mean,
    Calls,
}

/// What became of a request to cancel.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Cancelled {
    /// The process.
    pub pid: i32,
    /// Whether it was told to stop.
    pub cancelled: bool,
}

const EXTENSION: &str = "\
    SELECT pg_catalog.quote_ident(n.nspname) AS schema, \
      pg_catalog.string_to_array(e.extversion, '.')::int[] >= '{1,8}' AS recent \
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
    WHERE e.extname = 'pg_stat_statements'";

const CANCEL: &str = "\
    SELECT pg_catalog.pg_cancel_backend(a.pid) AS cancelled FROM pg_catalog.pg_stat_activity a \
    WHERE a.pid = $1 AND a.datname = pg_catalog.current_database() \
      AND a.backend_type = 'client backend' AND a.pid <> pg_catalog.pg_backend_pid()";

impl Database {
    /// The statements that run now in this database.
    pub(crate) async fn active_queries(&self, limit: u32) -> Result<ActiveQueries, PostgresError> {
        let rows = self.catalogue(ACTIVE, &[&(i64::from(limit) + 1)]).await?;
        let shown = rows.iter().take(limit as usize).map(active);
        Ok(ActiveQueries {
            queries: shown.collect::<Result<_, _>>()?,
            truncated: rows.len() > limit as usize,
        })
    }

    /// The statements that took the most, as the extension `pg_stat_statements` counts them.
    ///
    /// # Errors
    /// When the extension is missing.
    pub(crate) async fn top_queries(
        &self,
        limit: u32,
        order: Order,
    ) -> Result<TopQueries, PostgresError> {
        let found = self.catalogue(EXTENSION, &[]).await?;
        let Some(extension) = found.first() else {
            return Err(PostgresError::NoStatistics {
                state: "is not installed in this database",
            });
        };
        if !get::<bool>(extension, "recent")? {
            return Err(PostgresError::NoStatistics {
                state: "is installed in an older version",
            });
        }
        let order = match order {
            Order::Total => "total_exec_time",
            Order::Mean => "mean_exec_time",
            Order::Calls => "calls",
        };
        let sql = format!(
            "SELECT left(s.query, 1000) AS query, s.calls, s.total_exec_time AS total, s.mean_exec_time AS mean, s.rows, \
               s.shared_blks_hit::float8 / nullif(s.shared_blks_hit + s.shared_blks_read, 0) AS hit \
             FROM {}.pg_stat_statements s \
             WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) \
             ORDER BY s.{order} DESC LIMIT $1",
            get::<String>(extension, "schema")?
        );
        let rows = self.catalogue(&sql, &[&i64::from(limit)]).await;
        let rows = rows.map_err(|error| match error {
            PostgresError::Database(error) if error.sqlstate == "55000" => {
                PostgresError::NoStatistics {
                    state: "is not in shared_preload_libraries",
                }
            }
            other => other,
        })?;
        let queries: Result<Vec<_>, _> = rows.iter().map(top).collect();
        Ok(TopQueries { queries: queries? })
    }

    /// Stops what another process of this database is doing; its client stays connected.
    ///
    /// # Errors
    /// When nothing may be changed, or there is no such process.
    pub(crate) async fn cancel_backend(&self, pid: i32) -> Result<Cancelled, PostgresError> {
        self.writable("cancel_backend")?;
        let rows = self.catalogue(CANCEL, &[&pid]).await?;
        let row = rows.first().ok_or(PostgresError::NoSuchBackend(pid))?;
        Ok(Cancelled {
            pid,
            cancelled: get(row, "cancelled")?,
        })
    }
}

fn active(row: &Row) -> Result<ActiveQuery, PostgresError> {
    Ok(ActiveQuery {
        pid: get(row, "pid")?,
        user: get(row, "user")?,
        application: get(row, "application")?,
        state: get(row, "state")?,
        duration_ms: get(row, "duration")?,
        waits_for: get(row, "waits")?,
        blocked_by: get(row, "blockers")?,
        query: get(row, "query")?,
    })
}

fn top(row: &Row) -> Result<TopQuery, PostgresError> {
    Ok(TopQuery {
        query: get(row, "query")?,
        calls: get(row, "calls")?,
        total_ms: get(row, "total")?,
        mean_ms: get(row, "mean")?,
        rows: get(row, "rows")?,
        cache_hit: get(row, "hit")?,
    })
}
