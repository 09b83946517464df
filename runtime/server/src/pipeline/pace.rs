//! Whether what a plugin runs leaves the thread that polls it its time.
//!
//! A call that is over at its first poll is cheapest where its message was read. But a function that is
//! `async` in name only holds up whatever shares its thread, so one is first watched where it does no harm
//! (`aside`).

use std::{
    pin::Pin,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    task::{Context, Poll},
    time::{Duration, Instant},
};

/// Polls in a row that have to be quick.
const PROOFS: u32 = 8;
/// What quick is.
const QUICK: Duration = Duration::from_micros(500);

/// How quick the polls of one tool's calls have been.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicU32);

impl Pace {
    /// Whether the last polls were all quick, and there were enough of them.
    pub(super) fn is_quick(&self) -> bool {
        self.0.load(Relaxed) >= PROOFS
    }

    /// Notes how long a poll took. One slow one, and all has to be proved anew.
    fn took(&self, time: Duration) {
        if time > QUICK {
            self.0.store(0, Relaxed);
        } else if !self.is_quick() {
            self.0.fetch_add(1, Relaxed);
        }
    }

    /// `future`, with its polls watched.
    pub(super) fn watch<F: Future + Unpin>(&self, future: F) -> Watched<'_, F> {
        Watched { pace: self, future }
    }
}

/// A future whose polls are watched.
pub(super) struct Watched<'a, F> {
    pace: &'a Pace,
    future: F,
}

impl<F: Future + Unpin> Future for Watched<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let begun = Instant::now();
        let polled = Pin::new(&mut self.future).poll(cx);
        self.pace.took(begun.elapsed());
        polled
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
