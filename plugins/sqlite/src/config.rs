//! The settings, as they stand in the configuration file, and what is wrong with them.

use std::path::PathBuf;
use std::time::Duration;

use mcp_factory_sdk::parse_duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the SQLite plugin.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The database file, or ":memory:" for one that ends with the server (then `mode` must be "readwrite").
    /// A relative path is taken from the directory the server was started in.
    pub path: PathBuf,
    /// Makes the file when there is none; needs `mode = "readwrite"`.
    pub create: bool,
    /// Whether `execute` and `create_table` may change the database.
    pub mode: Mode,
    /// The most rows one answer holds. A call may ask for fewer.
    #[schemars(range(min = 1, max = 1000))]
    pub max_rows: u32,
    /// The most bytes the rows of one answer have, as JSON.
    #[schemars(range(min = 1024, max = 16_777_216))]
    pub max_bytes: usize,
    /// The longest single value a statement may read or compute, in bytes.
    #[schemars(range(min = 1024, max = 16_777_216))]
    pub max_value_bytes: usize,
    /// The most memory SQLite may use, in bytes. One limit for the process: where several plugins set it,
    /// the lowest holds.
    #[schemars(range(min = 16_777_216))]
    pub max_memory_bytes: u64,
    /// How long one statement may take, such as "10s".
    pub timeout: String,
    /// How many statements may read at one time. Others wait for their turn, at most `timeout`.
    #[schemars(range(min = 1, max = 32))]
    pub connections: u32,
    /// How many insights the memo keeps for each caller, in memory; 0 turns `append_insight` off.
    #[schemars(range(max = 1000))]
    pub max_insights: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            create: false,
            mode: Mode::Readonly,
            max_rows: 100,
            max_bytes: 1 << 20,
            max_value_bytes: 1 << 20,
            max_memory_bytes: 256 << 20,
            timeout: "10s".to_owned(),
            connections: 4,
            max_insights: 100,
        }
    }
}

/// What may be done to the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Mode {
    #[default]
    Readonly,
    Readwrite,
}

/// Why a setting was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum ConfigError {
    #[error("`path` is empty: name the database file, or \":memory:\"")]
    NoPath,
    #[error(
        "`path` {path:?} does not exist; set `create = true` and `mode = \"readwrite\"` to make it"
    )]
    Missing { path: PathBuf },
    #[error("`path` {path:?} cannot be used: {reason}")]
    BadPath { path: PathBuf, reason: String },
    #[error("`path` {path:?} is not an SQLite database")]
    NotADatabase { path: PathBuf },
    #[error("`{key}` needs `mode = \"readwrite\"`: nothing could be put into a new database")]
    NeedsReadwrite { key: &'static str },
    #[error("`{key}` is {value}: set it between {least} and {most}")]
    OutOfRange {
        key: &'static str,
        value: u64,
        least: u64,
        most: u64,
    },
    #[error("`timeout`: {0}")]
    BadTimeout(String),
    #[error("the tool `{tool}`: {reason}")]
    Declared { tool: &'static str, reason: String },
    #[error("the database cannot be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

const MIB: u64 = 1 << 20;

/// What the domain works with: checked settings.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) max_rows: usize,
    pub(crate) max_bytes: usize,
    pub(crate) max_value_bytes: i32,
    pub(crate) max_memory_bytes: i64,
    pub(crate) timeout: Duration,
    pub(crate) connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self::checked(&Config::default()).expect("the defaults are in range")
    }
}

impl Limits {
    /// Reads the numbers out of the settings.
    pub(crate) fn checked(config: &Config) -> Result<Self, ConfigError> {
        let within = |key, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                return Ok(value);
            }
            Err(ConfigError::OutOfRange {
                key,
                value,
                least,
                most,
            })
        };
        let size = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        within("max_rows", config.max_rows.into(), 1, 1000)?;
        within("max_bytes", size(config.max_bytes), 1024, 16 * MIB)?;
        let value = size(config.max_value_bytes);
        within("max_value_bytes", value, 1024, 16 * MIB)?;
        let memory = config.max_memory_bytes;
        within("max_memory_bytes", memory, 16 * MIB, 1 << 40)?;
        within("connections", config.connections.into(), 1, 32)?;
        within("max_insights", size(config.max_insights), 0, 1000)?;
        let timeout = parse_duration(&config.timeout)
            .map_err(|error| ConfigError::BadTimeout(error.to_string()))?;
        if timeout.is_zero() || timeout > Duration::from_hours(1) {
            return Err(ConfigError::BadTimeout(format!(
                "{:?} is not between \"1ms\" and \"1h\"",
                config.timeout
            )));
        }
        Ok(Self {
            max_rows: config.max_rows as usize,
            max_bytes: config.max_bytes,
            max_value_bytes: i32::try_from(config.max_value_bytes).unwrap_or(i32::MAX),
            max_memory_bytes: i64::try_from(memory).unwrap_or(i64::MAX),
            timeout,
            connections: config.connections as usize,
        })
    }
}
