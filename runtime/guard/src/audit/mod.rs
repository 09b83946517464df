//! The audit: a line of JSON for each decision, also for each refusal.
//!
//! In the room: [`Audit`], which takes records and never makes a caller wait. Not here: what is worth a
//! record (the server's business), and the log of the program itself (`tracing`).
//!
//! Lines wait in a queue for one thread. Where it is full, because the disk or whoever reads standard
//! error is slow, records are dropped and counted, and a record `{"event":"dropped","count":N}` stands
//! where they would have been. Whatever goes wrong, serving goes on.

mod config;
mod escape;
mod fingerprint;
mod record;
mod rotation;
mod sink;
mod writer;

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};

pub use self::{
    config::{AuditConfig, AuditTarget, NotATarget},
    fingerprint::Fingerprint,
    record::Record,
    rotation::{NotAFile, NotARotation, Rotate, Rotation},
    sink::LogFile,
};
use self::{
    fingerprint::Key,
    sink::Sink,
    writer::{Losses, Message},
};
use crate::{Clock, Problem};

/// How long closing waits for the queue to empty.
const DRAIN: Duration = Duration::from_secs(2);

/// Takes records. For one per server, behind an `Arc`.
#[derive(Debug)]
pub struct Audit {
    /// `None` when it is off.
    running: Option<Running>,
    clock: Clock,
}

#[derive(Debug)]
struct Running {
    key: Key,
    queue: SyncSender<Message>,
    losses: Arc<Losses>,
    end: Mutex<Option<oneshot::Receiver<()>>>,
}

impl Audit {
    /// An audit that records nothing.
    pub const fn off() -> Self {
        Self {
            running: None,
            clock: Clock::system(),
        }
    }

    /// Opens the configured place, or `otherwise` where none is, and starts the thread that writes.
    /// May block for a moment: for the start of a server.
    ///
    /// # Errors
    /// Everything wrong with the configuration, a file that cannot be opened and a key that cannot be
    /// read among it.
    pub fn open(
        config: &AuditConfig,
        otherwise: &AuditTarget,
        clock: Clock,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = config.problems();
        let key = match config.key.as_ref().map(Key::read).transpose() {
            Ok(key) => key,
            Err(error) => {
                problems.push(Problem::new("key", error.to_string()));
                None
            }
        };
        let sink = match config.to.as_ref().unwrap_or(otherwise) {
            AuditTarget::Off => None,
            AuditTarget::Stderr => Some(Sink::stderr()),
            AuditTarget::File(path) => match Sink::file(path, config.rotation()) {
                Ok(sink) => Some(sink),
                Err(problem) => {
                    problems.push(problem);
                    None
                }
            },
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        let Some(sink) = sink else {
            return Ok(Self::off());
        };
        let losses = Arc::<Losses>::default();
        let (queue, lines) = sync_channel(config.queue);
        let end = writer::start(sink, lines, Arc::clone(&losses), clock.clone())
            .map_err(|error| vec![Problem::new("to", format!("no thread for it: {error}"))])?;
        Ok(Self {
            running: Some(Running {
                key: key.unwrap_or_else(Key::random),
                queue,
                losses,
                end: Mutex::new(Some(end)),
            }),
            clock,
        })
    }

    /// Whether anything is recorded; if not, a caller may save itself the trouble.
    pub const fn is_on(&self) -> bool {
        self.running.is_some()
    }

    /// What stands for these arguments (their JSON, as it came) in a record; `None` when it is off.
    ///
    /// Takes one to three milliseconds for each megabyte.
    pub fn fingerprint(&self, arguments: &[u8]) -> Option<Fingerprint> {
        let running = self.running.as_ref()?;
        Some(running.key.fingerprint(arguments))
    }

    /// Records a decision as of now. Never waits: where there is no room, it is dropped and counted.
    pub fn record(&self, record: &Record<'_>) {
        let Some(running) = &self.running else {
            return;
        };
        let line = record.line(self.clock.since_epoch());
        let lost = running.losses.take();
        if running.queue.try_send(Message::Line { line, lost }).is_ok() {
            return;
        }
        running.losses.put_back(lost);
        if running.losses.add() {
            tracing::warn!(
                "the audit is not written as fast as calls come: records are dropped, and counted"
            );
        }
    }

    /// How many records were dropped or could not be written since the start.
    pub fn dropped(&self) -> u64 {
        self.running
            .as_ref()
            .map_or(0, |running| running.losses.total())
    }

    /// Writes what waits, for at most two seconds. What is recorded from here on is dropped.
    pub async fn close(&self) {
        let Some(running) = &self.running else {
            return;
        };
        let end = running
            .end
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(end) = end else {
            return;
        };
        let drained = async {
            let mut message = Message::Close {
                lost: running.losses.take(),
            };
            while let Err(TrySendError::Full(back)) = running.queue.try_send(message) {
                message = back;
                sleep(Duration::from_millis(10)).await;
            }
            // An error is a thread that ended without a word: it is over all the same.
            drop(end.await);
        };
        if timeout(DRAIN, drained).await.is_err() {
            tracing::warn!("the end of the audit could not be written in time");
        }
    }
}

/// Words for a file that cannot be opened.
pub fn not_opened(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!("there is no folder for {path}: make it, or name another file")
        }
        io::ErrorKind::IsADirectory => format!("{path} is a folder: name a file in it"),
        io::ErrorKind::PermissionDenied => {
            format!(
                "{path} may not be written by this user: chown or chmod it, or name another file"
            )
        }
        _ if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            format!("{path} is a pipe that nobody reads: start its reader first")
        }
        _ => format!("{path} cannot be opened: {error}"),
    }
}
