//! How much a call that walks may still do: entries and time.

use std::time::{Duration, Instant};

/// What is left of a call's allowance.
#[derive(Debug)]
pub(crate) struct Budget {
    entries: usize,
    deadline: Instant,
    visited: usize,
    spent: bool,
}

impl Budget {
    /// At most `entries` entries and `time` from now on.
    pub(crate) fn new(entries: usize, time: Duration) -> Self {
        Self {
            entries,
            deadline: Instant::now() + time,
            visited: 0,
            spent: false,
        }
    }

    /// Takes one entry. False when there is nothing left; the first entry is always granted, so that every
    /// call gets somewhere.
    pub(crate) fn take(&mut self) -> bool {
        if self.visited > 0 && (self.visited >= self.entries || self.is_late()) {
            self.spent = true;
            return false;
        }
        self.visited += 1;
        true
    }

    /// How many entries may be taken in all; also the most names that are read from one directory. That is
    /// not what is left of it: a part of a directory in no order could not be resumed.
    pub(crate) fn most(&self) -> usize {
        self.entries
    }

    /// How many entries were taken.
    pub(crate) fn visited(&self) -> usize {
        self.visited
    }

    /// Whether time is up.
    pub(crate) fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// When time is up.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether something was refused.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent
    }
}
