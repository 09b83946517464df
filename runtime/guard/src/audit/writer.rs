//! What the thread does that writes.

use std::{io, sync::Arc};

use super::sink::Sink;
use crate::{
    Clock, Timestamp,
    line::dropped,
    queue::{Losses, News, Work},
};

/// Writes lines.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) sink: Sink,
    pub(super) losses: Arc<Losses>,
    pub(super) clock: Clock,
    pub(super) failed: News,
}

impl Work<Vec<u8>> for Writer {
    fn write(&mut self, line: Vec<u8>, lost: u64) {
        self.tell(lost);
        if let Err(error) = self.sink.write(&line) {
            self.losses.add();
            self.warn(&error);
        }
    }

    fn end(&mut self, lost: u64) {
        self.tell(lost);
    }
}

impl Writer {
    /// Writes how many are missing at this place.
    fn tell(&mut self, lost: u64) {
        if lost == 0 {
            return;
        }
        let line = dropped(Timestamp(self.clock.since_epoch()), lost);
        if let Err(error) = self.sink.write(&line) {
            self.losses.put_back(lost);
            self.warn(&error);
        }
    }

    fn warn(&mut self, error: &io::Error) {
        if self.failed.is_news() {
            tracing::warn!(%error, "the audit cannot be written; calls go on, and what is missing is counted");
        }
    }
}
