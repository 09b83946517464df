//! GitHub's answers, as far as they are looked at. What is not named here is never shown.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) login: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Label {
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Issue {
    pub(crate) number: i64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) state: String,
    pub(crate) user: Option<User>,
    pub(crate) author_association: Option<String>,
    #[serde(default)]
    pub(crate) labels: Vec<Label>,
    #[serde(default)]
    pub(crate) assignees: Vec<User>,
    #[serde(default)]
    pub(crate) comments: i64,
    pub(crate) updated_at: Option<String>,
    pub(crate) html_url: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) repository_url: Option<String>,
    pub(crate) pull_request: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: i64,
    pub(crate) user: Option<User>,
    pub(crate) author_association: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) html_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Repo {
    pub(crate) full_name: String,
    #[serde(default)]
    pub(crate) private: bool,
    pub(crate) visibility: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) default_branch: Option<String>,
    #[serde(default)]
    pub(crate) stargazers_count: i64,
    #[serde(default)]
    pub(crate) archived: bool,
    pub(crate) updated_at: Option<String>,
}

impl Repo {
    pub(crate) fn is_public(&self) -> bool {
        !self.private
            && self
                .visibility
                .as_deref()
                .is_none_or(|visibility| visibility == "public")
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Side {
    #[serde(rename = "ref")]
    pub(crate) branch: String,
    pub(crate) sha: String,
    pub(crate) repo: Option<Repo>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Pull {
    pub(crate) number: i64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) state: String,
    pub(crate) user: Option<User>,
    pub(crate) author_association: Option<String>,
    #[serde(default)]
    pub(crate) draft: bool,
    #[serde(default)]
    pub(crate) merged: bool,
    pub(crate) merged_at: Option<String>,
    pub(crate) mergeable: Option<bool>,
    pub(crate) head: Side,
    pub(crate) base: Side,
    pub(crate) additions: Option<i64>,
    pub(crate) deletions: Option<i64>,
    pub(crate) changed_files: Option<i64>,
    pub(crate) updated_at: Option<String>,
    pub(crate) html_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Review {
    pub(crate) id: i64,
    pub(crate) user: Option<User>,
    pub(crate) author_association: Option<String>,
    pub(crate) state: String,
    pub(crate) body: Option<String>,
    pub(crate) html_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ChangedFile {
    pub(crate) filename: String,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) additions: i64,
    #[serde(default)]
    pub(crate) deletions: i64,
    pub(crate) patch: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Signature {
    pub(crate) name: Option<String>,
    pub(crate) date: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct GitCommit {
    pub(crate) message: String,
    pub(crate) author: Option<Signature>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Hash {
    pub(crate) sha: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Stats {
    pub(crate) additions: i64,
    pub(crate) deletions: i64,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "GitHub calls it so")]
pub(crate) struct Commit {
    pub(crate) sha: String,
    pub(crate) commit: GitCommit,
    pub(crate) author: Option<MaybeUser>,
    #[serde(default)]
    pub(crate) parents: Vec<Hash>,
    pub(crate) stats: Option<Stats>,
    #[serde(default)]
    pub(crate) files: Vec<ChangedFile>,
}

/// GitHub sends `{}` for an author it does not know.
#[derive(Debug, Deserialize)]
pub(crate) struct MaybeUser {
    pub(crate) login: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CheckRun {
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) conclusion: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    pub(crate) head_branch: Option<String>,
    pub(crate) head_sha: String,
    pub(crate) event: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) conclusion: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) head_repository: Option<Repo>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: i64,
    pub(crate) run_id: i64,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) conclusion: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Found<T> {
    pub(crate) items: Vec<T>,
}
