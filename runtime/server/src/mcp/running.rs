//! The calls of a connection that went on as tasks of their own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use futures_util::FutureExt as _;
use mcp_factory_sdk::BoxFuture;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{sync::mpsc, task::AbortHandle};
use tokio_util::task::TaskTracker;

use super::pace::Pace;
use crate::{
    frame::{Frame, RequestId},
    stdio::Slot,
};

/// The calls by their id. Bounded by the connection's places.
#[derive(Debug, Default)]
pub(super) struct Running {
    tasks: TaskTracker,
    by_id: Arc<Mutex<HashMap<RequestId, AbortHandle>>>,
}

/// The params of `notifications/cancelled`, as far as they say what.
#[derive(Deserialize)]
struct Cancelled<'a> {
    #[serde(borrow, rename = "requestId")]
    id: &'a RawValue,
}

impl Running {
    /// Lets a call go on: its answer goes to `outbound`, and its place is free then. `pace` is told of the
    /// first poll.
    pub(super) fn go_on(
        &self,
        id: RequestId,
        mut answer: BoxFuture<'static, Bytes>,
        outbound: mpsc::Sender<Bytes>,
        slot: Option<Slot>,
        pace: Option<(Arc<[Pace]>, usize)>,
    ) {
        let by_id = Arc::clone(&self.by_id);
        let own = id.clone();
        let call = async move {
            let begun = Instant::now();
            let first = (&mut answer).now_or_never();
            if let Some((paces, tool)) = pace {
                paces[tool].took(begun.elapsed());
            }
            let bytes = match first {
                Some(bytes) => bytes,
                None => answer.await,
            };
            // Nobody reads any more: then nobody misses it.
            outbound.send(bytes).await.ok();
            lock(&by_id).remove(&own);
            drop(slot);
        };
        // Held until the entry is there, so that the call cannot be over before it.
        let mut by_id = lock(&self.by_id);
        by_id.insert(id, self.tasks.spawn(call).abort_handle());
    }

    /// Whether a message takes back one of these calls; if so, the call is dropped where it stands.
    pub(super) fn cancel(&self, frame: &Frame) -> bool {
        if frame.method() != "notifications/cancelled" {
            return false;
        }
        let said = frame
            .params()
            .and_then(|params| serde_json::from_str::<Cancelled<'_>>(params).ok());
        let Some(id) = said.and_then(|said| RequestId::read(said.id.get())) else {
            return false;
        };
        let call = lock(&self.by_id).remove(&id);
        call.map(|call| call.abort()).is_some()
    }

    /// Waits until every call is answered.
    pub(super) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Drops every call where it stands.
    pub(super) fn abort(&self) {
        for (_, call) in lock(&self.by_id).drain() {
            call.abort();
        }
    }
}

fn lock(
    by_id: &Mutex<HashMap<RequestId, AbortHandle>>,
) -> MutexGuard<'_, HashMap<RequestId, AbortHandle>> {
    by_id.lock().unwrap_or_else(PoisonError::into_inner)
}
