//! One declared command: made ready at start, filled and run for each call.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mcp_factory_sdk::DeclaredTool;
use serde_json::Value;

use crate::commands::RunError;
use crate::config::{SandboxMode, User};
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
use crate::template::Element;

/// How long a command runs when nobody says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// What all arguments of a command may be together, in bytes.
pub(crate) const MOST_ARGUMENTS: usize = 128 << 10;

/// A command, with all that it needs opened and compiled.
#[derive(Debug)]
pub(crate) struct Command {
    name: &'static str,
    declaration: Declaration,
    elements: Vec<Element>,
    program: Program,
    rules: Option<Rules>,
    filter: Option<Filter>,
    directory: Option<File>,
    pub(crate) timeout: Duration,
    user: Option<User>,
    required: bool,
}

impl Command {
    /// Opens and judges all that a declaration names. Blocks.
    pub(crate) fn open(
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
    pub(crate) fn fill(
        &self,
        arguments: &[(&'static str, Value)],
    ) -> Result<Vec<String>, RunError> {
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
pub(crate) struct Run {
    pub(crate) command: Arc<Command>,
    pub(crate) arguments: Vec<String>,
    pub(crate) deadline: Instant,
    /// Closed at the other end when the call is over.
    pub(crate) call: OwnedFd,
    /// Closed at the other end when the server stops.
    pub(crate) server: Arc<OwnedFd>,
}

impl Run {
    /// Runs it to its end. Blocks.
    pub(crate) fn run(&self) -> io::Result<Outcome> {
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
