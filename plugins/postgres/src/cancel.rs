//! What becomes of a connection whose caller left in the middle: the server is told to stop, and the
//! connection is closed.
//!
//! The connection keeps its place in the pool until then, so there are never more such tasks than the pool
//! has places, and the server never has more connections than it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use deadpool::managed::Object;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use crate::{connect::Connector, pool::Lease};

/// How long telling the server may take.
const TELLING: Duration = Duration::from_secs(5);
/// How long the server may take to stop and to close.
const ENDING: Duration = Duration::from_secs(2);
/// How long all of this may hold up the end of the plugin.
const STOPPING: Duration = Duration::from_secs(5);

/// Cancels what is abandoned.
#[derive(Debug)]
pub(crate) struct Canceller {
    connector: Arc<Connector>,
    tasks: TaskTracker,
    runtime: Handle,
    pending: Arc<AtomicUsize>,
}

impl Canceller {
    /// `tasks` are waited for at the end; among them are the connections' own.
    pub(crate) fn new(connector: Arc<Connector>, tasks: TaskTracker, runtime: Handle) -> Self {
        Self {
            connector,
            tasks,
            runtime,
            pending: Arc::default(),
        }
    }

    /// Stops what a connection does, then closes it.
    pub(crate) fn abandon(&self, lease: Lease) {
        if lease.client.is_closed() && !lease.oversized.load(Ordering::Acquire) {
            drop(Object::take(lease));
            return;
        }
        let connector = Arc::clone(&self.connector);
        let pending = Pending::new(&self.pending);
        let stop = async move {
            let _pending = pending;
            match tokio::time::timeout(TELLING, connector.cancel(&lease)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a statement could not be cancelled"),
                Err(_) => tracing::warn!("a statement could not be cancelled in time"),
            }
            Object::take(lease).end(ENDING).await;
        };
        self.tasks.spawn_on(stop, &self.runtime);
    }

    /// A connection was found lost: the others are asked before they are used.
    pub(crate) fn suspect(&self) {
        self.connector.suspect();
    }

    /// How many are being stopped now.
    pub(crate) fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    /// Waits, for a while, until nothing is left.
    pub(crate) async fn stop(&self) {
        self.tasks.close();
        if tokio::time::timeout(STOPPING, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("connections to the database were left open at the end");
        }
    }
}

/// Counts one task for as long as it lives.
struct Pending(Arc<AtomicUsize>);

impl Pending {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
