//! The histories of all callers: each sees their own; those who are away are forgotten.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    history::History,
    thought::{Standing, Thought},
};

/// How much is kept, and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) callers: usize,
    pub(crate) thoughts: usize,
    pub(crate) bytes: usize,
    pub(crate) expiry: Duration,
}

/// All histories.
#[derive(Debug)]
pub(crate) struct Minds {
    bounds: Bounds,
    histories: Mutex<HashMap<String, History>>,
}

/// How much is kept now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) callers: usize,
    pub(crate) thoughts: usize,
    pub(crate) bytes: usize,
}

impl Minds {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            histories: Mutex::default(),
        }
    }

    /// The histories that have not expired.
    fn live(&self) -> MutexGuard<'_, HashMap<String, History>> {
        let mut histories = self
            .histories
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (now, expiry) = (Instant::now(), self.bounds.expiry);
        histories.retain(|_, history| now.duration_since(history.used) < expiry);
        histories
    }

    /// Notes a thought of `caller`.
    pub(crate) fn note(&self, caller: &str, thought: Thought) -> Standing {
        let mut histories = self.live();
        if !histories.contains_key(caller) && histories.len() >= self.bounds.callers {
            let longest_away = histories.iter().min_by_key(|(_, history)| history.used);
            if let Some(key) = longest_away.map(|(key, _)| key.clone()) {
                histories.remove(&key);
            }
        }
        let history = histories
            .entry(caller.to_owned())
            .or_insert_with(History::new);
        history.add(thought, self.bounds.thoughts, self.bounds.bytes)
    }

    /// What `caller` has thought so far.
    pub(crate) fn text(&self, caller: &str) -> Option<String> {
        self.live().get(caller).map(History::text)
    }

    pub(crate) fn held(&self) -> Held {
        self.live()
            .values()
            .fold(Held::default(), |held, history| Held {
                callers: held.callers + 1,
                thoughts: held.thoughts + history.len(),
                bytes: held.bytes + history.bytes(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn minds(callers: usize) -> Minds {
        Minds::new(Bounds {
            callers,
            thoughts: 10,
            bytes: 1 << 20,
            expiry: HOUR,
        })
    }

    fn note(minds: &Minds, caller: &str) -> usize {
        let thought = Thought {
            text: caller.to_owned(),
            number: 1,
            total: 1,
            next_needed: true,
            needs_more: false,
            is_revision: false,
            revises: None,
            branch: None,
        };
        minds.note(caller, thought).thought_history_length
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_away_for_long_is_forgotten() {
        let minds = minds(10);
        note(&minds, "ann");
        tokio::time::advance(HOUR / 2).await;
        assert_eq!(note(&minds, "bob"), 1);
        assert_eq!(note(&minds, "ann"), 2, "a call keeps a history alive");
        tokio::time::advance(HOUR / 2).await;
        assert!(minds.text("ann").is_some());
        tokio::time::advance(HOUR / 2).await;
        assert_eq!((minds.text("ann"), minds.held()), (None, Held::default()));
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_table_is_full_the_one_longest_away_makes_room() {
        let minds = minds(2);
        for caller in ["ann", "bob", "ann", "cy"] {
            note(&minds, caller);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(minds.text("ann").is_some() && minds.text("cy").is_some());
        assert_eq!((minds.text("bob"), minds.held().callers), (None, 2));
    }
}
