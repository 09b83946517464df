//! Commits: lists of them, one of them, and what lies between two references.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Ask;
use crate::config::Toolset;
use crate::error::GithubError;
use crate::git::{FilePath, Reference};
use crate::hub::Session;
use crate::lens::Lens;
use crate::page::{Page, Paging};
use crate::url::ApiUrl;
use crate::whole::Whole;
use crate::wire;

/// A commit in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct CommitRow {
    sha: String,
    // The first line of its message.
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
}

/// A file that was changed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct FileRow {
    path: String,
    status: String,
    additions: i64,
    deletions: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
}

/// A commit.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Commit {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    notice: Option<String>,
    sha: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    parents: Vec<String>,
    additions: i64,
    deletions: i64,
    files: Vec<FileRow>,
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page: Option<i64>,
}

/// What lies between two references.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Comparison {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    notice: Option<String>,
    status: String,
    ahead_by: i64,
    behind_by: i64,
    commits: Vec<CommitRow>,
    files: Vec<FileRow>,
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page: Option<i64>,
}

/// How much of a commit's files is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Detail {
    #[default]
    Stats,
    Patch,
}

/// Which commits are listed.
#[derive(Debug, Default)]
pub(crate) struct CommitFilter {
    /// Where to begin.
    pub(crate) reference: Option<String>,
    /// Only those that changed it.
    pub(crate) path: Option<String>,
    /// A login or an address.
    pub(crate) author: Option<String>,
    /// A time.
    pub(crate) since: Option<String>,
}

#[derive(Deserialize)]
struct WireComparison {
    status: String,
    ahead_by: i64,
    behind_by: i64,
    commits: Vec<wire::Commit>,
    #[serde(default)]
    files: Vec<wire::ChangedFile>,
}

impl Session<'_> {
    /// The commits of a reference, latest first.
    pub(crate) async fn commits(
        &mut self,
        owner: &str,
        repo: &str,
        filter: &CommitFilter,
        paging: Paging,
    ) -> Result<Page<CommitRow>, GithubError> {
        let reference = Reference::optional("ref", filter.reference.as_deref())?;
        let path = filter.path.as_deref().map(FilePath::new).transpose()?;
        let reading = self.read(Toolset::Repos, owner, repo).await?;
        self.not_an_outsiders(&reading.repository, reference.as_ref())?;
        let what = reading.repository.to_string();
        let url = paging
            .of(ApiUrl::repository(&reading.repository).segment("commits"))
            .with_some("sha", reference.as_ref().map(Reference::as_str))
            .with_some("path", path.as_ref().map(FilePath::as_str))
            .with_some("author", filter.author.as_deref())
            .with_some("since", filter.since.as_deref());
        let answer = self.ask(&Ask::get(&what, url)).await?;
        let mut lens = self.lens(&reading.repository);
        lens.shows();
        let items = rows(&mut lens, answer.json()?);
        Ok(Page::new(
            self.notice(&reading, &lens)?,
            items,
            lens.is_cut(),
            answer.next_page,
        ))
    }

    /// One commit and the files it changed, in pages of 100.
    pub(crate) async fn commit(
        &mut self,
        owner: &str,
        repo: &str,
        reference: &str,
        detail: Detail,
        page: Option<Whole>,
    ) -> Result<Commit, GithubError> {
        let reference = Reference::new("ref", reference)?;
        let paging = Paging::new(page, Some(Whole(100)))?;
        let reading = self.read(Toolset::Repos, owner, repo).await?;
        self.not_an_outsiders(&reading.repository, Some(&reference))?;
        let what = format!("{}: {reference}", reading.repository);
        let url = ApiUrl::repository(&reading.repository)
            .segment("commits")
            .segment(reference.as_str());
        let answer = self.ask(&Ask::get(&what, paging.of(url))).await?;
        let commit: wire::Commit = answer.json()?;
        let mut lens = self.lens(&reading.repository);
        lens.shows();
        let message = lens.prose(&commit.commit.message);
        let author = author(&mut lens, &commit);
        let files = file_rows(&mut lens, commit.files, detail == Detail::Patch);
        let page = Page::<()>::new(
            self.notice(&reading, &lens)?,
            Vec::new(),
            lens.is_cut(),
            answer.next_page,
        );
        Ok(Commit {
            notice: page.notice,
            sha: commit.sha,
            message,
            author,
            date: commit.commit.author.and_then(|author| author.date),
            parents: commit
                .parents
                .into_iter()
                .map(|parent| parent.sha)
                .collect(),
            additions: commit.stats.as_ref().map_or(0, |stats| stats.additions),
            deletions: commit.stats.as_ref().map_or(0, |stats| stats.deletions),
            files,
            truncated: page.truncated,
            next_page: page.next_page,
        })
    }

    /// What `head` has that `base` has not. Files come with the first page only.
    pub(crate) async fn compare(
        &mut self,
        owner: &str,
        repo: &str,
        base: &str,
        head: &str,
        paging: Paging,
    ) -> Result<Comparison, GithubError> {
        let (base, head) = (Reference::new("base", base)?, Reference::new("head", head)?);
        let reading = self.read(Toolset::Repos, owner, repo).await?;
        self.not_an_outsiders(&reading.repository, Some(&base))?;
        self.not_an_outsiders(&reading.repository, Some(&head))?;
        let what = format!("{}: {base}...{head}", reading.repository);
        let url = ApiUrl::repository(&reading.repository)
            .segment("compare")
            .segment(&format!("{base}...{head}"));
        let answer = self.ask(&Ask::get(&what, paging.of(url))).await?;
        let found: WireComparison = answer.json()?;
        let mut lens = self.lens(&reading.repository);
        lens.shows();
        let commits = rows(&mut lens, found.commits);
        let files = file_rows(&mut lens, found.files, false);
        let page = Page::<()>::new(
            self.notice(&reading, &lens)?,
            Vec::new(),
            lens.is_cut(),
            answer.next_page,
        );
        Ok(Comparison {
            notice: page.notice,
            status: found.status,
            ahead_by: found.ahead_by,
            behind_by: found.behind_by,
            commits,
            files,
            truncated: page.truncated,
            next_page: page.next_page,
        })
    }
}

fn author(lens: &mut Lens, commit: &wire::Commit) -> Option<String> {
    let login = commit
        .author
        .as_ref()
        .and_then(|author| author.login.as_deref());
    let name = commit
        .commit
        .author
        .as_ref()
        .and_then(|author| author.name.as_deref());
    login.or(name).map(|name| lens.line(name))
}

fn rows(lens: &mut Lens, commits: Vec<wire::Commit>) -> Vec<CommitRow> {
    let mut rows = Vec::new();
    for commit in commits {
        if !lens.takes(120) {
            break;
        }
        let author = author(lens, &commit);
        rows.push(CommitRow {
            title: lens.line(commit.commit.message.lines().next().unwrap_or_default()),
            sha: commit.sha,
            author,
            date: commit.commit.author.and_then(|author| author.date),
        });
    }
    rows
}

/// Files that were changed, with what was changed in them if `patches`.
pub(crate) fn file_rows(
    lens: &mut Lens,
    files: Vec<wire::ChangedFile>,
    patches: bool,
) -> Vec<FileRow> {
    let mut rows = Vec::new();
    for file in files {
        if !lens.takes(100) {
            break;
        }
        rows.push(FileRow {
            path: lens.line(&file.filename),
            status: file.status,
            additions: file.additions,
            deletions: file.deletions,
            patch: file
                .patch
                .filter(|_| patches)
                .map(|patch| lens.code(&patch)),
        });
    }
    rows
}
