//! What the library has of the sessions: nothing while they sleep, a session of its own once they woke.
//!
//! A session wakes when something needs the library: a stream of events, a tool that speaks before it answers, a
//! subscription, anything odd. The handshake of its client is told to a new session of the library, which has the
//! same id; from then on it is as if it had been there from the beginning.

use std::sync::Arc;

use futures_util::Stream;
use mcp_factory_sdk::Principal;
use rmcp::{
    model::{
        ClientJsonRpcMessage, ClientNotification, ClientRequest, GetExtensions as _,
        InitializeRequest, InitializeRequestParams, InitializedNotification, NumberOrString,
        ServerJsonRpcMessage,
    },
    service::serve_server_with_ct,
    transport::{
        TransportAdapterIdentity,
        streamable_http_server::session::{
            RestoreOutcome, ServerSseMessage, SessionId, SessionManager,
            local::{LocalSessionManager, LocalSessionManagerError},
        },
    },
};

use super::{
    handler::Handler,
    session::{Library, Session},
    sessions::Sessions,
};

type Transport = <LocalSessionManager as SessionManager>::Transport;

impl Sessions {
    /// Sees to it that the library has this session; false when the session has ended.
    pub(super) async fn wake(
        self: &Arc<Self>,
        session: &Arc<Session>,
        principal: &Arc<Principal>,
    ) -> bool {
        if matches!(*session.library.lock().await, Library::Awake) {
            return true;
        }
        let (sessions, session) = (Arc::clone(self), Arc::clone(session));
        let principal = Arc::clone(principal);
        // A task of its own: a client that goes away in between must not leave half a session.
        let tasks = self.shared.lifecycle.tasks();
        let woken = tasks.spawn(async move { sessions.wake_once(&session, principal).await });
        woken.await.unwrap_or(false)
    }

    async fn wake_once(self: &Arc<Self>, session: &Session, principal: Arc<Principal>) -> bool {
        let mut library = session.library.lock().await;
        let Library::Asleep(handshake) = &*library else {
            return true;
        };
        // Whoever ends it marks it first and then waits for this lock, so nothing is left behind.
        if session.has_ended() {
            return false;
        }
        let params = match serde_json::from_str(handshake) {
            Ok(params) => params,
            Err(error) => {
                tracing::error!(%error, "a handshake that was good is not any more");
                return false;
            }
        };
        let woken = self.begin(session, params, principal).await;
        match woken {
            Ok(()) => *library = Library::Awake,
            Err(error) => {
                tracing::error!(%error, "a session did not wake");
                self.close_session(&session.id).await.ok();
            }
        }
        matches!(*library, Library::Awake)
    }

    /// Makes a session of the library and tells it what the client said.
    async fn begin(
        self: &Arc<Self>,
        session: &Session,
        params: InitializeRequestParams,
        principal: Arc<Principal>,
    ) -> Result<(), LocalSessionManagerError> {
        let id = &session.id;
        let outcome = self.library.restore_session(Arc::clone(id)).await?;
        let RestoreOutcome::Restored(transport) = outcome else {
            return Ok(());
        };
        self.serve(Arc::clone(id), transport);
        let mut request = InitializeRequest::default();
        request.params = params;
        let mut request = ClientRequest::InitializeRequest(request);
        request.extensions_mut().insert(Arc::clone(&principal));
        // Its answer was given long ago.
        let message = ClientJsonRpcMessage::request(request, NumberOrString::Number(0));
        let _answer = self.library.initialize_session(id, message).await?;
        if let Some(heard) = session.ready() {
            let ready = InitializedNotification::default();
            let mut ready = ClientNotification::InitializedNotification(ready);
            ready.extensions_mut().insert(principal);
            ready.extensions_mut().insert(heard);
            let message = ClientJsonRpcMessage::notification(ready);
            self.library.accept_message(id, message).await?;
        }
        Ok(())
    }

    /// Serves a session of the library until one of its two ends is gone.
    fn serve(self: &Arc<Self>, id: SessionId, transport: Transport) {
        let handler = Handler::new(Arc::clone(&self.shared));
        let lifecycle = &self.shared.lifecycle;
        let stop = lifecycle.stop_token().child_token();
        let sessions = Arc::clone(self);
        lifecycle.tasks().spawn(async move {
            let service =
                serve_server_with_ct::<_, _, _, TransportAdapterIdentity>(handler, transport, stop);
            match service.await {
                Ok(service) => drop(service.waiting().await),
                Err(error) => tracing::error!(%error, "a session did not begin"),
            }
            sessions.close_session(&id).await.ok();
        });
    }

    /// Ends a session and what the library has of it.
    pub(super) async fn end(&self, id: &SessionId) {
        let Some(session) = self.forget(id) else {
            return;
        };
        // Waits until one that wakes is awake.
        if matches!(*session.library.lock().await, Library::Awake) {
            self.library.close_session(id).await.ok();
        }
    }
}

impl SessionManager for Sessions {
    type Error = LocalSessionManagerError;
    type Transport = Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        self.library.create_session().await
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.library.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.library.has_session(id).await
    }

    /// What is over for the library is over.
    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.forget(id);
        self.library.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.library.create_stream(id, message).await
    }

    async fn accept_message(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<(), Self::Error> {
        self.library.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.library.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.library.resume(id, last_event_id).await
    }
}
