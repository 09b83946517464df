//! What a repository consists of: its tree, branches and releases; and who this server is on GitHub.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Ask;
use crate::config::Toolset;
use crate::credentials::Credentials;
use crate::error::GithubError;
use crate::git::Reference;
use crate::hub::Session;
use crate::page::{Page, Paging};
use crate::url::ApiUrl;
use crate::wire;

/// Who this server is on GitHub, and what it may do there.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Me {
    login: String,
    // Patterns: `owner/name`, `owner/*`.
    repos: Vec<String>,
    read_only: bool,
    toolsets: Vec<&'static str>,
}

/// An entry of a tree.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct TreeEntry {
    path: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<i64>,
}

/// A branch.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct Branch {
    pub(crate) name: String,
    sha: String,
    protected: bool,
}

/// A release.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct Release {
    tag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    draft: bool,
    prerelease: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
}

#[derive(Deserialize)]
struct WireApp {
    slug: String,
}

#[derive(Deserialize)]
struct WireTree {
    tree: Vec<WireTreeEntry>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct WireTreeEntry {
    path: String,
    #[serde(rename = "type")]
    kind: String,
    size: Option<i64>,
}

#[derive(Deserialize)]
struct WireBranch {
    name: String,
    commit: wire::Hash,
    #[serde(default)]
    protected: bool,
}

#[derive(Deserialize)]
struct WireRelease {
    tag_name: String,
    name: Option<String>,
    body: Option<String>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    prerelease: bool,
    published_at: Option<String>,
}

/// The longest release notes in a list, in characters.
const NOTES: usize = 2_000;

impl Session<'_> {
    /// Who this server is.
    pub(crate) async fn me(&mut self) -> Result<Me, GithubError> {
        let hub = self.hub;
        let login = if matches!(hub.api.credentials(), Credentials::App(_)) {
            let answer = hub
                .api
                .ask_as_app(ApiUrl::new(["app"]), &mut self.patience)
                .await?;
            format!("{}[bot]", answer.json::<WireApp>()?.slug)
        } else {
            self.ask(&Ask::get("the user", ApiUrl::new(["user"])))
                .await?
                .json::<wire::User>()?
                .login
        };
        Ok(Me {
            login,
            repos: hub.settings.allow.written(),
            read_only: hub.settings.read_only,
            toolsets: hub
                .settings
                .toolsets
                .iter()
                .map(|toolset| toolset.name())
                .collect(),
        })
    }

    /// What is in a repository at a reference.
    pub(crate) async fn tree(
        &mut self,
        owner: &str,
        repo: &str,
        reference: Option<&str>,
        recursive: bool,
    ) -> Result<Page<TreeEntry>, GithubError> {
        let reference = Reference::optional("ref", reference)?;
        let reading = self.read(Toolset::Repos, owner, repo).await?;
        self.not_an_outsiders(&reading.repository, reference.as_ref())?;
        let name = reference.as_ref().map_or("HEAD", Reference::as_str);
        let what = format!("{}: {name}", reading.repository);
        let url = ApiUrl::repository(&reading.repository)
            .segment("git")
            .segment("trees")
            .segment(name);
        let url = url.with_some("recursive", recursive.then_some("1"));
        let tree: WireTree = self.ask(&Ask::get(&what, url)).await?.json()?;
        let mut lens = self.lens(&reading.repository);
        lens.shows();
        if tree.truncated {
            lens.cuts();
        }
        let mut items = Vec::new();
        for entry in tree.tree {
            if !lens.takes(60) {
                break;
            }
            items.push(TreeEntry {
                path: lens.line(&entry.path),
                kind: entry.kind,
                size: entry.size,
            });
        }
        Ok(Page::new(
            self.notice(&reading, &lens)?,
            items,
            lens.is_cut(),
            None,
        ))
    }

    /// Its branches.
    pub(crate) async fn branches(
        &mut self,
        owner: &str,
        repo: &str,
        paging: Paging,
    ) -> Result<Page<Branch>, GithubError> {
        let reading = self.read(Toolset::Repos, owner, repo).await?;
        let what = reading.repository.to_string();
        let url = paging.of(ApiUrl::repository(&reading.repository).segment("branches"));
        let answer = self.ask(&Ask::get(&what, url)).await?;
        let mut lens = self.lens(&reading.repository);
        lens.shows();
        let mut items = Vec::new();
        for branch in answer.json::<Vec<WireBranch>>()? {
            if !lens.takes(100) {
                break;
            }
            items.push(Branch {
                name: lens.line(&branch.name),
                sha: branch.commit.sha,
                protected: branch.protected,
            });
        }
        Ok(Page::new(
            self.notice(&reading, &lens)?,
            items,
            lens.is_cut(),
            answer.next_page,
        ))
    }

    /// Its releases, latest first.
    pub(crate) async fn releases(
        &mut self,
        owner: &str,
        repo: &str,
        paging: Paging,
    ) -> Result<Page<Release>, GithubError> {
        let reading = self.read(Toolset::Repos, owner, repo).await?;
        let what = reading.repository.to_string();
        let url = paging.of(ApiUrl::repository(&reading.repository).segment("releases"));
        let answer = self.ask(&Ask::get(&what, url)).await?;
        let mut lens = self.lens(&reading.repository);
        lens.shows();
        let mut items = Vec::new();
        for release in answer.json::<Vec<WireRelease>>()? {
            if !lens.takes(100) {
                break;
            }
            items.push(Release {
                tag: lens.line(&release.tag_name),
                name: release.name.map(|name| lens.line(&name)),
                date: release.published_at,
                draft: release.draft,
                prerelease: release.prerelease,
                notes: release.body.map(|body| lens.excerpt(&body, NOTES)),
            });
        }
        Ok(Page::new(
            self.notice(&reading, &lens)?,
            items,
            lens.is_cut(),
            answer.next_page,
        ))
    }
}
