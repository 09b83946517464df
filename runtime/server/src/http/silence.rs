//! How long a connection may be silent, and since when it is.
//!
//! The clock is read once each time the connection's task runs: what happens within that is one moment.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use super::watched::Written;

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

/// Bytes of an answer that have a time of their own.
const PIECE: usize = 64 << 10;
/// Bytes of an answer that a client takes in a second, at least: who takes fewer would hold it for ever.
const FLOOR: usize = 1 << 10;

impl Patience {
    /// How long a client may take for so many bytes of an answer, however steadily it takes them.
    pub(super) fn slowest(&self, bytes: usize) -> Duration {
        let millis = bytes.saturating_mul(1000) / FLOOR;
        self.write + Duration::from_millis(u64::try_from(millis).unwrap_or(NEVER))
    }
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
    /// The same for a whole piece of an answer, and how much of that is still to be taken.
    piece_by: AtomicU64,
    piece_left: AtomicUsize,
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
            piece_by: AtomicU64::new(NEVER),
            piece_left: AtomicUsize::new(0),
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

    /// Whether nothing has to be read.
    pub(super) fn is_read_whenever(&self) -> bool {
        self.read_by.load(Relaxed) == NEVER
    }

    /// Something must happen in this time.
    pub(super) fn quiet_within(&self, wait: Duration) {
        self.quiet_by.store(self.after(wait), Relaxed);
    }

    /// A write went through, or it has to in time; so has a whole piece of what waits, or a client that takes
    /// it byte by byte would begin its time anew with each.
    pub(super) fn written(&self, written: Written, patience: Patience) {
        match written {
            Written::All => {
                self.write_by.store(NEVER, Relaxed);
                self.piece_by.store(NEVER, Relaxed);
            }
            Written::Some(bytes) => {
                self.write_by.store(NEVER, Relaxed);
                let left = self.piece_left.load(Relaxed).saturating_sub(bytes);
                self.piece_left.store(left, Relaxed);
                if left == 0 {
                    self.piece_by.store(NEVER, Relaxed);
                }
            }
            Written::Blocked => {
                if self.is_written() {
                    self.write_by.store(self.after(patience.write), Relaxed);
                }
                if self.piece_by.load(Relaxed) == NEVER {
                    let wait = patience.slowest(PIECE);
                    self.piece_by.store(self.after(wait), Relaxed);
                    self.piece_left.store(PIECE, Relaxed);
                }
            }
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
        let write_by = self.write_by.load(Relaxed).min(self.piece_by.load(Relaxed));
        self.read_by.load(Relaxed).min(write_by)
    }

    fn after(&self, wait: Duration) -> u64 {
        self.now.load(Relaxed).saturating_add(millis(wait))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NEVER - 1)
}
