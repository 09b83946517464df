//! Calls of one service, through its faults: how many at once, how long waited, how often tried, and when
//! not at all. Every plugin of a web service makes its calls through here.
//!
//! In the room: the order of these. What a request holds and what an answer means is the plugin's, which
//! passes it as a closure; see [`Said`].

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mcp_factory_sdk::Health;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout_at};

use crate::breaker::{Breaker, Change, Condition, Pass};
use crate::client::Client;
use crate::halt::{Halt, whole_seconds};
use crate::pauses::{Pauses, TooLong};
use crate::retry;
use crate::said::Said;
use crate::settings::Faults;

/// The longest wait before the first repetition; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// A service that was silent for so long, or for as long as a request may take, has failed.
const ENOUGH: Duration = Duration::from_secs(10);
/// What is kept of a call's time to say what came of it.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// The bounds of calls to one service.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamSettings {
    /// Requests at once; more wait for their turn, no longer than one request may take.
    pub at_once: usize,
    /// How long one request may take.
    pub timeout: Duration,
    /// How long one call may wait between its requests, for rate limits and before repetitions.
    pub wait_max: Duration,
    /// How often a request is sent again, and when the service is left alone.
    pub faults: Faults,
}

/// What is to be done, as far as it matters for doing it again.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// The rate limit it falls under: those of one name wait together.
    pub limit: &'static str,
    /// Whether doing it twice is as good as doing it once.
    pub is_repeatable: bool,
    /// When the call's time is up, if it has a limit.
    pub deadline: Option<std::time::Instant>,
}

/// The way to one service. What is known of it is known to all calls.
#[derive(Debug)]
pub struct Upstream {
    name: &'static str,
    client: Client,
    settings: UpstreamSettings,
    slots: Semaphore,
    pauses: Pauses,
    breaker: Breaker,
    /// Whether the credential was refused the last time.
    refused: AtomicBool,
    /// Faults of the service, and requests that were sent again, since the start.
    failures: AtomicUsize,
    repeated: AtomicUsize,
}

/// Leave for one attempt.
struct Turn<'a> {
    _slot: SemaphorePermit<'a>,
    pass: Pass<'a>,
    timeout: Duration,
}

impl Upstream {
    /// `name` is what people call the service.
    pub fn new(name: &'static str, client: Client, settings: UpstreamSettings) -> Self {
        Self {
            name,
            client,
            slots: Semaphore::new(settings.at_once.clamp(1, Semaphore::MAX_PERMITS)),
            pauses: Pauses::default(),
            breaker: Breaker::new(settings.faults.breaker),
            settings,
            refused: AtomicBool::new(false),
            failures: AtomicUsize::new(0),
            repeated: AtomicUsize::new(0),
        }
    }

    /// What attempts are sent with.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Attempts `work` until it is answered, as often as may be. `attempt` is told how long its request may
    /// take; dropping this future ends it, wherever it is.
    ///
    /// A rate limit is waited for, with all other work under the same limit, as long as `wait_max` and the
    /// deadline allow. After a fault, what may be repeated is, after a wait that is drawn.
    ///
    /// # Errors
    /// Those of `attempt`; [`Halt`] when the service may not be asked, or not any more.
    pub async fn call<T, E, F>(
        &self,
        work: Work,
        mut attempt: impl FnMut(Duration) -> F,
    ) -> Result<T, E>
    where
        E: From<Halt>,
        F: Future<Output = Said<T, E>>,
    {
        let patience = self.patience(work.deadline);
        let mut tries = 0;
        loop {
            self.pauses
                .wait(work.limit, patience)
                .await
                .map_err(Halt::from)?;
            let Turn {
                _slot: slot,
                pass,
                timeout,
            } = self.turn(work.deadline).await?;
            let said = attempt(timeout).await;
            drop(slot);
            tries += 1;
            let is_last = tries > self.settings.faults.retries;
            match said {
                Said::Answer(answer) => {
                    self.tell(pass.succeeded());
                    return answer;
                }
                Said::Own(error) => return Err(error),
                Said::Later(pause) => {
                    self.tell(pass.succeeded());
                    self.pauses.note(work.limit, retry::jittered(pause));
                    if is_last {
                        let seconds = whole_seconds(self.pauses.left(work.limit));
                        return Err(Halt::Limited(TooLong { seconds }).into());
                    }
                }
                Said::Fault(fault, answer) => {
                    self.failures.fetch_add(1, Ordering::Relaxed);
                    // A request may be allowed a little less, for the last words.
                    let enough = self.settings.timeout.min(ENOUGH).mul_f64(0.9);
                    if fault.counts(timeout, enough) {
                        self.tell(pass.failed(None));
                    }
                    if let Some(asked) = fault.asked() {
                        self.pauses.note(work.limit, retry::jittered(asked));
                    }
                    if is_last
                        || !fault.may_repeat(work.is_repeatable)
                        || self.closed_for().is_some()
                    {
                        return answer;
                    }
                    // What the service asked for is waited for with all others, at the top.
                    if fault.asked().is_none() {
                        let wait = retry::backoff(tries - 1, FIRST_WAIT, LONGEST_WAIT);
                        if patience.saturating_duration_since(Instant::now()) <= wait {
                            return answer;
                        }
                        drop(answer);
                        sleep(wait).await;
                    }
                    self.repeated.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(service = self.name, tries, "asking again");
                }
            }
        }
    }

