//! A bounded queue to a thread that writes: who has something to record never waits for a disk.
//!
//! In the room: the queue, what is counted when it is full, the end of the thread. Not here: what is written, and
//! where (`audit`, `calls`).

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};

/// How long closing waits for the queue to empty.
const DRAIN: Duration = Duration::from_secs(2);
/// Failures that come again within this time are told of once.
const QUIET: Duration = Duration::from_mins(1);

/// What the thread does with what comes out. All of it may block.
pub(crate) trait Work<T>: Send + 'static {
    /// Writes one, before which so many were lost.
    fn write(&mut self, item: T, lost: u64);

    /// Nothing more comes, and so many were lost since the last one.
    fn end(&mut self, lost: u64);

    /// After how long without anything to write [`idle`](Self::idle) is called; never when `None`.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// Nothing came for a while.
    fn idle(&mut self) {}
}

#[derive(Debug)]
enum Message<T> {
    /// One, after so many that were lost.
    Item(T, u64),
    /// There are no more, and so many were lost.
    Close(u64),
}

/// The way to the thread.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    messages: SyncSender<Message<T>>,
    losses: Arc<Losses>,
    end: Mutex<Option<oneshot::Receiver<()>>>,
}

impl<T: Send + 'static> Queue<T> {
    /// Starts a thread of this name, for at most so many that wait. It ends after [`close`](Self::close), or when
    /// nobody can send any more.
    pub(crate) fn start(
        name: &str,
        length: usize,
        losses: Arc<Losses>,
        mut work: impl Work<T>,
    ) -> io::Result<Self> {
        let (messages, received) = sync_channel(length);
        let (ended, end) = oneshot::channel();
        // The log of whoever opened it is the log of its thread.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let run = move || {
            tracing::dispatcher::with_default(&log, || run(&mut work, &received));
            // Nobody may be waiting.
            drop((received, ended.send(())));
        };
        thread::Builder::new().name(name.to_owned()).spawn(run)?;
        Ok(Self {
            messages,
            losses,
            end: Mutex::new(Some(end)),
        })
    }

    /// Hands one over, if there is room; else it is dropped and counted. Whether that was the first.
    pub(crate) fn send(&self, item: T) -> bool {
        let lost = self.losses.take();
        if self.messages.try_send(Message::Item(item, lost)).is_ok() {
            return false;
        }
        self.losses.put_back(lost);
        self.losses.add()
    }

    pub(crate) fn losses(&self) -> &Losses {
        &self.losses
    }

    /// Writes what waits, for at most two seconds; whether that was enough. What is sent from here on is dropped.
    pub(crate) async fn close(&self) -> bool {
        let end = self
            .end
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(end) = end else {
            return true;
        };
        let drained = async {
            let mut message = Message::Close(self.losses.take());
            while let Err(TrySendError::Full(back)) = self.messages.try_send(message) {
                message = back;
                sleep(Duration::from_millis(10)).await;
            }
            // An error is a thread that ended without a word: it is over all the same.
            drop(end.await);
        };
        timeout(DRAIN, drained).await.is_ok()
    }
}

fn run<T>(work: &mut impl Work<T>, queue: &Receiver<Message<T>>) {
    loop {
        let message = match work.patience() {
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(patience) => queue.recv_timeout(patience),
        };
        match message {
            Ok(Message::Item(item, lost)) => work.write(item, lost),
            Ok(Message::Close(lost)) => return work.end(lost),
            Err(RecvTimeoutError::Timeout) => work.idle(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Records that are in no file.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    total: AtomicU64,
    /// Those that no record tells of yet.
    untold: AtomicU64,
}

impl Losses {
    /// Counts one more; whether it is the first.
    pub(crate) fn add(&self) -> bool {
        self.untold.fetch_add(1, Relaxed);
        self.count()
    }

    /// Counts one more that is told of elsewhere; whether it is the first.
    pub(crate) fn count(&self) -> bool {
        self.total.fetch_add(1, Relaxed) == 0
    }

    /// Those to tell of now.
    fn take(&self) -> u64 {
        self.untold.swap(0, Relaxed)
    }

    /// They were not told of after all.
    pub(crate) fn put_back(&self, lost: u64) {
        self.untold.fetch_add(lost, Relaxed);
    }

    pub(crate) fn total(&self) -> u64 {
        self.total.load(Relaxed)
    }
}

/// Whether a failure is news: one that comes again and again is told of once.
#[derive(Debug, Default)]
pub(crate) struct News(Option<Instant>);

impl News {
    /// It failed; whether to tell.
    pub(crate) fn is_news(&mut self) -> bool {
        let is_news = self.0.is_none_or(|told| told.elapsed() >= QUIET);
        self.0 = Some(Instant::now());
        is_news
    }
}
