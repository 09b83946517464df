//! An issuer that fails is left alone for a while, instead of being asked by every request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row that open the breaker.
const FAILURES: u32 = 5;
/// How long it stays open the first time; each further time as long again, up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(30);

/// Closed: everybody may ask. Open: nobody. Then one may try, and what becomes of that decides.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// How often it opened without a success in between.
    opened: u32,
    open_until: Option<Instant>,
    trying: bool,
}

/// Leave to ask once. Dropped without a word, it says nothing about the issuer.
#[derive(Debug)]
pub(super) struct Leave<'a> {
    breaker: &'a Breaker,
    trial: bool,
}

impl Breaker {
    /// Leave to ask, or how long there is none.
    pub(super) fn ask(&self) -> Result<Leave<'_>, Duration> {
        let mut state = self.lock();
        let Some(until) = state.open_until else {
            return Ok(self.leave(false));
        };
        let left = until.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            return Err(left);
        }
        if state.trying {
            return Err(Duration::from_secs(1));
        }
        state.trying = true;
        Ok(self.leave(true))
    }

    const fn leave(&self, trial: bool) -> Leave<'_> {
        Leave {
            breaker: self,
            trial,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave<'_> {
    /// The issuer answered.
    pub(super) fn succeeded(self) {
        *self.breaker.lock() = State::default();
    }

    /// It did not. Returns for how long nobody will ask, when this opened the breaker.
    pub(super) fn failed(self) -> Option<Duration> {
        let mut state = self.breaker.lock();
        state.failures += 1;
        // Requests that were under way when it opened say nothing new.
        let opens = self.trial || (state.open_until.is_none() && state.failures >= FAILURES);
        if !opens {
            return None;
        }
        state.opened += 1;
        let pause = LONGEST.min(FIRST * state.opened);
        state.open_until = Some(Instant::now() + pause);
        Some(pause)
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if self.trial {
            self.breaker.lock().trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker) -> Option<Duration> {
        breaker.ask().expect("leave").failed()
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn five_failures_in_a_row_open_it() {
        let breaker = Breaker::default();
        for _ in 0..4 {
            assert_eq!(fail(&breaker), None);
        }
        breaker.ask().expect("leave").succeeded();
        for _ in 0..4 {
            assert_eq!(fail(&breaker), None);
        }
        let under_way = breaker.ask().expect("leave");
        assert_eq!(fail(&breaker), Some(seconds(10)));
        assert_eq!(breaker.ask().expect_err("open"), seconds(10));
        assert_eq!(under_way.failed(), None, "said already");
        tokio::time::advance(seconds(4)).await;
        assert_eq!(breaker.ask().expect_err("open"), seconds(6));
    }

    #[tokio::test(start_paused = true)]
    async fn then_one_tries_and_decides() {
        let breaker = Breaker::default();
        while fail(&breaker).is_none() {}
        for pause in [20, 30, 30] {
            tokio::time::advance(seconds(30)).await;
            let trial = breaker.ask().expect("one may try");
            assert_eq!(breaker.ask().expect_err("only one"), seconds(1));
            drop(trial);
            let trial = breaker.ask().expect("another, since that one went away");
            assert_eq!(trial.failed(), Some(seconds(pause)));
            assert!(breaker.ask().is_err());
        }
        tokio::time::advance(seconds(30)).await;
        breaker.ask().expect("one may try").succeeded();
        for _ in 0..4 {
            assert_eq!(fail(&breaker), None);
        }
        assert_eq!(
            fail(&breaker),
            Some(seconds(10)),
            "as if it were the first time"
        );
    }
}
