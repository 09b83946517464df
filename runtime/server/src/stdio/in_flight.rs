//! The requests of this connection that are not answered yet: their ids, and the places they take.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::frame::RequestId;

/// All requests in flight; at most as many run as there are places.
#[derive(Debug, Clone)]
pub(crate) struct InFlight(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    ids: Mutex<HashSet<RequestId>>,
    places: Semaphore,
}

impl Shared {
    fn ids(&self) -> MutexGuard<'_, HashSet<RequestId>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlight {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Shared {
            ids: Mutex::default(),
            places: Semaphore::new(places),
        }))
    }

    /// Takes the id; `None` when a request with it is in flight.
    pub(crate) fn claim(&self, id: &RequestId) -> Option<Claim> {
        self.0.ids().insert(id.clone()).then(|| Claim {
            shared: Arc::clone(&self.0),
            id: id.clone(),
        })
    }

    /// Takes a place if one is free.
    pub(super) fn try_place(&self, claim: Claim) -> Result<Slot, Claim> {
        match self.0.places.try_acquire() {
            Ok(place) => {
                place.forget();
                Ok(Slot(claim))
            }
            Err(_) => Err(claim),
        }
    }

    /// Waits for a free place, and takes it for the claim that `whose` then gives. Nothing is lost when the
    /// future is dropped.
    pub(super) async fn place<T>(&self, whose: impl FnOnce() -> (T, Claim)) -> (T, Slot) {
        let place = self.0.places.acquire().await;
        place.expect("the places are never closed").forget();
        let (with, claim) = whose();
        (with, Slot(claim))
    }
}

/// The id of one request; dropping it frees it.
#[derive(Debug)]
pub(crate) struct Claim {
    shared: Arc<Shared>,
    id: RequestId,
}

impl Claim {
    pub(super) fn id(&self) -> &RequestId {
        &self.id
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.shared.ids().remove(&self.id);
    }
}

/// One request's id and place; dropping it frees both.
#[derive(Debug)]
pub(crate) struct Slot(Claim);

#[cfg(test)]
impl Slot {
    /// All requests in flight, to see whether the id is free.
    pub(crate) fn watch(&self) -> InFlight {
        InFlight(Arc::clone(&self.0.shared))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.shared.places.add_permits(1);
    }
}
