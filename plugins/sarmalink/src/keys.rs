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
    /// Read at every use: a file may be replaced.
    File(SecretReference),
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
            keys.push(match (read, reference) {
                // One that is not there yet may still come.
                (_, SecretReference::File(_)) => Source::File(reference.clone()),
                (Ok(secret), SecretReference::Environment(_)) => Source::Read(Arc::new(secret)),
                (Err(_), SecretReference::Environment(_)) => Source::Missing,
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
                Source::File(reference) => {
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
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn ring(count: usize) -> KeyRing {
        let secret = || Arc::new(Secret::new("canary".to_owned()));
        KeyRing::of((0..count).map(|_| Source::Read(secret())).collect())
    }

    async fn index(ring: &KeyRing) -> Option<usize> {
        ring.take(&[]).await.map(|key| key.index)
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_taken_in_turn() {
        let ring = ring(3);
        let mut taken = Vec::new();
        for _ in 0..6 {
            taken.extend(index(&ring).await);
        }
        assert_eq!(taken, [0, 1, 2, 0, 1, 2]);
        assert_eq!(ring.take(&[0, 1]).await.map(|key| key.index), Some(2));
        assert!(ring.take(&[0, 1, 2]).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_benched_key_comes_back_when_its_time_is_over() {
        let ring = ring(2);
        ring.rest(0, Why::Benched, Duration::from_mins(10));
        ring.rest(0, Why::Limited, Duration::from_secs(1));
        assert_eq!((index(&ring).await, index(&ring).await), (Some(1), Some(1)));
        let left = Duration::from_mins(10);
        assert_eq!(
            ring.conditions()[0],
            KeyCondition::Resting(Why::Benched, left)
        );
        ring.rest(1, Why::Limited, Duration::from_secs(5));
        assert_eq!(index(&ring).await, None);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(index(&ring).await, Some(1));
        tokio::time::advance(Duration::from_secs(595)).await;
        assert_eq!(ring.conditions()[0], KeyCondition::Ready);
    }

    #[test]
    fn a_key_that_is_not_there_is_told_and_never_taken() {
        let unset = SecretReference::Environment("MCP_FACTORY_NOT_SET".into());
        let (ring, problems) = KeyRing::read(&[unset]);
        assert!(ring.is_empty());
        assert_eq!(ring.conditions(), [KeyCondition::Missing]);
        assert!(problems[0].contains("MCP_FACTORY_NOT_SET"), "{problems:?}");
    }

    #[tokio::test]
    async fn a_file_is_read_at_every_use() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let write = |text: &str| {
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
        };
        write("one");
        let (ring, problems) = KeyRing::read(&[SecretReference::File(path.clone())]);
        assert!(problems.is_empty() && !ring.is_empty());
        let secret = |key: Key| key.secret.expect("a key").expose().clone();
        assert_eq!(secret(ring.take(&[]).await.expect("a key")), "one");
        write("two");
        assert_eq!(secret(ring.take(&[]).await.expect("a key")), "two");
        fs::remove_file(&path).expect("removed");
        assert!(ring.take(&[]).await.is_none());
        let condition = ring.conditions()[0];
        assert!(
            matches!(condition, KeyCondition::Resting(Why::Unreadable, _)),
            "{condition:?}"
        );
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_yet_is_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let (ring, problems) = KeyRing::read(&[SecretReference::File(path.clone())]);
        assert!(problems.len() == 1 && !ring.is_ready() && !ring.is_empty());
        fs::write(&path, "late").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
        tokio::time::pause();
        tokio::time::advance(UNREADABLE).await;
        tokio::time::resume();
        assert!(ring.take(&[]).await.is_some());
    }

    #[test]
    fn a_ring_shows_no_key() {
        assert!(!format!("{:?}", ring(2)).contains("canary"));
    }
}
