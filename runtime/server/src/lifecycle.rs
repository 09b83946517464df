//! From "serving" to "gone": drain on a signal, stop at the deadline, leave at the second signal.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What tasks may still take after they were told to stop.
const STOP_GRACE: Duration = Duration::from_millis(500);

/// The two steps down, and every task that has to take them. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifecycle {
    draining: CancellationToken,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// Takes no new work from here on: not ready, nothing accepted.
    pub(crate) fn drain(&self) {
        self.draining.cancel();
    }

    /// Drops what is left.
    pub(crate) fn stop(&self) {
        self.draining.cancel();
        self.stopping.cancel();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Waits until the server drains.
    pub(crate) async fn draining(&self) {
        self.draining.cancelled().await;
    }

    /// Waits until the time for draining is over.
    pub(crate) async fn stopping(&self) {
        self.stopping.cancelled().await;
    }

    /// A token that is cancelled when the server drains, for streams that would never end by themselves.
    pub(crate) fn drain_token(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// A token that is cancelled when the time for draining is over.
    pub(crate) fn stop_token(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Every spawned task of the server is spawned here.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }
}

/// How serving came to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended<T> {
    /// By itself, or after a complete or cut drain.
    Served(Option<T>),
    /// By a second signal, with this number.
    Interrupted(i32),
}

/// Runs `serve` until it ends. The first signal starts the drain, which lasts at
/// most `grace`; then what is left is cancelled. A second signal ends at once.
pub(crate) async fn supervise<T>(
    lifecycle: &Lifecycle,
    grace: Duration,
    mut signals: impl Signals,
    serve: impl Future<Output = T>,
) -> Ended<T> {
    tokio::pin!(serve);
    let first = tokio::select! {
        served = &mut serve => {
            lifecycle.stop();
            wait_for_tasks(lifecycle).await;
            return Ended::Served(Some(served));
        }
        first = signals.next() => first,
    };
    tracing::info!(
        signal = first,
        ?grace,
        "draining; a second signal ends at once"
    );
    lifecycle.drain();
    let finish = async {
        let served = tokio::time::timeout(grace, &mut serve).await.ok();
        lifecycle.stop();
        let served = match served {
            Some(served) => Some(served),
            None => {
                tracing::warn!("the drain took too long: what was still running is cancelled");
                tokio::time::timeout(STOP_GRACE, &mut serve).await.ok()
            }
        };
        wait_for_tasks(lifecycle).await;
        served
    };
    tokio::select! {
        served = finish => Ended::Served(served),
        second = signals.next() => Ended::Interrupted(second),
    }
}

async fn wait_for_tasks(lifecycle: &Lifecycle) {
    lifecycle.tasks.close();
    if tokio::time::timeout(STOP_GRACE, lifecycle.tasks.wait())
        .await
        .is_err()
    {
        tracing::warn!(tasks = lifecycle.tasks.len(), "some tasks did not stop");
    }
}

/// Requests to end, by their number.
pub(crate) trait Signals {
    /// The next one.
    fn next(&mut self) -> impl Future<Output = i32>;
}

/// SIGTERM and SIGINT. From the moment this exists neither kills the process.
#[derive(Debug)]
pub(crate) struct TerminationSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl TerminationSignals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }
}

impl Signals for TerminationSignals {
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
        }
    }
}
