//! The ids in flight of legacy sessions: the second request with one id is refused.
//!
//! `rmcp` answers only one of them, and the stream of the other would stay open for good. On stdio the
//! transport sees to it; a stateless request has its id for itself.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use crate::frame::RequestId;

type Key = (String, RequestId);

/// All ids in flight, with their sessions. Bounded by the number of connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims(Arc<Mutex<HashSet<Key>>>);

impl Claims {
    /// Takes an id of a session until the claim is dropped; `None` when it is taken.
    pub(super) fn claim(&self, session: &str, id: &RequestId) -> Option<Claim> {
        let key = (session.to_owned(), id.clone());
        let fresh = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.clone());
        fresh.then(|| Claim {
            claims: self.clone(),
            key,
        })
    }
}

/// An id that is in flight.
#[derive(Debug)]
pub(super) struct Claim {
    claims: Claims,
    key: Key,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut held = self.claims.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_once_in_its_session() {
        let claims = Claims::default();
        let first = claims
            .claim("a", &RequestId::Number(1))
            .expect("it is free");
        assert!(claims.claim("a", &RequestId::Number(1)).is_none());
        assert!(claims.claim("b", &RequestId::Number(1)).is_some());
        assert!(claims.claim("a", &RequestId::Text("1".into())).is_some());
        drop(first);
        assert!(claims.claim("a", &RequestId::Number(1)).is_some());
    }
}
