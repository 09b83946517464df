//! Pull requests, to read: lists, one of them, its files, diff, reviews and checks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Ask, Outcome};
use crate::clean;
use crate::commits::{FileRow, file_rows};
use crate::config::Toolset;
use crate::error::GithubError;
use crate::exchange::failed;
use crate::git::Reference;
use crate::hub::{Reading, Session};
use crate::issues::StateFilter;
use crate::lens::Lens;
use crate::page::{Page, Paging};
use crate::repository::Repository;
use crate::url::ApiUrl;
use crate::wire;

const DIFF: &str = "application/vnd.github.diff";

/// A pull request in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct PullRow {
    number: i64,
    // None: withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    state: String,
    draft: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    association: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    // The repository of the head, when it is another one that may be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    fork: Option<String>,
    head_sha: String,
    base: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

/// A pull request.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Pull {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    notice: Option<String>,
    #[serde(flatten)]
    row: PullRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    merged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    mergeable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additions: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletions: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_files: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<FileRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reviews: Option<Vec<Review>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Vec<Check>>,
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page: Option<i64>,
}

/// A review.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct Review {
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    association: Option<String>,
    state: String,
    body: String,
}

/// A check of the head.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct Check {
    name: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<String>,
}

/// What is shown of a pull request besides itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = crate::lean::lean)]
pub(crate) enum Include {
    Diff,
    Files,
    Reviews,
    Checks,
}

/// Which pull requests are listed.
#[derive(Debug, Default)]
pub(crate) struct PullFilter {
    /// Open, closed or both.
    pub(crate) state: StateFilter,
    /// Only those from this branch of the same owner.
    pub(crate) head: Option<String>,
    /// Only those into this branch.
    pub(crate) base: Option<String>,
}

#[derive(Deserialize)]
struct WireChecks {
    check_runs: Vec<wire::CheckRun>,
}

