//! What this plugin changes on GitHub: issues, comments, branches, files, pull requests and reviews. One
//! change at a time, never repeated when it is not known whether it was made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_factory_outbound::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::Ask;
use crate::config::Toolset;
use crate::error::GithubError;
use crate::git::{FilePath, Reference, Sha};
use crate::hub::Session;
use crate::repository::Repository;
use crate::url::ApiUrl;
use crate::wire;

/// GitHub's limits, in characters and bytes.
const LONGEST_TITLE: usize = 256;
const LONGEST_BODY: usize = 65_536;
const LARGEST_FILE: usize = 4 << 20;

/// What was made or changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Changed {
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// What was made in git.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Committed {
    // The branch or the path.
    name: String,
    // Of the file, or of the branch's commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
}

/// Open or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "the names say it, and a schema reads better as a plain list"
)]
pub enum State {
    Open,
    Closed,
}

/// Why an issue has its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the names say it, and a schema reads better as a plain list"
)]
pub enum Reason {
    Completed,
    NotPlanned,
    Reopened,
}

/// What a review says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(
    missing_docs,
    reason = "the names say it, and a schema reads better as a plain list"
)]
pub enum Verdict {
    #[default]
    Comment,
    Approve,
    RequestChanges,
}

/// How a pull request is merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "the names say it, and a schema reads better as a plain list"
)]
pub enum MergeMethod {
    #[default]
    Merge,
    Squash,
    Rebase,
}

/// A comment of a review at a line of a file.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineComment {
    // The file, the line in its new form, and what is said about it.
    pub(crate) path: String,
    pub(crate) line: i64,
    pub(crate) body: String,
}

/// What an issue gets; `None` leaves it as it is.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "they are called as on GitHub")]
pub struct IssueFields {
    pub title: Option<String>,
    pub body: Option<String>,
    pub state: Option<State>,
    pub state_reason: Option<Reason>,
    pub labels: Option<Vec<String>>,
    pub assignees: Option<Vec<String>>,
}

/// What a pull request gets; `None` leaves it as it is.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "they are called as on GitHub")]
pub struct PullFields {
    pub title: Option<String>,
    pub head: Option<String>,
    pub base: Option<String>,
    pub body: Option<String>,
    pub state: Option<State>,
    pub draft: Option<bool>,
}

/// A file that is written.
#[derive(Debug)]
#[expect(missing_docs, reason = "they are called as on GitHub")]
pub struct FileChange {
    pub path: String,
    pub content: String,
    pub message: String,
    pub branch: String,
    pub sha: Option<String>,
}

/// A review that is submitted.
#[derive(Debug)]
#[expect(missing_docs, reason = "they are called as on GitHub")]
pub struct ReviewFields {
    pub event: Verdict,
    pub body: Option<String>,
    pub comments: Vec<LineComment>,
    pub commit_id: Option<String>,
}

/// A merge.
#[derive(Debug)]
#[expect(missing_docs, reason = "they are called as on GitHub")]
pub struct MergeFields {
    pub expected_head_sha: String,
    pub method: MergeMethod,
    pub title: Option<String>,
    pub message: Option<String>,
}

#[derive(Deserialize)]
struct WireFileCommit {
    content: Option<wire::Hash>,
    commit: wire::Hash,
}

#[derive(Deserialize)]
struct WireMerge {
    sha: String,
}

#[derive(Deserialize)]
struct WireRef {
    object: wire::Hash,
}

