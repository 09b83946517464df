//! Searching, inside the repositories that may be used.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Ask;
use crate::config::Toolset;
use crate::error::GithubError;
use crate::hub::{Reading, Session};
use crate::issues::IssueRow;
use crate::lens::Lens;
use crate::limits::Bucket;
use crate::page::{Page, Paging};
use crate::query::Query;
use crate::repository::Repository;
use crate::url::ApiUrl;
use crate::wire;

const MATCHES: &str = "application/vnd.github.text-match+json";
/// The longest piece of a file around a match, in characters, and how many of them.
const FRAGMENT: usize = 400;
const FRAGMENTS: usize = 2;

/// A repository that was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct RepositoryRow {
    pub(crate) repo: String,
    private: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_branch: Option<String>,
    stars: i64,
    archived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

/// A file that was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct CodeRow {
    repo: String,
    path: String,
    sha: String,
    matches: Vec<String>,
}

/// Issues or pull requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    #[default]
    Issue,
    Pr,
}

#[derive(Deserialize)]
struct WireCode {
    path: String,
    sha: String,
    repository: wire::Repo,
    #[serde(default)]
    text_matches: Vec<WireMatch>,
}

#[derive(Deserialize)]
struct WireMatch {
    #[serde(default)]
    fragment: String,
}

