//! One call's use of a connection: a transaction that cannot leave its mode, and a clean connection after it.
//!
//! Reading, in this order, none of which needs a parser:
//! 1. the role was checked when the connection was made (`role`);
//! 2. `START TRANSACTION READ ONLY`, then [`PIN`]: a query takes the transaction's snapshot, after which the
//!    server lets nobody make it writable;
//! 3. the caller's SQL goes through the extended protocol only, where a second statement is an error;
//! 4. rows come through a portal, so many and so many bytes (`rows`);
//! 5. always ROLLBACK, never COMMIT, and [`CLEAN`] before anybody else gets the connection;
//! 6. whoever leaves in the middle leaves the connection to `cancel`.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use deadpool::managed::{Object, PoolError};
use futures_util::{TryStreamExt, pin_mut};
use tokio_postgres::{Statement, Transaction, error::SqlState};

use crate::{
    bounded::Oversized,
    cancel::Canceller,
    config::Settings,
    error::{DatabaseError, PostgresError},
    pool::{Lease, Pool},
};

/// Fixes the limits of a transaction, and by being a query its mode. The caller's strings are read as the
/// standard says, whatever the role's settings.
pub(crate) const PIN: &str = "\
    SELECT pg_catalog.set_config('statement_timeout', $1, true), \
    pg_catalog.set_config('lock_timeout', $2, true), \
    pg_catalog.set_config('idle_in_transaction_session_timeout', $3, true), \
    pg_catalog.set_config('standard_conforming_strings', 'on', true)";

/// Leaves nothing of a call behind: its transaction, cursors, role, settings, channels, locks, temporary
/// tables, sequence values.
const CLEAN: &str = "\
    ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
    SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

/// How long cleaning may take before the connection is given up.
pub(crate) const CLEANING: Duration = Duration::from_secs(5);
/// How long beyond `statement_timeout` the server has to stop a statement by itself.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// Whether a transaction may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// The database as the tools see it.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) settings: Arc<Settings>,
    pool: Pool,
    canceller: Arc<Canceller>,
}

/// A connection for one call. Dropped before [`conclude`](Self::conclude), it is cancelled.
pub(crate) struct Session {
    lease: Option<Lease>,
    canceller: Arc<Canceller>,
    settings: Arc<Settings>,
}

/// A transaction. Dropped without a commit, it is rolled back.
pub(crate) struct Scope<'a> {
    pub(crate) transaction: Transaction<'a>,
    oversized: Oversized,
    limit: usize,
    time: Duration,
}

impl Database {
    pub(crate) const fn new(
        settings: Arc<Settings>,
        pool: Pool,
        canceller: Arc<Canceller>,
    ) -> Self {
        Self {
            settings,
            pool,
            canceller,
        }
    }

    /// Takes a connection.
    pub(crate) async fn session(&self) -> Result<Session, PostgresError> {
        let lease = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(cause) => PostgresError::Unreachable(cause),
            _ => PostgresError::Busy {
                size: self.settings.pool_max,
            },
        })?;
        Ok(Session {
            lease: Some(lease),
            canceller: Arc::clone(&self.canceller),
            settings: Arc::clone(&self.settings),
        })
    }

    /// Runs to its end or to the end of its time; then what it does on the server is cancelled.
    pub(crate) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, PostgresError>>,
    ) -> Result<T, PostgresError> {
        let limit = self.settings.statement_timeout;
        let done = tokio::time::timeout(limit + GRACE, work).await;
        done.unwrap_or(Err(PostgresError::TimedOut {
            seconds: limit.as_secs_f64(),
        }))
    }

    /// Connections in use, open, and being cancelled.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let status = self.pool.status();
        let in_use = status.size.saturating_sub(status.available);
        (in_use, status.size, self.canceller.pending())
    }

    /// Closes every connection.
    pub(crate) async fn stop(&self) {
        self.pool.close();
        self.canceller.stop().await;
    }
}

