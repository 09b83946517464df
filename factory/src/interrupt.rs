//! Ctrl-C. The first signal is noted, and whoever waits for something looks here; a second one ends the
//! process at once.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
};

use crate::error::{Code, Exit, Failure, Result};

/// Whether we have been asked to stop. Clones share the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Starts to listen.
    pub(crate) fn listen() -> io::Result<Self> {
        let this = Self::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // The order matters: the first signal must find the flag still down.
            flag::register_conditional_shutdown(
                signal,
                Exit::Interrupted as i32,
                Arc::clone(&this.asked),
            )?;
            flag::register(signal, Arc::clone(&this.asked))?;
        }
        Ok(this)
    }

    /// As if a signal had come.
    #[cfg(test)]
    pub(crate) fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// Whether a signal has come.
    pub(crate) fn is_set(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// An error once a signal has come.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_set() {
            Err(Failure::new(
                Code::Interrupted,
                "interrupted; nothing was left half-written",
            )
            .into())
        } else {
            Ok(())
        }
    }
}
