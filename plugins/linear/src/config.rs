//! The settings, as they stand in the configuration file, and what is made of them at the start.

use std::collections::BTreeSet;

use mcp_factory_outbound::{BreakerConfig, DEFAULT_RETRIES};
use mcp_factory_sdk::{SecretReference, StartError};
use schemars::JsonSchema;
use serde::Deserialize;

/// The most teams that may be listed.
const MOST_TEAMS: usize = 200;

/// Settings of the Linear plugin.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the API key (`lin_api_…`) or the OAuth token is: `env:NAME` or `file:PATH`. Required. A file is
    /// read anew for each call, so it may be replaced while the server runs.
    pub token: Option<SecretReference>,
    /// The keys of the teams that may be used, and nothing else may: `["ENG", "OPS"]`. Required. `["*"]` is
    /// every team that the token can see.
    pub teams: Vec<String>,
    /// Whether issues and comments may be created and changed.
    pub mode: Mode,
    /// How long one call may wait for Linear's rate limits, and before it asks again, in all.
    pub rate_wait_max: String,
    /// How often a request that failed is sent again, if nothing can be done twice by that.
    #[schemars(range(max = 5))]
    pub retries: u32,
    /// When Linear is left alone because it keeps failing.
    pub breaker: BreakerConfig,
    /// How long one request to Linear may take.
    pub request_timeout: String,
    /// How much one answer returns, in bytes.
    #[schemars(range(min = 4_096, max = 4_194_304))]
    pub max_answer_bytes: usize,
    /// Where Linear's API is, when it is reached through a gateway; `graphql` is added to it. https, unless
    /// it is on loopback.
    pub api_base: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            token: None,
            teams: Vec::new(),
            mode: Mode::Readonly,
            rate_wait_max: "30s".to_owned(),
            retries: DEFAULT_RETRIES,
            breaker: BreakerConfig::default(),
            request_timeout: "30s".to_owned(),
            max_answer_bytes: 64 << 10,
            api_base: None,
        }
    }
}

/// What may be done: only reading, or changing too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum Mode {
    #[default]
    Readonly,
    Readwrite,
}

/// Which teams may be used.
#[derive(Clone, Debug)]
pub(crate) enum Listed {
    /// All that the token can see.
    All,
    /// Those with these keys, in capitals.
    Keys(BTreeSet<String>),
}

impl Listed {
    /// Whether the team with this key may be used.
    pub(crate) fn has(&self, key: &str) -> bool {
        match self {
            Self::All => true,
            Self::Keys(keys) => keys.contains(&key.to_ascii_uppercase()),
        }
    }
}

/// The teams of the configuration.
pub(crate) fn teams(config: &Config) -> Result<Listed, StartError> {
    if config.teams.is_empty() {
        return Err(StartError::new(
            "`teams` is empty, so there is nothing to serve: list the keys of teams, such as [\"ENG\"], or [\"*\"] for every team the token can see",
        ));
    }
    if config.teams.len() > MOST_TEAMS {
        return Err(StartError::new(format!(
            "`teams` lists more than {MOST_TEAMS} teams; use [\"*\"] for every one"
        )));
    }
    if config.teams.iter().any(|team| team == "*") {
        return if config.teams.len() == 1 {
            Ok(Listed::All)
        } else {
            Err(StartError::new(
                "`teams` holds \"*\" beside other teams; write [\"*\"] alone, or only the others",
            ))
        };
    }
    let mut keys = BTreeSet::new();
    for team in &config.teams {
        let is_key =
            (1..=10).contains(&team.len()) && team.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_key {
            return Err(StartError::new(format!(
                "`teams` holds {team:?}, which is no team's key: keys look like ENG, the part of an issue's number before the dash"
            )));
        }
        keys.insert(team.to_ascii_uppercase());
    }
    Ok(Listed::Keys(keys))
}

/// The size of answers.
pub(crate) fn answer_bytes(config: &Config) -> Result<usize, StartError> {
    match config.max_answer_bytes {
        bytes @ 4_096..=4_194_304 => Ok(bytes),
        bytes => Err(StartError::new(format!(
            "`max_answer_bytes` is {bytes}; it must be from 4096 to 4194304"
        ))),
    }
}

/// A token for calls: what signs webhooks is none.
pub(crate) fn is_for_calls(token: &str) -> Result<(), &'static str> {
    if token.starts_with("lin_wh_") {
        return Err("is the secret of a webhook; use an API key (lin_api_…) or an OAuth token");
    }
    Ok(())
}
