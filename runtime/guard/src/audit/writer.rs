//! The thread that writes, and what it is sent.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::Receiver,
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{record, sink::Sink};
use crate::Clock;

/// Failures that come again within this time are warned of once.
const QUIET: Duration = Duration::from_mins(1);

/// What the queue holds.
#[derive(Debug)]
pub(super) enum Message {
    /// A line, after so many that were lost.
    Line { line: Vec<u8>, lost: u64 },
    /// There are no more, and so many were lost.
    Close { lost: u64 },
}

/// Records that are in no file.
#[derive(Debug, Default)]
pub(super) struct Losses {
    total: AtomicU64,
    /// Those that no record tells of yet.
    untold: AtomicU64,
}

impl Losses {
    /// Counts one more; whether it is the first.
    pub(super) fn add(&self) -> bool {
        self.untold.fetch_add(1, Relaxed);
        self.total.fetch_add(1, Relaxed) == 0
    }

    /// Those to tell of now.
    pub(super) fn take(&self) -> u64 {
        self.untold.swap(0, Relaxed)
    }

    /// They were not told of after all.
    pub(super) fn put_back(&self, lost: u64) {
        self.untold.fetch_add(lost, Relaxed);
    }

    pub(super) fn total(&self) -> u64 {
        self.total.load(Relaxed)
    }
}

#[derive(Debug)]
struct Writer {
    sink: Sink,
    losses: Arc<Losses>,
    clock: Clock,
    warned: Option<Instant>,
}

/// Starts the thread. What is returned resolves when it has ended: after a [`Message::Close`], or when
/// nobody can send any more.
pub(super) fn start(
    sink: Sink,
    queue: Receiver<Message>,
    losses: Arc<Losses>,
    clock: Clock,
) -> io::Result<oneshot::Receiver<()>> {
    let (ended, end) = oneshot::channel();
    let mut writer = Writer {
        sink,
        losses,
        clock,
        warned: None,
    };
    // The log of whoever opened the audit is the log of its thread.
    let log = tracing::dispatcher::get_default(Clone::clone);
    let run = move || {
        tracing::dispatcher::with_default(&log, || writer.run(&queue));
        // Nobody may be waiting.
        drop((queue, ended.send(())));
    };
    thread::Builder::new().name("audit".to_owned()).spawn(run)?;
    Ok(end)
}

impl Writer {
    fn run(&mut self, queue: &Receiver<Message>) {
        for message in queue {
            match message {
                Message::Line { line, lost } => {
                    self.tell(lost);
                    if let Err(error) = self.sink.write(&line) {
                        self.losses.add();
                        self.warn(&error);
                    }
                }
                Message::Close { lost } => return self.tell(lost),
            }
        }
    }

    /// Writes how many are missing at this place.
    fn tell(&mut self, lost: u64) {
        if lost == 0 {
            return;
        }
        let line = record::dropped(self.clock.since_epoch(), lost);
        if let Err(error) = self.sink.write(&line) {
            self.losses.put_back(lost);
            self.warn(&error);
        }
    }

    fn warn(&mut self, error: &io::Error) {
        let is_news = self.warned.is_none_or(|warned| warned.elapsed() >= QUIET);
        if is_news {
            tracing::warn!(%error, "the audit cannot be written; calls go on, and what is missing is counted");
        }
        self.warned = Some(Instant::now());
    }
}
