//! API keys: who holds the one that was presented.
//!
//! In the room: when the keys are read again. Beside it: the comparison (`table`), what makes a key of
//! an entry (`load`), the keys file (`file`).
//!
//! Keys are read anew once a second while requests come in, whole, and not only when a file's times have
//! changed: two writes within one tick of the file system leave the same times, and a thousand keys take
//! milliseconds on a thread that nobody waits for but one request.

mod file;
mod load;
mod table;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use mcp_factory_sdk::Principal;
use tokio::sync::Semaphore;
use tokio::time::Instant;

pub(crate) use self::load::KeySources;
use self::table::KeyTable;
use crate::credential::Presented;
use crate::grants::Grants;
use crate::{Clock, Problem, Refusal};

/// From one reading to the next, so a key that was taken out works for a second and the reading longer.
const CADENCE: Duration = Duration::from_secs(1);
/// How long a request waits for a reading before it goes on with the keys there are (a file system may hang).
const PATIENCE: Duration = Duration::from_millis(500);

/// The keys of this server, kept as they are in their files.
#[derive(Debug)]
pub(crate) struct Keys {
    shared: Arc<Shared>,
    clock: Clock,
    /// Whether anything is in a file. Environment variables and the configuration do not change.
    changes: bool,
    read_at: Mutex<Instant>,
    /// One reading at a time.
    reading: Arc<Semaphore>,
}

#[derive(Debug)]
struct Shared {
    sources: KeySources,
    grants: Grants,
    table: RwLock<Arc<KeyTable>>,
    /// What the last reading complained about, so that it is logged once and not every second.
    complaint: Mutex<Vec<Problem>>,
}

impl Keys {
    /// Reads all keys, on the calling thread: this is for the start.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(crate) fn new(
        sources: KeySources,
        grants: Grants,
        clock: Clock,
    ) -> Result<Self, Vec<Problem>> {
        let table = KeyTable::new(sources.load()?, &grants);
        if table.is_empty() {
            tracing::warn!("there is no key at all: every request will be refused");
        }
        Ok(Self {
            changes: sources.may_change(),
            shared: Arc::new(Shared {
                sources,
                grants,
                table: RwLock::new(Arc::new(table)),
                complaint: Mutex::default(),
            }),
            clock,
            read_at: Mutex::new(Instant::now()),
            reading: Arc::new(Semaphore::new(1)),
        })
    }

    /// Who holds the key. Reads the files again when that is due.
    pub(crate) async fn authenticate(
        &self,
        presented: Presented<'_>,
    ) -> Result<Arc<Principal>, Refusal> {
        self.reread().await;
        self.holder(presented)
    }

    /// Who holds the key, if that can be said without waiting. Where a reading is due it is begun, and the
    /// next look has it.
    pub(crate) fn verified(&self, presented: Presented<'_>) -> Option<Arc<Principal>> {
        if self.is_due() {
            drop(self.begin_reading());
            return None;
        }
        self.holder(presented).ok()
    }

    fn holder(&self, presented: Presented<'_>) -> Result<Arc<Principal>, Refusal> {
        let table = self.shared.table();
        table.find(presented, self.clock.unix_now())
    }

    fn is_due(&self) -> bool {
        let read_at = self.read_at.lock().unwrap_or_else(PoisonError::into_inner);
        self.changes && read_at.elapsed() >= CADENCE
    }

    async fn reread(&self) {
        let Some(reading) = self.begin_reading() else {
            return;
        };
        if tokio::time::timeout(PATIENCE, reading).await.is_err() {
            tracing::warn!("the keys take long to read: going on with those of before");
        }
    }

    /// A reading on a thread of its own; none when it is not due or one is under way.
    fn begin_reading(&self) -> Option<tokio::task::JoinHandle<()>> {
        if !self.is_due() {
            return None;
        }
        let place = Arc::clone(&self.reading).try_acquire_owned().ok()?;
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        let shared = Arc::clone(&self.shared);
        // The thread stores what it read itself: a client that hangs up loses nothing for the others.
        Some(runtime.spawn_blocking(move || {
            shared.reread();
            drop(place);
        }))
    }
}

impl Shared {
    fn table(&self) -> Arc<KeyTable> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the keys as they are now, or keeps those of before when they cannot be read: a slip of the
    /// pen must not lock everybody out.
    fn reread(&self) {
        let complaint = match self.sources.load() {
            Ok(keys) => {
                let table = KeyTable::new(keys, &self.grants);
                if *self.table() != table {
                    tracing::info!(keys = table.len(), "the keys have changed");
                    *self.table.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
                }
                Vec::new()
            }
            Err(problems) => problems,
        };
        let mut last = self
            .complaint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *last == complaint {
            return;
        }
        for problem in &complaint {
            tracing::error!(%problem, "the keys cannot be read, those of before stay");
        }
        if complaint.is_empty() {
            tracing::info!("the keys can be read again");
        }
        *last = complaint;
    }
}

#[cfg(test)]
mod tests;
