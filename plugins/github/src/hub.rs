//! The plugin's middle: what is shared by all calls, and a session: one call of one caller, through which
//! every repository is reached. Here the allow-list, the modes and the taint are enforced.

use std::time::{Duration, Instant as StdInstant};

use mcp_factory_sdk::Health;
use quick_cache::sync::Cache;
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::api::{Answer, Api, Ask, Outcome};
use crate::config::{Settings, Toolset};
use crate::download::Downloads;
use crate::error::GithubError;
use crate::lens::Lens;
use crate::patience::Patience;
use crate::repository::Repository;
use crate::taint::Taints;
use crate::url::ApiUrl;
use crate::wire;

/// How long it is believed that a repository is public or not.
const VISIBLE_FOR: Duration = Duration::from_mins(1);
const MOST_REPOSITORIES: usize = 1_000;
/// How many changes may wait for their turn.
const MOST_WAITING: usize = 64;

/// What all calls share.
#[derive(Debug)]
pub(crate) struct GitHub {
    pub(crate) settings: Settings,
    pub(crate) api: Api,
    pub(crate) downloads: Downloads,
    pub(crate) taints: Taints,
    visible: Cache<String, (bool, Instant)>,
    waiting: Semaphore,
    turn: Mutex<()>,
}

/// One call of one caller.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) hub: &'a GitHub,
    caller: &'a str,
    pub(crate) patience: Patience,
}

/// A repository that may be read in this session.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) repository: Repository,
    /// False where it is not known because nobody asks.
    pub(crate) public: bool,
}

/// The right to change something now: changes are made one at a time.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    _waiting: SemaphorePermit<'a>,
    _turn: MutexGuard<'a, ()>,
}

impl GitHub {
    pub(crate) fn new(settings: Settings, api: Api, downloads: Downloads) -> Self {
        Self {
            taints: Taints::new(settings.taint_lasts),
            settings,
            api,
            downloads,
            visible: Cache::new(MOST_REPOSITORIES),
            waiting: Semaphore::new(MOST_WAITING),
            turn: Mutex::new(()),
        }
    }

    /// A repository by a caller's words, if it may be used.
    pub(crate) fn named(&self, owner: &str, name: &str) -> Result<Repository, GithubError> {
        self.settings.allow.repository(owner, name)
    }

    /// Whether the token was accepted when it was last used, and how much is remembered.
    pub(crate) fn health(&self) -> Health {
        let (answers, bytes) = self.api.kept();
        self.api
            .upstream()
            .health("GitHub refuses the token: renew `token` or `app`")
            .count("kept_answers", answers)
            .count(
                "kept_answer_bytes",
                usize::try_from(bytes).unwrap_or(usize::MAX),
            )
            .count("remembered_callers", self.taints.callers())
            .count(
                "waiting_changes",
                MOST_WAITING - self.waiting.available_permits(),
            )
    }

    /// A call of `caller` that ends at `deadline`, if it has one.
    pub(crate) fn session<'a>(
        &'a self,
        caller: &'a str,
        deadline: Option<StdInstant>,
    ) -> Session<'a> {
        Session {
            hub: self,
            caller,
            patience: Patience::new(deadline, self.settings.rate_wait_max),
        }
    }
}

impl<'a> Session<'a> {
    /// Whether a group of tools works here.
    pub(crate) fn toolset(&self, toolset: Toolset) -> Result<(), GithubError> {
        if self.hub.settings.toolsets.contains(&toolset) {
            return Ok(());
        }
        Err(GithubError::ToolsetOff {
            toolset: toolset.name(),
        })
    }

    /// A repository to read from.
    pub(crate) async fn read(
        &mut self,
        toolset: Toolset,
        owner: &str,
        name: &str,
    ) -> Result<Reading, GithubError> {
        self.toolset(toolset)?;
        let repository = self.hub.settings.allow.repository(owner, name)?;
        let public = self.open(&repository).await?;
        Ok(Reading { repository, public })
    }

    /// Whether the repository is public; when it is not, whether it may be read, and remembers that it is.
    async fn open(&mut self, repository: &Repository) -> Result<bool, GithubError> {
        if !self.hub.settings.taint {
            return Ok(false);
        }
        let public = self.is_public(repository).await?;
        self.admit(repository, public)?;
        Ok(public)
    }

    /// The same, for a repository whose visibility an answer told.
    pub(crate) fn admit(&self, repository: &Repository, public: bool) -> Result<(), GithubError> {
        if public || !self.hub.settings.taint {
            return Ok(());
        }
        self.hub
            .taints
            .check_private_read(self.caller, repository)?;
        self.hub.taints.mark_private(self.caller, repository)
    }

