//! The database with its two ways in: several connections that read, and one that writes, if any.

use std::time::Instant;

use rusqlite::Connection;

use crate::config::{Config, ConfigError, Limits, Mode};
use crate::error::SqliteError;
use crate::guard::Grant;
use crate::parameters::Parameters;
use crate::pool::Pool;
use crate::rows::{self, Answer, Room};
use crate::source::{Purpose, Source};

/// The most steps of a plan that are shown.
const MOST_STEPS: usize = 500;

/// An open database. Knows no protocol.
#[derive(Debug)]
pub struct Database {
    pub(crate) readers: Pool,
    writer: Option<Pool>,
    pub(crate) limits: Limits,
    /// A database in memory lives as long as a connection to it.
    _anchor: Option<std::sync::Mutex<Connection>>,
}

/// A caller's statement.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Request {
    pub sql: String,
    pub parameters: Parameters,
    /// The most rows, if fewer than the setting.
    pub max_rows: Option<u32>,
    /// For changes: refuse to change more rows than these.
    pub max_affected: Option<u64>,
    /// For changes: take it back at the end.
    pub dry_run: bool,
}

impl Database {
    /// Opens the database that the settings name. Blocks.
    ///
    /// # Errors
    /// When a setting is out of range, or the database is missing or none.
    pub fn open(config: &Config) -> Result<Self, ConfigError> {
        let limits = Limits::checked(config)?;
        let source = Source::find(config)?;
        let writable = config.mode == Mode::Readwrite;
        let anchor = match &source {
            Source::Memory(_) => Some(source.connect(Purpose::Write, true, &limits)?),
            Source::File(_) => None,
        };
        let told = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                let path = config.path.clone();
                ConfigError::NotADatabase { path }
            }
            _ => error.into(),
        };
        // The writer first: it makes the file where that is wanted, and repairs it after a crash.
        let writer = if writable {
            let writer = Pool::open(&source, Purpose::Write, config.create, 1, &limits);
            Some(writer.map_err(told)?)
        } else {
            None
        };
        let size = limits.connections;
        let readers = Pool::open(&source, Purpose::Read, false, size, &limits).map_err(told)?;
        // The first look into the file.
        source
            .connect(Purpose::Read, false, &limits)
            .and_then(|connection| {
                connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
            })
            .map_err(told)?;
        Ok(Self {
            readers,
            writer,
            limits,
            _anchor: anchor.map(std::sync::Mutex::new),
        })
    }

    /// Whether changes are allowed.
    pub fn writable(&self) -> bool {
        self.writer.is_some()
    }

    /// How many connections read now, and how many may.
    pub fn readers(&self) -> (usize, usize) {
        self.readers.usage()
    }

    /// Closes all connections, after the calls that run.
    pub async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    /// Whether a question is answered.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn probe(&self) -> Result<(), SqliteError> {
        let look = |connection: &Connection| {
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        };
        self.readers.run(move |session| session.ours(look)).await
    }

    /// Runs one statement that only reads.
    ///
    /// # Errors
    /// When it does anything else, is wrong, or goes beyond a limit.
    pub async fn query(&self, request: Request) -> Result<Answer, SqliteError> {
        let room = self.room(&request, false);
        self.readers
            .run(move |session| {
                let sql = &request.sql;
                let mut statement = session.prepare(Grant::Read, sql)?;
                request.parameters.bind(&mut statement)?;
                rows::read(session, &mut statement, sql, room)
            })
            .await
    }

    /// Runs one INSERT, UPDATE or DELETE, whole or not at all.
    ///
    /// # Errors
    /// When changes are not allowed, or as with [`query`](Self::query).
    pub async fn execute(&self, request: Request) -> Result<Answer, SqliteError> {
        let writer = self.writer.as_ref().ok_or(SqliteError::ReadOnly)?;
        let room = self.room(&request, true);
        writer
            .run(move |session| {
                let sql = &request.sql;
                // Prepared before the transaction, so that nothing is locked for a statement that is wrong.
                session.prepare(Grant::Write, sql)?;
                let started = Instant::now();
                let before = session.connection.total_changes();
                session.ours(|connection| connection.execute_batch("BEGIN IMMEDIATE"))?;
                let mut statement = session.prepare(Grant::Write, sql)?;
                request.parameters.bind(&mut statement)?;
                let mut answer = rows::read(session, &mut statement, sql, room)?;
                drop(statement);
                let affected = session.connection.total_changes() - before;
                if let Some(limit) = request.max_affected.filter(|limit| affected > *limit) {
                    return Err(SqliteError::TooManyAffected { affected, limit });
                }
                let end = if request.dry_run {
                    "ROLLBACK"
                } else {
                    "COMMIT"
                };
                session.ours(|connection| connection.execute_batch(end))?;
                answer.affected = Some(affected);
                answer.elapsed_ms = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
                Ok(answer)
            })
            .await
    }

    /// Runs one CREATE TABLE.
    ///
    /// # Errors
    /// When changes are not allowed, or the statement is another.
    pub async fn create_table(&self, sql: String) -> Result<(), SqliteError> {
        let writer = self.writer.as_ref().ok_or(SqliteError::ReadOnly)?;
        writer
            .run(move |session| {
                let mut statement = session.prepare(Grant::Create, &sql)?;
                if statement.parameter_count() > 0 {
                    return Err(SqliteError::NotCreateTable("it cannot have parameters"));
                }
                // IF NOT EXISTS of a table that exists asks for nothing, and does nothing.
                let nothing = statement.readonly() && statement.column_count() == 0;
                if !session.guard.creates() && !nothing {
                    return Err(SqliteError::NotCreateTable("use query for questions"));
                }
                let mut rows = statement.raw_query();
                while rows
                    .next()
                    .map_err(|error| session.explain(error, &sql))?
                    .is_some()
                {}
                Ok(())
            })
            .await
    }

    /// How SQLite would run a question.
    ///
    /// # Errors
    /// As with [`query`](Self::query).
    pub async fn explain(&self, request: Request) -> Result<Vec<(i64, i64, String)>, SqliteError> {
        self.readers
            .run(move |session| {
                // Refused as it stands first, so that places in messages are those of the caller's statement.
                session.prepare(Grant::Read, &request.sql)?;
                let sql = format!("EXPLAIN QUERY PLAN {}", request.sql);
                let mut statement = session.prepare(Grant::Read, &sql)?;
                if !matches!(request.parameters, Parameters::None) {
                    request.parameters.bind(&mut statement)?;
                }
                let mut rows = statement.raw_query();
                let mut steps = Vec::new();
                while let Some(row) = rows.next().map_err(|error| session.explain(error, &sql))? {
                    let step = (|| Ok((row.get(0)?, row.get(1)?, row.get(3)?)))();
                    steps.push(step.map_err(|error| session.explain(error, &sql))?);
                    if steps.len() == MOST_STEPS {
                        break;
                    }
                }
                Ok(steps)
            })
            .await
    }

    /// Whether `sql` could be run as a question.
    pub(crate) async fn prepare_read(&self, sql: String) -> Result<(), SqliteError> {
        self.readers
            .run(move |session| session.prepare(Grant::Read, &sql).map(drop))
            .await
    }

    /// Whether `sql` could be run as a change.
    pub(crate) async fn prepare_write(&self, sql: String) -> Result<(), SqliteError> {
        let writer = self.writer.as_ref().ok_or(SqliteError::ReadOnly)?;
        writer
            .run(move |session| session.prepare(Grant::Write, &sql).map(drop))
            .await
    }

    fn room(&self, request: &Request, to_the_end: bool) -> Room {
        let asked = request.max_rows.map_or(usize::MAX, |rows| rows as usize);
        Room {
            rows: self.limits.max_rows.min(asked),
            bytes: self.limits.max_bytes,
            to_the_end,
        }
    }
}
