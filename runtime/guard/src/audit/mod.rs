//! The audit: a line of JSON for each decision, also for each refusal.
//!
//! In the room: [`Audit`], which takes records and never makes a caller wait. Not here: what is worth a
//! record (the server's business), and the log of the program itself (`tracing`).
//!
//! Lines wait in a queue for one thread. Where it is full, because the disk or whoever reads standard
//! error is slow, records are dropped and counted, and a record `{"event":"dropped","count":N}` stands
//! where they would have been. Whatever goes wrong, serving goes on.

mod config;
mod fingerprint;
mod record;
mod sink;
mod writer;

use std::sync::Arc;

pub use self::{
    config::{AuditConfig, AuditTarget, NotATarget},
    fingerprint::Fingerprint,
    record::Record,
};
use self::{fingerprint::Key, sink::Sink, writer::Writer};
use crate::{
    Clock, Problem,
    queue::{Losses, News, Queue},
};

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
    lines: Queue<Vec<u8>>,
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
        let writer = Writer {
            sink,
            losses: Arc::clone(&losses),
            clock: clock.clone(),
            failed: News::default(),
        };
        let lines = Queue::start("audit", config.queue, losses, writer)
            .map_err(|error| vec![Problem::new("to", format!("no thread for it: {error}"))])?;
        Ok(Self {
            running: Some(Running {
                key: key.unwrap_or_else(Key::random),
                lines,
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
        if running.lines.send(record.line(self.clock.since_epoch())) {
            tracing::warn!(
                "the audit is not written as fast as calls come: records are dropped, and counted"
            );
        }
    }

    /// How many records were dropped or could not be written since the start.
    pub fn dropped(&self) -> u64 {
        self.running
            .as_ref()
            .map_or(0, |running| running.lines.losses().total())
    }

    /// Writes what waits, for at most two seconds. What is recorded from here on is dropped.
    pub async fn close(&self) {
        let Some(running) = &self.running else {
            return;
        };
        if !running.lines.close().await {
            tracing::warn!("the end of the audit could not be written in time");
        }
    }
}
