//! Did a call speak to its client in a way that makes the answer this client's alone?
//!
//! What it was told by the client, or that the client cannot be asked, another client of the same caller does
//! not share. And who tells of a change has made one. Reports of progress and log lines change no answer:
//! whoever is given it again does without them.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use mcp_factory_sdk::{
    BoxFuture, Capability, Event, LogRecord, Peer, Progress, Question, ToolError,
};
use serde_json::{Map, Value};

/// A client, and whether it was heard.
pub(super) struct Watched {
    client: Arc<dyn Peer>,
    personal: AtomicBool,
}

impl Watched {
    /// Puts one in the place of `peer`.
    pub(super) fn over(peer: &mut Arc<dyn Peer>) -> Arc<Self> {
        let watched = Arc::new(Self {
            client: Arc::clone(peer),
            personal: AtomicBool::new(false),
        });
        *peer = Arc::<Self>::clone(&watched);
        watched
    }

    pub(super) fn is_personal(&self) -> bool {
        self.personal.load(Ordering::Acquire)
    }

    fn note(&self) {
        self.personal.store(true, Ordering::Release);
    }
}

impl Peer for Watched {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, ()> {
        self.client.progress(progress)
    }

    fn log(&self, record: LogRecord) -> BoxFuture<'_, ()> {
        self.client.log(record)
    }

    fn publish(&self, event: Event) {
        self.note();
        self.client.publish(event);
    }

    fn supports(&self, capability: Capability) -> bool {
        self.note();
        self.client.supports(capability)
    }

    fn ask<'a>(
        &'a self,
        questions: &'a [(String, Question)],
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, ToolError>> {
        self.note();
        self.client.ask(questions)
    }
}
