//! How long a connection may be silent, and since when it is.
//!
//! The clock is read once each time the connection's task runs: what happens within that is one moment.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

/// How long each silence may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// From the first byte of a request (or from the connection's start) to the end of its headers.
    pub(crate) header: Duration,
    /// Between two requests.
    pub(crate) idle: Duration,
    /// A write that the client does not take.
    pub(crate) write: Duration,
}

const NEVER: u64 = u64::MAX;

/// Until when a connection must have read something and written something, and how long it may be quiet
/// altogether. Only its own task writes here, so the order of the stores does not matter.
#[derive(Debug)]
pub(super) struct Silence {
    began: Instant,
    /// Milliseconds since then, as all times here.
    now: AtomicU64,
    read_by: AtomicU64,
    write_by: AtomicU64,
    quiet_by: AtomicU64,
}

impl Silence {
    /// The first of the two silences begins with the connection.
    pub(super) fn new(began: Instant, read_within: Duration) -> Self {
        let silence = Self {
            began,
            now: AtomicU64::new(0),
            read_by: AtomicU64::new(NEVER),
            write_by: AtomicU64::new(NEVER),
            quiet_by: AtomicU64::new(NEVER),
        };
        silence.read_within(read_within);
        silence
    }

    /// Reads the clock.
    pub(super) fn tick(&self) {
        self.now.store(millis(self.began.elapsed()), Relaxed);
    }

    /// Something must be read in this time.
    pub(super) fn read_within(&self, wait: Duration) {
        self.read_by.store(self.after(wait), Relaxed);
    }

    /// Nothing has to be read.
    pub(super) fn read_whenever(&self) {
        self.read_by.store(NEVER, Relaxed);
    }

    /// Something must happen in this time.
    pub(super) fn quiet_within(&self, wait: Duration) {
        self.quiet_by.store(self.after(wait), Relaxed);
    }

    /// A write went through, or it has to go through in this time.
    pub(super) fn written(&self, blocked: bool, wait: Duration) {
        if !blocked {
            self.write_by.store(NEVER, Relaxed);
        } else if self.is_written() {
            self.write_by.store(self.after(wait), Relaxed);
        }
    }

    /// Whether no write is waiting for the client.
    pub(super) fn is_written(&self) -> bool {
        self.write_by.load(Relaxed) == NEVER
    }

    /// When the present silence is overdue.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let by = self.owed_by().min(self.quiet_by.load(Relaxed));
        (by != NEVER).then(|| self.began + Duration::from_millis(by))
    }

    /// Whether that had come when the clock was last read.
    pub(super) fn is_overdue(&self) -> bool {
        self.is_owed() || self.quiet_by.load(Relaxed) <= self.now.load(Relaxed)
    }

    /// The same for what the client owes: the rest of what it began to send, or to read.
    pub(super) fn is_owed(&self) -> bool {
        self.owed_by() <= self.now.load(Relaxed)
    }

    fn owed_by(&self) -> u64 {
        self.read_by.load(Relaxed).min(self.write_by.load(Relaxed))
    }

    fn after(&self, wait: Duration) -> u64 {
        self.now.load(Relaxed).saturating_add(millis(wait))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NEVER - 1)
}
