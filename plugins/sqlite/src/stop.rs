//! When a statement must end: its deadline is over, or nobody waits for it any more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rusqlite::InterruptHandle;

use crate::error::SqliteError;

/// The end of one call's work. Shared between the waiting future and the thread that works.
pub(crate) struct Stop {
    deadline: Instant,
    abandoned: AtomicBool,
    /// Set while a connection works for this call, so that a late interrupt never hits the next call.
    working: Mutex<Option<InterruptHandle>>,
}

impl Stop {
    pub(crate) fn at(deadline: Instant) -> Self {
        Self {
            deadline,
            abandoned: AtomicBool::new(false),
            working: Mutex::new(None),
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether to go no further. Asked by SQLite every thousand steps and while it waits for a lock.
    pub(crate) fn is_over(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed) || Instant::now() >= self.deadline
    }

    /// What an interrupted call is told.
    pub(crate) fn reason(&self) -> SqliteError {
        if self.abandoned.load(Ordering::Relaxed) {
            SqliteError::Cancelled
        } else {
            SqliteError::TimedOut
        }
    }

    /// From here on `handle` is the connection to interrupt.
    pub(crate) fn starts(&self, handle: InterruptHandle) {
        *self.lock() = Some(handle);
    }

    /// The connection is free for others.
    pub(crate) fn finished(&self) {
        *self.lock() = None;
    }

    /// Ends the statement that runs. Takes effect at the next turn of any loop in its program.
    pub(crate) fn interrupt(&self) {
        if let Some(handle) = self.lock().as_ref() {
            handle.interrupt();
        }
    }

    /// Nobody waits any more.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
        self.interrupt();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<InterruptHandle>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
