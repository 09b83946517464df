//! The states of a circuit breaker, without a lock and without a clock: the time is an argument.
//!
//! Closed: everybody may ask. Open: nobody, until a time. Then one may try, and what becomes of that
//! decides. Only the success of that one closes it again.

use std::time::Duration;

use tokio::time::Instant;

use super::BreakerSettings;
use crate::pauses::LONGEST_PAUSE;

/// What others are told to wait while one tries.
const DURING_A_TRIAL: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Machine {
    settings: BreakerSettings,
    state: State,
    /// How often it opened without a success in between.
    opened: u32,
    /// Counts openings and closings, by which news from before one is known to be old.
    era: u64,
}

#[derive(Debug)]
enum State {
    /// So many failures in a row.
    Closed { failures: u32 },
    /// Until then; `pause` is how long that was when it began.
    Open { until: Instant, pause: Duration },
    /// One tries.
    Trial,
}

/// What was handed to whoever may ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admission {
    pub(super) is_trial: bool,
    era: u64,
}

/// What is to be seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All may ask.
    Closed {
        /// The failures in a row so far.
        failures: u32,
    },
    /// Nobody may, for so long; when that is over one may try.
    Open(Duration),
    /// One is trying.
    Trial,
}

/// Something an operator wants to know of, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It opened, for so long.
    Opened(Duration),
    /// The one that tried failed as well: it stays open, for so long.
    StaysOpen(Duration),
    /// It closed again.
    Closed,
}

impl Machine {
    pub(super) const fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            state: State::Closed { failures: 0 },
            opened: 0,
            era: 0,
        }
    }

    /// Lets one through, or says how long there is no use in asking.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Admission, Duration> {
        let is_trial = match self.state {
            State::Closed { .. } => false,
            State::Trial => return Err(DURING_A_TRIAL),
            State::Open { .. } => {
                let left = self.left(now);
                if !left.is_zero() {
                    return Err(left);
                }
                self.state = State::Trial;
                true
            }
        };
        Ok(Admission {
            is_trial,
            era: self.era,
        })
    }

    pub(super) fn condition(&mut self, now: Instant) -> Condition {
        match self.state {
            State::Closed { failures } => Condition::Closed { failures },
            State::Open { .. } => Condition::Open(self.left(now)),
            State::Trial => Condition::Trial,
        }
    }

    /// How long it is still open. A clock that went back does not make it longer than it was to be.
    fn left(&mut self, now: Instant) -> Duration {
        let State::Open { until, pause } = &mut self.state else {
            return Duration::ZERO;
        };
        let left = until.saturating_duration_since(now);
        if left > *pause {
            *until = later(now, *pause);
            return *pause;
        }
        left
    }

    /// The other side works.
    pub(super) fn succeeded(&mut self, admission: Admission) -> Option<Change> {
        match &mut self.state {
            State::Trial if admission.is_trial => {
                self.state = State::Closed { failures: 0 };
                self.opened = 0;
                self.era += 1;
                Some(Change::Closed)
            }
            State::Closed { failures } if admission.era == self.era => {
                *failures = 0;
                None
            }
            // A late answer to a question from before the pause does not end it.
            _ => None,
        }
    }

    /// The other side failed, and asked for that long a rest if it said so.
    pub(super) fn failed(
        &mut self,
        admission: Admission,
        rest: Option<Duration>,
        now: Instant,
    ) -> Option<Change> {
        let rest = rest.map(|rest| rest.min(LONGEST_PAUSE));
        match &mut self.state {
            State::Trial if admission.is_trial => Some(Change::StaysOpen(self.open(rest, now))),
            State::Closed { failures } if admission.era == self.era => {
                *failures = failures.saturating_add(1);
                let opens = rest.is_some() || *failures >= self.settings.failures;
                opens.then(|| Change::Opened(self.open(rest, now)))
            }
            // What was under way when it opened says nothing new, unless it asks for a longer rest.
            State::Open { until, pause } => {
                if let Some(rest) = rest {
                    let wanted = later(now, rest);
                    if wanted > *until {
                        *until = wanted;
                        *pause = rest;
                    }
                }
                None
            }
            _ => None,
        }
    }

    /// Whoever was let through went away without a word; another may try.
    pub(super) fn abandoned(&mut self, admission: Admission, now: Instant) {
        if admission.is_trial && matches!(self.state, State::Trial) {
            self.state = State::Open {
                until: now,
                pause: Duration::ZERO,
            };
        }
    }

    fn open(&mut self, rest: Option<Duration>, now: Instant) -> Duration {
        self.opened = self.opened.saturating_add(1);
        let pause = rest.unwrap_or_else(|| {
            let grown = self.settings.pause.saturating_mul(self.opened);
            grown.min(self.settings.longest)
        });
        self.era += 1;
        self.state = State::Open {
            until: later(now, pause),
            pause,
        };
        pause
    }
}

fn later(now: Instant, by: Duration) -> Instant {
    now.checked_add(by).unwrap_or(now)
}
