//! The teams: which there are, which may be used, and what they are called.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mcp_factory_outbound::{Position, fit};
use mcp_factory_sdk::CursorKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::Until;
use crate::documents::TEAMS;
use crate::error::LinearError;
use crate::linear::{Connection, Linear, short, short_if_any};

/// How long the list of teams is kept.
const KEPT: Duration = Duration::from_mins(5);
/// How many teams are asked for at once, and how often.
const AT_ONCE: u32 = 250;
const MOST_PAGES: u32 = 8;

/// A team.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Team {
    /// Its id.
    pub id: String,
    /// The part of its issues' identifiers before the dash.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A page of teams.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Teams {
    /// The teams.
    pub teams: Vec<Team>,
    /// Whether there are more.
    pub truncated: bool,
    /// Pass it as `cursor` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The teams that may be used, as they were a while ago.
#[derive(Debug, Default)]
pub(crate) struct Directory(Mutex<Option<(Instant, Arc<[Team]>)>>);

impl Directory {
    fn get(&self) -> Option<Arc<[Team]>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, teams) = kept.as_ref()?;
        (since.elapsed() < KEPT).then(|| Arc::clone(teams))
    }

    fn set(&self, teams: &Arc<[Team]>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((Instant::now(), Arc::clone(teams)));
    }

    /// How many are kept.
    pub(crate) fn count(&self) -> usize {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map_or(0, |(_, teams)| teams.len())
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    teams: Connection<Raw>,
}

#[derive(Debug, Deserialize)]
struct Raw {
    id: String,
    key: String,
    name: String,
    description: Option<String>,
}

/// The team of an issue, as it stands in the issue.
#[derive(Debug, Deserialize)]
pub(crate) struct TeamOf {
    pub(crate) id: String,
    pub(crate) key: String,
}

impl Linear {
    /// The teams that may be used.
    pub(crate) async fn allowed_teams(&self, until: Until) -> Result<Arc<[Team]>, LinearError> {
        if let Some(teams) = self.directory.get() {
            return Ok(teams);
        }
        let mut teams = Vec::new();
        let mut after = None;
        for _ in 0..MOST_PAGES {
            let variables = json!({ "first": AT_ONCE, "after": after });
            let answer: Answer = self.run(TEAMS, &variables, until).await?;
            let found = answer.teams.nodes.into_iter();
            teams.extend(
                found
                    .filter(|team| self.listed.has(&team.key))
                    .map(|team| Team {
                        id: team.id,
                        key: short(&team.key),
                        name: short(&team.name),
                        description: short_if_any(team.description),
                    }),
            );
            after = answer.teams.page_info.next();
            if after.is_none() {
                break;
            }
        }
        let teams: Arc<[Team]> = teams.into();
        self.directory.set(&teams);
        Ok(teams)
    }

    /// The team with this key, name or id, if it may be used.
    pub(crate) async fn team(&self, wanted: &str, until: Until) -> Result<Team, LinearError> {
        let teams = self.allowed_teams(until).await?;
        let same = |text: &str| text.eq_ignore_ascii_case(wanted.trim());
        let found = (teams.iter().find(|team| same(&team.key) || same(&team.id)))
            .or_else(|| teams.iter().find(|team| same(&team.name)));
        found
            .cloned()
            .ok_or_else(|| LinearError::NoTeam(wanted.to_owned()))
    }

    /// Whether an issue of this team may be shown and changed. Without a list, whatever the token can see.
    pub(crate) async fn may_use(&self, team: &TeamOf, until: Until) -> Result<bool, LinearError> {
        if matches!(self.listed, crate::config::Listed::All) {
            return Ok(true);
        }
        // Held against ids, not keys: a key can be given to another team.
        let teams = self.allowed_teams(until).await?;
        Ok(self.listed.has(&team.key) && teams.iter().any(|allowed| allowed.id == team.id))
    }

    /// The filter that keeps a list within the teams that may be used; `None` when all may.
    pub(crate) async fn team_filter(&self, until: Until) -> Result<Option<Value>, LinearError> {
        if matches!(self.listed, crate::config::Listed::All) {
            return Ok(None);
        }
        let teams = self.allowed_teams(until).await?;
        let ids: Vec<&str> = teams.iter().map(|team| team.id.as_str()).collect();
        Ok(Some(json!({ "id": { "in": ids } })))
    }

    /// A page of the teams that may be used.
    pub async fn list_teams(
        &self,
        limit: u32,
        cursor: Option<&str>,
        until: Until,
    ) -> Result<Teams, LinearError> {
        let list = CursorKey::new("teams", &[&limit.to_string()]);
        let position = Position::decode(list, cursor)?;
        let all = self.allowed_teams(until).await?;
        let from = position.page.parse().unwrap_or(0_usize);
        let page: Vec<Team> = all
            .iter()
            .skip(from)
            .take(limit as usize)
            .cloned()
            .collect();
        let end = from.saturating_add(limit as usize);
        let next = (end < all.len()).then(|| end.to_string());
        let (teams, next) = fit(page, &position, next, self.answer_bytes);
        Ok(Teams {
            teams,
            truncated: next.is_some(),
            next_cursor: next.map(|next| next.encode(list)),
        })
    }
}
