//! The configured repositories, and the way a call gets at one: counted, timed, confined.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::blame::{Blame, BlameRequest};
use crate::branch::{BranchRequest, Branches};
use crate::budget::{Budget, Cancelled};
use crate::config::{Config, Confine};
use crate::confine::{confined, is_available};
use crate::diff::{DiffRequest, DiffResult};
use crate::error::GitError;
use crate::files::{FileList, ListRequest};
use crate::log::{Log, LogRequest};
use crate::read::{ReadRequest, RevisionFile};
use crate::session::{Limits, Session};
use crate::show::ShownCommit;
use crate::status::Status;

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum ConfigError {
    #[error("`repositories` is empty: name at least one repository")]
    NoRepositories,
    #[error("`repositories`: the name {0:?} is not one of letters, digits, `-`, `_` and `.`")]
    BadName(String),
    #[error("`repositories`: two are called {0:?}; give them different names")]
    SameName(String),
    #[error("`repositories`: the path {0} of {1:?} is not absolute; write it from the root")]
    NotAbsolute(String, String),
    #[error("`repositories`: {0:?} at {1}: {2}")]
    Unusable(String, String, String),
    #[error("`{0}` is 0: set it to 1 or more")]
    Zero(&'static str),
    #[error("`timeout`: {0}")]
    Timeout(String),
    #[error(
        "`confine` is \"required\", and this kernel has no Landlock (Linux 5.13 or later has); set it to \"auto\" to go without"
    )]
    NoLandlock,
}

/// How long the first look at a repository may take, at start.
const FIRST_LOOK: Duration = Duration::from_secs(30);

struct Repository {
    name: String,
    path: PathBuf,
}

/// The repositories, ready to be read.
pub struct Git {
    repositories: Vec<Repository>,
    limits: Limits,
    timeout: Duration,
    most_running: usize,
    running: AtomicUsize,
    confine: Confine,
    is_confined: bool,
}

impl std::fmt::Debug for Git {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.names().collect();
        f.debug_struct("Git")
            .field("repositories", &names)
            .finish_non_exhaustive()
    }
}

/// Counts a running call for as long as it lives.
struct Running<'g>(&'g AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Git {
    /// Checks the settings and opens every repository once. Reads files, so it may block for a moment.
    ///
    /// # Errors
    /// What is wrong, naming the setting.
    pub fn open(config: &Config, timeout: Duration) -> Result<Self, ConfigError> {
        if config.repositories.is_empty() {
            return Err(ConfigError::NoRepositories);
        }
        for (name, is_zero) in [
            ("max_bytes", config.max_bytes == 0),
            ("max_object_bytes", config.max_object_bytes == 0),
            ("max_entries", config.max_entries == 0),
            ("max_running", config.max_running == 0),
            ("timeout", timeout.is_zero()),
        ] {
            if is_zero {
                return Err(ConfigError::Zero(name));
            }
        }
        let mut repositories: Vec<Repository> = Vec::new();
        for configured in &config.repositories {
            let (name, path) = (configured.name.clone(), configured.path.clone());
            let is_plain =
                |character: char| character.is_alphanumeric() || "-_.".contains(character);
            if name.is_empty() || !name.chars().all(is_plain) {
                return Err(ConfigError::BadName(name));
            }
            if repositories.iter().any(|other| other.name == name) {
                return Err(ConfigError::SameName(name));
            }
            if !path.is_absolute() {
                return Err(ConfigError::NotAbsolute(path.display().to_string(), name));
            }
            repositories.push(Repository { name, path });
        }
        let git = Self {
            limits: Limits {
                bytes: usize::try_from(config.max_bytes).unwrap_or(usize::MAX),
                object_bytes: config.max_object_bytes,
                entries: config.max_entries,
            },
            timeout,
            most_running: config.max_running,
            running: AtomicUsize::new(0),
            confine: config.confine,
            is_confined: config.confine != Confine::Off && is_available(Path::new("/")),
            repositories,
        };
        if git.confine == Confine::Required && !git.is_confined {
            return Err(ConfigError::NoLandlock);
        }
        for repository in &git.repositories {
            let opened = git.with(repository, FIRST_LOOK, &|| false, |session| {
                session.head().map(drop)
            });
            opened.map_err(|error| {
                let path = repository.path.display().to_string();
                let reason = match error {
                    GitError::Gone => {
                        "there is no git repository; a path above or below is not tried".to_owned()
                    }
                    error => error.to_string(),
                };
                ConfigError::Unusable(repository.name.clone(), path, reason)
            })?;
        }
        Ok(git)
    }

