//! Git repositories for agents: status, differences, history, branches, blame and files, read in this process.
//!
//! No command is run and no library of C is linked: objects, index and packs are decoded by the crates of the
//! gitoxide project, everything else is read by hand through directory handles. This file is the plugin's face:
//! its tools, each a few lines. The work is done by [`Git`], which knows no protocol. The README has the
//! settings, and what is refused and why.

#![forbid(unsafe_code)]

mod attributes;
mod blame;
mod branch;
mod budget;
mod change;
mod commit;
mod config;
mod confine;
mod content;
mod diff;
mod eol;
mod error;
mod files;
mod git;
mod handle;
mod header;
mod history;
mod hunks;
mod index;
mod log;
mod objects;
mod patch;
mod place;
mod read;
mod refs;
mod rename;
mod revision;
mod session;
mod settings;
mod show;
mod status;
mod text;
mod vet;
mod when;
mod worktree;

use mcp_factory_sdk::{Health, parse_duration, prelude::*};

pub use blame::{Blame, BlameHunk, BlameRequest};
pub use branch::{Branch, BranchRequest, BranchType, Branches};
pub use budget::Cancelled;
pub use commit::CommitInfo;
pub use config::{Config, Confine, RepositoryConfig};
pub use diff::{ChangeType, DiffRequest, DiffResult, FileChange, MOST_CONTEXT};
pub use error::{GitError, Shown};
pub use files::{EntryType, FileEntry, FileList, ListRequest};
pub use git::{ConfigError, Git};
pub use log::{Log, LogRequest};
pub use read::{ReadRequest, RevisionFile};
pub use show::ShownCommit;
pub use status::{Status, StatusEntry};

/// The plugin: the configured repositories.
#[derive(Debug)]
pub struct GitPlugin {
    git: Git,
}

impl Plugin for GitPlugin {
    type Config = Config;

    async fn start(config: Config, context: &StartContext) -> Result<Self, StartError> {
        let timeout = parse_duration(&config.timeout)
            .map_err(|error| ConfigError::Timeout(error.to_string()))?;
        let opened = tokio::task::spawn_blocking(move || Git::open(&config, timeout)).await?;
        let git = opened.map_err(|error| match error {
            ConfigError::NoRepositories => StartError::new(format!(
                "{error}; set it, for example with --set 'plugins.{}.repositories=[{{name=\"app\",path=\"/srv/app\"}}]'",
                context.mount()
            )),
            error => error.into(),
        })?;
        Ok(Self { git })
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge, and small")]
    async fn health(&self) -> Health {
        Health::ok()
            .gauge("running", self.git.running() as f64)
            .gauge("confined", f64::from(u8::from(self.git.is_confined())))
    }
}

/// Every failure of the domain is written for the model; what a library said is for the log.
fn told(error: GitError) -> ToolError {
    let message = error.to_string();
    let told = match &error {
        GitError::NoSuchRepository { .. }
        | GitError::NoSuchPath { .. }
        | GitError::BadRevision { .. } => ToolError::not_found(message),
        GitError::TimedOut => ToolError::timed_out(message),
        GitError::Busy | GitError::Gone => ToolError::unavailable(message),
        _ => ToolError::new(message),
    };
    match &error {
        GitError::Damaged {
            cause: Some(cause), ..
        }
        | GitError::Unreadable {
            cause: Some(cause), ..
        }
        | GitError::NotConfined { cause: Some(cause) } => {
            tracing::warn!(%cause, "a git repository could not be read");
            told.because(error)
        }
        _ => told,
    }
}

/// Whether nobody waits for a call any more.
fn over(cx: &Context) -> impl Fn() -> bool + Sync {
    let cx = cx.clone();
    move || {
        cx.is_cancelled()
            || cx
                .deadline()
                .is_some_and(|end| std::time::Instant::now() >= end)
    }
}

/// Git repositories: status, differences, history, branches, blame and files. Nothing is changed or run.
#[plugin(name = "git")]
impl GitPlugin {
    /// Names the repositories that the other tools can read.
    #[tool(scope = "read", title = "List repositories", read_only)]
    fn git_list_repositories(&self) -> Result<Repositories, ToolError> {
        Ok(Repositories {
            repositories: self.git.names().map(str::to_owned).collect(),
        })
    }

