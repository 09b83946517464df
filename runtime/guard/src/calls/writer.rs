//! The thread that writes: each call once made fit, and then into every log.

use std::{
    io::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use super::{Waiting, call::Entry, jsonl, markdown, redact::Redactor, text};
use crate::{
    Clock, LogFile, Timestamp,
    file::until_midnight,
    line,
    queue::{Losses, News, Work},
};

/// How often the clock is looked at when no call comes: it may have been set, and the machine may have slept.
const LOOK: Duration = Duration::from_mins(1);
/// How often it is looked at whether there are callers yet.
const SOON: Duration = Duration::from_millis(100);

/// How a log looks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Jsonl,
    Text,
    Markdown,
}

impl Form {
    /// The form that the configuration calls so.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "markdown" => Self::Markdown,
            "text" => Self::Text,
            _ => Self::Jsonl,
        }
    }

    fn entry(self, entry: &Entry) -> Vec<u8> {
        match self {
            Self::Jsonl => jsonl::entry(entry),
            Self::Text => text::entry(entry),
            Self::Markdown => markdown::entry(entry),
        }
    }

    fn dropped(self, time: Timestamp, count: u64) -> Vec<u8> {
        match self {
            Self::Jsonl => line::dropped(time, count),
            Self::Text => text::dropped(time, count),
            Self::Markdown => markdown::dropped(time, count),
        }
    }
}

/// One log.
#[derive(Debug)]
pub(super) struct Log {
    form: Form,
    file: LogFile,
    /// Calls that are not in it, and that nothing in it tells of yet.
    missing: u64,
    failed: News,
}

impl Log {
    pub(super) fn new(form: Form, file: LogFile) -> Self {
        Self {
            form,
            file,
            missing: 0,
            failed: News::default(),
        }
    }

    /// Writes one call, and before it how many are missing there; whether it is in.
    fn write(&mut self, entry: &Entry) -> bool {
        let written = self.tell(entry.time);
        let written = written.and_then(|()| self.file.write_all(&self.form.entry(entry)));
        if written.is_err() {
            self.missing += 1;
        }
        self.succeeded(written)
    }

    fn tell(&mut self, time: Timestamp) -> io::Result<()> {
        if self.missing > 0 {
            self.file
                .write_all(&self.form.dropped(time, self.missing))?;
            self.missing = 0;
        }
        Ok(())
    }

    fn succeeded(&mut self, written: io::Result<()>) -> bool {
        let Err(error) = written else {
            return true;
        };
        if self.failed.is_news() {
            let form = self.form;
            tracing::warn!(?form, %error, "a log of calls cannot be written; calls go on, and what is missing is counted");
        }
        false
    }
}

/// Writes calls.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) logs: Vec<Log>,
    pub(super) redactor: Redactor,
    /// Bytes of arguments and of results.
    pub(super) room: [usize; 2],
    pub(super) losses: Arc<Losses>,
    pub(super) clock: Clock,
    /// Whether there are callers: before, the files are left as they are.
    pub(super) serves: Arc<AtomicBool>,
    /// Whether the files were looked at since: their day may have been over before the start.
    pub(super) looked: bool,
}

impl Writer {
    fn miss(&mut self, lost: u64) {
        for log in &mut self.logs {
            log.missing += lost;
        }
    }
}

impl Work<Waiting> for Writer {
    fn write(&mut self, waiting: Waiting, lost: u64) {
        self.miss(lost);
        let Waiting { time, call, _held } = waiting;
        let marked = Arc::clone(&call.marked);
        let redaction = self.redactor.of(&marked);
        let [arguments, results] = self.room;
        let entry = Entry::new(time, call, redaction, arguments, results);
        // Each of them, whatever became of the others.
        let written = self.logs.iter_mut().map(|log| log.write(&entry));
        if written.filter(|written| !written).count() > 0 {
            self.losses.count();
        }
    }

    fn end(&mut self, lost: u64) {
        self.miss(lost);
        let now = Timestamp(self.clock.since_epoch());
        for log in &mut self.logs {
            let told = log.tell(now);
            log.succeeded(told);
        }
    }

    fn patience(&self) -> Option<Duration> {
        let rest = until_midnight().min(LOOK) + Duration::from_millis(1);
        Some(if self.looked { rest } else { SOON })
    }

    fn idle(&mut self) {
        if !self.serves.load(Relaxed) {
            return;
        }
        self.looked = true;
        for log in &mut self.logs {
            log.file.look();
        }
    }
}
