//! A document that is fetched when it is first needed and again when it is old, at most once at a time.
//! Callers are served from the last good copy while a new one is fetched, and for a day when none can be had.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::fetch::FetchError;

/// Where a document comes from.
pub(crate) trait Source: Send + Sync + 'static {
    type Document: Send + Sync + 'static;

    /// What it is, for the log.
    fn name(&self) -> String;

    /// Fetches and checks it.
    fn load(&self) -> impl Future<Output = Result<Self::Document, LoadError>> + Send;
}

/// Why there is no new copy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoadError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It came and cannot be used.
    #[error("{0}")]
    Document(String),
    /// Something it depends on is missing.
    #[error("the authorization server's metadata is unavailable")]
    Dependency,
}

/// How old a copy may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// Served without a question.
    pub(crate) fresh: Duration,
    /// Served while the source fails.
    pub(crate) stale_if_error: Duration,
    /// From the start of one try to the start of the next, whatever became of the first.
    pub(crate) cool_down: Duration,
    /// The longest try.
    pub(crate) limit: Duration,
}

/// The cool-down while there is no copy at all.
const WITHOUT_A_COPY: Duration = Duration::from_secs(2);

/// Why a caller got nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The document is at hand, and what was looked for is not in it.
    Unknown,
    /// No document can be had now.
    Unavailable { retry_after: Duration },
}

/// The document of one source, cached.
pub(crate) struct Refreshed<S: Source> {
    shared: Arc<Shared<S>>,
}

struct Shared<S: Source> {
    source: S,
    timing: Timing,
    state: Mutex<State<S::Document>>,
}

struct State<D> {
    held: Option<(Arc<D>, Instant)>,
    tried: Option<Instant>,
    failing: bool,
    /// Closed when the try has ended, in whatever way.
    running: Option<(watch::Receiver<()>, AbortHandle)>,
}

impl<S: Source> Refreshed<S> {
    /// Nothing is fetched yet.
    pub(crate) fn new(source: S, timing: Timing) -> Self {
        let state = State {
            held: None,
            tried: None,
            failing: false,
            running: None,
        };
        Self {
            shared: Arc::new(Shared {
                source,
                timing,
                state: Mutex::new(state),
            }),
        }
    }

    /// What `find` finds in the document. Waits for a fetch only when there is nothing else to go by.
    pub(crate) async fn get<R>(
        &self,
        find: impl Fn(&S::Document) -> Option<R>,
    ) -> Result<R, Missing> {
        let timing = self.shared.timing;
        let held = self.shared.usable();
        let found = held.and_then(|(document, age)| Some((find(&document)?, age)));
        let (fallback, running) = match found {
            Some((found, age)) if age < timing.fresh => return Ok(found),
            Some((found, age)) => {
                // One fresh period long the old copy answers while a new one is fetched. A copy that nobody
                // asked for in hours may hold a key withdrawn since, so then the new one is waited for; not
                // if the source was failing when last tried, or every caller would wait for it to time out.
                let failing = self.shared.lock().failing;
                let running = self.start();
                if age < 2 * timing.fresh || failing {
                    return Ok(found);
                }
                (Some(found), running)
            }
            None => (None, self.start()),
        };
        if let Some(mut running) = running {
            // An error is the end of the try: its sender is gone.
            while running.changed().await.is_ok() {}
        }
        // Looked up again in any case: a try may have ended just now, and so not be running.
        let new = self.shared.usable();
        let found = new.and_then(|(document, _)| find(&document));
        let failing = self.shared.lock().failing;
        found
            .or(fallback.filter(|_| failing))
            .ok_or_else(|| self.shared.missing())
    }

    /// The running try, or a new one; none while the last is too recent.
    fn start(&self) -> Option<watch::Receiver<()>> {
        let mut state = self.shared.lock();
        if let Some((running, _)) = &state.running
            && running.has_changed().is_ok()
        {
            return Some(running.clone());
        }
        let cool_down = self.shared.cool_down(&state);
        if state.tried.is_some_and(|at| at.elapsed() < cool_down) {
            return None;
        }
        state.tried = Some(Instant::now());
        // What is fetched because something was looked for in a fresh copy and not found.
        let fresh = |(_, since): &(_, Instant)| since.elapsed() < self.shared.timing.fresh;
        let for_a_miss = state.held.as_ref().is_some_and(fresh);
        let (done, running) = watch::channel(());
        let shared = Arc::clone(&self.shared);
        // A task of its own, so that a caller who hangs up does not take the answer from the others.
        let task = tokio::spawn(async move {
            shared.refresh(for_a_miss).await;
            drop(done);
        });
        state.running = Some((running.clone(), task.abort_handle()));
        Some(running)
    }
}

impl<S: Source> Drop for Refreshed<S> {
    fn drop(&mut self) {
        if let Some((_, task)) = self.shared.lock().running.take() {
            task.abort();
        }
    }
}

impl<S: Source> Shared<S> {
    /// One try, kept within its limit.
    async fn refresh(&self, for_a_miss: bool) {
        let loaded = tokio::time::timeout(self.timing.limit, self.source.load());
        let loaded = loaded
            .await
            .unwrap_or(Err(LoadError::Fetch(FetchError::Timeout)));
        let mut state = self.lock();
        state.failing = loaded.is_err();
        match loaded {
            Ok(document) => {
                state.held = Some((Arc::new(document), Instant::now()));
                if !for_a_miss {
                    // The next miss need not wait: what is missing may have been published just now.
                    state.tried = None;
                }
            }
            Err(error) => {
                drop(state);
                tracing::warn!(%error, "{} could not be fetched", self.source.name());
            }
        }
    }

    /// The copy at hand and its age, unless it is too old for anything.
    fn usable(&self) -> Option<(Arc<S::Document>, Duration)> {
        let state = self.lock();
        let (document, since) = state.held.as_ref()?;
        let age = since.elapsed();
        let limit = self.timing.fresh + self.timing.stale_if_error;
        (age < limit).then(|| (Arc::clone(document), age))
    }

    /// How long nothing is tried after a try. Without any copy nobody can be served, and the source may be
    /// starting up beside this server.
    fn cool_down(&self, state: &State<S::Document>) -> Duration {
        if state.held.is_none() {
            self.timing.cool_down.min(WITHOUT_A_COPY)
        } else {
            self.timing.cool_down
        }
    }

    /// Nothing was found: because it does not exist, or because we cannot know.
    fn missing(&self) -> Missing {
        let usable = self.usable().is_some();
        let state = self.lock();
        if usable && !state.failing {
            return Missing::Unknown;
        }
        let since = state.tried.map_or(Duration::ZERO, |at| at.elapsed());
        let left = self.cool_down(&state).saturating_sub(since);
        Missing::Unavailable {
            retry_after: left.max(Duration::from_secs(1)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<S::Document>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
