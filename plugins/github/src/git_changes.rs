//! What is changed in git: branches and files, a file and a commit at a time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_factory_outbound::Method;
use serde::Deserialize;
use serde_json::json;

use crate::api::Ask;
use crate::changes::{Committed, text};
use crate::config::Toolset;
use crate::error::GithubError;
use crate::git::{FilePath, Reference, Sha};
use crate::hub::Session;
use crate::url::ApiUrl;
use crate::wire;

const LARGEST_FILE: usize = 4 << 20;

/// A file that is written.
#[derive(Debug)]
pub(crate) struct FileChange {
    pub(crate) path: String,
    pub(crate) content: String,
    pub(crate) message: String,
    pub(crate) branch: String,
    pub(crate) sha: Option<String>,
}

#[derive(Deserialize)]
struct WireFileCommit {
    content: Option<wire::Hash>,
    commit: wire::Hash,
}

#[derive(Deserialize)]
struct WireRef {
    object: wire::Hash,
}

impl Session<'_> {
    /// Makes a branch from a reference, or from the default branch.
    pub(crate) async fn create_branch(
        &mut self,
        owner: &str,
        repo: &str,
        branch: &str,
        from: Option<&str>,
    ) -> Result<Committed, GithubError> {
        let branch = branch_name(branch)?;
        let from = Reference::optional("from", from)?;
        let (repository, _turn) = self.write(Toolset::Repos, owner, repo).await?;
        let from = from.as_ref().map_or("HEAD", Reference::as_str);
        let url = ApiUrl::repository(&repository)
            .segment("commits")
            .segment(from);
        let start: wire::Hash = self
            .ask(&Ask::get(&format!("{repository}: {from}"), url).accept(crate::exchange::JSON))
            .await?
            .json()?;
        let url = ApiUrl::repository(&repository)
            .segment("git")
            .segment("refs");
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": start.sha });
        let what = format!("{repository}: {branch}");
        let made: WireRef = self
            .ask(&Ask::change(Method::POST, &what, url, body))
            .await?
            .json()?;
        Ok(Committed {
            name: branch.to_string(),
            sha: None,
            commit: Some(made.object.sha),
        })
    }

    /// Writes a file as one commit.
    pub(crate) async fn write_file(
        &mut self,
        owner: &str,
        repo: &str,
        file: &FileChange,
    ) -> Result<Committed, GithubError> {
        let path = FilePath::of_file(&file.path)?;
        let branch = branch_name(&file.branch)?;
        let sha = file
            .sha
            .as_deref()
            .map(|sha| Sha::new("sha", sha))
            .transpose()?;
        if file.content.len() > LARGEST_FILE {
            return Err(GithubError::argument(
                "content",
                format!("has more than {LARGEST_FILE} bytes"),
            ));
        }
        let mut body = json!({
            "message": text("message", &file.message)?,
            "content": STANDARD.encode(&file.content),
            "branch": branch.as_str(),
        });
        if let Some(sha) = &sha {
            body["sha"] = sha.as_str().into();
        }
        let (repository, _turn) = self.write(Toolset::Repos, owner, repo).await?;
        let what = format!("{repository}: {}", path.as_str());
        let url = ApiUrl::repository(&repository)
            .segment("contents")
            .file(&path);
        let written = self.ask(&Ask::change(Method::PUT, &what, url, body)).await;
        let written: WireFileCommit = written
            .map_err(|error| match error {
                // GitHub itself refuses to replace what was not named; nothing is looked up here beforehand.
                GithubError::Invalid { reason, .. } if sha.is_none() && reason.contains("sha") => {
                    GithubError::FileExists { path: what.clone() }
                }
                error => error,
            })?
            .json()?;
        Ok(Committed {
            name: path.as_str().to_owned(),
            sha: written.content.map(|file| file.sha),
            commit: Some(written.commit.sha),
        })
    }

    /// Deletes a file as one commit.
    pub(crate) async fn delete_file(
        &mut self,
        owner: &str,
        repo: &str,
        file: &FileChange,
    ) -> Result<Committed, GithubError> {
        let path = FilePath::of_file(&file.path)?;
        let branch = branch_name(&file.branch)?;
        let sha = Sha::new("sha", file.sha.as_deref().unwrap_or_default())?;
        let body = json!({
            "message": text("message", &file.message)?,
            "branch": branch.as_str(),
            "sha": sha.as_str(),
        });
        let (repository, _turn) = self.write(Toolset::Repos, owner, repo).await?;
        let what = format!("{repository}: {}", path.as_str());
        let url = ApiUrl::repository(&repository)
            .segment("contents")
            .file(&path);
        let deleted: WireFileCommit = self
            .ask(&Ask::change(Method::DELETE, &what, url, body))
            .await?
            .json()?;
        Ok(Committed {
            name: path.as_str().to_owned(),
            sha: None,
            commit: Some(deleted.commit.sha),
        })
    }
}

/// A branch by its own name: `refs/…` would make a branch called that.
fn branch_name(branch: &str) -> Result<Reference, GithubError> {
    if branch.starts_with("refs/") {
        return Err(GithubError::argument(
            "branch",
            "is written without `refs/heads/`",
        ));
    }
    Reference::new("branch", branch)
}
