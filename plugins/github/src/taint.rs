//! Who has been shown what: the memory behind the rule that text anybody could have written must not steer
//! a session into private repositories, or out of them.
//!
//! Kept per caller, for a time, for so many callers. When there is no room for one more, what would have to
//! be remembered is not shown: forgetting a caller would lift the rule.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::GithubError;
use crate::repository::Repository;

/// The most callers that are remembered.
const MOST_CALLERS: usize = 10_000;
/// The most repositories that are told apart for one caller.
const MOST_NAMES: usize = 8;

/// The memory.
#[derive(Debug)]
pub(crate) struct Taints {
    callers: Mutex<HashMap<String, Seen>>,
    lasts: Duration,
}

#[derive(Debug)]
struct Seen {
    untrusted: Sources,
    private: Sources,
    until: Instant,
}

#[derive(Debug, Default)]
struct Sources {
    named: Vec<Repository>,
    and_more: bool,
}

impl Sources {
    fn add(&mut self, repository: &Repository) {
        if self.named.contains(repository) {
            return;
        }
        if self.named.len() < MOST_NAMES {
            self.named.push(repository.clone());
        } else {
            self.and_more = true;
        }
    }

    fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    fn has_other_than(&self, repository: &Repository) -> bool {
        self.and_more || self.named.iter().any(|named| named != repository)
    }

    fn words(&self) -> String {
        let mut words = self
            .named
            .iter()
            .take(3)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        if self.and_more || self.named.len() > 3 {
            words.push_str(" and others");
        }
        words
    }
}

impl Taints {
    /// A memory that lasts so long after the last thing remembered.
    pub(crate) fn new(lasts: Duration) -> Self {
        Self {
            callers: Mutex::default(),
            lasts,
        }
    }

    /// Whether the caller may read a repository that is not public.
    pub(crate) fn check_private_read(
        &self,
        caller: &str,
        repository: &Repository,
    ) -> Result<(), GithubError> {
        self.look(caller, |seen| {
            if !seen.untrusted.has_other_than(repository) {
                return Ok(());
            }
            Err(GithubError::TaintedRead {
                repository: repository.to_string(),
                sources: seen.untrusted.words(),
                minutes: seen.minutes(),
            })
        })
    }

    /// Whether the caller may change something in a repository.
    pub(crate) fn check_write(
        &self,
        caller: &str,
        repository: &Repository,
        public: bool,
    ) -> Result<(), GithubError> {
        self.look(caller, |seen| {
            if seen.untrusted.is_empty() {
                return Ok(());
            }
            let minutes = seen.minutes();
            let repository_name = repository.to_string();
            if seen.untrusted.has_other_than(repository) {
                return Err(GithubError::TaintedWrite {
                    repository: repository_name,
                    sources: seen.untrusted.words(),
                    minutes,
                });
            }
            if public && seen.private.has_other_than(repository) {
                return Err(GithubError::TaintedLeak {
                    repository: repository_name,
                    minutes,
                });
            }
            Ok(())
        })
    }

    /// Whether the caller was shown text that anybody could have written.
    pub(crate) fn is_tainted(&self, caller: &str) -> bool {
        self.look(caller, |seen| {
            if seen.untrusted.is_empty() {
                Ok(())
            } else {
                Err(())
            }
        })
        .is_err()
    }

    /// Remembers that the caller is about to be shown text from a public repository that anybody could have written.
    pub(crate) fn mark_untrusted(
        &self,
        caller: &str,
        repository: &Repository,
    ) -> Result<(), GithubError> {
        self.mark(caller, |seen| seen.untrusted.add(repository))
    }

    /// Remembers that the caller is about to be shown something of a repository that is not public.
    pub(crate) fn mark_private(
        &self,
        caller: &str,
        repository: &Repository,
    ) -> Result<(), GithubError> {
        self.mark(caller, |seen| seen.private.add(repository))
    }

    /// How many callers are remembered.
    pub(crate) fn callers(&self) -> usize {
        self.lock().len()
    }

    fn look<E>(&self, caller: &str, judge: impl FnOnce(&Seen) -> Result<(), E>) -> Result<(), E> {
        match self.lock().get(caller) {
            Some(seen) if seen.until > Instant::now() => judge(seen),
            _ => Ok(()),
        }
    }

