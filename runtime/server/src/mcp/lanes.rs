//! Which lane a message from stdin takes.
//!
//! The library sees everything that is not a request for the fast lane, and until it has begun the connection also what
//! may need a way to the client. A call on the fast lane is begun at once, in the task that reads: most are over before
//! anything has to wait. One that waits goes on as a task of its own (`running`).

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures_util::FutureExt as _;
use mcp_factory_sdk::Principal;
use rmcp::{Peer, RoleServer};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    beginning::ForLibrary,
    connection::Connection,
    fast::{FastLane, Wire},
    running::Running,
};
use crate::{
    frame::{INVALID_REQUEST, error_message},
    protocol::Incoming,
};

/// Both lanes of one connection.
pub(super) struct Lanes {
    /// `None` when everything goes through the library.
    pub(super) fast: Option<Arc<FastLane>>,
    pub(super) principal: Arc<Principal>,
    pub(super) connection: Arc<Connection>,
    /// The way to the client, once the library has begun the connection.
    pub(super) begun: Arc<OnceLock<Peer<RoleServer>>>,
    /// To the library.
    pub(super) library: mpsc::Sender<ForLibrary>,
    /// To the client.
    pub(super) outbound: mpsc::Sender<Bytes>,
}

impl Lanes {
    /// Forwards and answers until the input ends and every call is answered, until the library or the client is
    /// gone, or until `cancel` fires.
    pub(super) async fn run(self, inbound: mpsc::Receiver<Incoming>, cancel: CancellationToken) {
        let running = Running::default();
        let outbound = self.outbound.clone();
        cancel
            .run_until_cancelled(self.forward(inbound, &running))
            .await;
        for id in running.abort() {
            // In the words of the other lane.
            let given_up = error_message(Some(&id), INVALID_REQUEST, "the request was cancelled");
            if outbound.send(given_up).await.is_err() {
                break;
            }
        }
    }

    async fn forward(self, mut inbound: mpsc::Receiver<Incoming>, running: &Running) {
        let mut open = true;
        // Whether a request decided the era of the connection before the library had begun it, and whether that knows.
        let (mut is_decided, mut is_told) = (false, false);
        while let Some(incoming) = inbound.recv().await {
            let peer = self.begun.get();
            // A second handshake may change what the messages after it mean.
            open &= (peer.is_none() && !is_decided) || incoming.frame.method() != "initialize";
            let fast = self.fast.as_ref().filter(|_| open);
            let taken = fast.and_then(|fast| Some((fast, fast.takes_line(&incoming.frame, peer)?)));
            let there = match taken {
                Some((fast, decides)) => {
                    is_decided |= decides && peer.is_none();
                    self.call(fast, peer, incoming, running).await
                }
                None if running.cancel(&incoming.frame) => true,
                None => {
                    let is_news = is_decided && !is_told;
                    is_told = is_decided;
                    self.hand_on(incoming, is_news).await
                }
            };
            if !there {
                break;
            }
        }
        drop(self.library);
        running.finish().await;
    }

    /// Hands a message on to the library, and before it that the connection has begun if that is news; false when the
    /// library is gone.
    async fn hand_on(&self, incoming: Incoming, has_begun: bool) -> bool {
        if has_begun && self.library.send(ForLibrary::Beginning).await.is_err() {
            return false;
        }
        let message = ForLibrary::Message(Box::new(incoming));
        self.library.send(message).await.is_ok()
    }

    /// Begins a call; false when nobody takes its answer.
    async fn call(
        &self,
        fast: &Arc<FastLane>,
        peer: Option<&Peer<RoleServer>>,
        incoming: Incoming,
        running: &Running,
    ) -> bool {
        let Incoming { frame, slot } = incoming;
        let Some(id) = frame.request_id().cloned() else {
            return true;
        };
        let wire = Wire {
            peer: peer.cloned(),
            log_level: self.connection.log_level(),
            principal: Arc::clone(&self.principal),
        };
        let mut answer = fast.answer_line(frame, wire);
        let outbound = self.outbound.clone();
        // What may take its thread's time has one of its own (`pipeline::aside`).
        let Some(bytes) = (&mut answer).now_or_never() else {
            running.go_on(id, answer, outbound, slot);
            return true;
        };
        let Ok(room) = outbound.reserve().await else {
            return false;
        };
        // Whoever reads the answer may use its id again.
        drop(slot);
        room.send(bytes);
        true
    }
}
