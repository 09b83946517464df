//! The projects of a team, or of the whole workspace where all of it may be used.

use mcp_factory_outbound::{Position, fit};
use mcp_factory_sdk::CursorKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::Until;
use crate::config::Listed;
use crate::documents::{PROJECTS, TEAM_PROJECTS};
use crate::error::LinearError;
use crate::linear::{Connection, Linear, after, short};

/// A project.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Project {
    /// Its id: what the other tools take as `project`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How far it is, as in planned, started or completed.
    pub state: String,
}

/// A page of projects.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Projects {
    /// The projects.
    pub projects: Vec<Project>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Found {
    projects: Connection<Raw>,
}

#[derive(Debug, Deserialize)]
struct FoundInTeam {
    team: Found,
}

#[derive(Debug, Deserialize)]
struct Raw {
    id: String,
    name: String,
    description: Option<String>,
    #[serde(default)]
    state: String,
}

impl Linear {
    /// A page of projects: of a team, or of the only one there is, or of all.
    pub async fn list_projects(
        &self,
        team: Option<&str>,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Projects, LinearError> {
        let list = CursorKey::new("projects", &[team.unwrap_or_default(), &limit.to_string()]);
        let position = Position::decode(list, cursor)?;
        let team = match (team, &self.listed) {
            (Some(team), _) => Some(self.team(team, until).await?.id),
            (None, Listed::All) => None,
            (None, Listed::Keys(_)) => {
                // A project is not a team's alone, so only a team's own list says which may be shown.
                let teams = self.allowed_teams(until).await?;
                match teams.as_ref() {
                    [only] => Some(only.id.clone()),
                    many => {
                        let keys: Vec<&str> = many.iter().map(|team| team.key.as_str()).collect();
                        return Err(LinearError::WhichTeam(keys.join(", ")));
                    }
                }
            }
        };
        let mut variables = json!({ "first": limit, "after": after(&position) });
        let Found { projects } = match team {
            Some(team) => {
                variables["team"] = team.into();
                let found: FoundInTeam = self.run(TEAM_PROJECTS, &variables, until).await?;
                found.team
            }
            None => self.run(PROJECTS, &variables, until).await?,
        };
        let next = projects.page_info.next();
        let nodes = projects.nodes.into_iter();
        let projects = nodes
            .map(|project| Project {
                id: project.id,
                name: short(&project.name),
                description: crate::linear::short_if_any(project.description),
                state: short(&project.state),
            })
            .collect();
        let (projects, next) = fit(projects, &position, next, self.answer_bytes);
        Ok(Projects {
            projects,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(list)),
        })
    }
}