impl Session<'_> {
    /// Opens an issue.
    pub async fn create_issue(
        &mut self,
        owner: &str,
        repo: &str,
        fields: IssueFields,
    ) -> Result<Changed, GithubError> {
        let body = issue_body(fields)?;
        let (repository, _turn) = self.write(Toolset::Issues, owner, repo).await?;
        let url = ApiUrl::repository(&repository).segment("issues");
        self.send_issue(Method::POST, &repository.to_string(), url, body)
            .await
    }

    /// Changes an issue.
    pub async fn update_issue(
        &mut self,
        owner: &str,
        repo: &str,
        number: u64,
        fields: IssueFields,
    ) -> Result<Changed, GithubError> {
        let body = issue_body(fields)?;
        something(&body)?;
        let (repository, _turn) = self.write(Toolset::Issues, owner, repo).await?;
        let url = ApiUrl::repository(&repository)
            .segment("issues")
            .number(number);
        self.send_issue(Method::PATCH, &format!("{repository}#{number}"), url, body)
            .await
    }

    async fn send_issue(
        &mut self,
        method: Method,
        what: &str,
        url: ApiUrl,
        body: Map<String, Value>,
    ) -> Result<Changed, GithubError> {
        let issue: wire::Issue = self
            .ask(&Ask::change(method, what, url, body.into()))
            .await?
            .json()?;
        Ok(Changed {
            number: Some(issue.number),
            id: None,
            state: Some(issue.state),
            url: issue.html_url,
        })
    }

    /// Comments on an issue or pull request.
    pub async fn add_comment(
        &mut self,
        owner: &str,
        repo: &str,
        number: u64,
        body: &str,
    ) -> Result<Changed, GithubError> {
        let body = json!({ "body": text("body", body)? });
        let (repository, _turn) = self.write(Toolset::Issues, owner, repo).await?;
        let url = ApiUrl::repository(&repository)
            .segment("issues")
            .number(number)
            .segment("comments");
        let what = format!("{repository}#{number}");
        let comment: wire::Comment = self
            .ask(&Ask::change(Method::POST, &what, url, body))
            .await?
            .json()?;
        Ok(Changed {
            number: None,
            id: Some(comment.id),
            state: None,
            url: comment.html_url,
        })
    }

    /// Makes a branch from a reference, or from the default branch.
    pub async fn create_branch(
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
    pub async fn write_file(
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
    pub async fn delete_file(
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

    /// Opens a pull request between two branches of one repository.
    pub async fn create_pull(
        &mut self,
        owner: &str,
        repo: &str,
        fields: PullFields,
    ) -> Result<Changed, GithubError> {
        let body = pull_body(fields)?;
        let (repository, _turn) = self.write(Toolset::Pulls, owner, repo).await?;
        let url = ApiUrl::repository(&repository).segment("pulls");
        self.send_pull(Method::POST, &repository.to_string(), url, body)
            .await
    }

    /// Changes a pull request.
    pub async fn update_pull(
        &mut self,
        owner: &str,
        repo: &str,
        number: u64,
        fields: PullFields,
    ) -> Result<Changed, GithubError> {
        let body = pull_body(fields)?;
        something(&body)?;
        let (repository, _turn) = self.write(Toolset::Pulls, owner, repo).await?;
        let url = ApiUrl::repository(&repository)
            .segment("pulls")
            .number(number);
        self.send_pull(Method::PATCH, &format!("{repository}#{number}"), url, body)
            .await
    }

    async fn send_pull(
        &mut self,
        method: Method,
        what: &str,
        url: ApiUrl,
        body: Map<String, Value>,
    ) -> Result<Changed, GithubError> {
        let pull: wire::Pull = self
            .ask(&Ask::change(method, what, url, body.into()))
            .await?
            .json()?;
        Ok(Changed {
            number: Some(pull.number),
            id: None,
            state: Some(pull.state),
            url: pull.html_url,
        })
    }

    /// Reviews a pull request.
    pub async fn submit_review(
        &mut self,
        owner: &str,
        repo: &str,
        number: u64,
        review: &ReviewFields,
    ) -> Result<Changed, GithubError> {
        let words = review
            .body
            .as_deref()
            .map(|body| text("body", body))
            .transpose()?;
        if words.is_none() && review.comments.is_empty() && review.event != Verdict::Approve {
            return Err(GithubError::argument(
                "body",
                "is missing: such a review has to say something",
            ));
        }
        if review.comments.len() > 100 {
            return Err(GithubError::argument(
                "comments",
                "are more than 100; submit several reviews",
            ));
        }
        let mut comments = Vec::new();
        for comment in &review.comments {
            comments.push(json!({
                "path": FilePath::of_file(&comment.path)?.as_str(),
                "line": comment.line,
                "body": text("comments", &comment.body)?,
            }));
        }
        let mut body = json!({ "event": review.event });
        if let Some(words) = words {
            body["body"] = words.into();
        }
        if !comments.is_empty() {
            body["comments"] = comments.into();
        }
        if let Some(commit) = &review.commit_id {
            body["commit_id"] = Sha::new("commit_id", commit)?.as_str().into();
        }
        let (repository, _turn) = self.write(Toolset::Pulls, owner, repo).await?;
        let what = format!("{repository}#{number}");
        let url = ApiUrl::repository(&repository)
            .segment("pulls")
            .number(number)
            .segment("reviews");
        let review: wire::Review = self
            .ask(&Ask::change(Method::POST, &what, url, body))
            .await?
            .json()?;
        Ok(Changed {
            number: None,
            id: Some(review.id),
            state: Some(review.state),
            url: review.html_url,
        })
    }

    /// Merges a pull request whose head is the commit that was looked at.
    pub async fn merge(
        &mut self,
        owner: &str,
        repo: &str,
        number: u64,
        merge: &MergeFields,
    ) -> Result<Committed, GithubError> {
        let expected = Sha::new("expected_head_sha", &merge.expected_head_sha)?;
        let mut body = json!({ "sha": expected.as_str(), "merge_method": merge.method });
        if let Some(title) = &merge.title {
            body["commit_title"] = title_of("title", title)?.into();
        }
        if let Some(message) = &merge.message {
            body["commit_message"] = text("message", message)?.into();
        }
        let (repository, _turn) = self.write(Toolset::Pulls, owner, repo).await?;
        let what = format!("{repository}#{number}");
        let url = ApiUrl::repository(&repository)
            .segment("pulls")
            .number(number)
            .segment("merge");
        match self.ask(&Ask::change(Method::PUT, &what, url, body)).await {
            Ok(answer) => {
                let merged: WireMerge = answer.json()?;
                Ok(Committed {
                    name: what,
                    sha: None,
                    commit: Some(merged.sha),
                })
            }
            Err(error @ (GithubError::Conflict { .. } | GithubError::Invalid { .. })) => Err(self
                .why_not_merged(&repository, number, expected.as_str(), error)
                .await),
            Err(error) => Err(error),
        }
    }

    /// GitHub says "out of date" in several ways; the head says which it is.
    async fn why_not_merged(
        &mut self,
        repository: &Repository,
        number: u64,
        expected: &str,
        error: GithubError,
    ) -> GithubError {
        match self.head(repository, number).await {
            Ok(actual) if !actual.eq_ignore_ascii_case(expected) => {
                GithubError::HeadMoved { number, actual }
            }
            _ => error,
        }
    }
}

fn issue_body(fields: IssueFields) -> Result<Map<String, Value>, GithubError> {
    let mut body = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    set(
        "title",
        fields
            .title
            .map(|title| title_of("title", &title))
            .transpose()?
            .map(Value::from),
    );
    set(
        "body",
        fields
            .body
            .map(|body| long("body", body))
            .transpose()?
            .map(Value::from),
    );
    set("state", fields.state.map(|state| json!(state)));
    set(
        "state_reason",
        fields.state_reason.map(|reason| json!(reason)),
    );
    for (name, list) in [("labels", fields.labels), ("assignees", fields.assignees)] {
        if list.as_ref().is_some_and(|list| list.len() > 100) {
            return Err(GithubError::argument(name, "are more than 100"));
        }
        set(name, list.map(Value::from));
    }
    Ok(body)
}

fn pull_body(fields: PullFields) -> Result<Map<String, Value>, GithubError> {
    let mut body = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    set(
        "title",
        fields
            .title
            .map(|title| title_of("title", &title))
            .transpose()?
            .map(Value::from),
    );
    for (name, branch) in [("head", fields.head), ("base", fields.base)] {
        let branch = branch
            .map(|branch| Reference::new(name, &branch))
            .transpose()?;
        set(name, branch.map(|branch| branch.as_str().into()));
    }
    set(
        "body",
        fields
            .body
            .map(|body| long("body", body))
            .transpose()?
            .map(Value::from),
    );
    set("state", fields.state.map(|state| json!(state)));
    set("draft", fields.draft.map(Value::from));
    Ok(body)
}

fn something(body: &Map<String, Value>) -> Result<(), GithubError> {
    if body.is_empty() {
        return Err(GithubError::argument(
            "number",
            "alone changes nothing: pass what is to be changed",
        ));
    }
    Ok(())
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

fn title_of(name: &'static str, title: &str) -> Result<String, GithubError> {
    if title.trim().is_empty() || title.chars().count() > LONGEST_TITLE {
        return Err(GithubError::argument(
            name,
            format!("must have 1 to {LONGEST_TITLE} characters"),
        ));
    }
    Ok(title.to_owned())
}

fn text(name: &'static str, text: &str) -> Result<String, GithubError> {
    if text.trim().is_empty() {
        return Err(GithubError::argument(name, "is empty"));
    }
    long(name, text.to_owned())
}

fn long(name: &'static str, text: String) -> Result<String, GithubError> {
    if text.chars().count() > LONGEST_BODY {
        return Err(GithubError::argument(
            name,
            format!("has more than {LONGEST_BODY} characters"),
        ));
    }
    Ok(text)
}
