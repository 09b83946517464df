//! What is changed about pull requests: opened, changed, reviewed, merged.

use mcp_factory_outbound::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::Ask;
use crate::changes::{Changed, Committed, long, something, text, title_of};
use crate::config::Toolset;
use crate::error::GithubError;
use crate::git::{FilePath, Reference, Sha};
use crate::hub::Session;
use crate::issue_changes::State;
use crate::repository::Repository;
use crate::url::ApiUrl;
use crate::wire;

/// What a review says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Verdict {
    #[default]
    Comment,
    Approve,
    RequestChanges,
}

/// How a pull request is merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MergeMethod {
    #[default]
    Merge,
    Squash,
    Rebase,
}

// A comment of a review at a line of a file. Its doc comment would stand in the schema.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineComment {
    // The file, the line in its new form, and what is said about it.
    pub(crate) path: String,
    pub(crate) line: i64,
    pub(crate) body: String,
}

/// What a pull request gets; `None` leaves it as it is.
#[derive(Debug, Default)]
pub(crate) struct PullFields {
    pub(crate) title: Option<String>,
    pub(crate) head: Option<String>,
    pub(crate) base: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) state: Option<State>,
    pub(crate) draft: Option<bool>,
}

/// A review that is submitted.
#[derive(Debug)]
pub(crate) struct ReviewFields {
    pub(crate) event: Verdict,
    pub(crate) body: Option<String>,
    pub(crate) comments: Vec<LineComment>,
    pub(crate) commit_id: Option<String>,
}

/// A merge.
#[derive(Debug)]
pub(crate) struct MergeFields {
    pub(crate) expected_head_sha: String,
    pub(crate) method: MergeMethod,
    pub(crate) title: Option<String>,
    pub(crate) message: Option<String>,
}

#[derive(Deserialize)]
struct WireMerge {
    sha: String,
}

impl Session<'_> {
    /// Opens a pull request between two branches of one repository.
    pub(crate) async fn create_pull(
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
    pub(crate) async fn update_pull(
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
    pub(crate) async fn submit_review(
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
    pub(crate) async fn merge(
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
