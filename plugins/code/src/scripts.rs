//! All scripts of a server: their places, their threads, and what they may add to its memory.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::engine::Library;
use crate::error::ScriptError;
use crate::memory::Memory;
use crate::reply::Reply;
use crate::script::{Executed, Limits, Script};

/// The stack of a script's thread. Only what is used of it is occupied. A script's own depth is limited so
/// that it never comes near, also where nothing was optimised.
const STACK: usize = 128 << 20;
/// The end of a call is kept free for its answer.
const MARGIN: Duration = Duration::from_millis(200);

/// What runs scripts.
#[derive(Debug)]
pub(crate) struct Scripts {
    library: Library,
    config: Config,
    timeout: Duration,
    memory: Arc<Memory>,
    /// How many run, and what the server occupied before the first of them.
    running: Arc<Mutex<(usize, u64)>>,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    threads: TaskTracker,
    stopping: Arc<AtomicBool>,
}

impl Scripts {
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn new(config: Config) -> Result<Self, String> {
        let timeout = config.check().map_err(|error| error.to_string())?;
        let memory = Memory::open().map_err(|error| {
            format!("/proc/self/statm cannot be read, and without it the memory of scripts is not limited; mount /proc: {error}")
        })?;
        Ok(Self {
            library: Library::new(),
            timeout,
            memory: Arc::new(memory),
            running: Arc::default(),
            turns: Arc::new(Semaphore::new(config.max_concurrent)),
            waiting: AtomicUsize::new(0),
            threads: TaskTracker::new(),
            stopping: Arc::default(),
            config,
        })
    }

    /// Runs a script. Dropping the future ends it.
    pub(crate) async fn run(
        &self,
        code: String,
        input: Value,
        time_left: Option<Duration>,
    ) -> Result<Executed, ScriptError> {
        let timeout = limit(self.timeout, time_left);
        let token = self.threads.token();
        let turn = self.turn(Instant::now() + timeout).await?;
        let abandoned = Abandon::default();
        let running = Running::begin(&self.running, &self.memory);
        let script = Script {
            code,
            input,
            limits: Limits {
                max_operations: self.config.max_operations,
                timeout,
                deadline: Instant::now() + timeout,
                memory: self.config.memory_mib << 20,
                max_output: self.config.max_output_bytes,
            },
            abandoned: Arc::clone(&abandoned.0),
            stopping: Arc::clone(&self.stopping),
            memory: Arc::clone(&self.memory),
            baseline: running.baseline,
        };
        let (tell, told) = oneshot::channel();
        let library = self.library.clone();
        let spawned = std::thread::Builder::new()
            .name("script".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                let reply = Reply::of(script.run(&library));
                drop((running, turn));
                // Nobody listens to the outcome of a call that was dropped.
                drop(tell.send(reply));
                drop(token);
            });
        if let Err(error) = spawned {
            tracing::error!(%error, "a script's thread could not be started");
            return Err(ScriptError::Failed);
        }
        let reply = told.await.map_err(|_| {
            tracing::error!("the interpreter of scripts panicked");
            ScriptError::Failed
        })?;
        reply.read()
    }

    /// Waits for a place.
    async fn turn(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, ScriptError> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        if self.turns.is_closed() {
            return Err(ScriptError::Stopping);
        }
        let _waiting = Waiting::enter(&self.waiting, self.config.max_waiting)?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout_at(deadline.into(), turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_closed)) => Err(ScriptError::Stopping),
            Err(_elapsed) => Err(ScriptError::NoTurn),
        }
    }

    /// How many run, and how many wait.
    pub(crate) fn load(&self) -> (usize, usize) {
        let free = self.turns.available_permits();
        let running = self.config.max_concurrent.saturating_sub(free);
        (running, self.waiting.load(Ordering::Relaxed))
    }

    /// Returns when nothing runs any more.
    pub(crate) async fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.turns.close();
        self.threads.close();
        self.threads.wait().await;
    }
}

/// Tells a script that nobody waits for it, when the call ends in whatever way.
#[derive(Debug, Default)]
struct Abandon(Arc<AtomicBool>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One of those that run now.
struct Running {
    all: Arc<Mutex<(usize, u64)>>,
    baseline: u64,
}

impl Running {
    fn begin(all: &Arc<Mutex<(usize, u64)>>, memory: &Memory) -> Self {
        let mut now = all.lock().unwrap_or_else(PoisonError::into_inner);
        if now.0 == 0 {
            now.1 = memory.occupied().unwrap_or(0);
        }
        now.0 += 1;
        Self {
            all: Arc::clone(all),
            baseline: now.1,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).0 -= 1;
    }
}

/// What a script may take: the plugin's own limit, unless the call ends before.
fn limit(own: Duration, left: Option<Duration>) -> Duration {
    left.map_or(own, |left| own.min(left.saturating_sub(MARGIN)))
}

/// A place among those who wait.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(waiting: &'a AtomicUsize, most: usize) -> Result<Self, ScriptError> {
        waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
                (now < most).then_some(now + 1)
            })
            .map(|_| Self(waiting))
            .map_err(|_| ScriptError::Busy)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_call_is_kept_free() {
        let [second, ten] = [1, 10].map(Duration::from_secs);
        assert_eq!(limit(ten, None), ten);
        assert_eq!(limit(second, Some(ten)), second);
        assert_eq!(limit(ten, Some(second)), Duration::from_millis(800));
        assert_eq!(limit(ten, Some(MARGIN / 2)), Duration::ZERO);
    }
}
