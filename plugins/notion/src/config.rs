//! The settings, as they stand in the configuration file, and what is made of them at the start.

use std::collections::BTreeSet;

use mcp_factory_outbound::{BreakerConfig, DEFAULT_RETRIES};
use mcp_factory_sdk::{SecretReference, StartError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::id::Id;

/// The most roots that may be listed.
const MOST_ROOTS: usize = 200;

/// Settings of the Notion plugin.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the token of the connection (`ntn_…`) is: `env:NAME` or `file:PATH`. Required. A file is read
    /// anew for each call, so it may be replaced while the server runs.
    pub token: Option<SecretReference>,
    /// The ids of pages, databases and data sources that may be used with all that is below them, and
    /// nothing else may. Required. `["*"]` is all that is shared with the connection.
    pub roots: Vec<String>,
    /// Whether pages may be created and changed.
    pub mode: Mode,
    /// How long one call may wait for Notion's rate limits, and before it asks again, in all.
    pub rate_wait_max: String,
    /// How often a request that failed is sent again, if nothing can be done twice by that.
    #[schemars(range(max = 5))]
    pub retries: u32,
    /// When Notion is left alone because it keeps failing.
    pub breaker: BreakerConfig,
    /// How long one request to Notion may take.
    pub request_timeout: String,
    /// How much one answer returns, in bytes.
    #[schemars(range(min = 4_096, max = 4_194_304))]
    pub max_answer_bytes: usize,
    /// Where Notion's API is, when it is reached through a gateway; `v1/…` is added to it. https, unless it
    /// is on loopback.
    pub api_base: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            token: None,
            roots: Vec::new(),
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

/// What may be used.
#[derive(Clone, Debug)]
pub(crate) enum Listed {
    /// All that is shared with the connection.
    All,
    /// These, and what is below them.
    Roots(BTreeSet<Id>),
}

/// The roots of the configuration.
pub(crate) fn roots(config: &Config) -> Result<Listed, StartError> {
    if config.roots.is_empty() {
        return Err(StartError::new(
            "`roots` is empty, so there is nothing to serve: list the ids of pages, or [\"*\"] for all that is shared with the connection",
        ));
    }
    if config.roots.len() > MOST_ROOTS {
        return Err(StartError::new(format!(
            "`roots` lists more than {MOST_ROOTS} ids; list a page above them"
        )));
    }
    if config.roots.iter().any(|root| root == "*") {
        return if config.roots.len() == 1 {
            Ok(Listed::All)
        } else {
            Err(StartError::new(
                "`roots` holds \"*\" beside ids; write [\"*\"] alone, or only the ids",
            ))
        };
    }
    let ids = config.roots.iter().map(|root| {
        Id::parse(root).ok_or_else(|| {
            StartError::new(format!(
                "`roots` holds {root:?}, which is no id: ids are the 32 hexadecimal digits at the end of a page's address, with or without dashes"
            ))
        })
    });
    Ok(Listed::Roots(ids.collect::<Result<_, _>>()?))
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

/// A connection's token: a person's session is none.
pub(crate) fn is_a_connections(token: &str) -> Result<(), &'static str> {
    if token.starts_with("v02:") || token.starts_with("v03:") {
        return Err("is a person's session; use the token of a connection (ntn_…)");
    }
    Ok(())
}
