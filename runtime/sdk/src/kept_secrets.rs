//! Secrets that a process has beside its variables and files: those of a development file, and those that the
//! server fetches from a store before its plugins start, and again while it runs. And those that it has read,
//! wherever they were, for whoever must not write them down.
//!
//! One list for the process, as its variables are: whoever holds a [`SecretReference`](crate::SecretReference)
//! reads it without being handed anything.

use std::{
    collections::BTreeMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::Secret;

static KEPT: RwLock<BTreeMap<String, Kept>> = RwLock::new(BTreeMap::new());

struct Kept {
    secret: Secret<String>,
    version: u64,
}

/// Keeps the secret that `reference` names, such as `env:NAME`; for the server that starts plugins. Says whether
/// another was kept for it before.
pub fn keep_secret(reference: impl Into<String>, secret: Secret<String>) -> bool {
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    let reference = reference.into();
    let version = match kept.get(&reference) {
        Some(before) if before.secret.expose() == secret.expose() => return false,
        Some(before) => before.version + 1,
        None => 0,
    };
    kept.insert(reference, Kept { secret, version });
    version > 0
}

pub(crate) fn find(reference: &str) -> Option<Secret<String>> {
    let kept = KEPT.read().unwrap_or_else(PoisonError::into_inner);
    kept.get(reference).map(|kept| kept.secret.clone())
}

/// How often the secret was replaced by another.
pub(crate) fn version(reference: &str) -> Option<u64> {
    let kept = KEPT.read().unwrap_or_else(PoisonError::into_inner);
    kept.get(reference).map(|kept| kept.version)
}

/// What each reference gave, now and before that: what was rotated is still in use somewhere.
static READ: RwLock<BTreeMap<String, [Option<Secret<String>>; 2]>> = RwLock::new(BTreeMap::new());
/// How often that changed.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// Notes what `reference` gave.
pub(crate) fn note(reference: &str, secret: &str) {
    let is_known = |known: &[Option<Secret<String>>; 2]| {
        let [now, _] = known;
        now.as_ref().is_some_and(|now| now.expose() == secret)
    };
    let read = READ.read().unwrap_or_else(PoisonError::into_inner);
    if read.get(reference).is_some_and(is_known) {
        return;
    }
    drop(read);
    let mut read = READ.write().unwrap_or_else(PoisonError::into_inner);
    let known = read.entry(reference.to_owned()).or_default();
    known.swap(0, 1);
    known[0] = Some(Secret::new(secret.to_owned()));
    CHANGES.fetch_add(1, Relaxed);
}

/// Every secret that this process has read by a [`SecretReference`](crate::SecretReference), and the one before it
/// where it changed; `None` if there is nothing new. `seen` is how far the asker knows them: 0 at first.
///
/// For a server that writes down what others said, and must leave these out.
pub fn known_secrets(seen: &mut u64) -> Option<Vec<Secret<String>>> {
    let changes = CHANGES.load(Relaxed);
    if changes == *seen {
        return None;
    }
    *seen = changes;
    let read = READ.read().unwrap_or_else(PoisonError::into_inner);
    let all = read.values().flatten().flatten();
    Some(all.cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_known_and_what_it_was_before() {
        let known = |seen: &mut u64| {
            let all = known_secrets(seen).into_iter().flatten();
            let ours = all.map(|secret| secret.expose().clone());
            ours.filter(|secret| secret.starts_with("known-"))
                .collect::<Vec<_>>()
        };
        let mut seen = 0;
        note("file:/known", "known-1");
        note("file:/known", "known-1");
        assert_eq!(known(&mut seen), ["known-1"]);
        note("file:/known", "known-2");
        assert_eq!(known(&mut seen), ["known-2", "known-1"]);
        note("file:/known", "known-3");
        assert_eq!(known(&mut seen), ["known-3", "known-2"]);
    }
}
