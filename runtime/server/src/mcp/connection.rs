//! What a client of the legacy era sets for its connection, and what is pushed to it there.
//!
//! The 2026-07-28 era has none of this: its requests carry everything with them.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use mcp_factory_sdk::Principal;
use rmcp::{
    Peer, RoleServer,
    model::{ErrorData, LoggingLevel},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    Shared,
    events::{self, Changes},
};
use crate::protocol::MAX_SUBSCRIBED_URIS;

/// One connection: stdio, or a legacy session.
#[derive(Debug)]
pub(super) struct Connection {
    initialized: AtomicBool,
    pushing: AtomicBool,
    log_level: Mutex<LoggingLevel>,
    subscribed: Arc<Mutex<BTreeSet<String>>>,
    /// Fires when the connection is gone.
    ended: CancellationToken,
    _ends_with_this: DropGuard,
}

impl Connection {
    pub(super) fn new() -> Self {
        let ended = CancellationToken::new();
        Self {
            initialized: AtomicBool::new(false),
            pushing: AtomicBool::new(false),
            log_level: Mutex::new(LoggingLevel::Info),
            subscribed: Arc::default(),
            _ends_with_this: ended.clone().drop_guard(),
            ended,
        }
    }

    /// Marks the connection as initialized; `rmcp` would let a second handshake change its era.
    ///
    /// # Errors
    /// When it was initialized before.
    pub(super) fn initialize(&self) -> Result<(), ErrorData> {
        if self.initialized.swap(true, Ordering::Relaxed) {
            let message = "this connection is initialized already";
            return Err(ErrorData::invalid_request(message, None));
        }
        Ok(())
    }

    /// The least serious log level that the client wants.
    pub(super) fn log_level(&self) -> LoggingLevel {
        *lock(&self.log_level)
    }

    pub(super) fn set_log_level(&self, level: LoggingLevel) {
        *lock(&self.log_level) = level;
    }

    /// Remembers that the client wants to hear of changes of `uri`.
    ///
    /// # Errors
    /// When it wants to hear of too many.
    pub(super) fn subscribe(&self, uri: String) -> Result<(), ErrorData> {
        let mut subscribed = lock(&self.subscribed);
        if subscribed.len() >= MAX_SUBSCRIBED_URIS {
            let message = "too many subscriptions on this connection";
            return Err(ErrorData::invalid_request(message, None));
        }
        subscribed.insert(uri);
        Ok(())
    }

    pub(super) fn unsubscribe(&self, uri: &str) {
        lock(&self.subscribed).remove(uri);
    }

    /// Pushes events to the client until the connection ends or the server drains. Once is enough:
    /// a client may say as often as it likes that it is ready. One that slept since then is told first what
    /// changed since `heard`.
    pub(super) fn push_events(
        &self,
        shared: &Arc<Shared>,
        principal: &Arc<Principal>,
        peer: Peer<RoleServer>,
        heard: Option<Changes>,
    ) {
        if self.pushing.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut subscription = shared.events.subscribe(shared, Arc::clone(principal));
        let changes = shared.events.changes_of(principal.tenant());
        let missed = heard.map(|heard| changes.since(heard));
        let subscribed = Arc::clone(&self.subscribed);
        let ended = self.ended.clone();
        let lifecycle = shared.lifecycle.clone();
        shared.lifecycle.tasks().spawn(async move {
            for event in missed.into_iter().flatten() {
                if events::push(&peer, event, |_| false).await.is_err() {
                    return;
                }
            }
            loop {
                let event = tokio::select! {
                    () = ended.cancelled() => return,
                    () = lifecycle.draining() => return,
                    event = subscription.next() => event,
                };
                let Some(event) = event else { return };
                let wanted = |uri: &str| lock(&subscribed).contains(uri);
                if events::push(&peer, event, wanted).await.is_err() {
                    return;
                }
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
