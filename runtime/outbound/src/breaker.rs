//! A circuit breaker: a service that fails again and again is left alone for a while, instead of being
//! asked by every call. One may then try it, and decides for all.
//!
//! What a failure is, the caller knows: it says [`Pass::failed`], or [`Pass::succeeded`], or nothing at all.

mod machine;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use machine::{Admission, Machine};
pub use machine::{Change, Condition};

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row that open it; 0 is taken for 1.
    pub failures: u32,
    /// How long it is open the first time; each further time, without a success in between, as long again.
    pub pause: Duration,
    /// The longest that it is open. Less than `pause` is taken for `pause`.
    pub longest: Duration,
}

impl BreakerSettings {
    /// Open for `pause` after so many failures in a row, each time the same.
    pub const fn new(failures: u32, pause: Duration) -> Self {
        Self {
            failures,
            pause,
            longest: pause,
        }
    }
}

impl Default for BreakerSettings {
    /// Five failures in a row, thirty seconds.
    fn default() -> Self {
        Self::new(5, Duration::from_secs(30))
    }
}

/// A circuit breaker. Its clock is the runtime's, which tests can stop and move.
#[derive(Debug)]
pub struct Breaker(Mutex<Machine>);

impl Breaker {
    /// A closed one.
    pub fn new(settings: BreakerSettings) -> Self {
        Self(Mutex::new(Machine::new(BreakerSettings {
            failures: settings.failures.max(1),
            longest: settings.longest.max(settings.pause),
            ..settings
        })))
    }

    /// Leave to ask once.
    ///
    /// # Errors
    /// How long there is none: a second while somebody tries.
    pub fn admit(&self) -> Result<Pass<'_>, Duration> {
        let admission = self.machine().admit(Instant::now())?;
        Ok(Pass {
            breaker: self,
            admission: Some(admission),
        })
    }

    /// How it stands now.
    pub fn condition(&self) -> Condition {
        self.machine().condition(Instant::now())
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new(BreakerSettings::default())
    }
}

/// Leave to ask once. Dropped without a word (the call was given up, or its end says nothing about the
/// service) it changes nothing, except that another may try.
#[derive(Debug)]
pub struct Pass<'a> {
    breaker: &'a Breaker,
    /// Taken when it is used.
    admission: Option<Admission>,
}

impl Pass<'_> {
    /// Whether this is the one that tries a service that failed.
    pub fn is_trial(&self) -> bool {
        self.admission.is_some_and(|admission| admission.is_trial)
    }

    /// The service answered. Returns what this changed.
    pub fn succeeded(mut self) -> Option<Change> {
        let admission = self.admission.take()?;
        self.breaker.machine().succeeded(admission)
    }

    /// The service failed. With `rest`, which is what it asked for, it is left alone at once and for that
    /// long (an hour at most). Returns what this changed.
    pub fn failed(mut self, rest: Option<Duration>) -> Option<Change> {
        let admission = self.admission.take()?;
        self.breaker
            .machine()
            .failed(admission, rest, Instant::now())
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            self.breaker.machine().abandoned(admission, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests;
