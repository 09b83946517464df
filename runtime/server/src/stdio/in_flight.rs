//! The requests of this connection that are not answered yet.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::frame::RequestId;

/// All requests in flight; at most as many as there are places.
#[derive(Debug, Clone)]
pub(super) struct InFlight(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    ids: Mutex<HashSet<RequestId>>,
    places: Semaphore,
}

impl InFlight {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Shared {
            ids: Mutex::default(),
            places: Semaphore::new(places),
        }))
    }

    pub(super) fn contains(&self, id: &RequestId) -> bool {
        self.0
            .ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(id)
    }

    /// Waits for a free place and takes it for `id`, which is not in flight.
    pub(super) async fn enter(&self, id: RequestId) -> Slot {
        self.0
            .places
            .acquire()
            .await
            .expect("the places are never closed")
            .forget();
        self.0
            .ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone());
        Slot {
            shared: Arc::clone(&self.0),
            id,
        }
    }
}

/// One request's place; dropping it frees the id and the place.
#[derive(Debug)]
pub(crate) struct Slot {
    shared: Arc<Shared>,
    id: RequestId,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared
            .ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
        self.shared.places.add_permits(1);
    }
}