    /// The names of the repositories.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.repositories
            .iter()
            .map(|repository| repository.name.as_str())
    }

    /// How many calls run now.
    pub fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    /// Whether the kernel holds calls inside their repository.
    pub fn is_confined(&self) -> bool {
        self.is_confined
    }

    /// A repository by its name, or by exactly the path that is configured; the only one when there is one.
    fn find(&self, given: Option<&str>) -> Result<&Repository, GitError> {
        let known = || self.names().collect::<Vec<_>>().join(", ");
        match (given, &self.repositories[..]) {
            (None, [only]) => Ok(only),
            (None, _) => Err(GitError::WhichRepository { known: known() }),
            (Some(given), all) => all
                .iter()
                .find(|repository| repository.name == given)
                .or_else(|| {
                    all.iter()
                        .find(|repository| repository.path == Path::new(given))
                })
                .ok_or_else(|| GitError::NoSuchRepository {
                    given: given.into(),
                    known: known(),
                }),
        }
    }

    fn with<T: Send>(
        &self,
        repository: &Repository,
        time: Duration,
        cancelled: Cancelled<'_>,
        work: impl FnOnce(&Session<'_>) -> Result<T, GitError> + Send,
    ) -> Result<T, GitError> {
        let before = self.running.fetch_add(1, Ordering::AcqRel);
        let _running = Running(&self.running);
        if before >= self.most_running {
            return Err(GitError::Busy);
        }
        confined(&repository.path, self.confine, || {
            let budget = Budget::new(cancelled, time, self.limits.entries);
            let session = Session::open(&repository.path, self.limits, &budget)?;
            work(&session)
        })
    }

    fn on<T: Send>(
        &self,
        given: Option<&str>,
        cancelled: Cancelled<'_>,
        work: impl FnOnce(&Session<'_>) -> Result<T, GitError> + Send,
    ) -> Result<T, GitError> {
        self.with(self.find(given)?, self.timeout, cancelled, work)
    }
}

/// The calls. `at` names the repository.
///
/// # Errors
/// A sentence for the model.
#[expect(missing_docs, reason = "each is a tool, described there")]
impl Git {
    pub fn status(
        &self,
        at: Option<&str>,
        cursor: Option<&str>,
        cancelled: Cancelled<'_>,
    ) -> Result<Status, GitError> {
        self.on(at, cancelled, |session| session.status(cursor))
    }

    pub fn diff_unstaged(
        &self,
        at: Option<&str>,
        request: &DiffRequest,
        cancelled: Cancelled<'_>,
    ) -> Result<DiffResult, GitError> {
        self.on(at, cancelled, |session| session.diff_unstaged(request))
    }

    pub fn diff_staged(
        &self,
        at: Option<&str>,
        request: &DiffRequest,
        cancelled: Cancelled<'_>,
    ) -> Result<DiffResult, GitError> {
        self.on(at, cancelled, |session| session.diff_staged(request))
    }

    pub fn diff(
        &self,
        at: Option<&str>,
        target: &str,
        request: &DiffRequest,
        cancelled: Cancelled<'_>,
    ) -> Result<DiffResult, GitError> {
        self.on(at, cancelled, |session| session.diff(target, request))
    }

    pub fn log(
        &self,
        at: Option<&str>,
        request: &LogRequest,
        cancelled: Cancelled<'_>,
    ) -> Result<Log, GitError> {
        self.on(at, cancelled, |session| session.log(request))
    }

    pub fn show(
        &self,
        at: Option<&str>,
        revision: &str,
        request: &DiffRequest,
        cancelled: Cancelled<'_>,
    ) -> Result<ShownCommit, GitError> {
        self.on(at, cancelled, |session| session.show(revision, request))
    }

    pub fn branches(
        &self,
        at: Option<&str>,
        request: &BranchRequest,
        cancelled: Cancelled<'_>,
    ) -> Result<Branches, GitError> {
        self.on(at, cancelled, |session| session.branches(request))
    }

    pub fn blame(
        &self,
        at: Option<&str>,
        request: &BlameRequest,
        cancelled: Cancelled<'_>,
    ) -> Result<Blame, GitError> {
        self.on(at, cancelled, |session| session.blame(request))
    }

    pub fn list_files(
        &self,
        at: Option<&str>,
        request: &ListRequest,
        cancelled: Cancelled<'_>,
    ) -> Result<FileList, GitError> {
        self.on(at, cancelled, |session| session.list_files(request))
    }

    pub fn read_file(
        &self,
        at: Option<&str>,
        request: &ReadRequest,
        cancelled: Cancelled<'_>,
    ) -> Result<RevisionFile, GitError> {
        self.on(at, cancelled, |session| session.read_file(request))
    }
}
