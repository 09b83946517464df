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
        let served = if served.is_none() {
            tracing::warn!("the drain took too long: what was still running is cancelled");
            tokio::time::timeout(STOP_GRACE, &mut serve).await.ok()
        } else {
            served
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

/// SIGTERM, SIGINT and SIGHUP (the terminal is gone). From the moment this exists none kills the process.
#[derive(Debug)]
pub(crate) struct TerminationSignals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl TerminationSignals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

impl Signals for TerminationSignals {
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
            _ = self.hang_up.recv() => SignalKind::hangup().as_raw_value(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;

    impl Signals for mpsc::Receiver<i32> {
        async fn next(&mut self) -> i32 {
            match self.recv().await {
                Some(signal) => signal,
                None => std::future::pending().await,
            }
        }
    }

    const GRACE: Duration = Duration::from_secs(20);

    /// Supervises `serve`, with signals at these times; how it ended and after how long.
    async fn run<T>(
        at: &'static [(u64, i32)],
        serve: impl AsyncFnOnce(&Lifecycle) -> T,
    ) -> (Ended<T>, Duration) {
        let (send, signals) = mpsc::channel(4);
        tokio::spawn(async move {
            let began = Instant::now();
            for (second, signal) in at {
                tokio::time::sleep_until(began + Duration::from_secs(*second)).await;
                send.send(*signal).await.ok();
            }
        });
        let (lifecycle, began) = (Lifecycle::default(), Instant::now());
        let ended = supervise(&lifecycle, GRACE, signals, serve(&lifecycle)).await;
        (ended, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn serving_that_ends_by_itself_stops_the_rest() {
        let (ended, took) = run(&[], async |lifecycle| {
            let lifecycle = lifecycle.clone();
            let tasks = lifecycle.tasks().clone();
            tasks.spawn(async move { lifecycle.stopping().await });
            7
        })
        .await;
        assert_eq!(ended, Ended::Served(Some(7)));
        assert!(took < Duration::from_millis(10), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_signal_drains() {
        let (ended, took) = run(&[(1, 15)], async |lifecycle| {
            lifecycle.draining().await;
            assert!(lifecycle.is_draining() && !lifecycle.stop_token().is_cancelled());
            tokio::time::sleep(Duration::from_secs(5)).await;
            7
        })
        .await;
        assert_eq!(ended, Ended::Served(Some(7)));
        assert!(
            (Duration::from_secs(6)..Duration::from_secs(7)).contains(&took),
            "{took:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_drain_has_an_end() {
        let (ended, took) = run(&[(1, 15)], async |lifecycle| {
            lifecycle.stopping().await;
            7
        })
        .await;
        assert_eq!(ended, Ended::Served(Some(7)));
        assert!(
            (Duration::from_secs(21)..Duration::from_secs(22)).contains(&took),
            "{took:?}"
        );
        let (ended, took) = run(&[(1, 15)], async |_| std::future::pending::<()>().await).await;
        assert_eq!(ended, Ended::Served(None));
        assert!(took <= Duration::from_secs(22), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_signal_ends_at_once() {
        let (ended, took) = run(&[(1, 15), (3, 2)], async |_| {
            std::future::pending::<()>().await;
        })
        .await;
        assert_eq!(ended, Ended::Interrupted(2));
        assert!(
            (Duration::from_secs(3)..Duration::from_secs(4)).contains(&took),
            "{took:?}"
        );
    }
}
