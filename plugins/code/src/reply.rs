//! What a script's thread hands back: one block of bytes, and nothing else of its heap.
//!
//! A thread's heap goes back to the kernel when nothing in it is in use. A short text that another thread
//! frees is kept by that thread for its own next short text, and so holds all of the heap around it. A block
//! of some size is not kept.

use serde::{Deserialize, Serialize};

use crate::error::ScriptError;
use crate::script::Executed;

/// Larger than what allocators keep for a thread.
const BLOCK: usize = 16 << 10;

/// An outcome on its way from one thread to another.
#[derive(Debug)]
pub(crate) struct Reply(Vec<u8>);

#[derive(Serialize, Deserialize)]
enum Outcome {
    Executed(Executed),
    Failed(ScriptError),
}

impl Reply {
    /// Writes it down.
    pub(crate) fn of(outcome: Result<Executed, ScriptError>) -> Self {
        let outcome = match outcome {
            Ok(executed) => Outcome::Executed(executed),
            Err(error) => Outcome::Failed(error),
        };
        let mut bytes = Vec::with_capacity(BLOCK);
        if serde_json::to_writer(&mut bytes, &outcome).is_err() {
            bytes.clear();
        }
        Self(bytes)
    }

    /// Reads it again.
    pub(crate) fn read(self) -> Result<Executed, ScriptError> {
        match serde_json::from_slice(&self.0) {
            Ok(Outcome::Executed(executed)) => Ok(executed),
            Ok(Outcome::Failed(error)) => Err(error),
            Err(error) => {
                tracing::error!(%error, "the outcome of a script could not be read");
                Err(ScriptError::Failed)
            }
        }
    }
}