impl Session<'_> {
    /// The pull requests of a repository.
    pub(crate) async fn pulls(
        &mut self,
        owner: &str,
        repo: &str,
        filter: &PullFilter,
        paging: Paging,
    ) -> Result<Page<PullRow>, GithubError> {
        let head = Reference::optional("head", filter.head.as_deref())?;
        let base = Reference::optional("base", filter.base.as_deref())?;
        let reading = self.read(Toolset::Pulls, owner, repo).await?;
        let what = reading.repository.to_string();
        let head = head.map(|head| format!("{}:{head}", reading.repository.owner()));
        let url = paging
            .of(ApiUrl::repository(&reading.repository).segment("pulls"))
            .with("state", filter.state.name())
            .with_some("head", head)
            .with_some("base", base.as_ref().map(Reference::as_str));
        let answer = self.ask(&Ask::get(&what, url)).await?;
        let mut lens = self.lens(&reading.repository);
        let mut items = Vec::new();
        for pull in answer.json::<Vec<wire::Pull>>()? {
            if !lens.takes(220) {
                break;
            }
            items.push(self.row(&mut lens, &reading.repository, &pull));
        }
        Ok(Page::new(
            self.notice(&reading, &lens)?,
            items,
            lens.is_cut(),
            answer.next_page,
        ))
    }

    /// One pull request, with what is included: files, reviews and checks in pages.
    pub(crate) async fn pull(
        &mut self,
        owner: &str,
        repo: &str,
        number: u64,
        include: &[Include],
        paging: Paging,
    ) -> Result<Pull, GithubError> {
        let reading = self.read(Toolset::Pulls, owner, repo).await?;
        let what = format!("{}#{number}", reading.repository);
        let url = ApiUrl::repository(&reading.repository)
            .segment("pulls")
            .number(number);
        let pull: wire::Pull = self.ask(&Ask::get(&what, url.clone())).await?.json()?;
        let place = pull
            .base
            .repo
            .as_ref()
            .and_then(|repo| Repository::parse(&repo.full_name));
        self.belongs(&reading.repository, place.as_ref())?;
        let mut lens = self.lens(&reading.repository);
        let row = self.row(&mut lens, &reading.repository, &pull);
        let shown = row.title.is_some();
        let wants = |part| include.contains(&part);
        let mut next_page = None;
        let mut more = |page: Option<u32>| next_page = next_page.max(page);
        // The change itself is its author's text, as the title is.
        let mut files = None;
        if wants(Include::Files) && shown {
            let answer = self
                .ask(&Ask::get(&what, paging.of(url.clone().segment("files"))))
                .await?;
            more(answer.next_page);
            lens.shows();
            files = Some(file_rows(&mut lens, answer.json()?, false));
        }
        let mut reviews = None;
        if wants(Include::Reviews) {
            let answer = self
                .ask(&Ask::get(&what, paging.of(url.clone().segment("reviews"))))
                .await?;
            more(answer.next_page);
            reviews = Some(shown_reviews(&mut lens, answer.json()?));
        }
        let mut checks = None;
        if wants(Include::Checks) {
            let url = ApiUrl::repository(&reading.repository)
                .segment("commits")
                .segment(&pull.head.sha)
                .segment("check-runs");
            let answer = self.ask(&Ask::get(&what, paging.of(url))).await?;
            more(answer.next_page);
            lens.shows();
            checks = Some(shown_checks(&mut lens, answer.json()?));
        }
        let body = pull
            .body
            .as_deref()
            .filter(|_| shown)
            .map(|body| lens.prose(body));
        // Last, since it takes all the room there is.
        let mut diff = None;
        if wants(Include::Diff) && shown {
            lens.shows();
            diff = Some(self.diff(&reading, &what, url, &mut lens).await?);
        }
        let page = Page::<()>::new(
            self.notice(&reading, &lens)?,
            Vec::new(),
            lens.is_cut(),
            next_page,
        );
        Ok(Pull {
            notice: page.notice,
            row,
            body,
            merged: pull.merged || pull.merged_at.is_some(),
            mergeable: pull.mergeable,
            additions: pull.additions,
            deletions: pull.deletions,
            changed_files: pull.changed_files,
            url: pull.html_url.map(|url| clean::line(&url, 500).0),
            files,
            diff,
            reviews,
            checks,
            truncated: page.truncated,
            next_page: page.next_page,
        })
    }

    async fn diff(
        &mut self,
        reading: &Reading,
        what: &str,
        url: ApiUrl,
        lens: &mut Lens,
    ) -> Result<String, GithubError> {
        let most = lens.room();
        let bytes = match self.open_answer(&Ask::get(what, url).accept(DIFF)).await? {
            Outcome::Open(response) => {
                let (bytes, more) = response
                    .bytes_up_to(most)
                    .await
                    .map_err(|error| failed(&error, false))?;
                if more {
                    lens.cuts();
                }
                bytes
            }
            Outcome::Kept(answer) => answer.body,
            Outcome::Elsewhere(_) => {
                return Err(GithubError::Gone {
                    what: reading.repository.to_string(),
                });
            }
        };
        Ok(lens.code(&String::from_utf8_lossy(&bytes)))
    }

    /// A row, without its author's words where they are withheld, and without the name of a fork that is not
    /// on the allow-list.
    fn row(&self, lens: &mut Lens, repository: &Repository, pull: &wire::Pull) -> PullRow {
        let shown = lens.admits(pull.author_association.as_deref());
        let head = pull
            .head
            .repo
            .as_ref()
            .and_then(|repo| Repository::parse(&repo.full_name));
        let inside = head
            .as_ref()
            .is_some_and(|head| self.hub.settings.allow.allows(head));
        PullRow {
            number: pull.number,
            title: shown.then(|| lens.line(&pull.title)),
            state: pull.state.clone(),
            draft: pull.draft,
            author: pull.user.as_ref().map(|user| lens.line(&user.login)),
            association: pull.author_association.clone(),
            head: shown.then(|| lens.line(&pull.head.branch)),
            fork: match head {
                Some(head) if head == *repository => None,
                Some(head) if inside => Some(head.to_string()),
                // Gone, or not to be named.
                _ => Some("another repository".to_owned()),
            },
            head_sha: pull.head.sha.clone(),
            base: lens.line(&pull.base.branch),
            updated_at: pull.updated_at.clone(),
        }
    }

    /// The hash of the head of a pull request.
    pub(crate) async fn head(
        &mut self,
        repository: &Repository,
        number: u64,
    ) -> Result<String, GithubError> {
        let what = format!("{repository}#{number}");
        let url = ApiUrl::repository(repository)
            .segment("pulls")
            .number(number);
        let pull: wire::Pull = self.ask(&Ask::get(&what, url)).await?.json()?;
        Ok(pull.head.sha)
    }
}

fn shown_reviews(lens: &mut Lens, reviews: Vec<wire::Review>) -> Vec<Review> {
    let mut shown = Vec::new();
    for review in reviews {
        if !lens.admits(review.author_association.as_deref()) {
            continue;
        }
        if !lens.takes(100) {
            break;
        }
        shown.push(Review {
            author: review.user.map(|user| lens.line(&user.login)),
            association: review.author_association,
            state: review.state,
            body: lens.prose(review.body.as_deref().unwrap_or_default()),
        });
    }
    shown
}

fn shown_checks(lens: &mut Lens, checks: WireChecks) -> Vec<Check> {
    let mut shown = Vec::new();
    for check in checks.check_runs {
        if !lens.takes(80) {
            break;
        }
        shown.push(Check {
            name: lens.line(&check.name),
            status: check.status,
            conclusion: check.conclusion,
        });
    }
    shown
}
