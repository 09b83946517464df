//! Keeps two calls from changing one file at once, so that `if_sha256` and edits hold between them.
//!
//! Other programs are not held back: nothing on a shared disk can.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::root::Root;

const STRIPES: usize = 64;

/// A fixed set of locks; a file's path picks one.
#[derive(Debug)]
pub(crate) struct WriteLocks([Mutex<()>; STRIPES]);

impl Default for WriteLocks {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl WriteLocks {
    /// Waits until no other call changes the file at `path`, relative to `root`.
    pub(crate) fn hold(&self, root: &Root, path: &Path) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        (&root.name, path).hash(&mut hasher);
        let stripe = usize::try_from(hasher.finish() % STRIPES as u64).unwrap_or(0);
        // The lock guards no data, so a panic under it leaves nothing half done in here.
        self.0[stripe]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
