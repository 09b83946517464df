//! The calls of a connection that went on as tasks of their own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use mcp_factory_sdk::BoxFuture;
use tokio::{sync::mpsc, task::AbortHandle};
use tokio_util::task::TaskTracker;

use crate::{
    frame::{Frame, RequestId},
    stdio::Slot,
};

/// The calls by their id. Bounded by the connection's places.
#[derive(Debug, Default)]
pub(super) struct Running {
    tasks: TaskTracker,
    by_id: Arc<Mutex<Calls>>,
}

/// `None` for a call that is being begun.
type Calls = HashMap<RequestId, Option<AbortHandle>>;

/// One of these calls, however it ends: it is no longer listed then, and its place is free.
struct Entry {
    by_id: Arc<Mutex<Calls>>,
    id: RequestId,
    /// Given back after this is dropped, so that the next call of this id comes after it.
    _slot: Option<Slot>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.by_id).remove(&self.id);
    }
}

impl Running {
    /// Lets a call go on: its answer goes to `outbound`, and its place is free when there is room for that.
    pub(super) fn go_on(
        &self,
        id: RequestId,
        answer: BoxFuture<'static, Bytes>,
        outbound: mpsc::Sender<Bytes>,
        slot: Option<Slot>,
    ) {
        // Listed before it begins, so that it cannot be over before it is. Not locked while it begins: a call
        // that cannot begin is dropped there.
        let own = id.clone();
        lock(&self.by_id).insert(own.clone(), None);
        let entry = Entry {
            by_id: Arc::clone(&self.by_id),
            id,
            _slot: slot,
        };
        let call = async move {
            let bytes = answer.await;
            let Ok(room) = outbound.reserve().await else {
                // Nobody reads any more: then nobody misses it.
                return;
            };
            // Who takes it off the list answers it, if it is to be answered at all.
            let listed = lock(&entry.by_id).remove(&entry.id);
            // Whoever reads the answer may use its id again.
            drop(entry);
            if listed.is_some() {
                room.send(bytes);
            }
        };
        let call = self.tasks.spawn(call).abort_handle();
        if let Some(listed) = lock(&self.by_id).get_mut(&own) {
            *listed = Some(call);
        }
    }

    /// Whether a message takes back one of these calls; if so, the call is dropped where it stands.
    pub(super) fn cancel(&self, frame: &Frame) -> bool {
        let Some(id) = frame.cancels() else {
            return false;
        };
        let call = lock(&self.by_id).remove(&id);
        call.flatten().map(|call| call.abort()).is_some()
    }

    /// Waits until every call is answered.
    pub(super) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Drops every call where it stands: the ids that nobody answers any more.
    pub(super) fn abort(&self) -> Vec<RequestId> {
        let calls = std::mem::take(&mut *lock(&self.by_id));
        calls
            .into_iter()
            .map(|(id, call)| {
                call.inspect(AbortHandle::abort);
                id
            })
            .collect()
    }
}

fn lock(by_id: &Mutex<Calls>) -> MutexGuard<'_, Calls> {
    by_id.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another thread reads the answer in the moment in which it can be read.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn an_id_is_free_when_its_answer_is_there() {
        let running = Running::default();
        let (outbound, mut answers) = mpsc::channel(1);
        let id = RequestId::Number(1);
        for round in 0..20_000 {
            let slot = crate::stdio::slot(id.clone()).await;
            let watch = slot.watch();
            let call = Box::pin(async { Bytes::from_static(b"{}") });
            running.go_on(id.clone(), call, outbound.clone(), Some(slot));
            while answers.try_recv().is_err() {
                std::hint::spin_loop();
            }
            assert!(watch.claim(&id).is_some(), "in round {round}");
        }
    }

    #[tokio::test]
    async fn a_call_that_panics_leaves_nothing_behind() {
        let running = Running::default();
        let (outbound, mut answers) = mpsc::channel(1);
        let id = RequestId::Number(1);
        let slot = crate::stdio::slot(id.clone()).await;
        let call = Box::pin(async { panic!("the canary sings") });
        running.go_on(id, call, outbound, Some(slot));
        running.finish().await;
        assert!(lock(&running.by_id).is_empty());
        assert_eq!(answers.recv().await, None);
    }
}