    /// A repository to change something in, and the turn to do it.
    pub(crate) async fn write(
        &mut self,
        toolset: Toolset,
        owner: &str,
        name: &str,
    ) -> Result<(Repository, Turn<'a>), GithubError> {
        if self.hub.settings.read_only {
            return Err(GithubError::ReadOnly);
        }
        self.toolset(toolset)?;
        let repository = self.hub.settings.allow.repository(owner, name)?;
        let waiting = self
            .hub
            .waiting
            .try_acquire()
            .map_err(|_| GithubError::TooManyWrites)?;
        let turn = self.patience.within(self.hub.turn.lock()).await?;
        // Judged when it is its turn, so that what was shown in the meantime counts.
        if self.is_tainted() {
            let public = self.is_public(&repository).await?;
            self.hub
                .taints
                .check_write(self.caller, &repository, public)?;
        }
        Ok((
            repository,
            Turn {
                _waiting: waiting,
                _turn: turn,
            },
        ))
    }

    /// Whether this caller holds text that anybody could have written.
    pub(crate) fn is_tainted(&self) -> bool {
        self.hub.settings.taint && self.hub.taints.is_tainted(self.caller)
    }

    /// Whether a repository is public.
    pub(crate) async fn is_public(&mut self, repository: &Repository) -> Result<bool, GithubError> {
        if let Some((public, seen)) = self.hub.visible.get(repository.key())
            && seen.elapsed() < VISIBLE_FOR
        {
            return Ok(public);
        }
        let what = repository.to_string();
        let answer = self
            .ask(&Ask::get(&what, ApiUrl::repository(repository)))
            .await?;
        let seen: wire::Repo = answer.json()?;
        self.belongs(repository, Repository::parse(&seen.full_name).as_ref())?;
        let public = seen.is_public();
        self.hub
            .visible
            .insert(repository.key().to_owned(), (public, Instant::now()));
        Ok(public)
    }

    /// An answer about another repository than was asked for is not shown: it may have been moved there.
    pub(crate) fn belongs(
        &self,
        asked: &Repository,
        answered: Option<&Repository>,
    ) -> Result<(), GithubError> {
        match answered {
            Some(answered) if answered != asked => {
                Err(self.moved(asked.to_string(), Some(answered)))
            }
            _ => Ok(()),
        }
    }

    /// Asks the API.
    pub(crate) async fn ask(&mut self, ask: &Ask<'_>) -> Result<Answer, GithubError> {
        let answer = self.hub.api.ask(ask, &mut self.patience).await;
        answer.map_err(|error| self.judge(error))
    }

    /// Asks the API and leaves the body unread.
    pub(crate) async fn open_answer(&mut self, ask: &Ask<'_>) -> Result<Outcome, GithubError> {
        let outcome = self.hub.api.open(ask, &mut self.patience).await;
        outcome.map_err(|error| self.judge(error))
    }

    /// Where a repository was moved to is said only if that may be known.
    fn judge(&self, error: GithubError) -> GithubError {
        match error {
            GithubError::Moved { repository, to } => {
                self.moved(repository, Repository::parse(&to).as_ref())
            }
            error => error,
        }
    }

    fn moved(&self, repository: String, to: Option<&Repository>) -> GithubError {
        match to {
            Some(to) if self.hub.settings.allow.allows(to) => GithubError::Moved {
                repository,
                to: to.to_string(),
            },
            _ => GithubError::MovedAway { repository },
        }
    }

    /// How an answer about this repository is to be looked at.
    pub(crate) fn lens(&self, repository: &Repository) -> Lens {
        let settings = &self.hub.settings;
        Lens::new(
            settings.lockdown,
            settings.allow.names(repository),
            settings.max_bytes,
        )
    }

    /// What a result has to say about itself. Called before anything of it is returned: remembers what it shows.
    pub(crate) fn notice(
        &self,
        reading: &Reading,
        lens: &Lens,
    ) -> Result<Option<String>, GithubError> {
        if reading.public && lens.is_untrusted() {
            self.remember(&reading.repository)?;
        }
        Ok(lens.notice())
    }

    /// Remembers that this caller is shown text from a public repository that anybody could have written.
    pub(crate) fn remember(&self, repository: &Repository) -> Result<(), GithubError> {
        if !self.hub.settings.taint {
            return Ok(());
        }
        self.hub.taints.mark_untrusted(self.caller, repository)
    }
}
