//! The declared commands, made ready at start, and their runs.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mcp_factory_sdk::DeclaredTool;
use rustix::pipe::{PipeFlags, pipe_with};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::task::TaskTracker;

use crate::config::{Config, SandboxMode, User};
use crate::declaration::{self, Declaration};
use crate::directory::{self, PrivateDirectory};
use crate::filter::Filter;
use crate::kernel::Kernel;
use crate::launch::{Confinement, Launch};
use crate::limits::Limits;
use crate::outcome::Outcome;
use crate::program::Program;
use crate::rules::Rules;
use crate::session;
use crate::supervise::{Stops, Watch, supervise};
use crate::template::{Element, FillError};

/// How long a command runs when nobody says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// The end of a call is kept free for its answer.
const MARGIN: Duration = Duration::from_millis(300);
/// What all arguments of a command may be together, in bytes.
const MOST_ARGUMENTS: usize = 128 << 10;

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

/// A command, with all that it needs opened and compiled.
#[derive(Debug)]
struct Command {
    name: &'static str,
    declaration: Declaration,
    elements: Vec<Element>,
    program: Program,
    rules: Option<Rules>,
    filter: Option<Filter>,
    directory: Option<File>,
    timeout: Duration,
    user: Option<User>,
    required: bool,
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
        let limit = time_left.map_or(command.timeout, |left| {
            command.timeout.min(left.saturating_sub(MARGIN))
        });
        let deadline = Instant::now() + limit;
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

impl Command {
    fn open(
        tool: &'static DeclaredTool,
        sandbox: SandboxMode,
        kernel: Kernel,
        user: Option<User>,
        server: u32,
    ) -> Result<Self, String> {
        let declaration: Declaration = tool.body()?;
        // It was judged when the server was built; that costs nothing and depends on nobody to do once more.
        declaration::check(tool, &declaration)?;
        let elements: Result<Vec<_>, _> = declaration
            .argv
            .iter()
            .map(|element| Element::parse(element))
            .collect();
        let elements = elements.map_err(|error| error.to_string())?;
        // Braces that were written twice are single here.
        let path = elements
            .first()
            .and_then(Element::fixed)
            .unwrap_or_default();
        let program = Program::open(path, server).map_err(|error| error.to_string())?;
        let rules = Rules::open(&declaration, &program).map_err(|error| error.to_string())?;
        let filter = Filter::of(declaration.processes, declaration.network, kernel.scopes)
            .map_err(|error| error.to_string())?;
        let directory = declaration.cwd.as_deref().map(|path| {
            directory::open(Path::new(path))
                .map_err(|error| format!("`cwd`: {path} cannot be opened: {error}"))
        });
        Ok(Self {
            name: tool.name,
            elements,
            program,
            rules: kernel.landlock.then_some(rules),
            filter: kernel.seccomp.then_some(filter),
            directory: directory.transpose()?,
            timeout: tool.timeout.unwrap_or(DEFAULT_TIMEOUT),
            user,
            required: sandbox == SandboxMode::Require,
            declaration,
        })
    }

    /// The program's arguments for a call.
    fn fill(&self, arguments: &[(&'static str, Value)]) -> Result<Vec<String>, RunError> {
        let value = |name: &str| {
            let found = arguments.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value)
        };
        let may_dash = |name: &str| {
            let allowed = &self.declaration.allow_leading_dash;
            allowed.iter().any(|known| known == name)
        };
        let mut filled = Vec::with_capacity(self.elements.len());
        for element in self.elements.iter().skip(1) {
            filled.extend(element.fill(value, may_dash)?);
        }
        let length = filled.iter().map(|one| one.len() + 1).sum();
        if length > MOST_ARGUMENTS {
            return Err(RunError::TooLong(length));
        }
        Ok(filled)
    }

    /// What a program that starts in `directory` now is held to.
    fn confinement(&self, directory: &File) -> io::Result<Confinement> {
        let rules = self.rules.as_ref();
        let rules = rules.map(|rules| rules.make(directory.as_fd(), self.required));
        let own = rustix::process::geteuid().as_raw();
        let user = self.user.map_or(own, |user| user.uid);
        // The kernel does not count root's.
        let others = if user == 0 {
            0
        } else {
            session::threads_of(user)
        };
        Ok(Confinement {
            limits: Limits::of(&self.declaration, others),
            rules: rules.transpose().map_err(io::Error::other)?,
            filter: self.filter.clone(),
            server: rustix::process::getpid(),
        })
    }
}

/// One run of a command.
struct Run {
    command: Arc<Command>,
    arguments: Vec<String>,
    deadline: Instant,
    call: OwnedFd,
    server: Arc<OwnedFd>,
}

impl Run {
    /// Runs it to its end. Blocks.
    fn run(&self) -> io::Result<Outcome> {
        let command = &self.command;
        let private = match command.directory {
            Some(_) => None,
            None => Some(PrivateDirectory::make(command.user)?),
        };
        let directory = match (&command.directory, &private) {
            (Some(declared), _) => declared,
            (None, Some(private)) => &private.handle,
            (None, None) => return Err(io::Error::other("there is no directory")),
        };
        let started = Instant::now();
        let child = Launch {
            program: &command.program,
            arguments: &self.arguments,
            environment: &command.declaration.env,
            directory,
            user: command.user,
            confinement: command.confinement(directory)?,
        }
        .start()?;
        let declared = &command.declaration;
        let watch = Watch {
            deadline: self.deadline,
            max_output: declared.max_output_bytes,
            processes: declared.processes,
            memory: declared.memory_mib << 20,
            cpu_seconds: declared.cpu_seconds,
            kept: command.filter.is_some(),
        };
        let stops = Stops {
            call: &self.call,
            server: &self.server,
        };
        let outcome = supervise(child, started, &watch, &stops);
        if let Ok(outcome) = &outcome {
            tracing::info!(
                tool = command.name,
                ended = ?outcome.ended,
                exit_code = outcome.exit_code,
                duration_ms = outcome.duration_ms,
                "a command has run"
            );
        }
        outcome
    }
}