    /// Shows the working tree's status: staged, unstaged, conflicting and untracked files.
    #[tool(scope = "read", title = "Status", read_only)]
    fn git_status(
        &self,
        cx: &Context,
        /// Which repository, by name; not needed when there is only one.
        repo_path: Option<String>,
        /// `next_cursor` of the answer before.
        cursor: Option<String>,
    ) -> Result<Status, ToolError> {
        self.git
            .status(repo_path.as_deref(), cursor.as_deref(), &over(cx))
            .map_err(told)
    }

    /// Shows changes in the working tree that are not staged.
    #[tool(scope = "read", title = "Unstaged changes", read_only)]
    fn git_diff_unstaged(
        &self,
        cx: &Context,
        /// Which repository, by name; not needed when there is only one.
        repo_path: Option<String>,
        /// Lines around each change.
        #[arg(default = 3, minimum = 0, maximum = 1000)]
        context_lines: u32,
        /// Only this file or directory.
        path: Option<String>,
        /// `next_cursor` of the answer before.
        cursor: Option<String>,
    ) -> Result<DiffResult, ToolError> {
        let request = DiffRequest {
            context_lines,
            path,
            cursor,
        };
        self.git
            .diff_unstaged(repo_path.as_deref(), &request, &over(cx))
            .map_err(told)
    }

    /// Shows changes that are staged for the next commit.
    #[tool(scope = "read", title = "Staged changes", read_only)]
    fn git_diff_staged(
        &self,
        cx: &Context,
        /// Which repository, by name; not needed when there is only one.
        repo_path: Option<String>,
        /// Lines around each change.
        #[arg(default = 3, minimum = 0, maximum = 1000)]
        context_lines: u32,
        /// Only this file or directory.
        path: Option<String>,
        /// `next_cursor` of the answer before.
        cursor: Option<String>,
    ) -> Result<DiffResult, ToolError> {
        let request = DiffRequest {
            context_lines,
            path,
            cursor,
        };
        self.git
            .diff_staged(repo_path.as_deref(), &request, &over(cx))
            .map_err(told)
    }

    /// Shows how the working tree differs from a branch or commit, or how two of them differ.
    #[tool(scope = "read", title = "Differences", read_only)]
    fn git_diff(
        &self,
        cx: &Context,
        /// Which repository, by name; not needed when there is only one.
        repo_path: Option<String>,
        /// A revision, compared with the working tree; or `A..B`; or `A...B`, since they parted.
        target: String,
        /// Lines around each change.
        #[arg(default = 3, minimum = 0, maximum = 1000)]
        context_lines: u32,
        /// Only this file or directory.
        path: Option<String>,
        /// `next_cursor` of the answer before.
        cursor: Option<String>,
    ) -> Result<DiffResult, ToolError> {
        let request = DiffRequest {
            context_lines,
            path,
            cursor,
        };
        self.git
            .diff(repo_path.as_deref(), &target, &request, &over(cx))
            .map_err(told)
    }

    /// Lists commits, newest first.
    #[tool(scope = "read", title = "History", read_only)]
    fn git_log(
        &self,
        cx: &Context,
        /// Which repository, by name; not needed when there is only one.
        repo_path: Option<String>,
        /// The most commits.
        #[arg(default = 10, minimum = 1, maximum = 500)]
        max_count: u32,
        /// Only commits since: `2026-01-31`, `2026-01-31T12:00:00Z`, `2 weeks ago`.
        start_timestamp: Option<String>,
        /// Only commits until.
        end_timestamp: Option<String>,
        /// Where to start: a branch, tag or commit.
        #[arg(default = "HEAD".to_owned())]
        revision: String,
        /// Only commits that changed this file or directory.
        path: Option<String>,
        /// How many to leave out first.
        #[arg(default = 0)]
        skip: u32,
        /// `next_cursor` of the answer before.
        cursor: Option<String>,
    ) -> Result<Log, ToolError> {
        let request = LogRequest {
            revision,
            max_count: max_count as usize,
            skip: skip as usize,
            since: when::seconds("start_timestamp", start_timestamp.as_deref()).map_err(told)?,
            until: when::seconds("end_timestamp", end_timestamp.as_deref()).map_err(told)?,
            path,
            cursor,
        };
        self.git
            .log(repo_path.as_deref(), &request, &over(cx))
            .map_err(told)
    }

