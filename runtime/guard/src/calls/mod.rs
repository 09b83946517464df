//! Logs of tool calls, with what they were called with and what came back: for whoever develops against a server or
//! has to find out what an agent did. The record of who called what, without it, is the audit's.
//!
//! In the room: [`CallLog`], which takes calls and never makes one wait; what the operator writes (`config`), what is
//! written of a call (`call`), without secrets (`redact`, `names`, `patterns`, `values`), in three forms (`jsonl`, `text`, `markdown`), and
//! the thread that does it (`writer`). Not here: the files and what becomes of old ones (`file`).

mod call;
mod config;
mod jsonl;
mod markdown;
mod names;
mod patterns;
mod redact;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod writer;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub use self::{
    call::{Kept, LoggedCall},
    config::{CallsConfig, FileConfig, Place, Room, Written},
};
use self::{
    redact::Redactor,
    writer::{Form, Log, Writer},
};
use crate::{
    Clock, LogFile, Problem,
    file::not_opened,
    queue::{Losses, Queue},
};

/// Bytes of arguments and results that may wait together.
const WAITING: usize = 16 << 20;
/// What a call takes beside them.
const EACH: usize = 512;

/// Takes calls. For one per server.
#[derive(Debug)]
pub struct CallLog {
    calls: Queue<Waiting>,
    bytes: Arc<AtomicUsize>,
    results: bool,
    clock: Clock,
    serves: Arc<AtomicBool>,
}

/// A call in the queue.
#[derive(Debug)]
struct Waiting {
    time: Duration,
    call: LoggedCall,
    /// Gives its bytes back when it is dropped.
    _held: Held,
}

/// Bytes that wait.
#[derive(Debug)]
struct Held {
    all: Arc<AtomicUsize>,
    bytes: usize,
}

impl Held {
    /// Room for so many more, if there is.
    fn take(all: &Arc<AtomicUsize>, bytes: usize) -> Option<Self> {
        let held = Self {
            all: Arc::clone(all),
            bytes,
        };
        // Not enough room: given back as it is dropped.
        let before = all.fetch_add(bytes, Relaxed);
        (before + bytes <= WAITING).then_some(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Relaxed);
    }
}

impl CallLog {
    /// Opens the configured files and starts the thread that writes; `None` when there are none. May block for a
    /// moment: for the start of a server.
    ///
    /// # Errors
    /// Everything wrong with the configuration, a file that cannot be opened among it.
    pub fn open(config: &CallsConfig, clock: Clock) -> Result<Option<Self>, Vec<Problem>> {
        let mut problems = config.problems();
        let mut logs = Vec::new();
        for (name, log) in config.logs() {
            let Some(path) = log.path() else {
                let is_off = log.to.is_some();
                if !is_off && (log.rotate.is_some() || log.days.is_some() || log.compress) {
                    let message = format!("`calls.{name}` has settings and no file: name one");
                    problems.push(Problem::new(format!("{name}.to"), message));
                }
                continue;
            };
            match file(path, log) {
                Ok(file) => logs.push(Log::new(Form::of(name), file)),
                Err((key, message)) => {
                    problems.push(Problem::new(format!("{name}.{key}"), message));
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        if logs.is_empty() {
            return Ok(None);
        }
        let losses = Arc::<Losses>::default();
        let room = |room: &Written<Room>| {
            let bytes = room.value().map_or(0, |room| room.0);
            usize::try_from(bytes).unwrap_or(usize::MAX)
        };
        let room = [room(&config.arguments), room(&config.results)];
        let serves = Arc::<AtomicBool>::default();
        let writer = Writer {
            logs,
            redactor: Redactor::new(&config.redact),
            room,
            losses: Arc::clone(&losses),
            clock: clock.clone(),
            serves: Arc::clone(&serves),
            looked: false,
        };
        let calls = Queue::start("calls", config.queue, losses, writer)
            .map_err(|error| vec![Problem::new("queue", format!("no thread for it: {error}"))])?;
        Ok(Some(Self {
            calls,
            bytes: Arc::default(),
            results: room[1] > 0,
            clock,
            serves,
        }))
    }

    /// There are callers from here on: files whose day is over are put aside though nobody calls, and old ones go.
    /// Without it they stay as they are until the first call, as when somebody only looks whether they can be written.
    pub fn begin(&self) {
        self.serves.store(true, Relaxed);
    }

    /// Whether results are written.
    pub const fn wants_results(&self) -> bool {
        self.results
    }

    /// The names of what is secret in arguments and results, as the tool's schemas mark it.
    pub fn marked(schemas: impl IntoIterator<Item = Value>) -> Arc<[String]> {
        let names = schemas
            .into_iter()
            .flat_map(|schema| names::marked(&schema));
        names.collect()
    }

    /// What tells a session from others, and is not its id: nobody who reads it can speak in it.
    pub fn session(id: &[u8]) -> Arc<str> {
        let digest = Sha256::digest(id);
        let short = digest.iter().take(8).map(|byte| format!("{byte:02x}"));
        short.collect::<String>().into()
    }

    /// Writes a call as of now. Never waits: where there is no room, it is dropped and counted. `bytes` is about what
    /// `call` will take, which is made only if there is room.
    pub fn record(&self, bytes: usize, call: impl FnOnce() -> LoggedCall) {
        let first = match Held::take(&self.bytes, bytes + EACH) {
            None => self.calls.losses().add(),
            Some(held) => self.calls.send(Waiting {
                time: self.clock.since_epoch(),
                call: call(),
                _held: held,
            }),
        };
        if first {
            tracing::warn!(
                "the log of calls is not written as fast as they come: some are dropped, and counted"
            );
        }
    }

    /// How many calls were dropped, or are not in every log, since the start.
    pub fn dropped(&self) -> u64 {
        self.calls.losses().total()
    }

    /// Writes what waits, for at most two seconds. What is recorded from here on is dropped.
    pub async fn close(&self) {
        if !self.calls.close().await {
            tracing::warn!("the end of the log of calls could not be written in time");
        }
    }
}

/// The file of a log, or which of its settings is wrong.
fn file(path: &Path, config: &FileConfig) -> Result<LogFile, (&'static str, String)> {
    let file = LogFile::open_itself(path).map_err(|error| ("to", not_opened(path, &error)))?;
    let file = file.rotating(config.rotation());
    file.map_err(|error| ("rotate", error.to_string()))
}
