//! Whether Redis answers: one connection for all, one attempt at a time, and a second's rest after each failure.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    Unavailable,
    connect::{Address, Connection},
    loss::Loss,
};

/// How long nothing is tried after a failure.
const REST: Duration = Duration::from_secs(1);

/// How long an attempt to connect may take; callers wait for it no longer than their timeout.
const ATTEMPT: Duration = Duration::from_secs(2);

/// The way to Redis.
pub(super) struct Link {
    address: Arc<Address>,
    timeout: Duration,
    phase: Mutex<Phase>,
    /// That it cannot be used was logged, and since then nothing else.
    reported: AtomicBool,
}

enum Phase {
    /// To be connected at the next call from `until` on.
    Down { until: Option<Instant> },
    Connecting {
        since: Instant,
        done: watch::Receiver<()>,
        _task: AbortOnDropHandle<()>,
    },
    Up {
        connection: Connection,
        since: Instant,
    },
}

impl Link {
    pub(super) fn new(address: Address, timeout: Duration) -> Self {
        Self {
            address: Arc::new(address),
            timeout,
            phase: Mutex::new(Phase::Down { until: None }),
            reported: AtomicBool::new(false),
        }
    }

    /// The connection, made if there is none, by `deadline`.
    pub(super) async fn connection(
        self: &Arc<Self>,
        deadline: Instant,
    ) -> Result<Connection, Unavailable> {
        loop {
            let (since, mut done) = {
                let mut phase = self.phase();
                match &*phase {
                    Phase::Up { connection, .. } if connection.is_open() => {
                        return Ok(connection.clone());
                    }
                    // Redis closes what is idle for long. But what is closed as soon as it is opened is a failure.
                    Phase::Up { since, .. } if since.elapsed() >= REST => self.attempt(&mut phase),
                    Phase::Up { .. } => {
                        self.fail(&mut phase, &Loss::Closed);
                        return Err(Unavailable);
                    }
                    Phase::Connecting { since, done, .. } => (*since, done.clone()),
                    Phase::Down { until: Some(until) } if Instant::now() < *until => {
                        return Err(Unavailable);
                    }
                    Phase::Down { .. } => self.attempt(&mut phase),
                }
            };
            // Once an attempt takes longer than one timeout, nobody waits for it any more.
            let patience = deadline.min(since + self.timeout);
            match timeout_at(patience, done.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => self.abandoned(&done),
                Err(_) => return Err(Unavailable),
            }
        }
    }

    fn attempt(self: &Arc<Self>, phase: &mut Phase) -> (Instant, watch::Receiver<()>) {
        let since = Instant::now();
        let (tell, done) = watch::channel(());
        let task = tokio::spawn(connect(
            Arc::downgrade(self),
            Arc::clone(&self.address),
            tell,
        ));
        *phase = Phase::Connecting {
            since,
            done: done.clone(),
            _task: AbortOnDropHandle::new(task),
        };
        (since, done)
    }

    /// The runtime that an attempt was made on is gone, and the attempt with it.
    fn abandoned(&self, attempt: &watch::Receiver<()>) {
        let mut phase = self.phase();
        if matches!(&*phase, Phase::Connecting { done, .. } if done.same_channel(attempt)) {
            *phase = Phase::Down { until: None };
        }
    }

    /// A command failed on `connection`: it is closed, and nothing is tried for a while.
    pub(super) fn lost(&self, connection: &Connection, loss: &Loss) -> Unavailable {
        let mut phase = self.phase();
        // Whoever else waited on the same connection comes here too, perhaps after it was replaced.
        if matches!(&*phase, Phase::Up { connection: current, .. } if current.is(connection)) {
            self.fail(&mut phase, loss);
        }
        Unavailable
    }

    fn fail(&self, phase: &mut Phase, loss: &Loss) {
        *phase = Phase::Down {
            until: Some(Instant::now() + REST),
        };
        if !self.reported.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "Redis cannot be used: {loss}; until it is back, rates hold per process and gates stay closed"
            );
        }
    }

    /// A command was answered.
    pub(super) fn works(&self) {
        if self.reported.load(Ordering::Relaxed) && self.reported.swap(false, Ordering::Relaxed) {
            tracing::info!("Redis is back: limits are shared again");
        }
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        // Nothing panics while it is held, and each value of it is whole.
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds the link weakly, so that dropping it ends the attempt.
async fn connect(link: Weak<Link>, address: Arc<Address>, tell: watch::Sender<()>) {
    let outcome = timeout(ATTEMPT, address.connect())
        .await
        .unwrap_or(Err(Loss::Silent));
    let Some(link) = link.upgrade() else { return };
    {
        let mut phase = link.phase();
        match outcome {
            Ok(connection) => {
                *phase = Phase::Up {
                    connection,
                    since: Instant::now(),
                };
            }
            Err(loss) => link.fail(&mut phase, &loss),
        }
    }
    // Nobody may be waiting any more.
    tell.send_replace(());
}

impl fmt::Debug for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &*self.phase() {
            Phase::Down { .. } => "down",
            Phase::Connecting { .. } => "connecting",
            Phase::Up { .. } => "up",
        };
        formatter.debug_tuple("Link").field(&phase).finish()
    }
}
