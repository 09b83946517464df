//! What is written to Linear: issues and comments.

use mcp_factory_sdk::{quoted, visible};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::Until;
use crate::documents::{ADD_COMMENT, CREATE_ISSUE, LABELS, STATES, UPDATE_ISSUE};
use crate::error::LinearError;
use crate::issues::{Issue, Raw, day, project_id};
use crate::linear::{Connection, Id, Linear, is_id, written};
use crate::refusal::Refusal;

/// How many labels are asked for at once, and how often.
const LABELS_AT_ONCE: u32 = 250;
const MOST_PAGES: u32 = 4;

/// The fields of an issue to set; what is `None` stays, or is Linear's default.
#[derive(Debug, Default)]
pub struct IssueFields {
    /// Its title.
    pub title: Option<String>,
    /// What it is about, in Markdown.
    pub description: Option<String>,
    /// The name or id of a state of its team.
    pub state: Option<String>,
    /// `me`, `none`, an email address or an id.
    pub assignee: Option<String>,
    /// 0 to 4.
    pub priority: Option<u8>,
    /// Names or ids of labels; they replace those there were.
    pub labels: Option<Vec<String>>,
    /// The id of a project.
    pub project: Option<String>,
    /// A day.
    pub due_date: Option<String>,
}

/// A comment that was added.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Added {
    /// The comment's id.
    pub id: String,
    /// The issue.
    pub issue: String,
}

/// The answer of every change of an issue.
#[derive(Debug, Deserialize)]
struct Saved {
    #[serde(alias = "issueCreate", alias = "issueUpdate")]
    payload: IssuePayload,
}

#[derive(Debug, Deserialize)]
struct IssuePayload {
    success: bool,
    issue: Option<Raw>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commented {
    comment_create: CommentPayload,
}

#[derive(Debug, Deserialize)]
struct CommentPayload {
    success: bool,
    comment: Option<Id>,
}

#[derive(Debug, Deserialize)]
struct StatesAnswer {
    team: TeamStates,
}

#[derive(Debug, Deserialize)]
struct TeamStates {
    states: Connection<Named>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LabelsAnswer {
    issue_labels: Connection<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    name: String,
    team: Option<Id>,
}

impl Linear {
    /// Creates an issue.
    pub async fn create_issue(
        &self,
        team: &str,
        fields: &IssueFields,
        until: Until,
    ) -> Result<Issue, LinearError> {
        self.check_mode()?;
        let team = self.team(team, until).await?;
        let mut input = self.input(fields, &team.id, &team.key, until).await?;
        input.insert("teamId".to_owned(), team.id.into());
        let saved = self
            .run(CREATE_ISSUE, &json!({ "input": input }), until)
            .await?;
        done(saved)
    }

    /// Changes an issue.
    pub async fn update_issue(
        &self,
        issue: &str,
        fields: &IssueFields,
        until: Until,
    ) -> Result<Issue, LinearError> {
        self.check_mode()?;
        let known = self.known(issue, until).await?;
        let input = self
            .input(fields, &known.team.id, &known.team.key, until)
            .await?;
        if input.is_empty() {
            return Err(LinearError::NoChange);
        }
        // By the id that was looked at, whatever the identifier may mean by now.
        let variables = json!({ "id": known.id, "input": input });
        done(self.run(UPDATE_ISSUE, &variables, until).await?)
    }

    /// Adds a comment to an issue.
    pub async fn add_comment(
        &self,
        issue: &str,
        body: &str,
        until: Until,
    ) -> Result<Added, LinearError> {
        self.check_mode()?;
        let body = written("body", body)?;
        let known = self.known(issue, until).await?;
        let input = json!({ "issueId": known.id, "body": body });
        let Commented {
            comment_create: said,
        } = self
            .run(ADD_COMMENT, &json!({ "input": input }), until)
            .await?;
        let comment = said.comment.filter(|_| said.success);
        let comment = comment.ok_or(LinearError::Refused(Refusal::NotDone))?;
        Ok(Added {
            id: comment.id,
            issue: known.identifier,
        })
    }

