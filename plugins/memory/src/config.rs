//! The settings, as they stand in the configuration file, and what is wrong with them.

use std::path::PathBuf;
use std::time::Duration;

use mcp_factory_sdk::parse_duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the memory plugin.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The file that keeps the graph; it is made if there is none. Several servers may share it. A relative
    /// path is taken from the directory the server was started in.
    pub path: PathBuf,
    /// Whether the graph may be changed.
    pub mode: Mode,
    /// Whether there is one graph for all callers, or one for each.
    pub graphs: Graphs,
    /// A JSONL file of another memory server, taken over once into the shared graph.
    pub import: Option<PathBuf>,
    /// The most entities in a graph.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_entities: u64,
    /// The most relations in a graph.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_relations: u64,
    /// The most observations of one entity.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_observations: u64,
    /// The longest observation, in characters.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_observation_chars: usize,
    /// The most bytes of one answer, as JSON.
    #[schemars(range(min = 4096, max = 16_777_216))]
    pub max_bytes: usize,
    /// How long one call may take, waiting for others included, such as "10s".
    pub timeout: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            mode: Mode::Readwrite,
            graphs: Graphs::Shared,
            import: None,
            max_entities: 100_000,
            max_relations: 1_000_000,
            max_observations: 10_000,
            max_observation_chars: 20_000,
            max_bytes: 1 << 20,
            timeout: "10s".to_owned(),
        }
    }
}

/// What may be done to the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Mode {
    Readonly,
    #[default]
    Readwrite,
}

/// Whose graph it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Graphs {
    #[default]
    Shared,
    PerCaller,
}

/// Why a setting was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum ConfigError {
    #[error("`path` is empty: name the file that keeps the graph")]
    NoPath,
    #[error("`path` {path:?} does not exist, and `mode = \"readonly\"` makes none")]
    Missing { path: PathBuf },
    #[error("`path` {path:?} cannot be used: {reason}")]
    BadPath { path: PathBuf, reason: String },
    #[error(
        "`path` {path:?} is a database of something else, which is left alone; name another file"
    )]
    Foreign { path: PathBuf },
    #[error("`path` {path:?} was written by a later version of this plugin; use that version")]
    Later { path: PathBuf },
    #[error("`{key}` is {value}: set it between {least} and {most}")]
    OutOfRange {
        key: &'static str,
        value: u64,
        least: u64,
        most: u64,
    },
    #[error("`timeout`: {0}")]
    BadTimeout(String),
    #[error(
        "`import` changes the graph: it needs `mode = \"readwrite\"` and `graphs = \"shared\"`"
    )]
    ImportNotPossible,
    #[error("`import` {path:?} cannot be read: {reason}")]
    ImportUnreadable { path: PathBuf, reason: String },
    #[error("`import` {path:?}, line {line}: {reason}; nothing was imported")]
    ImportLine {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    #[error("the graph cannot be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// What the domain works with: checked settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) entities: u64,
    pub(crate) relations: u64,
    pub(crate) observations: u64,
    pub(crate) observation_chars: usize,
    pub(crate) bytes: usize,
    pub(crate) timeout: Duration,
}

impl Limits {
    /// Reads the numbers out of the settings.
    pub(crate) fn checked(config: &Config) -> Result<Self, ConfigError> {
        let size = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        for (key, value, least, most) in [
            ("max_entities", config.max_entities, 1, 1_000_000),
            ("max_relations", config.max_relations, 1, 10_000_000),
            ("max_observations", config.max_observations, 1, 100_000),
            (
                "max_observation_chars",
                size(config.max_observation_chars),
                1,
                1_000_000,
            ),
            ("max_bytes", size(config.max_bytes), 4096, 16 << 20),
        ] {
            if !(least..=most).contains(&value) {
                return Err(ConfigError::OutOfRange {
                    key,
                    value,
                    least,
                    most,
                });
            }
        }
        let timeout = parse_duration(&config.timeout)
            .map_err(|error| ConfigError::BadTimeout(error.to_string()))?;
        if timeout.is_zero() || timeout > Duration::from_hours(1) {
            return Err(ConfigError::BadTimeout(format!(
                "{:?} is not between \"1ms\" and \"1h\"",
                config.timeout
            )));
        }
        Ok(Self {
            entities: config.max_entities,
            relations: config.max_relations,
            observations: config.max_observations,
            observation_chars: config.max_observation_chars,
            bytes: config.max_bytes,
            timeout,
        })
    }
}
