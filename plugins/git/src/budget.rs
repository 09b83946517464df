//! How much a call may still do: time, entries, and whether anybody still wants the answer.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::error::GitError;

/// Whether a call was cancelled. Asked often.
pub type Cancelled<'a> = &'a (dyn Fn() -> bool + Sync);

/// What is left of a call's allowance.
pub(crate) struct Budget<'a> {
    cancelled: Cancelled<'a>,
    deadline: Instant,
    limit: usize,
    visited: Cell<usize>,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(cancelled: Cancelled<'a>, time: Duration, limit: usize) -> Self {
        Self {
            cancelled,
            deadline: Instant::now() + time,
            limit,
            visited: Cell::new(0),
        }
    }

    /// A count of its own within the same time.
    pub(crate) fn apart(&self, limit: usize) -> Self {
        Self {
            cancelled: self.cancelled,
            deadline: self.deadline,
            limit,
            visited: Cell::new(0),
        }
    }

    /// Fails when nobody waits any more.
    pub(crate) fn check(&self) -> Result<(), GitError> {
        if (self.cancelled)() {
            return Err(GitError::Cancelled);
        }
        if Instant::now() >= self.deadline {
            return Err(GitError::TimedOut);
        }
        Ok(())
    }

    /// Takes one entry of what is called `what` in the message.
    pub(crate) fn take(&self, what: &'static str, remedy: &'static str) -> Result<(), GitError> {
        let visited = self.visited.get() + 1;
        self.visited.set(visited);
        if visited > self.limit {
            let limit = self.limit;
            return Err(GitError::TooMany {
                what,
                limit,
                remedy,
            });
        }
        // The clock costs more than the counter.
        if visited.is_multiple_of(32) {
            self.check()?;
        }
        Ok(())
    }
}
