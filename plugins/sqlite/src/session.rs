//! One connection with its guard, working for one call at a time.

use std::sync::Arc;

use rusqlite::{Connection, Statement};

use crate::error::{Place, SqliteError};
use crate::guard::{Grant, Guard};
use crate::lexer;
use crate::source::LONGEST_STATEMENT;
use crate::stop::Stop;

/// How many steps of a program pass between two looks at the clock. An interrupt is noticed sooner.
const STEPS_BETWEEN_LOOKS: i32 = 1000;

/// A connection that does nothing without a grant.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    pub(crate) guard: Guard,
    stop: Option<Arc<Stop>>,
}

impl Session {
    pub(crate) fn new(mut connection: Connection) -> rusqlite::Result<Self> {
        let guard = Guard::of(&mut connection)?;
        let session = Self {
            connection,
            guard,
            stop: None,
        };
        session.connect_virtual_tables();
        Ok(session)
    }

    /// From here on the connection works for the call that ends with `stop`.
    pub(crate) fn begin(&mut self, stop: &Arc<Stop>) -> rusqlite::Result<()> {
        let watched = Arc::clone(stop);
        let waiting = Arc::clone(stop);
        self.connection
            .progress_handler(STEPS_BETWEEN_LOOKS, Some(move || watched.is_over()))?;
        self.connection.busy_handler(Some(move |_| {
            std::thread::sleep(std::time::Duration::from_millis(5));
            !waiting.is_over()
        }))?;
        stop.starts(self.connection.get_interrupt_handle());
        self.stop = Some(Arc::clone(stop));
        Ok(())
    }

    /// The call is over. `false` when the connection must not be used again.
    pub(crate) fn end(&mut self) -> bool {
        if let Some(stop) = self.stop.take() {
            stop.finished();
        }
        let quiet = self.connection.progress_handler(0, None::<fn() -> bool>);
        self.guard.grant(Grant::Ours);
        let settled =
            self.connection.is_autocommit() || self.connection.execute_batch("ROLLBACK").is_ok();
        self.guard.grant(Grant::Nothing);
        settled && quiet.is_ok()
    }

    /// Runs statements of our own.
    pub(crate) fn ours<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SqliteError> {
        self.guard.grant(Grant::Ours);
        let done = work(&self.connection);
        self.guard.grant(Grant::Nothing);
        done.map_err(|error| self.explain(error, ""))
    }

    /// Prepares the one statement in `sql` under `grant`, which holds until the next grant.
    pub(crate) fn prepare(&self, grant: Grant, sql: &str) -> Result<Statement<'_>, SqliteError> {
        if i32::try_from(sql.len()).is_ok_and(|length| length > LONGEST_STATEMENT) {
            return Err(SqliteError::StatementTooLong);
        }
        // SQLite stops reading there; what follows would be sent and never seen.
        if let Some(offset) = sql.find('\0') {
            let place = Place::of(sql, offset);
            return Err(SqliteError::Nul { place });
        }
        if let Some(offset) = lexer::second_statement(sql) {
            let place = Place::of(sql, offset);
            return Err(SqliteError::SeveralStatements { place });
        }
        if lexer::is_empty(sql) {
            return Err(SqliteError::Empty);
        }
        self.guard.grant(grant);
        let prepared = match self.connection.prepare(sql) {
            Err(_) if self.guard.denial().is_some() => {
                // An R-tree prepares its own changes when it is first touched, also for a question. After
                // another program changed the schema, that happens again.
                self.connect_virtual_tables();
                self.guard.grant(grant);
                self.connection.prepare(sql)
            }
            prepared => prepared,
        };
        let statement = prepared.map_err(|error| self.explain(error, sql))?;
        // VACUUM and a few others ask the guard only once they run; they do not get that far.
        match grant {
            Grant::Read if !statement.readonly() || statement.column_count() == 0 => {
                Err(SqliteError::NoRows)
            }
            Grant::Write if statement.readonly() || statement.is_explain() != 0 => {
                Err(SqliteError::OnlyReads)
            }
            Grant::Create if statement.is_explain() != 0 => {
                Err(SqliteError::NotCreateTable("leave EXPLAIN out"))
            }
            _ => Ok(statement),
        }
    }

    /// The words for what went wrong with the caller's `sql`.
    pub(crate) fn explain(&self, error: rusqlite::Error, sql: &str) -> SqliteError {
        if let Some(denial) = self.guard.denial() {
            return denial.into();
        }
        match (SqliteError::of(error, sql), &self.stop) {
            (SqliteError::TimedOut, Some(stop)) => stop.reason(),
            (SqliteError::Busy, Some(stop)) if stop.is_over() => match stop.reason() {
                SqliteError::Cancelled => SqliteError::Cancelled,
                _ => SqliteError::Busy,
            },
            (error, _) => error,
        }
    }

    /// Lets virtual tables prepare what they need while nothing of a caller is being judged. One whose
    /// module is missing stays unusable.
    fn connect_virtual_tables(&self) {
        const MOST: i64 = 200;
        self.guard.grant(Grant::Ours);
        let names = || -> rusqlite::Result<Vec<String>> {
            let mut listed = self.connection.prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 LIMIT ?1",
            )?;
            listed.query_map([MOST], |row| row.get(0))?.collect()
        };
        for name in names().unwrap_or_default() {
            let sql = format!("SELECT 1 FROM {}", lexer::quoted(&name));
            drop(self.connection.prepare(&sql));
        }
        self.guard.grant(Grant::Nothing);
    }
}
