//! Legacy sessions, with an end to their number.
//!
//! A session exists so that the server can ask the client something while a call waits, which the
//! 2026-07-28 era does without one. `rmcp` keeps any number of them for anybody.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::Stream;
use rmcp::{
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::streamable_http_server::session::{
        ServerSseMessage, SessionId, SessionManager,
        local::{LocalSessionManager, LocalSessionManagerError},
    },
};

/// `rmcp`'s sessions in memory, at most `limit` of them.
#[derive(Debug)]
pub(super) struct BoundedSessions {
    inner: LocalSessionManager,
    limit: usize,
    /// Sessions being made that are not in the map yet.
    arriving: AtomicUsize,
}

impl BoundedSessions {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            inner: LocalSessionManager::default(),
            limit,
            arriving: AtomicUsize::new(0),
        }
    }

    /// Reserves a place for one more session, to be given back when the session is made or refused.
    pub(super) async fn reserve(&self) -> Option<Reservation<'_>> {
        let arriving = self.arriving.fetch_add(1, Ordering::AcqRel) + 1;
        let reservation = Reservation(self);
        let held = self.inner.sessions.read().await.len();
        (held + arriving <= self.limit).then_some(reservation)
    }

    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// The sessions that are held now.
    pub(super) async fn ids(&self) -> HashSet<String> {
        let sessions = self.inner.sessions.read().await;
        sessions.keys().map(ToString::to_string).collect()
    }
}

/// A place for a session.
pub(super) struct Reservation<'a>(&'a BoundedSessions);

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.0.arriving.fetch_sub(1, Ordering::AcqRel);
    }
}

impl SessionManager for BoundedSessions {
    type Error = LocalSessionManagerError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        self.inner.create_session().await
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.inner.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.inner.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.inner.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.inner.create_stream(id, message).await
    }

    async fn accept_message(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<(), Self::Error> {
        self.inner.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.inner.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.inner.resume(id, last_event_id).await
    }
}
