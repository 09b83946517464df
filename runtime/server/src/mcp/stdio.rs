//! The protocol behind stdin and stdout: one connection, both eras.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use bytes::Bytes;
use mcp_factory_sdk::Principal;
use rmcp::{
    RoleServer,
    model::{
        ClientJsonRpcMessage, ClientNotification, GetExtensions as _, RequestId,
        ServerJsonRpcMessage,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage, serve_server_with_ct},
    transport::Transport,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    Shared,
    beginning::{ForLibrary, beginning, begins},
    connection::Connection,
    fast::FastLane,
    handler::Handler,
    lanes::Lanes,
};
use crate::{
    frame::{FrameKind, INVALID_REQUEST, error_message},
    protocol::Incoming,
    stdio::Slot,
};

/// Messages waiting for the library.
const QUEUE: usize = 64;

/// Serves the one connection until its input ends or `cancel` fires. Without `fast` all messages go through
/// the library.
pub(crate) async fn serve_stdio(
    shared: &Arc<Shared>,
    fast: Option<Arc<FastLane>>,
    principal: Principal,
    inbound: mpsc::Receiver<Incoming>,
    outbound: mpsc::Sender<Bytes>,
    cancel: CancellationToken,
) {
    let (library, mut messages) = mpsc::channel(QUEUE);
    let input = library.downgrade();
    let principal = Arc::new(principal);
    let connection = Arc::new(Connection::new());
    let begun = Arc::new(OnceLock::new());
    let handler = Handler::of(Arc::clone(shared), Arc::clone(&connection));
    let lanes = Lanes {
        fast,
        principal: Arc::clone(&principal),
        connection,
        begun: Arc::clone(&begun),
        library,
        outbound: outbound.clone(),
    };
    // A token each: the library cancels its own when it is at its end.
    let given_up = cancel.child_token();
    let lanes = lanes.run(inbound, given_up.clone());
    // Boxed: the library's part is large, and it lies on the stack once for each of those that it is handed through.
    let mut served = Box::pin(async {
        // Not before something is for it: most connections of the newest revision need nothing of it.
        let first = messages.recv().await;
        if first.is_none() {
            return;
        }
        let transport = Lines {
            first,
            inbound: messages,
            outbound,
            principal,
            in_flight: Arc::default(),
            refused: None,
            begun: false,
            unasked: None,
        };
        match serve_server_with_ct(handler, transport, cancel.child_token()).await {
            Ok(service) => {
                begun.get_or_init(|| service.peer().clone());
                if let Err(error) = service.waiting().await {
                    tracing::error!(%error, "the connection ended badly");
                }
            }
            Err(error) => tracing::debug!(%error, "the connection ended before it was initialized"),
        }
    });
    tokio::pin!(lanes);
    tokio::select! {
        () = &mut lanes => served.await,
        () = &mut served => {
            // What is at its end may have calls that are not. The library goes on its own only when the connection
            // is of no use any more.
            if input.upgrade().is_some() {
                given_up.cancel();
            }
            lanes.await;
        }
    }
}

/// The places of the calls in flight, given back with their answers.
type InFlight = Arc<Mutex<HashMap<RequestId, Slot>>>;

struct Lines {
    first: Option<ForLibrary>,
    inbound: mpsc::Receiver<ForLibrary>,
    outbound: mpsc::Sender<Bytes>,
    principal: Arc<Principal>,
    in_flight: InFlight,
    /// The answer to a message that the library does not read, with the place of its request, until there is room
    /// for it: the library drops `receive` when anything else happens first.
    refused: Option<(Bytes, Option<Slot>)>,
    /// Whether the library has left its beginning, where it ends at anything that is no request.
    begun: bool,
    /// The request that the library began with and that nobody asked, until it is answered.
    unasked: Option<RequestId>,
}

impl Lines {
    /// What the library begins with when the first request was answered without it; `None` when it has begun.
    fn begin(&mut self) -> Option<ClientJsonRpcMessage> {
        if self.begun {
            return None;
        }
        let (id, mut message) = beginning()?;
        if let ClientJsonRpcMessage::Request(request) = &mut message {
            let extensions = request.request.extensions_mut();
            extensions.insert(Arc::clone(&self.principal));
        }
        self.begun = true;
        self.unasked = Some(id);
        Some(message)
    }

    /// The message for the library, with what it must not lose: the checked bytes and the sender. Its place, when it
    /// is none that the library reads.
    fn admit(&self, incoming: Incoming) -> Result<ClientJsonRpcMessage, Option<Slot>> {
        let mut message =
            match serde_json::from_slice::<ClientJsonRpcMessage>(incoming.frame.bytes()) {
                Ok(message) => message,
                Err(error) => {
                    // An answer to nothing we asked, or a request of a shape that the library does not read.
                    tracing::debug!(%error, "a message is not understood");
                    return Err(incoming.slot);
                }
            };
        match &mut message {
            ClientJsonRpcMessage::Request(request) => {
                if let Some(slot) = incoming.slot {
                    lock(&self.in_flight).insert(request.id.clone(), slot);
                }
                let extensions = request.request.extensions_mut();
                extensions.insert(Arc::new(incoming.frame));
                extensions.insert(Arc::clone(&self.principal));
            }
            ClientJsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) =
                    &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    // Nobody answers a call that was taken back.
                    lock(&self.in_flight).remove(id);
                }
            }
            _ => {}
        }
        Ok(message)
    }
}

fn lock(in_flight: &InFlight) -> std::sync::MutexGuard<'_, HashMap<RequestId, Slot>> {
    in_flight.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Transport<RoleServer> for Lines {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        let outbound = self.outbound.clone();
        let in_flight = Arc::clone(&self.in_flight);
        let answers = match &message {
            ServerJsonRpcMessage::Response(response) => Some(response.id.clone()),
            ServerJsonRpcMessage::Error(error) => error.id.clone(),
            _ => None,
        };
        let is_unasked = answers.is_some() && answers == self.unasked;
        if is_unasked {
            self.unasked = None;
        }
        async move {
            if is_unasked {
                return Ok(());
            }
            let line = serde_json::to_vec(&message).map_err(io::Error::other)?;
            let room = outbound.reserve().await;
            // Whoever reads the answer may use its id again.
            if let Some(id) = answers {
                lock(&in_flight).remove(&id);
            }
            room.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?
                .send(Bytes::from(line));
            Ok(())
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            if self.refused.is_some() {
                let room = self.outbound.reserve().await.ok()?;
                if let Some((refusal, slot)) = self.refused.take() {
                    drop(slot);
                    room.send(refusal);
                }
            }
            let next = match self.first.take() {
                Some(first) => first,
                None => self.inbound.recv().await?,
            };
            let incoming = match next {
                ForLibrary::Message(incoming) => incoming,
                ForLibrary::Beginning => match self.begin() {
                    Some(message) => return Some(message),
                    None => continue,
                },
            };
            debug_assert!(
                incoming.slot.is_some() == matches!(incoming.frame.kind(), FrameKind::Request(_))
            );
            let id = incoming.frame.request_id().cloned();
            if !self.begun && id.is_none() {
                continue;
            }
            match self.admit(*incoming) {
                Ok(message) => {
                    self.begun |= begins(&message);
                    return Some(message);
                }
                Err(slot) => {
                    // In the words of HTTP: whoever asks is answered.
                    let words = "this message is not understood";
                    let refusal = id.map(|id| error_message(Some(&id), INVALID_REQUEST, words));
                    self.refused = refusal.map(|refusal| (refusal, slot));
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.inbound.close();
        Ok(())
    }
}
