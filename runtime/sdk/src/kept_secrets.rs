//! Secrets that a process has beside its variables and files: those of a development file, and those that the
//! server fetched from a store before its plugins started.
//!
//! One list for the process, as its variables are: whoever holds a [`SecretReference`](crate::SecretReference)
//! reads it without being handed anything.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use crate::Secret;

static KEPT: RwLock<BTreeMap<String, Secret<String>>> = RwLock::new(BTreeMap::new());

/// Keeps the secret that `reference` names, such as `env:NAME`; for the server that starts plugins.
pub fn keep_secret(reference: impl Into<String>, secret: Secret<String>) {
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    kept.insert(reference.into(), secret);
}

pub(crate) fn find(reference: &str) -> Option<Secret<String>> {
    let kept = KEPT.read().unwrap_or_else(PoisonError::into_inner);
    kept.get(reference).cloned()
}
