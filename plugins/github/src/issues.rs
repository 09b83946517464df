//! Issues and their comments, to read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Ask;
use crate::clean;
use crate::config::Toolset;
use crate::error::GithubError;
use crate::hub::Session;
use crate::lens::Lens;
use crate::page::{Page, Paging};
use crate::repository::Repository;
use crate::url::ApiUrl;
use crate::wire;

/// An issue or pull request in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct IssueRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    repo: Option<String>,
    number: i64,
    // None: withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    association: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    labels: Vec<String>,
    comments: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

/// An issue.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Issue {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    notice: Option<String>,
    #[serde(flatten)]
    row: IssueRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    assignees: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<Vec<Comment>>,
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page: Option<i64>,
}

/// A comment.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct Comment {
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    association: Option<String>,
    body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
}

/// Open, closed or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StateFilter {
    #[default]
    Open,
    Closed,
    All,
}

impl StateFilter {
    /// As GitHub writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::All => "all",
        }
    }
}

/// Which issues are listed.
#[derive(Debug, Default)]
pub(crate) struct IssueFilter {
    /// Open, closed or both.
    pub(crate) state: StateFilter,
    /// Only those with all of these.
    pub(crate) labels: Vec<String>,
    /// A login, `none` or `*`.
    pub(crate) assignee: Option<String>,
    /// A time.
    pub(crate) since: Option<String>,
}

impl IssueRow {
    /// A row, without its words where they are withheld. The repository is named where rows are of several.
    pub(crate) fn of(lens: &mut Lens, issue: wire::Issue, repository: Option<&Repository>) -> Self {
        let shown = lens.admits(issue.author_association.as_deref());
        Self {
            repo: repository.map(ToString::to_string),
            number: issue.number,
            title: shown.then(|| lens.line(&issue.title)),
            state: issue.state,
            author: issue.user.map(|user| lens.line(&user.login)),
            association: issue.author_association,
            labels: issue
                .labels
                .iter()
                .map(|label| lens.line(&label.name))
                .collect(),
            comments: issue.comments,
            updated_at: issue.updated_at,
        }
    }

    /// Whether it shows words of somebody who does not belong to the repository.
    pub(crate) fn shows_outsider(&self) -> bool {
        self.title.is_some() && !self.association.as_deref().is_some_and(Lens::is_member)
    }
}

impl Session<'_> {
    /// The issues of a repository; its pull requests are left out.
    pub(crate) async fn issues(
        &mut self,
        owner: &str,
        repo: &str,
        filter: &IssueFilter,
        paging: Paging,
    ) -> Result<Page<IssueRow>, GithubError> {
        let reading = self.read(Toolset::Issues, owner, repo).await?;
        let what = reading.repository.to_string();
        let labels = (!filter.labels.is_empty()).then(|| filter.labels.join(","));
        let url = paging
            .of(ApiUrl::repository(&reading.repository).segment("issues"))
            .with("state", filter.state.name())
            .with_some("labels", labels)
            .with_some("assignee", filter.assignee.as_deref())
            .with_some("since", filter.since.as_deref());
        let answer = self.ask(&Ask::get(&what, url)).await?;
        let mut lens = self.lens(&reading.repository);
        let mut items = Vec::new();
        for issue in answer.json::<Vec<wire::Issue>>()? {
            if issue.pull_request.is_some() {
                continue;
            }
            if !lens.takes(150) {
                break;
            }
            items.push(IssueRow::of(&mut lens, issue, None));
        }
        Ok(Page::new(
            self.notice(&reading, &lens)?,
            items,
            lens.is_cut(),
            answer.next_page,
        ))
    }

    /// One issue, or pull request as an issue, with a page of its comments if wanted.
    pub(crate) async fn issue(
        &mut self,
        owner: &str,
        repo: &str,
        number: u64,
        comments: Option<Paging>,
    ) -> Result<Issue, GithubError> {
        let reading = self.read(Toolset::Issues, owner, repo).await?;
        let what = format!("{}#{number}", reading.repository);
        let url = ApiUrl::repository(&reading.repository)
            .segment("issues")
            .number(number);
        let mut issue: wire::Issue = self.ask(&Ask::get(&what, url.clone())).await?.json()?;
        let place = issue.repository_url.as_deref().or(issue.url.as_deref());
        self.belongs(
            &reading.repository,
            place.and_then(Repository::of_api_url).as_ref(),
        )?;
        let mut lens = self.lens(&reading.repository);
        let (body, assignees, address) = (
            issue.body.take(),
            std::mem::take(&mut issue.assignees),
            issue.html_url.take(),
        );
        let row = IssueRow::of(&mut lens, issue, None);
        let body = body
            .filter(|_| row.title.is_some())
            .map(|body| lens.prose(&body));
        let mut next_page = None;
        let mut thread = None;
        if let Some(paging) = comments {
            let answer = self
                .ask(&Ask::get(&what, paging.of(url.segment("comments"))))
                .await?;
            next_page = answer.next_page;
            thread = Some(shown(&mut lens, answer.json()?));
        }
        let page = Page::<()>::new(
            self.notice(&reading, &lens)?,
            Vec::new(),
            lens.is_cut(),
            next_page,
        );
        Ok(Issue {
            notice: page.notice,
            row,
            body,
            assignees: assignees
                .iter()
                .map(|user| clean::line(&user.login, 100).0)
                .collect(),
            url: address.map(|url| clean::line(&url, 500).0),
            thread,
            truncated: page.truncated,
            next_page: page.next_page,
        })
    }
}

/// Comments, but for those that are withheld.
fn shown(lens: &mut Lens, comments: Vec<wire::Comment>) -> Vec<Comment> {
    let mut shown = Vec::new();
    for comment in comments {
        if !lens.admits(comment.author_association.as_deref()) {
            continue;
        }
        if !lens.takes(100) {
            break;
        }
        shown.push(Comment {
            id: comment.id,
            author: comment.user.map(|user| lens.line(&user.login)),
            association: comment.author_association,
            body: lens.prose(comment.body.as_deref().unwrap_or_default()),
            created_at: comment.created_at,
        });
    }
    shown
}
