//! What is changed about issues, and comments on them and on pull requests.

use mcp_factory_outbound::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::Ask;
use crate::changes::{Changed, long, something, text, title_of};
use crate::config::Toolset;
use crate::error::GithubError;
use crate::hub::Session;
use crate::url::ApiUrl;
use crate::wire;

/// Open or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Open,
    Closed,
}

/// Why an issue has its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    Completed,
    NotPlanned,
    Reopened,
}

/// What an issue gets; `None` leaves it as it is.
#[derive(Debug, Default)]
pub(crate) struct IssueFields {
    pub(crate) title: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) state: Option<State>,
    pub(crate) state_reason: Option<Reason>,
    pub(crate) labels: Option<Vec<String>>,
    pub(crate) assignees: Option<Vec<String>>,
}

impl Session<'_> {
    /// Opens an issue.
    pub(crate) async fn create_issue(
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
    pub(crate) async fn update_issue(
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
    pub(crate) async fn add_comment(
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
