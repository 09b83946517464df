//! The sections about who may do what and how much: `[access]`, `[limits.tools.NAME]`, `[tenants.NAME]`.
//!
//! Not here: who somebody is (`[auth]`, the identity crate) and the second factor (`[gate]`, the guard crate).

use std::collections::BTreeMap;
use std::time::Duration;

use mcp_factory_sdk::{Rate, ScopeHierarchy};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::value::size_text;

/// `[access]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AccessConfig {
    /// What a caller sees of what it may not use. Default: everything.
    pub(crate) unauthorized_tools: Visibility,
    /// Whether only tools that change nothing exist. Default false; a server built read-only stays so.
    pub(crate) read_only: bool,
    /// Which scope contains which. Default: `admin` contains `write`, `write` contains `read`.
    pub(crate) contains: Option<BTreeMap<String, Vec<String>>>,
    /// The plugins that judge every call of every plugin before it runs. Default: none.
    pub(crate) validators: Vec<String>,
}

/// What becomes of tools, resources and prompts that a caller lacks the scope for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Visibility {
    /// They are listed; using one is answered with the scope that is missing.
    #[default]
    Show,
    /// They are not listed; using one is answered as if it did not exist.
    Hide,
}

impl AccessConfig {
    pub(crate) fn hierarchy(&self) -> ScopeHierarchy {
        let Some(contains) = &self.contains else {
            return ScopeHierarchy::default();
        };
        contains
            .iter()
            .fold(ScopeHierarchy::empty(), |hierarchy, (scope, contained)| {
                hierarchy.with(scope, contained.iter().map(String::as_str))
            })
    }
}

/// `[limits.tools.NAME]`, by the name that clients see.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ToolLimits {
    /// How often each caller may call it; instead of the tool's own and the default.
    pub(crate) rate: Option<Limit>,
    /// Calls of it at once, of all callers. Default: as many as the server runs.
    pub(crate) concurrency: Option<usize>,
    /// How long a call may take; instead of the tool's own and the default.
    #[serde(deserialize_with = "duration")]
    pub(crate) timeout: Option<Duration>,
    /// Bytes of its result. Default: `limits.max_result`.
    #[serde(deserialize_with = "size")]
    pub(crate) max_result: Option<usize>,
    /// How long an answer is given again; instead of what the tool's author says.
    pub(crate) cache: Option<KeepFor>,
}

/// `[tenants.NAME]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TenantConfig {
    /// Calls of its callers at once. Default: as many as the server runs.
    pub(crate) concurrency: Option<usize>,
    /// How often each of its callers may call a tool. Default: `limits.rate`.
    pub(crate) rate: Option<Limit>,
    /// Its configuration of each plugin. Nothing of `[plugins]` is inherited.
    pub(crate) plugins: Map<String, Value>,
}

/// A rate, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Option<Rate>);

impl std::str::FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let rate = text
            .parse()
            .map_err(|error| format!("{error}; or \"off\""))?;
        Ok(Self(Some(rate)))
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How long something is kept, or that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeepFor(pub(crate) Option<Duration>);

impl<'de> Deserialize<'de> for KeepFor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(Self(None));
        }
        match mcp_factory_guard::duration::parse(&text) {
            Ok(time) => Ok(Self(Some(time))),
            Err(error) => Err(serde::de::Error::custom(format!("{error}; or \"off\""))),
        }
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    mcp_factory_guard::duration::deserialize(deserializer).map(Some)
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    let text = String::deserialize(deserializer)?;
    size_text(&text, 1 << 10..=1 << 30)
        .map(Some)
        .map_err(serde::de::Error::custom)
}
