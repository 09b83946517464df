//! All commands of a server, and the places in which they run.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mcp_factory_sdk::DeclaredTool;
use rustix::pipe::{PipeFlags, pipe_with};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::task::TaskTracker;

use crate::command::{Command, MOST_ARGUMENTS, Run};
use crate::config::Config;
use crate::kernel::Kernel;
use crate::outcome::Outcome;
use crate::template::FillError;

/// The end of a call is kept free for its answer.
const MARGIN: Duration = Duration::from_millis(300);

/// All commands of a server.
#[derive(Debug)]
pub(crate) struct Commands {
    by_name: HashMap<&'static str, Arc<Command>>,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    max_concurrent: usize,
    max_waiting: usize,
    threads: TaskTracker,
    /// Both ends of a pipe: closing the first ends every command.
    stop: (Mutex<Option<OwnedFd>>, Arc<OwnedFd>),
}

/// Why a call did not run, or could not be told how it went.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Refused(#[from] FillError),
    #[error(
        "the arguments make a command of {0} bytes; at most {MOST_ARGUMENTS} are passed on; shorten them"
    )]
    TooLong(usize),
    #[error("all places for commands are taken and enough calls wait already; try again later")]
    Busy,
    #[error("no place for the command became free in time; try again later")]
    NoTurn,
    #[error("the server stops; nothing is started any more")]
    Stopping,
    #[error("the command could not be started; the server's log says why")]
    NotStarted(#[source] io::Error),
}

impl Commands {
    /// Opens and judges everything that the declarations name. Blocks.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn open(
        config: &Config,
        tools: impl Iterator<Item = &'static DeclaredTool>,
    ) -> Result<Self, String> {
        let server = rustix::process::geteuid().as_raw();
        let user = config.check(server).map_err(|error| error.to_string())?;
        let kernel = Kernel::ask(config.sandbox).map_err(|error| error.to_string())?;
        let mut commands = HashMap::new();
        for tool in tools {
            let command = Command::open(tool, config.sandbox, kernel, user, server);
            let command = command.map_err(|error| format!("the tool `{}`: {error}", tool.name))?;
            commands.insert(tool.name, Arc::new(command));
        }
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC)
            .map_err(|error| format!("a pipe could not be made: {error}"))?;
        Ok(Self {
            by_name: commands,
            turns: Arc::new(Semaphore::new(config.max_concurrent)),
            waiting: AtomicUsize::new(0),
            max_concurrent: config.max_concurrent,
            max_waiting: config.max_waiting,
            threads: TaskTracker::new(),
            stop: (Mutex::new(Some(stop)), Arc::new(stopped)),
        })
    }

    /// Runs a command. Dropping the future ends it.
    pub(crate) async fn run(
        &self,
        tool: &DeclaredTool,
        arguments: &[(&'static str, Value)],
        time_left: Option<Duration>,
    ) -> Result<Outcome, RunError> {
        // A mistake of the server's, which calls what it declared.
        let command = self.by_name.get(tool.name).ok_or_else(|| {
            RunError::NotStarted(io::Error::other("the tool was not there at start"))
        })?;
        let arguments = command.fill(arguments)?;
        let deadline = Instant::now() + limit(command.timeout, time_left);
        // Before the turn, so that `stop` never overlooks a run that is about to begin.
        let token = self.threads.token();
        let turn = self.turn(deadline).await?;
        // The end that is held here is closed when this future is dropped, however that comes.
        let (stopped, held) = pipe_with(PipeFlags::CLOEXEC).map_err(not_started)?;
        let (tell, told) = oneshot::channel();
        let run = Run {
            command: Arc::clone(command),
            arguments,
            deadline,
            call: stopped,
            server: Arc::clone(&self.stop.1),
        };
        std::thread::Builder::new()
            .name("shell-command".to_owned())
            .spawn(move || {
                let outcome = run.run();
                drop(turn);
                // Nobody listens to the outcome of a call that was dropped.
                drop(tell.send(outcome));
                drop(token);
            })
            .map_err(RunError::NotStarted)?;
        let outcome = told.await;
        drop(held);
        outcome
            .map_err(|_| RunError::NotStarted(io::Error::other("its thread failed")))?
            .map_err(RunError::NotStarted)
    }

    /// Waits for a place.
    async fn turn(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, RunError> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        if self.turns.is_closed() {
            return Err(RunError::Stopping);
        }
        let _waiting = Waiting::enter(&self.waiting, self.max_waiting).ok_or(RunError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout_at(deadline.into(), turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_closed)) => Err(RunError::Stopping),
            Err(_elapsed) => Err(RunError::NoTurn),
        }
    }

    /// How many run, and how many wait.
    pub(crate) fn load(&self) -> (usize, usize) {
        let free = self.turns.available_permits();
        let running = self.max_concurrent.saturating_sub(free);
        (running, self.waiting.load(Ordering::Relaxed))
    }

    /// Ends every command and returns when nothing is left of any.
    pub(crate) async fn stop(&self) {
        self.turns.close();
        let held = self
            .stop
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(held);
        self.threads.close();
        self.threads.wait().await;
    }
}

/// What a command may take: its own time, unless the call ends before.
fn limit(own: Duration, left: Option<Duration>) -> Duration {
    left.map_or(own, |left| own.min(left.saturating_sub(MARGIN)))
}

fn not_started(error: rustix::io::Errno) -> RunError {
    RunError::NotStarted(error.into())
}

/// A place among those who wait.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let entered = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
            (now < most).then_some(now + 1)
        });
        entered.ok().map(|_| Self(waiting))
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
        assert_eq!(limit(ten, Some(second)), Duration::from_millis(700));
        assert_eq!(limit(ten, Some(MARGIN / 2)), Duration::ZERO);
    }
}
