//! Whether an engine may be asked: after some failures in a row it rests, then one call tries it again.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The longest rest that an engine's own word can bring about.
pub(crate) const LONGEST_REST: Duration = Duration::from_hours(1);

/// A circuit breaker.
#[derive(Debug)]
pub(crate) struct Breaker {
    threshold: u32,
    cooldown: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Calls run; so many failures in a row.
    Closed(u32),
    /// No call runs until then.
    Open(Instant),
    /// One call runs; the rest waits for what it finds.
    Probing,
}

/// What is to be seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Ready { failures: u32 },
    Resting(Duration),
    Probing,
}

impl Breaker {
    /// Rests for `cooldown` after `threshold` failures in a row.
    pub(crate) const fn new(threshold: u32, cooldown: Duration) -> Self {
        Self {
            threshold,
            cooldown,
            state: Mutex::new(State::Closed(0)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a call through, or says how long there will be none; zero while another call is trying it out.
    pub(crate) fn admit(&self) -> Result<Pass<'_>, Duration> {
        let mut state = self.state();
        let probe = match *state {
            State::Closed(_) => false,
            State::Open(until) => match until.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => return Err(left),
                _ => {
                    *state = State::Probing;
                    true
                }
            },
            State::Probing => return Err(Duration::ZERO),
        };
        Ok(Pass {
            breaker: self,
            probe,
        })
    }

    pub(crate) fn condition(&self) -> Condition {
        match *self.state() {
            State::Closed(failures) => Condition::Ready { failures },
            State::Open(until) => {
                Condition::Resting(until.saturating_duration_since(Instant::now()))
            }
            State::Probing => Condition::Probing,
        }
    }
}

/// One call that was let through. Dropped without a word (the call was cancelled, or its end says nothing
/// about the engine) it changes nothing, except that another call may try out a resting engine.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Pass<'_> {
    /// The engine works.
    pub(crate) fn succeeded(mut self) {
        let mut state = self.breaker.state();
        // A late answer to a call from before the rest does not end the rest.
        if self.probe || matches!(*state, State::Closed(_)) {
            *state = State::Closed(0);
        }
        self.probe = false;
    }

    /// The engine failed, and asked for that long a rest if it said so.
    pub(crate) fn failed(mut self, rest: Option<Duration>) {
        let mut state = self.breaker.state();
        let until = Instant::now() + rest.unwrap_or(self.breaker.cooldown).min(LONGEST_REST);
        *state = match *state {
            State::Closed(failures) => {
                let failures = failures.saturating_add(1);
                if rest.is_some() || failures >= self.breaker.threshold {
                    State::Open(until)
                } else {
                    State::Closed(failures)
                }
            }
            State::Open(already) if rest.is_some() => State::Open(already.max(until)),
            State::Probing if self.probe => State::Open(until),
            unchanged => unchanged,
        };
        self.probe = false;
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe {
            *self.breaker.state() = State::Open(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const COOLDOWN: Duration = Duration::from_secs(30);

    fn breaker() -> Breaker {
        Breaker::new(3, COOLDOWN)
    }

    fn fail(breaker: &Breaker, rest: Option<u64>) {
        let pass = breaker.admit().expect("admitted");
        pass.failed(rest.map(Duration::from_secs));
    }

    #[tokio::test(start_paused = true)]
    async fn three_failures_in_a_row_make_it_rest_and_two_do_not() {
        let breaker = breaker();
        fail(&breaker, None);
        fail(&breaker, None);
        breaker.admit().expect("two are not three").succeeded();
        fail(&breaker, None);
        fail(&breaker, None);
        assert_eq!(breaker.condition(), Condition::Ready { failures: 2 });
        fail(&breaker, None);
        assert_eq!(breaker.admit().err(), Some(COOLDOWN));
        advance(COOLDOWN.saturating_sub(Duration::from_millis(1))).await;
        assert_eq!(breaker.admit().err(), Some(Duration::from_millis(1)));
        advance(Duration::from_millis(1)).await;
        assert!(breaker.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_tries_it_out_and_decides() {
        let breaker = breaker();
        fail(&breaker, Some(5));
        advance(Duration::from_secs(5)).await;
        let probe = breaker.admit().expect("the first may");
        assert_eq!(
            breaker.admit().err(),
            Some(Duration::ZERO),
            "the second may not"
        );
        assert_eq!(breaker.condition(), Condition::Probing);
        probe.failed(None);
        assert_eq!(
            breaker.admit().err(),
            Some(COOLDOWN),
            "one failed probe is enough"
        );
        advance(COOLDOWN).await;
        breaker.admit().expect("a probe").succeeded();
        assert_eq!(breaker.condition(), Condition::Ready { failures: 0 });
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_probe_leaves_the_place_to_the_next() {
        let breaker = breaker();
        fail(&breaker, Some(5));
        advance(Duration::from_secs(5)).await;
        drop(breaker.admit().expect("a probe"));
        assert!(breaker.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_engine_asks_for_is_kept_within_an_hour() {
        let breaker = breaker();
        fail(&breaker, Some(7));
        assert_eq!(breaker.admit().err(), Some(Duration::from_secs(7)));
        let breaker = Breaker::new(3, COOLDOWN);
        fail(&breaker, Some(u64::MAX));
        assert_eq!(breaker.admit().err(), Some(LONGEST_REST));
    }

    #[tokio::test(start_paused = true)]
    async fn late_news_of_older_calls_does_not_end_or_shorten_a_rest() {
        let breaker = breaker();
        let (late, later) = (breaker.admit().expect("1"), breaker.admit().expect("2"));
        fail(&breaker, Some(60));
        late.succeeded();
        assert_eq!(breaker.admit().err(), Some(Duration::from_mins(1)));
        later.failed(Some(Duration::from_secs(5)));
        assert_eq!(breaker.admit().err(), Some(Duration::from_mins(1)));
    }
}
