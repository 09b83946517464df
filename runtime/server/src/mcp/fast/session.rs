//! The lane inside a legacy session: the same answers, and a call that can be taken back.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{
    FutureExt as _,
    future::{AbortHandle, Abortable},
};
use http::{HeaderMap, StatusCode};
use mcp_factory_sdk::{BoxFuture, Principal};

use super::{
    FastLane, WayBack,
    asked::{Asked, Way},
    headers, plain,
    survive::survive,
};
use crate::{
    frame::Frame,
    lifecycle::Lifecycle,
    mcp::{respond::Era, session::Visit},
    pipeline::Origin,
    protocol::Answer,
};

impl FastLane {
    /// The answer to a request in a session; `None` when this lane does not take it, or its id is in flight.
    pub(in crate::mcp) async fn answer_in_session(
        self: &Arc<Self>,
        mut visit: Visit,
        headers: &HeaderMap,
        frame: &Frame,
        principal: &Arc<Principal>,
        origin: &Arc<Origin>,
    ) -> Option<Answer> {
        let id = frame.request_id()?;
        if headers::era(headers)? != Era::Legacy {
            return None;
        }
        let (call, taken_back) = AbortHandle::new_pair();
        if !visit.claim(id, Some(call)) {
            return None;
        }
        let (lane, frame) = (Arc::clone(self), frame.clone());
        let (principal, origin) = (Arc::clone(principal), Arc::clone(origin));
        let work = async move {
            let id = frame.request_id()?;
            let answer = {
                let work = pin!(async {
                    let asked = Asked::read(&frame, Era::Legacy, Way::Once)?;
                    let speaks = lane.speaks(&asked)?;
                    let way = WayBack::Once;
                    Some(
                        lane.perform(id, asked, way, speaks, &principal, &origin)
                            .await,
                    )
                });
                let work = survive(id, frame.method(), work);
                Abortable::new(work, taken_back).await
            };
            // The id is free when nothing of the call is left.
            drop(visit);
            // In a session every answer has had one status: its head went before it.
            let answer = answer.unwrap_or_else(|_| Some(plain(Bytes::new())))?;
            Some(Answer {
                status: StatusCode::OK,
                retry_after: None,
                body: answer.body,
            })
        };
        let call = Call {
            work: Some(Box::pin(work)),
            begun: false,
            lifecycle: self.shared.lifecycle.clone(),
        };
        call.await
    }
}

/// A call that goes on when its client is gone: in a session that takes nothing back, only a notification does.
struct Call {
    /// `None` once it is over.
    work: Option<BoxFuture<'static, Option<Answer>>>,
    begun: bool,
    lifecycle: Lifecycle,
}

impl Future for Call {
    type Output = Option<Answer>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.begun = true;
        let Some(work) = &mut self.work else {
            return Poll::Ready(None);
        };
        let answer = std::task::ready!(work.poll_unpin(context));
        self.work = None;
        Poll::Ready(answer)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let (Some(work), true) = (self.work.take(), self.begun) else {
            return;
        };
        let stop = self.lifecycle.stop_token();
        if let (false, Ok(runtime)) = (stop.is_cancelled(), tokio::runtime::Handle::try_current()) {
            let work = async move { drop(stop.run_until_cancelled(work).await) };
            self.lifecycle.tasks().spawn_on(work, &runtime);
        }
    }
}
