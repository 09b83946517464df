//! Issues: what they look like, and lists of them.

use mcp_factory_outbound::{Position, fit};
use mcp_factory_sdk::CursorKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::Until;
use crate::documents::{ISSUES, SEARCH, TEAM_ISSUES};
use crate::error::LinearError;
use crate::linear::{Connection, Linear, Name, after, is_id, short, short_if_any, written};
use crate::people::{Person, person};
use crate::teams::TeamOf;

/// An issue.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Issue {
    /// Its id.
    pub id: String,
    /// What people call it, as in ENG-123.
    pub identifier: String,
    /// Its title.
    pub title: String,
    /// The key of its team.
    pub team: String,
    /// Where it is in the team's workflow.
    pub state: String,
    /// 0 none, 1 urgent, 2 high, 3 medium, 4 low.
    pub priority: u8,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// The project it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The day it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_date: Option<String>,
    /// When it was created.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
    /// Its page, for people.
    pub url: String,
}

/// A page of issues.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Issues {
    /// The issues.
    pub issues: Vec<Issue>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Which issues are listed.
#[derive(Debug, Default)]
pub struct IssueFilter {
    /// The key, name or id of a team.
    pub team: Option<String>,
    /// The name of a state.
    pub state: Option<String>,
    /// `me`, `none`, an email address or an id.
    pub assignee: Option<String>,
    /// The id of a project.
    pub project: Option<String>,
    /// The name of a label.
    pub label: Option<String>,
    /// 0 to 4.
    pub priority: Option<u8>,
    /// Only issues changed after this time.
    pub updated_after: Option<String>,
}

/// An issue as Linear describes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Raw {
    pub(crate) id: String,
    pub(crate) identifier: String,
    title: String,
    priority: f64,
    url: String,
    created_at: String,
    updated_at: String,
    due_date: Option<String>,
    pub(crate) team: TeamOf,
    state: Name,
    assignee: Option<Name>,
    project: Option<Name>,
    labels: Connection<Name>,
}

