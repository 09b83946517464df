//! The settings, as an operator writes them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The repositories that can be read; no other can.
    pub repositories: Vec<RepositoryConfig>,
    /// The most bytes of text in one answer.
    pub max_bytes: u64,
    /// The largest file or object that is read.
    pub max_object_bytes: u64,
    /// The most files, directory entries or commits that one call visits.
    pub max_entries: usize,
    /// How long one call may work, e.g. "20s".
    pub timeout: String,
    /// How many calls may work at once.
    pub max_running: usize,
    /// Whether the kernel (Landlock) also holds each call inside its repository.
    pub confine: Confine,
}

/// A repository.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryConfig {
    /// What callers call it.
    pub name: String,
    /// Its directory: the one that holds `.git`, or a bare repository. Nothing above it is looked at.
    pub path: PathBuf,
}

/// Whether Landlock is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confine {
    /// Where the kernel has it.
    #[default]
    Auto,
    /// Always: where the kernel lacks it, the plugin does not start.
    Required,
    /// Never.
    Off,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            repositories: Vec::new(),
            max_bytes: 256 << 10,
            max_object_bytes: 16 << 20,
            max_entries: 200_000,
            timeout: "20s".to_owned(),
            max_running: 4,
            confine: Confine::Auto,
        }
    }
}
