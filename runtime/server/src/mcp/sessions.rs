//! All legacy sessions, with an end to their number.
//!
//! A session exists so that the server can ask the client something while a call waits, which the
//! 2026-07-28 era does without one. Each belongs to whoever opened it; somebody else's looks like one that does not
//! exist. Not here: one of them (`session`), and what the library has of them (`waking`).

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use mcp_factory_sdk::Principal;
use rmcp::transport::streamable_http_server::{SessionId, session::local::LocalSessionManager};

use super::{
    Shared,
    session::{IDLE, Library, Session, Visit},
};

/// How many callers it takes to have all sessions, and how many each may have of a few.
const SHARES: usize = 4;
const LEAST_SHARE: usize = 4;

/// How many times in [`IDLE`] it is looked for what is over.
const LOOKS: u32 = 20;

/// The sessions in memory, at most `limit` of them.
#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) shared: Arc<Shared>,
    /// Those of the library, of the sessions that are awake.
    pub(super) library: LocalSessionManager,
    limit: usize,
    table: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    sessions: HashMap<SessionId, Arc<Session>>,
    /// How many each owner has, with those that are being opened.
    owned: HashMap<Arc<str>, usize>,
    arriving: usize,
    /// Whether somebody looks for what is over.
    watched: bool,
}

impl Table {
    fn give_back(&mut self, owner: &str) {
        let Some(count) = self.owned.get_mut(owner) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.owned.remove(owner);
        }
    }
}

impl Sessions {
    pub(super) fn new(shared: &Arc<Shared>, limit: usize) -> Arc<Self> {
        let mut library = LocalSessionManager::default();
        // It sees but a part of what happens in a session, so it cannot know when one is idle.
        library.session_config.keep_alive = None;
        Arc::new(Self {
            shared: Arc::clone(shared),
            library,
            limit,
            table: RwLock::default(),
        })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.read().sessions.len()
    }

    /// Reserves a place for one more session of `owner`; `None` when all are taken, or its share of them.
    pub(super) fn reserve(self: &Arc<Self>, owner: &Principal) -> Option<Reservation> {
        let share = self.limit.div_ceil(SHARES).max(LEAST_SHARE);
        let mut table = self.write();
        let known = table.owned.get_key_value(owner.key());
        let (owner, count) = match known {
            Some((owner, count)) => (Arc::clone(owner), *count),
            None => (Arc::from(owner.key()), 0),
        };
        if count >= share || table.sessions.len() + table.arriving >= self.limit {
            return None;
        }
        table.arriving += 1;
        table.owned.insert(Arc::clone(&owner), count + 1);
        drop(table);
        Some(Reservation {
            sessions: Arc::clone(self),
            owner: Some(owner),
        })
    }

    /// Begins something in the session with this id. `None` when there is none, or it is not `caller`'s.
    pub(super) fn enter(&self, id: &str, caller: Option<&Principal>) -> Option<Visit> {
        let session = self.read().sessions.get(id).map(Arc::clone)?;
        let is_owner = caller.is_some_and(|caller| caller.key() == &*session.owner);
        is_owner.then(|| session.enter()).flatten()
    }

    /// Takes a session out, so that its place is free and nobody enters it any more.
    pub(super) fn forget(&self, id: &str) -> Option<Arc<Session>> {
        let mut table = self.write();
        let session = table.sessions.remove(id)?;
        table.give_back(&session.owner);
        drop(table);
        session.end();
        Some(session)
    }

    /// Looks for sessions that are over, as long as there are any. Once is enough.
    fn watch(self: &Arc<Self>) {
        let sessions = Arc::clone(self);
        let lifecycle = self.shared.lifecycle.clone();
        self.shared.lifecycle.tasks().spawn(async move {
            loop {
                tokio::select! {
                    () = lifecycle.draining() => return,
                    () = tokio::time::sleep(IDLE / LOOKS) => {}
                }
                for session in sessions.over() {
                    sessions.end(&session.id).await;
                }
                let mut table = sessions.write();
                if table.sessions.is_empty() {
                    table.watched = false;
                    return;
                }
            }
        });
    }

    fn over(&self) -> Vec<Arc<Session>> {
        let table = self.read();
        let over = table.sessions.values().filter(|session| session.is_over());
        over.map(Arc::clone).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place for a session.
#[derive(Debug)]
pub(super) struct Reservation {
    sessions: Arc<Sessions>,
    /// `None` when the place is taken.
    owner: Option<Arc<str>>,
}

impl Reservation {
    /// Opens the session. Nobody else can know its id yet.
    pub(super) fn open(mut self, id: SessionId, library: Library) {
        let Some(owner) = self.owner.take() else {
            return;
        };
        let session = Arc::new(Session::new(Arc::clone(&id), owner, library));
        let mut table = self.sessions.write();
        table.arriving -= 1;
        table.sessions.insert(id, session);
        let watched = std::mem::replace(&mut table.watched, true);
        drop(table);
        if !watched {
            self.sessions.watch();
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(owner) = self.owner.take() {
            let mut table = self.sessions.write();
            table.arriving -= 1;
            table.give_back(&owner);
        }
    }
}
