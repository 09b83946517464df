//! The open file: a few connections, each used by one call at a time on a thread where it may block.
//!
//! Every call is one transaction. A call that is dropped, or runs out of time, is taken back.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use crate::config::{Config, ConfigError, Graphs, Limits, Mode};
use crate::error::MemoryError;
use crate::{import, schema};

/// How many calls work at one time.
const CONNECTIONS: usize = 4;

/// How many steps of a statement pass between two looks at the clock.
const STEPS_BETWEEN_LOOKS: i32 = 1000;

/// How long a call that was told to end gets for it, and how long we wait for all at the end of the server.
const GRACE: Duration = Duration::from_secs(5);

/// The graph, or the graphs of all callers. Knows no protocol.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    path: PathBuf,
    mode: Mode,
    graphs: Graphs,
    limits: Limits,
    free: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Store {
    /// Opens the file that the settings name, and imports what they say. Blocks.
    ///
    /// # Errors
    /// When a setting is out of range, or the file is missing or another's.
    pub fn open(config: &Config) -> Result<Self, ConfigError> {
        let limits = Limits::checked(config)?;
        if config.import.is_some()
            && (config.mode == Mode::Readonly || config.graphs == Graphs::PerCaller)
        {
            return Err(ConfigError::ImportNotPossible);
        }
        let path = schema::file(config)?;
        let mut connection =
            schema::connect(&path, config.mode).map_err(|error| schema::told(error, config))?;
        connection.busy_timeout(limits.timeout.min(Duration::from_secs(30)))?;
        schema::prepare(&mut connection, config)?;
        if let Some(source) = &config.import {
            import::once(&mut connection, source, &limits)?;
        }
        Ok(Self(Arc::new(Inner {
            path,
            mode: config.mode,
            graphs: config.graphs,
            limits,
            free: Arc::new(Semaphore::new(CONNECTIONS)),
            idle: Mutex::new(vec![connection]),
        })))
    }

    /// Whose graph a caller sees: its `owner` in the tables.
    pub fn owner(&self, caller: &str) -> String {
        match self.0.graphs {
            Graphs::Shared => String::new(),
            // Never the empty name, which is the shared graph.
            Graphs::PerCaller => format!("caller:{caller}"),
        }
    }

    /// How many calls work now, and how many may.
    pub fn usage(&self) -> (usize, usize) {
        let free = self.0.free.available_permits().min(CONNECTIONS);
        (CONNECTIONS - free, CONNECTIONS)
    }

    /// Whether the graph can be read.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn probe(&self) -> Result<(), MemoryError> {
        self.read(|transaction, _| {
            let sql = "SELECT 1 FROM entity LIMIT 1";
            Ok(transaction.prepare(sql)?.exists([]).map(drop)?)
        })
        .await
    }

    /// Lets no more calls in, waits for those that run, and closes the file.
    pub async fn close(&self) {
        let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
        drop(tokio::time::timeout(GRACE, self.0.free.acquire_many(all)).await);
        self.0.free.close();
        let idle = std::mem::take(&mut *self.0.idle());
        drop(tokio::task::spawn_blocking(move || drop(idle)).await);
    }

    /// Looks at the graph as it is at one moment.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, &Limits) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, MemoryError> {
        self.run(TransactionBehavior::Deferred, work).await
    }

    /// Changes the graph, whole or not at all.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, &Limits) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, MemoryError> {
        if self.0.mode == Mode::Readonly {
            return Err(MemoryError::ReadOnly);
        }
        self.run(TransactionBehavior::Immediate, work).await
    }

    async fn run<T: Send + 'static>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>, &Limits) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, MemoryError> {
        let deadline = Instant::now() + self.0.limits.timeout;
        let acquired = timeout_at(deadline.into(), Arc::clone(&self.0.free).acquire_owned()).await;
        let permit = match acquired {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(MemoryError::Stopping),
            Err(_) => return Err(MemoryError::Busy),
        };
        let dropped = SetOnDrop(Arc::default());
        let stop = Stop {
            deadline,
            dropped: Arc::clone(&dropped.0),
        };
        let inner = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || {
            let done = inner.work(&stop, behavior, work);
            drop(permit);
            done
        });
        match timeout_at((deadline + GRACE).into(), task).await {
            Ok(Ok(done)) => done,
            Ok(Err(lost)) => Err(MemoryError::Lost(lost)),
            Err(_) => Err(MemoryError::TimedOut),
        }
    }
}

impl Inner {
    fn work<T>(
        &self,
        stop: &Stop,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>, &Limits) -> Result<T, MemoryError>,
    ) -> Result<T, MemoryError> {
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => schema::connect(&self.path, self.mode)?,
        };
        let (running, waiting) = (stop.clone(), stop.clone());
        connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || running.is_over()))?;
        connection.busy_handler(Some(move |_| {
            std::thread::sleep(Duration::from_millis(2));
            !waiting.is_over()
        }))?;
        let done = transact(&mut connection, stop, behavior, |transaction| {
            work(transaction, &self.limits)
        });
        if connection.is_autocommit() {
            self.idle().push(connection);
        }
        done
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does the work whole or not at all: on every way out but the last, dropping the transaction takes it back.
fn transact<T>(
    connection: &mut Connection,
    stop: &Stop,
    behavior: TransactionBehavior,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, MemoryError>,
) -> Result<T, MemoryError> {
    let transaction = connection.transaction_with_behavior(behavior)?;
    let done = work(&transaction)?;
    if stop.is_over() {
        return Err(MemoryError::TimedOut);
    }
    transaction.commit()?;
    Ok(done)
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Store")
            .field("mode", &self.0.mode)
            .field("graphs", &self.0.graphs)
            .finish_non_exhaustive()
    }
}

/// When a call must end: its time is over, or nobody waits for it.
#[derive(Clone)]
struct Stop {
    deadline: Instant,
    dropped: Arc<AtomicBool>,
}

impl Stop {
    fn is_over(&self) -> bool {
        self.dropped.load(Ordering::Relaxed) || Instant::now() >= self.deadline
    }
}

/// Ends the work of a call whose future is gone.
struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
