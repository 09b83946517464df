//! What an engine has done so far, counted without a lock.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Counts of one engine since the start.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    answers: AtomicU64,
    failures: AtomicU64,
    last_millis: AtomicU64,
}

impl Tally {
    /// An attempt is over.
    pub(crate) fn count(&self, answered: bool, took: Duration) {
        let counter = if answered {
            &self.answers
        } else {
            &self.failures
        };
        counter.fetch_add(1, Relaxed);
        self.last_millis.store(millis(took), Relaxed);
    }

    /// How many attempts were answered, and how many failed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.answers.load(Relaxed), self.failures.load(Relaxed))
    }

    /// How long the last attempt took, if there was one.
    pub(crate) fn last_millis(&self) -> Option<u64> {
        (self.counts() != (0, 0)).then(|| self.last_millis.load(Relaxed))
    }
}

/// Whole milliseconds.
pub(crate) fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