impl Session {
    /// Begins a transaction that stays as it begins.
    pub(crate) async fn begin(&mut self, access: Access) -> Result<Scope<'_>, PostgresError> {
        let (scope, pin) = self.start(access).await?;
        scope
            .pin(&pin.0, &pin.1)
            .await
            .map_err(|error| scope.fault(&error, "", 0))?;
        Ok(scope)
    }

    /// Begins a transaction and has the server read a statement, of which `prefix` characters are ours.
    /// Reading runs nothing, so both are asked for at once.
    pub(crate) async fn begin_with(
        &mut self,
        access: Access,
        sql: &str,
        prefix: usize,
    ) -> Result<(Scope<'_>, Statement), PostgresError> {
        let (scope, pin) = self.start(access).await?;
        // In this order: the first is sent before the second is.
        let (pinned, statement) = tokio::join!(
            biased;
            scope.pin(&pin.0, &pin.1),
            scope.transaction.prepare(sql),
        );
        pinned.map_err(|error| scope.fault(&error, "", 0))?;
        let own = sql
            .char_indices()
            .nth(prefix)
            .map_or("", |(at, _)| &sql[at..]);
        let statement = statement.map_err(|error| scope.fault(&error, own, prefix))?;
        Ok((scope, statement))
    }

    async fn start(
        &mut self,
        access: Access,
    ) -> Result<(Scope<'_>, (Statement, [String; 3])), PostgresError> {
        let millis = |duration: Duration| duration.as_millis().to_string();
        let limits = [
            millis(self.settings.statement_timeout),
            millis(self.settings.lock_timeout),
            millis(self.settings.statement_timeout + GRACE * 10),
        ];
        let limit = self.settings.max_bytes;
        let time = self.settings.statement_timeout;
        let canceller = &self.canceller;
        let link = self
            .lease
            .as_mut()
            .expect("a session holds its connection until it is closed");
        let pin = link.pin.clone();
        let oversized = Arc::clone(&link.oversized);
        let started = link
            .client
            .build_transaction()
            .read_only(access == Access::Read)
            .start()
            .await;
        let transaction = started.map_err(|error| {
            canceller.suspect();
            PostgresError::Lost(error)
        })?;
        let scope = Scope {
            transaction,
            oversized,
            limit,
            time,
        };
        Ok((scope, (pin, limits)))
    }

    /// Gives the connection back after its work: clean, or, when that ran out of time, not at all.
    pub(crate) async fn conclude<T>(
        self,
        outcome: Result<T, PostgresError>,
    ) -> Result<T, PostgresError> {
        if !matches!(
            outcome,
            Err(PostgresError::TimedOut { .. } | PostgresError::CommitUnknown)
        ) {
            self.close().await;
        }
        outcome
    }

    /// Gives the connection back, clean. What was not committed is undone.
    async fn close(mut self) {
        let Some(lease) = &self.lease else { return };
        #[expect(clippy::disallowed_methods, reason = "the statements are ours")]
        let cleaning = lease.client.batch_execute(CLEAN);
        let cleaned = tokio::time::timeout(CLEANING, cleaning).await;
        match cleaned {
            Ok(Ok(())) => drop(self.lease.take()),
            // Broken, or busy with what nobody waits for: it is not used again.
            _ => drop(self),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            self.canceller.abandon(lease);
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.lease.as_ref().map(Object::id);
        formatter
            .debug_struct("Session")
            .field("lease", &id)
            .finish_non_exhaustive()
    }
}

impl Scope<'_> {
    /// Makes what was done stand.
    pub(crate) async fn commit(self) -> Result<(), PostgresError> {
        let Self {
            transaction,
            oversized,
            limit,
            ..
        } = self;
        transaction.commit().await.map_err(|error| {
            if oversized.load(Ordering::Acquire) {
                return PostgresError::RowTooLarge { limit };
            }
            // A check that waits until the end may fail now; then nothing stands.
            match error.as_db_error() {
                Some(database) => DatabaseError::new(database, "", 0).into(),
                None => PostgresError::CommitUnknown,
            }
        })
    }

    async fn pin(
        &self,
        pin: &Statement,
        limits: &[String; 3],
    ) -> Result<(), tokio_postgres::Error> {
        let rows = self.transaction.query_raw(pin, limits).await?;
        pin_mut!(rows);
        while rows.try_next().await?.is_some() {}
        Ok(())
    }

    /// What an error of the client library means. `sql` is the caller's, `prefix` characters of ours before it.
    pub(crate) fn fault(
        &self,
        error: &tokio_postgres::Error,
        sql: &str,
        prefix: usize,
    ) -> PostgresError {
        if self.oversized.load(Ordering::Acquire) {
            return PostgresError::RowTooLarge { limit: self.limit };
        }
        match error.as_db_error() {
            // The client library takes a statement as read before the server is done with the request. What
            // ends the transaction in between, its time, is seen by the next request alone.
            Some(database) if *database.code() == SqlState::IN_FAILED_SQL_TRANSACTION => {
                PostgresError::Interrupted {
                    seconds: self.time.as_secs_f64(),
                }
            }
            Some(database) => DatabaseError::new(database, sql, prefix).into(),
            None if error.is_closed() => PostgresError::LostInUse,
            None => PostgresError::Protocol(error.to_string()),
        }
    }
}
