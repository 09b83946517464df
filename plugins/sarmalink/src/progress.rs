//! Progress for whoever asked for it: how much an engine has answered, and when another takes over.

use std::sync::atomic::{AtomicU64, Ordering};

use mcp_factory_sdk::Context;

use crate::{failure::Reason, wire::Listener};

/// The caller, as the domain knows it.
#[derive(Debug)]
pub(crate) struct Audience<'a> {
    context: &'a Context,
    /// Grows from report to report, over all engines.
    done: AtomicU64,
}

impl<'a> Audience<'a> {
    pub(crate) const fn new(context: &'a Context) -> Self {
        Self {
            context,
            done: AtomicU64::new(0),
        }
    }

    async fn report(&self, more: u64, message: &str) {
        let done = self.done.fetch_add(more, Ordering::Relaxed) + more;
        #[expect(clippy::cast_precision_loss, reason = "a report to people")]
        self.context
            .progress(done as f64, None, Some(message))
            .await;
    }
}

impl Listener for Audience<'_> {
    async fn heard(&self, engine: &str, characters: u64) {
        self.report(characters, &format!("`{engine}` is answering"))
            .await;
    }

    async fn left(&self, engine: &str, reason: Reason) {
        // One step more, since reports must grow.
        self.report(
            1,
            &format!("`{engine}` {}; asking the next engine", reason.words()),
        )
        .await;
    }
}
