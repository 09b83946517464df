//! The lane as stdio drives it: a connection that leads back at any time, once the library has begun it.

use std::{pin::pin, sync::Arc};

use bytes::Bytes;
use mcp_factory_sdk::{BoxFuture, Principal};
use rmcp::{Peer, RoleServer, model::LoggingLevel};

use super::{
    FastLane, WayBack,
    asked::{Asked, What},
    survive::survive,
};
use crate::frame::Frame;

/// What one call needs of its connection.
pub(in crate::mcp) struct Wire {
    /// `None` before the library has begun it.
    pub(in crate::mcp) peer: Option<Peer<RoleServer>>,
    /// What a client of the legacy era wants to hear of.
    pub(in crate::mcp) log_level: LoggingLevel,
    pub(in crate::mcp) principal: Arc<Principal>,
}

/// A call that this lane took. One that is taken back before it begins is a call all the same, and recorded.
struct Taken {
    lane: Arc<FastLane>,
    frame: Frame,
    principal: Arc<Principal>,
    begun: bool,
}

impl Drop for Taken {
    fn drop(&mut self) {
        if !self.begun {
            let pipeline = &self.lane.shared.pipeline;
            pipeline.taken_back(&self.principal, &self.lane.local, &self.frame);
        }
    }
}

impl FastLane {
    /// Whether a message is a request for this lane, on a connection that `peer` is the other end of, or that the library
    /// has not begun; and if so, whether it decides the era of one that has none, as all but `server/discover` does.
    pub(in crate::mcp) fn takes_line(
        &self,
        frame: &Frame,
        peer: Option<&Peer<RoleServer>>,
    ) -> Option<bool> {
        frame.request_id()?;
        let asked = Asked::on_wire(frame, shook_hands(peer))?;
        let is_taken = peer.is_some() || !self.takes_context(&asked.what);
        is_taken.then_some(!matches!(asked.what, What::Discover))
    }

    /// The answer to a message that this lane takes.
    pub(in crate::mcp) fn answer_line(
        self: &Arc<Self>,
        frame: Frame,
        wire: Wire,
    ) -> BoxFuture<'static, Bytes> {
        let mut taken = Taken {
            principal: Arc::clone(&wire.principal),
            lane: Arc::clone(self),
            frame,
            begun: false,
        };
        Box::pin(async move {
            taken.begun = true;
            let Taken { lane, frame, .. } = &taken;
            let Some(id) = frame.request_id() else {
                return Bytes::new();
            };
            let work = pin!(async {
                let asked = Asked::on_wire(frame, shook_hands(wire.peer.as_ref()))?;
                let speaks = lane.takes_context(&asked.what);
                let principal = Arc::clone(&wire.principal);
                let way = WayBack::Wire(wire);
                let answer = lane.perform(id, asked, way, speaks, &principal, &lane.local);
                Some(answer.await)
            });
            let answer = survive(id, frame.method(), work).await;
            answer.map_or_else(Bytes::new, |answer| answer.body)
        })
    }
}

/// Whether a connection began with a handshake.
fn shook_hands(peer: Option<&Peer<RoleServer>>) -> bool {
    peer.is_some_and(|peer| peer.peer_info().is_some())
}