    fn mark(&self, caller: &str, add: impl FnOnce(&mut Seen)) -> Result<(), GithubError> {
        let now = Instant::now();
        let until = now + self.lasts;
        let mut callers = self.lock();
        if let Some(seen) = callers.get_mut(caller) {
            if seen.until <= now {
                *seen = Seen::new(until);
            }
            add(seen);
            seen.until = until;
            return Ok(());
        }
        if callers.len() >= MOST_CALLERS {
            callers.retain(|_, seen| seen.until > now);
        }
        if callers.len() >= MOST_CALLERS {
            return Err(GithubError::TooManySessions);
        }
        let mut seen = Seen::new(until);
        add(&mut seen);
        callers.insert(caller.to_owned(), seen);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Seen>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn new(until: Instant) -> Self {
        Self {
            untrusted: Sources::default(),
            private: Sources::default(),
            until,
        }
    }

    fn minutes(&self) -> u64 {
        self.until
            .saturating_duration_since(Instant::now())
            .as_secs()
            / 60
            + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(name: &str) -> Repository {
        Repository::parse(name).expect("a name")
    }

    #[tokio::test(start_paused = true)]
    async fn untrusted_text_closes_what_is_elsewhere() {
        let taints = Taints::new(Duration::from_mins(10));
        let (public, other, private) = (
            repository("a/public"),
            repository("a/other"),
            repository("a/private"),
        );
        assert!(taints.check_private_read("ann", &private).is_ok());
        taints.mark_untrusted("ann", &public).expect("room");
        assert!(taints.is_tainted("ann") && !taints.is_tainted("bob"));
        let error = taints
            .check_private_read("ann", &private)
            .expect_err("closed")
            .to_string();
        assert!(
            error.contains("a/private cannot be read")
                && error.contains("(a/public)")
                && error.contains("11 minutes"),
            "{error}"
        );
        assert!(taints.check_write("ann", &public, true).is_ok());
        assert!(taints.check_write("ann", &other, true).is_err());
        assert!(taints.check_write("ann", &private, false).is_err());
        assert!(taints.check_write("bob", &other, true).is_ok());
        taints.mark_untrusted("ann", &other).expect("room");
        assert!(taints.check_write("ann", &public, true).is_err());
        tokio::time::advance(Duration::from_mins(10)).await;
        assert!(taints.check_private_read("ann", &private).is_ok());
        taints.mark_private("ann", &private).expect("room");
        assert!(
            !taints.is_tainted("ann"),
            "what was forgotten does not come back"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_read_before_is_not_written_where_strangers_write() {
        let taints = Taints::new(Duration::from_mins(10));
        let (public, private) = (repository("a/public"), repository("a/private"));
        taints.mark_private("ann", &private).expect("room");
        assert!(taints.check_write("ann", &public, true).is_ok());
        taints.mark_untrusted("ann", &public).expect("room");
        let error = taints
            .check_write("ann", &public, true)
            .expect_err("closed")
            .to_string();
        assert!(error.contains("has read private repositories"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_memory_shows_nothing_more_and_forgets_nobody() {
        let taints = Taints::new(Duration::from_mins(10));
        let public = repository("a/public");
        for caller in 0..MOST_CALLERS {
            taints
                .mark_untrusted(&caller.to_string(), &public)
                .expect("room");
        }
        assert_eq!(
            taints.mark_untrusted("one more", &public),
            Err(GithubError::TooManySessions)
        );
        assert!(taints.is_tainted("0"));
        tokio::time::advance(Duration::from_secs(601)).await;
        taints.mark_untrusted("one more", &public).expect("room");
        assert_eq!(taints.callers(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn more_sources_than_are_named_are_still_sources() {
        let taints = Taints::new(Duration::from_mins(10));
        let first = repository("a/0");
        for index in 0..20 {
            taints
                .mark_untrusted("ann", &repository(&format!("a/{index}")))
                .expect("room");
        }
        let error = taints
            .check_write("ann", &first, true)
            .expect_err("closed")
            .to_string();
        assert!(error.contains("a/0, a/1, a/2 and others"), "{error}");
    }
}