impl Session<'_> {
    /// Repositories by name, topic or description.
    pub(crate) async fn search_repositories(
        &mut self,
        query: &str,
        paging: Paging,
    ) -> Result<Page<RepositoryRow>, GithubError> {
        self.toolset(Toolset::Search)?;
        let mut query = Query::new(query, &self.hub.settings.allow)?;
        if self.is_tainted() {
            query = query.in_public()?;
        }
        let url = paging.of(ApiUrl::new(["search", "repositories"]).with("q", &query.text));
        let answer = self
            .ask(&Ask::get("this search", url).bucket(Bucket::Search))
            .await?;
        let mut results = Results::new(self, query.exact);
        for found in answer.json::<wire::Found<wire::Repo>>()?.items {
            let Some(repository) = Repository::parse(&found.full_name) else {
                results.more = false;
                continue;
            };
            if !self.sees(&repository, found.is_public()) {
                results.more = false;
                continue;
            }
            if !results.lens.takes(120) {
                continue;
            }
            results.shows(repository, found.is_public());
            let lens = &mut results.lens;
            results.items.push(RepositoryRow {
                repo: found.full_name,
                private: found.private,
                description: found.description.map(|text| lens.line(&text)),
                language: found.language.map(|text| lens.line(&text)),
                default_branch: found.default_branch.map(|text| lens.line(&text)),
                stars: found.stargazers_count,
                archived: found.archived,
                updated_at: found.updated_at,
            });
        }
        results.page(self, answer.next_page)
    }

    /// Files by what is in them.
    pub(crate) async fn search_code(
        &mut self,
        query: &str,
        paging: Paging,
    ) -> Result<Page<CodeRow>, GithubError> {
        self.toolset(Toolset::Search)?;
        let query = Query::new(query, &self.hub.settings.allow)?;
        if self.is_tainted() {
            // There is no qualifier for public code, and what a search does not find tells something too.
            let named = query.named.as_ref().ok_or(GithubError::TaintedSearch)?;
            for repository in named {
                if !self.is_public(repository).await? {
                    return Err(GithubError::TaintedSearch);
                }
            }
        }
        let url = paging.of(ApiUrl::new(["search", "code"]).with("q", &query.text));
        let answer = self
            .ask(
                &Ask::get("this search", url)
                    .accept(MATCHES)
                    .bucket(Bucket::Code),
            )
            .await?;
        let mut results = Results::new(self, query.exact);
        for found in answer.json::<wire::Found<WireCode>>()?.items {
            let Some(repository) = Repository::parse(&found.repository.full_name) else {
                results.more = false;
                continue;
            };
            if !self.sees(&repository, found.repository.is_public()) {
                results.more = false;
                continue;
            }
            if !results.lens.takes(100) {
                continue;
            }
            results.shows(repository, found.repository.is_public());
            let lens = &mut results.lens;
            let matches = found.text_matches.iter().take(FRAGMENTS);
            results.items.push(CodeRow {
                repo: found.repository.full_name,
                path: lens.line(&found.path),
                sha: found.sha,
                matches: matches
                    .map(|found| lens.excerpt(&found.fragment, FRAGMENT))
                    .collect(),
            });
        }
        results.page(self, answer.next_page)
    }

    /// Issues or pull requests.
    pub(crate) async fn search_issues(
        &mut self,
        query: &str,
        kind: Kind,
        paging: Paging,
    ) -> Result<Page<IssueRow>, GithubError> {
        self.toolset(Toolset::Search)?;
        let mut query = Query::new(query, &self.hub.settings.allow)?;
        query = query.and(match kind {
            Kind::Issue => "is:issue",
            Kind::Pr => "is:pr",
        });
        if self.is_tainted() {
            query = query.in_public()?;
        }
        let url = paging.of(ApiUrl::new(["search", "issues"]).with("q", &query.text));
        let answer = self
            .ask(&Ask::get("this search", url).bucket(Bucket::Search))
            .await?;
        let mut results = Results::new(self, query.exact);
        let mut visible: HashMap<Repository, bool> = HashMap::new();
        for found in answer.json::<wire::Found<wire::Issue>>()?.items {
            // An issue says where it is, not whether that is public.
            let place = found.repository_url.as_deref().or(found.url.as_deref());
            let Some(repository) = place.and_then(Repository::of_api_url) else {
                results.more = false;
                continue;
            };
            if !self.hub.settings.allow.allows(&repository) {
                results.more = false;
                continue;
            }
            let public = match visible.get(&repository) {
                Some(public) => *public,
                None if !self.hub.settings.taint => false,
                None => self.is_public(&repository).await?,
            };
            visible.insert(repository.clone(), public);
            if !self.sees(&repository, public) {
                results.more = false;
                continue;
            }
            if !results.lens.takes(150) {
                continue;
            }
            let named = self.hub.settings.allow.names(&repository);
            let row = IssueRow::of(&mut results.lens, found, Some(&repository));
            if row.shows_outsider() || !named {
                results.shows(repository, public);
            }
            results.items.push(row);
        }
        results.page(self, answer.next_page)
    }

    /// Whether a result may be shown: it is on the allow-list, and the session may read it. Nothing is said of
    /// those that are not.
    fn sees(&self, repository: &Repository, public: bool) -> bool {
        self.hub.settings.allow.allows(repository) && self.admit(repository, public).is_ok()
    }
}

/// A page of results in the making.
struct Results<T> {
    lens: Lens,
    items: Vec<T>,
    public: Vec<Repository>,
    /// Whether it may be said that there is more: not when that could be what is not shown.
    more: bool,
}

impl<T> Results<T> {
    fn new(session: &Session<'_>, more: bool) -> Self {
        let settings = &session.hub.settings;
        Self {
            lens: Lens::new(settings.lockdown, true, settings.max_bytes),
            items: Vec::new(),
            public: Vec::new(),
            more,
        }
    }

    /// A result of this repository has words that anybody could have written, if it is public.
    fn shows(&mut self, repository: Repository, public: bool) {
        self.lens.shows();
        if public && !self.public.contains(&repository) {
            self.public.push(repository);
        }
    }

    fn page(self, session: &Session<'_>, next_page: Option<u32>) -> Result<Page<T>, GithubError> {
        let mut notice = None;
        for repository in self.public {
            let reading = Reading {
                repository,
                public: true,
            };
            notice = session.notice(&reading, &self.lens)?;
        }
        let notice = notice.or_else(|| self.lens.notice());
        let next_page = next_page.filter(|_| self.more);
        Ok(Page::new(notice, self.items, self.lens.is_cut(), next_page))
    }
}
