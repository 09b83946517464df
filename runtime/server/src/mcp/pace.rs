//! Whether a tool leaves the task that polls it its time.
//!
//! A call that is over at its first poll is cheapest where its message was read. But a function that is
//! `async` in name only holds up whatever shares its task, so a tool is first watched where it can do no
//! harm.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// Polls in a row that have to be quick.
const PROOFS: u32 = 8;
/// What quick is.
const QUICK: Duration = Duration::from_micros(500);

/// How quick the first polls of one tool's calls have been.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicU32);

impl Pace {
    /// Whether the last polls were all quick, and there were enough of them.
    pub(super) fn is_quick(&self) -> bool {
        self.0.load(Relaxed) >= PROOFS
    }

    /// Notes how long a first poll took. One slow one, and the tool has to prove itself anew.
    pub(super) fn took(&self, time: Duration) {
        if time > QUICK {
            self.0.store(0, Relaxed);
        } else if !self.is_quick() {
            self.0.fetch_add(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_quick_when_it_proved_it_and_until_it_is_slow() {
        let pace = Pace::default();
        for _ in 0..PROOFS {
            assert!(!pace.is_quick());
            pace.took(QUICK);
        }
        assert!(pace.is_quick());
        pace.took(Duration::ZERO);
        assert!(pace.is_quick());
        pace.took(QUICK + Duration::from_nanos(1));
        assert!(!pace.is_quick());
    }
}