    /// Until when a call may wait between its requests.
    fn patience(&self, deadline: Option<std::time::Instant>) -> Instant {
        let now = Instant::now();
        let patience = now.checked_add(self.settings.wait_max).unwrap_or(now);
        deadline.map_or(patience, |deadline| {
            patience.min(Instant::from_std(deadline))
        })
    }

    /// A slot, leave to ask, and how long the request may take.
    async fn turn(&self, deadline: Option<std::time::Instant>) -> Result<Turn<'_>, Halt> {
        // Nobody waits for a place in order to be told that there is no use in it.
        if let Some(left) = self.closed_for() {
            return Err(Halt::Open(left));
        }
        let deadline = deadline.map(Instant::from_std);
        let now = Instant::now();
        let until = now.checked_add(self.settings.timeout).unwrap_or(now);
        let until = deadline.map_or(until, |deadline| until.min(deadline));
        let slot = timeout_at(until, self.slots.acquire()).await;
        // The semaphore is never closed.
        let Ok(Ok(slot)) = slot else {
            return Err(Halt::Busy);
        };
        let timeout = self.request_timeout(deadline).ok_or(Halt::OutOfTime)?;
        let pass = self.breaker.admit().map_err(Halt::Open)?;
        Ok(Turn {
            _slot: slot,
            pass,
            timeout,
        })
    }

    /// How long a request may take, so that there is time left to say what came of it.
    fn request_timeout(&self, deadline: Option<Instant>) -> Option<Duration> {
        let Some(deadline) = deadline else {
            return Some(self.settings.timeout);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let left = left.saturating_sub(LAST_WORDS.min(left / 10));
        (!left.is_zero()).then(|| left.min(self.settings.timeout))
    }

    /// How long the service must not be asked, because it failed.
    fn closed_for(&self) -> Option<Duration> {
        match self.breaker.condition() {
            Condition::Open(left) if !left.is_zero() => Some(left),
            Condition::Trial => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// Once a change, not once a call.
    fn tell(&self, change: Option<Change>) {
        let service = self.name;
        match change {
            Some(Change::Opened(pause)) => {
                tracing::warn!(
                    service,
                    ?pause,
                    "a service keeps failing and is left alone for a while"
                );
            }
            Some(Change::Closed) => tracing::info!(service, "a service that failed answers again"),
            Some(Change::StaysOpen(pause)) => {
                tracing::debug!(service, ?pause, "a service still fails");
            }
            None => {}
        }
    }

    /// Notes whether the service refused the credential.
    pub fn note_refused(&self, is_refused: bool) {
        self.refused.store(is_refused, Ordering::Relaxed);
    }

    /// Whether the service refused the credential the last time.
    pub fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many rate limits are waited for.
    pub fn paused(&self) -> usize {
        self.pauses.count()
    }

    /// How many requests are on their way.
    pub fn in_flight(&self) -> usize {
        self.settings
            .at_once
            .saturating_sub(self.slots.available_permits())
    }

    /// How the service is doing: `refused` is said when it does not accept the credential. The gauges are
    /// `requests_in_flight`, `breaker_open`, `upstream_failures_total` and `upstream_retries_total`.
    pub fn health(&self, refused: &str) -> Health {
        let left = match self.breaker.condition() {
            Condition::Open(left) if !left.is_zero() => Some(left),
            _ => None,
        };
        let health = match left {
            Some(left) => Health::failing(format!(
                "{} failed several times in a row; it is asked again in {} seconds",
                self.name,
                whole_seconds(left)
            )),
            None if self.is_refused() => Health::failing(refused),
            None => Health::ok(),
        };
        health
            .count("requests_in_flight", self.in_flight())
            .count("breaker_open", usize::from(left.is_some()))
            .count(
                "upstream_failures_total",
                self.failures.load(Ordering::Relaxed),
            )
            .count(
                "upstream_retries_total",
                self.repeated.load(Ordering::Relaxed),
            )
    }
}

#[cfg(test)]
mod tests;