    /// The fields as Linear wants them: names become ids.
    async fn input(
        &self,
        fields: &IssueFields,
        team: &str,
        key: &str,
        until: Until,
    ) -> Result<Map<String, Value>, LinearError> {
        let mut input = Map::new();
        let mut set = |field: &str, value: Value| {
            input.insert(field.to_owned(), value);
        };
        // What needs no look-up first, so that a mistake costs nothing.
        if let Some(title) = &fields.title {
            set("title", written("title", title)?.into());
        }
        if let Some(description) = &fields.description {
            set("description", visible(description).into());
        }
        if let Some(priority) = fields.priority {
            set("priority", priority.into());
        }
        if let Some(project) = &fields.project {
            set("projectId", project_id(project)?.into());
        }
        if let Some(due) = &fields.due_date {
            set("dueDate", day(due)?.into());
        }
        if let Some(assignee) = &fields.assignee {
            set("assigneeId", self.person_id(assignee, until).await?.into());
        }
        if let Some(state) = &fields.state {
            set(
                "stateId",
                self.state_id(state, team, key, until).await?.into(),
            );
        }
        if let Some(labels) = &fields.labels {
            set(
                "labelIds",
                self.label_ids(labels, team, key, until).await?.into(),
            );
        }
        Ok(input)
    }

    async fn state_id(
        &self,
        state: &str,
        team: &str,
        key: &str,
        until: Until,
    ) -> Result<String, LinearError> {
        let variables = json!({ "team": team });
        let answer: StatesAnswer = self.run(STATES, &variables, until).await?;
        let states = answer.team.states.nodes;
        let known = states.iter().find(|known| is(known, state));
        known
            .map(|known| known.id.clone())
            .ok_or_else(|| LinearError::NoState {
                team: key.to_owned(),
                state: state.to_owned(),
                known: names(&states),
            })
    }

    async fn label_ids(
        &self,
        labels: &[String],
        team: &str,
        key: &str,
        until: Until,
    ) -> Result<Vec<String>, LinearError> {
        if labels.iter().all(|label| is_id(label)) {
            return Ok(labels.to_vec());
        }
        let mut known = Vec::new();
        let mut after = None;
        for _ in 0..MOST_PAGES {
            let variables = json!({ "first": LABELS_AT_ONCE, "after": after });
            let answer: LabelsAnswer = self.run(LABELS, &variables, until).await?;
            // Those of the team, and those of the workspace; not another team's.
            known.extend(
                answer
                    .issue_labels
                    .nodes
                    .into_iter()
                    .filter(|label| label.team.as_ref().is_none_or(|of| of.id == team)),
            );
            after = answer.issue_labels.page_info.next();
            if after.is_none() {
                break;
            }
        }
        let id_of = |label: &String| {
            let found = known.iter().find(|known| is(known, label));
            found
                .map(|found| found.id.clone())
                .ok_or_else(|| LinearError::NoLabel {
                    team: key.to_owned(),
                    label: label.clone(),
                    known: names(&known),
                })
        };
        labels.iter().map(id_of).collect()
    }
}

fn is(known: &Named, wanted: &str) -> bool {
    known.id == wanted || known.name.to_lowercase() == wanted.trim().to_lowercase()
}

/// Names for a message: not too many of them.
fn names(known: &[Named]) -> String {
    let names: Vec<String> = known
        .iter()
        .take(30)
        .map(|known| quoted(&known.name))
        .collect();
    let more = if known.len() > 30 { " and more" } else { "" };
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ") + more
    }
}

fn done(saved: Saved) -> Result<Issue, LinearError> {
    let issue = saved.payload.issue.filter(|_| saved.payload.success);
    let issue = issue.ok_or(LinearError::Refused(Refusal::NotDone))?;
    Ok(issue.compact())
}
