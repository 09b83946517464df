//! A bounded number of connections, each used by one call at a time on a thread where it may block.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use crate::config::Limits;
use crate::error::SqliteError;
use crate::session::Session;
use crate::source::{Purpose, Source};
use crate::stop::Stop;

/// How long an interrupted statement gets to end before its caller is answered without it.
const GRACE: Duration = Duration::from_millis(500);

/// The most idle time we wait for at the end of the server.
const DRAIN: Duration = Duration::from_secs(5);

/// Connections of one purpose. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    source: Source,
    purpose: Purpose,
    limits: Limits,
    size: usize,
    free: Arc<Semaphore>,
    idle: Mutex<Vec<Session>>,
}

impl Pool {
    /// A pool of at most `size` connections, the first of them open.
    pub(crate) fn open(
        source: &Source,
        purpose: Purpose,
        create: bool,
        size: usize,
        limits: &Limits,
    ) -> rusqlite::Result<Self> {
        let first = Session::new(source.connect(purpose, create, limits)?)?;
        Ok(Self(Arc::new(Inner {
            source: source.clone(),
            purpose,
            limits: limits.clone(),
            size,
            free: Arc::new(Semaphore::new(size)),
            idle: Mutex::new(vec![first]),
        })))
    }

    /// How many connections are in use, and how many there may be.
    pub(crate) fn usage(&self) -> (usize, usize) {
        let size = self.0.size;
        (size - self.0.free.available_permits().min(size), size)
    }

    /// Gives `work` a connection and waits for its end. When the future is dropped, or the time is over, the
    /// statement that runs is interrupted.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, SqliteError> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let stop = Arc::new(Stop::at(Instant::now() + self.0.limits.timeout));
        let deadline = stop.deadline().into();
        let permit = match timeout_at(deadline, Arc::clone(&self.0.free).acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(SqliteError::Stopping),
            Err(_) => return Err(SqliteError::Overloaded),
        };
        let abandoned = AbandonOnDrop(Arc::clone(&stop));
        let inner = Arc::clone(&self.0);
        let working = Arc::clone(&stop);
        let mut task = tokio::task::spawn_blocking(move || {
            let done = inner.work(&working, work);
            drop(permit);
            done
        });
        let mut ended = timeout_at(deadline, &mut task).await;
        if ended.is_err() {
            stop.interrupt();
            ended = tokio::time::timeout(GRACE, task).await;
        }
        drop(abandoned);
        ended
            .map_err(|_| SqliteError::TimedOut)?
            .unwrap_or_else(|lost| Err(SqliteError::Lost(lost)))
    }

    /// Lets no more calls in, waits for those that run, and closes the connections.
    pub(crate) async fn close(&self) {
        let all = u32::try_from(self.0.size).unwrap_or(u32::MAX);
        let drained = tokio::time::timeout(DRAIN, self.0.free.acquire_many(all)).await;
        self.0.free.close();
        drop(drained);
        let idle = std::mem::take(&mut *self.0.idle());
        // Closing may have to put a write-ahead log back into the file. Only a panic could fail it.
        drop(tokio::task::spawn_blocking(move || drop(idle)).await);
    }
}

impl Inner {
    fn work<T>(
        &self,
        stop: &Arc<Stop>,
        work: impl FnOnce(&Session) -> Result<T, SqliteError>,
    ) -> Result<T, SqliteError> {
        let idle = self.idle().pop();
        let mut session = match idle {
            Some(session) => session,
            None => self
                .source
                .connect(self.purpose, false, &self.limits)
                .and_then(Session::new)
                .map_err(|error| SqliteError::of(error, ""))?,
        };
        session
            .begin(stop)
            .map_err(|error| SqliteError::of(error, ""))?;
        let done = if stop.is_over() {
            Err(SqliteError::Overloaded)
        } else {
            work(&session)
        };
        if session.end() {
            self.idle().push(session);
        }
        done
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (used, size) = self.usage();
        formatter
            .debug_struct("Pool")
            .field("purpose", &self.0.purpose)
            .field("used", &used)
            .field("size", &size)
            .finish_non_exhaustive()
    }
}

/// Ends the work of a call that nobody waits for any more. After the work has ended it does nothing.
struct AbandonOnDrop(Arc<Stop>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
