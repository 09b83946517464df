//! Requests that were read and have no place yet.
//!
//! What stands behind them is read all the same, so that a client whose calls take every place can take one
//! back, answer what a call asks it, or leave.

use std::collections::VecDeque;

use super::in_flight::{Claim, InFlight};
use crate::frame::Frame;
use crate::protocol::Incoming;

/// Requests that may wait.
const MOST: usize = 1_024;

/// In the order in which they came.
#[derive(Debug)]
pub(super) struct Waiting {
    queue: VecDeque<(Frame, Claim)>,
    bytes: usize,
    max_bytes: usize,
}

impl Waiting {
    /// Requests of `max_bytes` together may wait, and one that is larger.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            max_bytes,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether no more should be read.
    pub(super) fn is_full(&self) -> bool {
        self.queue.len() >= MOST || self.bytes >= self.max_bytes
    }

    pub(super) fn push(&mut self, frame: &Frame, claim: Claim) {
        self.bytes += frame.bytes().len();
        // A slice would hold on to the buffer that it was read into, which may be much larger.
        self.queue.push_back((frame.detached(), claim));
    }

    /// Waits for a place and gives it to the first. Asked only when there is one.
    pub(super) async fn admit(&mut self, in_flight: &InFlight) -> Incoming {
        let (queue, bytes) = (&mut self.queue, &mut self.bytes);
        let first = || {
            let first = queue.pop_front().expect("asked only when one waits");
            *bytes -= first.0.bytes().len();
            first
        };
        let (frame, slot) = in_flight.place(first).await;
        Incoming {
            frame,
            slot: Some(slot),
        }
    }

    /// Whether `frame` takes back one that waits, which is then gone: nobody answers it.
    pub(super) fn is_taken_back_by(&mut self, frame: &Frame) -> bool {
        let Some(id) = frame.cancels() else {
            return false;
        };
        let place = self.queue.iter().position(|(_, claim)| *claim.id() == id);
        let removed = place.and_then(|place| self.queue.remove(place));
        if let Some((frame, _)) = &removed {
            self.bytes -= frame.bytes().len();
        }
        removed.is_some()
    }
}
