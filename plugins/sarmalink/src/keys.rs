//! The keys of an engine: taken in turn, benched when they are refused, never shown.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use mcp_factory_sdk::{Secret, SecretReference};
use tokio::time::Instant;

/// How long a key rests whose file could not be read.
const UNREADABLE: Duration = Duration::from_secs(10);

/// The longest that any key rests.
pub(crate) const LONGEST_BENCH: Duration = Duration::from_hours(24);

/// All keys of one engine.
#[derive(Debug)]
pub(crate) struct KeyRing {
    keys: Vec<Source>,
    rests: Mutex<Vec<Option<Rest>>>,
    turn: AtomicUsize,
}

/// Where a key comes from.
#[derive(Clone, Debug)]
enum Source {
    /// The engine wants none.
    Nobody,
    /// Read at start: a variable changes only with a restart.
    Read(Arc<Secret<String>>),
    /// Read at every use: a file may be replaced, and so may what is in a store.
    Changing(SecretReference),
    /// The variable is not set.
    Missing,
}

/// Why a key is not used, and until when.
#[derive(Clone, Copy, Debug)]
struct Rest {
    why: Why,
    until: Instant,
}

/// Why a key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It was used too much.
    Limited,
    /// It was refused, or its credit is used up.
    Benched,
    /// Its file cannot be read.
    Unreadable,
}

/// What is to be seen of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyCondition {
    Ready,
    Missing,
    Resting(Why, Duration),
}

/// A key to use now.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// Its place in the settings, from 0.
    pub(crate) index: usize,
    /// The key; none for an engine that wants none.
    pub(crate) secret: Option<Arc<Secret<String>>>,
}

impl KeyRing {
    /// For an engine that wants no key.
    pub(crate) fn keyless() -> Self {
        Self::of(vec![Source::Nobody])
    }

    /// Reads what is in the environment; blocks for files. The problems are for the operator.
    pub(crate) fn read(references: &[SecretReference]) -> (Self, Vec<String>) {
        let (mut keys, mut problems, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
        for (index, reference) in references.iter().enumerate() {
            let read = reference.read();
            if let Err(problem) = &read {
                problems.push(problem.to_string());
                unreadable.push(index);
            }
            keys.push(match read {
                // One that is not there yet may still come.
                _ if reference.may_change() => Source::Changing(reference.clone()),
                Ok(secret) => Source::Read(Arc::new(secret)),
                Err(_) => Source::Missing,
            });
        }
        let ring = Self::of(keys);
        for index in unreadable {
            ring.rest(index, Why::Unreadable, UNREADABLE);
        }
        (ring, problems)
    }

    fn of(keys: Vec<Source>) -> Self {
        Self {
            rests: Mutex::new(vec![None; keys.len()]),
            keys,
            turn: AtomicUsize::new(0),
        }
    }

    fn rests(&self) -> MutexGuard<'_, Vec<Option<Rest>>> {
        self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is no key, and will be none before a restart.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.iter().all(|key| matches!(key, Source::Missing))
    }

    /// Whether any key may be used now.
    pub(crate) fn is_ready(&self) -> bool {
        self.conditions().contains(&KeyCondition::Ready)
    }

    /// The next key in turn that is ready and not among `tried`.
    pub(crate) async fn take(&self, tried: &[usize]) -> Option<Key> {
        let count = self.keys.len();
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for index in (0..count).map(|step| first.wrapping_add(step) % count) {
            if tried.contains(&index) || self.condition_of(index) != KeyCondition::Ready {
                continue;
            }
            let secret = match &self.keys[index] {
                Source::Nobody => None,
                Source::Read(secret) => Some(Arc::clone(secret)),
                Source::Changing(reference) => {
                    let Some(secret) = read(reference.clone()).await else {
                        self.rest(index, Why::Unreadable, UNREADABLE);
                        continue;
                    };
                    Some(Arc::new(secret))
                }
                Source::Missing => continue,
            };
            return Some(Key { index, secret });
        }
        None
    }

    /// Does not use a key for a while. A longer rest is not shortened.
    pub(crate) fn rest(&self, index: usize, why: Why, length: Duration) {
        let until = Instant::now() + length.min(LONGEST_BENCH);
        if let Some(rest) = self.rests().get_mut(index)
            && rest.is_none_or(|already| already.until < until)
        {
            *rest = Some(Rest { why, until });
        }
    }

    fn condition_of(&self, index: usize) -> KeyCondition {
        if matches!(self.keys[index], Source::Missing) {
            return KeyCondition::Missing;
        }
        let left = self.rests()[index].and_then(|rest| {
            let left = rest.until.checked_duration_since(Instant::now())?;
            (!left.is_zero()).then_some((rest.why, left))
        });
        left.map_or(KeyCondition::Ready, |(why, left)| {
            KeyCondition::Resting(why, left)
        })
    }

    /// All keys, in the order of the settings.
    pub(crate) fn conditions(&self) -> Vec<KeyCondition> {
        (0..self.keys.len())
            .map(|index| self.condition_of(index))
            .collect()
    }
}

/// Reads a file where that may block. Its problem is the operator's.
async fn read(reference: SecretReference) -> Option<Secret<String>> {
    let read = tokio::task::spawn_blocking(move || reference.read()).await;
    match read {
        Ok(Ok(secret)) => Some(secret),
        Ok(Err(problem)) => {
            tracing::warn!(%problem, "a key cannot be read");
            None
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests;
