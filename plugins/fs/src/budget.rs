//! How much a call that walks may still do: entries, and time for as long as somebody waits for it.

use std::fmt;
use std::time::{Duration, Instant};

/// Until when a call works: its time is up, or nobody waits for it any more.
#[derive(Clone, Copy)]
pub(crate) struct Until<'c> {
    deadline: Instant,
    is_over: &'c dyn Fn() -> bool,
}

impl Until<'_> {
    /// Whether it is that late.
    pub(crate) fn is_late(&self) -> bool {
        (self.is_over)() || Instant::now() >= self.deadline
    }
}

impl fmt::Debug for Until<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Until").field(&self.deadline).finish()
    }
}

/// What is left of a call's allowance.
#[derive(Debug)]
pub(crate) struct Budget<'c> {
    entries: usize,
    until: Until<'c>,
    visited: usize,
    spent: bool,
}

impl<'c> Budget<'c> {
    /// At most `entries` entries and `time` from now on, unless `is_over` says before that nobody waits.
    pub(crate) fn new(entries: usize, time: Duration, is_over: &'c dyn Fn() -> bool) -> Self {
        let deadline = Instant::now() + time;
        Self {
            entries,
            until: Until { deadline, is_over },
            visited: 0,
            spent: false,
        }
    }

    /// Takes one entry. False when there is nothing left; the first entry is always granted, so that every
    /// call gets somewhere.
    pub(crate) fn take(&mut self) -> bool {
        if self.visited > 0 && (self.visited >= self.entries || self.until.is_late()) {
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

    /// Until when the call works, also within one entry.
    pub(crate) fn until(&self) -> Until<'c> {
        self.until
    }

    /// Whether something was refused.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent
    }
}
