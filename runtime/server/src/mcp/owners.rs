//! Whose a session is: only its owner may use it, whatever else they may do.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use mcp_factory_sdk::Principal;
use tokio::time::{Duration, Instant};

/// The owner of every session, by its id.
#[derive(Debug, Default)]
pub(super) struct Owners(Mutex<HashMap<String, Owner>>);

#[derive(Debug)]
struct Owner {
    key: String,
    since: Instant,
}

/// For so long a session may be missing among the live ones because they were counted before it began.
const YOUNG: Duration = Duration::from_secs(10);

impl Owners {
    /// Remembers that `session` belongs to the caller with this key, and forgets sessions that are not
    /// `live` any more, so there are hardly more owners than sessions.
    pub(super) fn insert(&self, session: &str, key: &str, live: &HashSet<String>) {
        let mut owners = self.lock();
        owners.retain(|known, owner| live.contains(known) || owner.since.elapsed() < YOUNG);
        let owner = Owner {
            key: key.to_owned(),
            since: Instant::now(),
        };
        owners.insert(session.to_owned(), owner);
    }

    /// How many of the `live` sessions belong to the caller with this key.
    pub(super) fn count(&self, key: &str, live: &HashSet<String>) -> usize {
        let owners = self.lock();
        let mine = owners.iter().filter(|(_, owner)| owner.key == key);
        mine.filter(|(session, _)| live.contains(*session)).count()
    }

    /// Whether `caller` may speak in `session`. A request without a session is nobody's to refuse; one with
    /// a session that nobody owns is.
    pub(super) fn allow(&self, session: Option<&str>, caller: Option<&Principal>) -> bool {
        let Some(session) = session else { return true };
        let owners = self.lock();
        let owner = owners.get(session);
        owner.is_some_and(|owner| Some(owner.key.as_str()) == caller.map(Principal::key))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Owner>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use mcp_factory_sdk::ScopeSet;

    use super::*;

    #[test]
    fn a_session_is_its_owners_alone() {
        let owners = Owners::default();
        let ann = Principal::new("ann", ScopeSet::All);
        let elsewhere = Principal::new("ann", ScopeSet::All).of_tenant("b");
        owners.insert("s", ann.key(), &HashSet::from(["s".to_owned()]));
        assert!(owners.allow(Some("s"), Some(&ann)));
        assert!(!owners.allow(Some("s"), Some(&elsewhere)));
        assert!(!owners.allow(Some("s"), Some(&Principal::new("bob", ScopeSet::All))));
        assert!(!owners.allow(Some("s"), None));
        assert!(!owners.allow(Some("unknown"), Some(&ann)));
        assert!(!owners.allow(Some(""), Some(&ann)));
        assert!(owners.allow(None, Some(&ann)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_ended_is_forgotten() {
        let owners = Owners::default();
        let ann = Principal::new("ann", ScopeSet::All);
        owners.insert("old", ann.key(), &HashSet::new());
        owners.insert("beside", ann.key(), &HashSet::new());
        assert!(
            owners.allow(Some("old"), Some(&ann)),
            "counted before it began"
        );
        tokio::time::advance(YOUNG).await;
        owners.insert("new", ann.key(), &HashSet::from(["new".to_owned()]));
        assert!(!owners.allow(Some("old"), Some(&ann)));
        assert!(owners.allow(Some("new"), Some(&ann)));
    }

    #[test]
    fn a_caller_has_as_many_sessions_as_are_live_and_its_own() {
        let owners = Owners::default();
        let live = |sessions: &[&str]| sessions.iter().map(|&id| id.to_owned()).collect();
        let all: HashSet<String> = live(&["1", "2", "3"]);
        for (session, key) in [("1", "ann"), ("2", "ann"), ("3", "bob")] {
            owners.insert(session, key, &all);
        }
        assert_eq!(owners.count("ann", &all), 2);
        assert_eq!(owners.count("bob", &all), 1);
        assert_eq!(owners.count("cy", &all), 0);
        assert_eq!(owners.count("ann", &live(&["2", "3"])), 1);
        assert_eq!(owners.count("ann", &live(&[])), 0);
    }
}