impl Raw {
    pub(crate) fn compact(self) -> Issue {
        Issue {
            id: self.id,
            identifier: short(&self.identifier),
            title: short(&self.title),
            team: short(&self.team.key),
            state: self.state.plain(),
            priority: [1_u8, 2, 3, 4]
                .into_iter()
                .find(|priority| (f64::from(*priority) - self.priority).abs() < 0.5)
                .unwrap_or(0),
            assignee: self.assignee.map(Name::plain),
            project: self.project.map(Name::plain),
            labels: self.labels.nodes.into_iter().map(Name::plain).collect(),
            due_date: short_if_any(self.due_date),
            created_at: short(&self.created_at),
            updated_at: short(&self.updated_at),
            url: short(&self.url),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    #[serde(alias = "searchIssues")]
    issues: Connection<Raw>,
}

#[derive(Debug, Deserialize)]
struct FoundInTeam {
    team: Found,
}

impl Linear {
    /// A page of the issues that the filter lets through.
    pub async fn list_issues(
        &self,
        filter: &IssueFilter,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Issues, LinearError> {
        let given = format!("{filter:?}");
        let list = CursorKey::new("issues", &[&given, &limit.to_string()]);
        let position = Position::decode(list, cursor)?;
        let mut wanted = conditions(filter)?;
        let mut variables = json!({ "first": limit, "after": after(&position) });
        let found = if let Some(team) = &filter.team {
            variables["team"] = self.team(team, until).await?.id.into();
            variables["filter"] = non_empty(wanted);
            let found: FoundInTeam = self.run(TEAM_ISSUES, &variables, until).await?;
            found.team.issues
        } else {
            if let Some(teams) = self.team_filter(until).await? {
                wanted.insert("team".to_owned(), teams);
            }
            variables["filter"] = non_empty(wanted);
            let found: Found = self.run(ISSUES, &variables, until).await?;
            found.issues
        };
        self.page(found, list, &position, until).await
    }

    /// A page of the issues in which `words` are found, best first.
    pub async fn search_issues(
        &self,
        words: &str,
        team: Option<&str>,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Issues, LinearError> {
        let sought = written("query", words)?;
        let list = CursorKey::new(
            "search",
            &[&sought, team.unwrap_or_default(), &limit.to_string()],
        );
        let position = Position::decode(list, cursor)?;
        let teams = match team {
            Some(team) => Some(json!({ "id": { "in": [self.team(team, until).await?.id] } })),
            None => self.team_filter(until).await?,
        };
        let variables = json!({
            "term": sought,
            "first": limit,
            "after": after(&position),
            "filter": teams.map(|teams| json!({ "team": teams })),
        });
        let found: Found = self.run(SEARCH, &variables, until).await?;
        self.page(found.issues, list, &position, until).await
    }

    /// What was asked for is not taken on trust: an issue of another team is left out.
    async fn page(
        &self,
        found: Connection<Raw>,
        list: CursorKey,
        position: &Position,
        until: Until,
    ) -> Result<Issues, LinearError> {
        let mut issues = Vec::with_capacity(found.nodes.len());
        for issue in found.nodes {
            if self.may_use(&issue.team, until).await? {
                issues.push(issue.compact());
            }
        }
        let next = found.page_info.next();
        let (issues, next) = fit(issues, position, next, self.answer_bytes);
        Ok(Issues {
            issues,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(list)),
        })
    }
}

/// The filter as Linear wants it, but for the team.
fn conditions(filter: &IssueFilter) -> Result<Map<String, Value>, LinearError> {
    let mut wanted = Map::new();
    let mut want = |field: &str, value: Value| {
        wanted.insert(field.to_owned(), value);
    };
    if let Some(state) = &filter.state {
        want("state", json!({ "name": { "eqIgnoreCase": state } }));
    }
    if let Some(assignee) = &filter.assignee {
        want(
            "assignee",
            match person(assignee)? {
                Person::Me => json!({ "isMe": { "eq": true } }),
                Person::Nobody => json!({ "null": true }),
                Person::Id(id) => json!({ "id": { "eq": id } }),
                Person::Email(email) => json!({ "email": { "eqIgnoreCase": email } }),
            },
        );
    }
    if let Some(project) = &filter.project {
        want("project", json!({ "id": { "eq": project_id(project)? } }));
    }
    if let Some(label) = &filter.label {
        want(
            "labels",
            json!({ "some": { "name": { "eqIgnoreCase": label } } }),
        );
    }
    if let Some(priority) = filter.priority {
        want("priority", json!({ "eq": priority }));
    }
    if let Some(time) = &filter.updated_after {
        want("updatedAt", json!({ "gt": time_of(time)? }));
    }
    Ok(wanted)
}

fn non_empty(wanted: Map<String, Value>) -> Value {
    if wanted.is_empty() {
        Value::Null
    } else {
        Value::Object(wanted)
    }
}

/// The id of a project.
pub(crate) fn project_id(text: &str) -> Result<&str, LinearError> {
    if is_id(text) {
        Ok(text)
    } else {
        Err(LinearError::NotProject(text.to_owned()))
    }
}

/// A day, as in 2026-12-31.
pub(crate) fn day(text: &str) -> Result<&str, LinearError> {
    let is_day = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if is_day {
        Ok(text)
    } else {
        Err(LinearError::NotDay(text.to_owned()))
    }
}

/// A time, or the beginning of a day.
fn time_of(text: &str) -> Result<&str, LinearError> {
    let wrong = || LinearError::NotTime(text.to_owned());
    let (date, time) = text.split_at_checked(10).ok_or_else(wrong)?;
    day(date).map_err(|_| wrong())?;
    let is_time = time.is_empty()
        || (time.starts_with('T')
            && (2..=20).contains(&time.len())
            && time[1..]
                .bytes()
                .all(|b| b.is_ascii_digit() || b":.Z+-".contains(&b)));
    if is_time { Ok(text) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_have_one_form() {
        assert!(day("2026-12-31").is_ok());
        for bad in ["", "2026-1-1", "31.12.2026", "2026-12-31T", "20261231--"] {
            assert!(day(bad).is_err(), "{bad}");
        }
        for good in [
            "2026-12-31",
            "2026-12-31T08:00:00Z",
            "2026-12-31T08:00:00.000+01:00",
        ] {
            assert!(time_of(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "yesterday",
            "-P1D",
            "2026-12-31 08:00",
            "2026-12-31T",
            "2026-12-31Tx",
            "ééééé12345",
        ] {
            assert!(time_of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_condition_becomes_a_filter() {
        let id = "9cfb482a-81e3-4154-b5b9-2c805e70a02d".to_owned();
        let filter = IssueFilter {
            team: None,
            state: Some("Todo".to_owned()),
            assignee: Some("Ada@Example.com".to_owned()),
            project: Some(id.clone()),
            label: Some("bug".to_owned()),
            priority: Some(1),
            updated_after: Some("2026-01-01".to_owned()),
        };
        assert_eq!(
            non_empty(conditions(&filter).expect("it is right")),
            json!({
                "state": { "name": { "eqIgnoreCase": "Todo" } },
                "assignee": { "email": { "eqIgnoreCase": "Ada@Example.com" } },
                "project": { "id": { "eq": id } },
                "labels": { "some": { "name": { "eqIgnoreCase": "bug" } } },
                "priority": { "eq": 1 },
                "updatedAt": { "gt": "2026-01-01" },
            })
        );
        let assigned = |assignee: &str| {
            let assignee = Some(assignee.to_owned());
            let filter = IssueFilter {
                assignee,
                ..IssueFilter::default()
            };
            non_empty(conditions(&filter).expect("it is right"))["assignee"].clone()
        };
        assert_eq!(assigned("me"), json!({ "isMe": { "eq": true } }));
        assert_eq!(assigned("none"), json!({ "null": true }));
        assert_eq!(assigned(&id), json!({ "id": { "eq": id } }));
        assert!(non_empty(conditions(&IssueFilter::default()).expect("nothing")).is_null());
    }
}
