//! What an HTTP/1.1 connection is doing, and how long it may be silent in that.
//!
//! hyper's own header timeout also runs between two requests, so it cannot tell
//! a slow sender from an idle keep-alive connection. This can: it notes what the
//! connection is doing, and the connection's task asks when that is overdue.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use super::silence::{Patience, Silence};
use super::watched::{Observer, Written};

const FRESH: u8 = 0;
/// The headers of the first request, and of a later one.
const FIRST: u8 = 1;
const HEADER: u8 = 2;
const BUSY: u8 = 3;
const IDLE: u8 = 4;
const RESTING: u8 = 5;

/// How long a connection is idle before it rests.
const SHORTLY: Duration = Duration::from_secs(1);

/// What one connection is doing, and until when. Only its own task writes here,
/// so the order of the stores does not matter.
#[derive(Debug)]
pub(super) struct Pulse {
    patience: Patience,
    silence: Silence,
    phase: AtomicU8,
    /// A request was answered before all of it was read.
    cut_short: AtomicBool,
}

impl Pulse {
    /// Of a connection that began then.
    pub(super) fn new(began: Instant, patience: Patience) -> Self {
        Self {
            patience,
            silence: Silence::new(began, patience.header),
            phase: AtomicU8::new(FRESH),
            cut_short: AtomicBool::new(false),
        }
    }

    pub(super) fn silence(&self) -> &Silence {
        &self.silence
    }

    /// A request's headers are read; its body has its own limits.
    pub(super) fn busy(&self) {
        self.phase.store(BUSY, Relaxed);
        self.silence.read_whenever();
    }

    /// Whether a request's headers are read and its answer is not given.
    pub(super) fn is_busy(&self) -> bool {
        self.phase.load(Relaxed) == BUSY
    }

    /// The answer is given without reading the rest of the request.
    pub(super) fn cut_short(&self) {
        self.cut_short.store(true, Relaxed);
    }

    /// The answer is given.
    pub(super) fn idle(&self) {
        self.phase.store(IDLE, Relaxed);
        self.silence.read_within(self.patience.idle.min(SHORTLY));
    }

    /// The connection was idle for a moment, or not: whether it may now be so for the rest of its time.
    pub(super) fn rest(&self) -> bool {
        let rest = self.patience.idle.saturating_sub(SHORTLY);
        let rests =
            self.phase.load(Relaxed) == IDLE && self.silence.is_written() && !rest.is_zero();
        if rests {
            self.phase.store(RESTING, Relaxed);
            self.silence.read_within(rest);
        }
        rests
    }

    /// Whether the first request of the connection is still to come, or not complete yet.
    pub(super) fn is_new(&self) -> bool {
        self.phase.load(Relaxed) <= FIRST
    }

    /// Whether no request is complete and no answer is on its way: nothing is lost by closing.
    pub(super) fn owes_nothing(&self) -> bool {
        self.phase.load(Relaxed) <= HEADER && self.silence.is_written()
    }
}

impl Observer for Pulse {
    fn received(&self, _: &[u8]) {
        match self.phase.load(Relaxed) {
            FRESH => self.phase.store(FIRST, Relaxed),
            IDLE | RESTING => {
                self.phase.store(HEADER, Relaxed);
                self.silence.read_within(self.patience.header);
            }
            _ => {}
        }
    }

    fn written(&self, written: Written) {
        self.silence.written(written, self.patience);
        // The end of an answer that nobody makes any more may still wait for the client: it is idle after that.
        if self.phase.load(Relaxed) == IDLE {
            match written {
                Written::Blocked => self.silence.read_whenever(),
                Written::All if self.silence.is_read_whenever() => self.idle(),
                _ => {}
            }
        }
    }

    fn leaves_unread(&self) -> bool {
        self.phase.load(Relaxed) < IDLE || self.cut_short.load(Relaxed)
    }
}
