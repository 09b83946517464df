//! One session of the legacy era: whose it is, what its client said of itself, and what runs in it.
//!
//! It sleeps until something needs the library, and costs a few hundred bytes until then. Not here: all sessions
//! together (`sessions`), and how one wakes (`waking`).

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::AbortHandle;
use rmcp::transport::streamable_http_server::SessionId;
use tokio::time::{Duration, Instant};

use super::events::Changes;
use crate::frame::RequestId;

/// A session ends when nothing happened in it for so long.
pub(super) const IDLE: Duration = Duration::from_mins(5);

/// Requests in flight that a session keeps room for.
const CALLS_KEPT: usize = 4;

/// One session.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) owner: Arc<str>,
    /// Locked while it wakes, so that it does so once.
    pub(super) library: tokio::sync::Mutex<Library>,
    state: Mutex<State>,
}

/// What the library has of a session.
#[derive(Debug)]
pub(super) enum Library {
    /// Nothing. These are the params of the handshake, as JSON, for when it wakes.
    Asleep(Box<str>),
    /// A session of its own, under the same id.
    Awake,
}

struct State {
    used: Instant,
    visits: usize,
    /// The changes until the client said that it is ready to hear of them.
    ready: Option<Changes>,
    ended: bool,
    /// The requests in flight; a handle for one that runs outside of the library.
    calls: Vec<(RequestId, Option<AbortHandle>)>,
}

impl Session {
    pub(super) fn new(id: SessionId, owner: Arc<str>, library: Library) -> Self {
        Self {
            id,
            owner,
            library: tokio::sync::Mutex::new(library),
            state: Mutex::new(State {
                used: Instant::now(),
                visits: 0,
                ready: None,
                ended: false,
                calls: Vec::new(),
            }),
        }
    }

    /// Begins something in this session, which does not end of idleness until that is over. `None` when it has
    /// ended, or is about to.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Visit> {
        let mut state = self.lock();
        if state.is_over() {
            return None;
        }
        state.visits += 1;
        drop(state);
        Some(Visit {
            session: Arc::clone(self),
            claimed: None,
        })
    }

    /// Whether nothing happened in it for too long.
    pub(super) fn is_over(&self) -> bool {
        self.lock().is_over()
    }

    /// Ends it: nobody enters it any more, and what runs outside of the library is dropped.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let calls = std::mem::take(&mut state.calls);
        drop(state);
        for call in calls.into_iter().filter_map(|(_, call)| call) {
            call.abort();
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// The changes until the client said that it is ready to hear of them; `None` when it did not say so.
    pub(super) fn ready(&self) -> Option<Changes> {
        self.lock().ready
    }

    /// Remembers that the client is ready to hear of what changes from now on, after `changes`.
    pub(super) fn set_ready(&self, changes: Changes) {
        self.lock().ready.get_or_insert(changes);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_over(&self) -> bool {
        self.ended || (self.visits == 0 && self.used.elapsed() >= IDLE)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Session")
    }
}

/// Something that goes on in a session: a request until its answer was given, a stream until it ends.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) session: Arc<Session>,
    claimed: Option<RequestId>,
}

impl Visit {
    /// Takes an id for this visit; false when it is in flight. `rmcp` answers only one of two requests with one id,
    /// and the stream of the other would stay open for good. `call` is what to stop when the client takes the
    /// request back.
    pub(super) fn claim(&mut self, id: &RequestId, call: Option<AbortHandle>) -> bool {
        let mut state = self.session.lock();
        if state.calls.iter().any(|(taken, _)| taken == id) {
            return false;
        }
        state.calls.push((id.clone(), call));
        drop(state);
        self.claimed = Some(id.clone());
        true
    }

    /// Stops the call that has this id outside of the library; false when there is none.
    pub(super) fn cancel(&self, id: &RequestId) -> bool {
        let state = self.session.lock();
        let call = state.calls.iter().find(|(running, _)| running == id);
        let call = call.and_then(|(_, call)| call.clone());
        drop(state);
        call.is_some_and(|call| {
            call.abort();
            true
        })
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut state = self.session.lock();
        state.visits = state.visits.saturating_sub(1);
        state.used = Instant::now();
        if let Some(id) = &self.claimed {
            state.calls.retain(|(running, _)| running != id);
            if state.calls.is_empty() && state.calls.capacity() > CALLS_KEPT {
                state.calls = Vec::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Arc<Session> {
        let library = Library::Asleep("{}".into());
        Arc::new(Session::new("id".into(), "ann".into(), library))
    }

    fn number(id: i64) -> RequestId {
        RequestId::Number(id)
    }

    #[tokio::test]
    async fn an_id_is_taken_once_in_its_session() {
        let (one, other) = (session(), session());
        let enter = |session: &Arc<Session>| session.enter().expect("it has not ended");
        let mut first = enter(&one);
        assert!(first.claim(&number(1), None));
        assert!(!enter(&one).claim(&number(1), None));
        assert!(enter(&other).claim(&number(1), None));
        assert!(enter(&one).claim(&RequestId::Text("1".into()), None));
        // One that was refused took nothing with it.
        assert!(!enter(&one).claim(&number(1), None));
        drop(first);
        assert!(enter(&one).claim(&number(1), None));
    }

    #[tokio::test]
    async fn a_call_is_found_by_its_id_until_it_is_over() {
        let session = session();
        let (call, stopped) = AbortHandle::new_pair();
        let mut visit = session.enter().expect("it has not ended");
        assert!(visit.claim(&number(1), Some(call)));
        let other = session.enter().expect("it has not ended");
        assert!(!other.cancel(&number(2)));
        assert!(!stopped.handle().is_aborted());
        assert!(other.cancel(&number(1)));
        assert!(stopped.handle().is_aborted());
        drop(visit);
        assert!(!other.cancel(&number(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_nothing_goes_on_in_it() {
        let session = session();
        tokio::time::advance(IDLE / 2).await;
        let visit = session.enter().expect("it was used a short while ago");
        tokio::time::advance(IDLE * 2).await;
        assert!(!session.is_over(), "something goes on");
        drop(visit);
        tokio::time::advance(IDLE / 2).await;
        assert!(!session.is_over());
        tokio::time::advance(IDLE / 2).await;
        assert!(session.is_over());
        assert!(session.enter().is_none());
    }

    #[tokio::test]
    async fn its_end_is_the_end_of_what_runs_in_it() {
        let session = session();
        let (call, stopped) = AbortHandle::new_pair();
        let mut visit = session.enter().expect("it has not ended");
        assert!(visit.claim(&number(1), Some(call)));
        session.end();
        assert!(stopped.handle().is_aborted());
        assert!(session.enter().is_none() && session.has_ended());
    }
}