    /// Shows a commit and what it changed against its first parent.
    #[tool(scope = "read", title = "Show commit", read_only)]
    fn git_show(
        &self,
        cx: &Context,
        /// Which repository, by name; not needed when there is only one.
        repo_path: Option<String>,
        /// A commit, branch or tag.
        revision: String,
        /// Lines around each change.
        #[arg(default = 3, minimum = 0, maximum = 1000)]
        context_lines: u32,
        /// Only this file or directory.
        path: Option<String>,
        /// `next_cursor` of the answer before.
        cursor: Option<String>,
    ) -> Result<ShownCommit, ToolError> {
        let request = DiffRequest {
            context_lines,
            path,
            cursor,
        };
        self.git
            .show(repo_path.as_deref(), &revision, &request, &over(cx))
            .map_err(told)
    }

    /// Lists branches.
    #[tool(scope = "read", title = "Branches", read_only)]
    fn git_branch(
        &self,
        cx: &Context,
        /// Which repository, by name; not needed when there is only one.
        repo_path: Option<String>,
        /// Those made here, those of remotes, or all.
        #[arg(default = BranchType::Local)]
        branch_type: BranchType,
        /// Only those that hold this commit.
        contains: Option<String>,
        /// Only those that do not hold this commit.
        not_contains: Option<String>,
        /// `next_cursor` of the answer before.
        cursor: Option<String>,
    ) -> Result<Branches, ToolError> {
        let request = BranchRequest {
            branch_type,
            contains,
            not_contains,
            cursor,
        };
        self.git
            .branches(repo_path.as_deref(), &request, &over(cx))
            .map_err(told)
    }

    /// Shows which commit each line of a file comes from.
    #[tool(scope = "read", title = "Blame", read_only)]
    fn git_blame(
        &self,
        cx: &Context,
        /// Which repository, by name; not needed when there is only one.
        repo_path: Option<String>,
        /// The file.
        path: String,
        /// As it is in this branch, tag or commit.
        #[arg(default = "HEAD".to_owned())]
        revision: String,
        /// The first line.
        #[arg(default = 1, minimum = 1)]
        start_line: u64,
        /// The last line.
        end_line: Option<u64>,
    ) -> Result<Blame, ToolError> {
        let request = BlameRequest {
            path,
            revision,
            start_line,
            end_line,
        };
        self.git
            .blame(repo_path.as_deref(), &request, &over(cx))
            .map_err(told)
    }

    /// Lists the files of a revision.
    #[tool(scope = "read", title = "List files", read_only)]
    fn git_list_files(
        &self,
        cx: &Context,
        /// Which repository, by name; not needed when there is only one.
        repo_path: Option<String>,
        /// A branch, tag or commit.
        #[arg(default = "HEAD".to_owned())]
        revision: String,
        /// The directory; empty for the top.
        #[arg(default = String::new())]
        path: String,
        /// Also what is in directories below.
        #[arg(default = false)]
        recursive: bool,
        /// The most entries.
        #[arg(default = 200, minimum = 1, maximum = 2000)]
        limit: u32,
        /// `next_cursor` of the answer before.
        cursor: Option<String>,
    ) -> Result<FileList, ToolError> {
        let request = ListRequest {
            revision,
            path,
            recursive,
            limit: limit as usize,
            cursor,
        };
        self.git
            .list_files(repo_path.as_deref(), &request, &over(cx))
            .map_err(told)
    }

    /// Reads a text file as it is in a revision.
    #[tool(scope = "read", title = "Read file", read_only)]
    fn git_read_file(
        &self,
        cx: &Context,
        /// Which repository, by name; not needed when there is only one.
        repo_path: Option<String>,
        /// The file.
        path: String,
        /// A branch, tag or commit.
        #[arg(default = "HEAD".to_owned())]
        revision: String,
        /// The first line.
        #[arg(default = 1, minimum = 1)]
        offset: u64,
        /// The most lines.
        limit: Option<u64>,
    ) -> Result<RevisionFile, ToolError> {
        let request = ReadRequest {
            path,
            revision,
            offset,
            limit,
        };
        self.git
            .read_file(repo_path.as_deref(), &request, &over(cx))
            .map_err(told)
    }
}

/// The repositories that can be read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Repositories {
    /// Their names.
    pub repositories: Vec<String>,
}
