//! The settings, as they stand in the configuration file. Opening the roots is `root.rs`.

use std::fmt;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::deny::DEFAULT;

/// Settings of the file plugin.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The directories that may be used, and nothing else may. At least one. A bare path is read-only and
    /// named after its last component; a table sets `name`, `path` and `mode`.
    pub roots: Vec<RootConfig>,
    /// Globs, relative to each root, that are off limits for every tool. A pattern without a slash applies at
    /// any depth; whatever lies below a matching directory is covered too; letter case is ignored.
    /// Setting this replaces the default.
    pub deny: Vec<String>,
    /// Refuses to read or change files that have more than one name on disk (hard links).
    pub deny_hardlinks: bool,
    /// The most text one answer returns, in bytes.
    #[schemars(range(min = 1, max = 67_108_864))]
    pub max_read_bytes: u64,
    /// The largest image, sound or other binary file that is returned, in bytes.
    #[schemars(range(min = 1, max = 67_108_864))]
    pub max_media_bytes: u64,
    /// The most that one call writes, and the largest file that can be edited, in bytes.
    #[schemars(range(min = 1, max = 67_108_864))]
    pub max_write_bytes: u64,
    /// The largest file that is copied, in bytes.
    #[schemars(range(min = 1))]
    pub max_copy_bytes: u64,
    /// How many directory entries one call may visit.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_entries: usize,
    /// How long one search may run, in milliseconds; after that it returns what it has and a cursor.
    #[schemars(range(min = 1, max = 600_000))]
    pub search_timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            deny: DEFAULT.map(str::to_owned).to_vec(),
            deny_hardlinks: false,
            max_read_bytes: 1 << 20,
            max_media_bytes: 4 << 20,
            max_write_bytes: 4 << 20,
            max_copy_bytes: 256 << 20,
            max_entries: 100_000,
            search_timeout_ms: 10_000,
        }
    }
}

/// Whether a root may be written to: read-only, or read and write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "a schema reads better as a plain list; the type's words say the rest"
)]
pub enum Mode {
    #[default]
    Ro,
    Rw,
}

/// One directory that may be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RootConfig {
    /// What paths call it, as in `name:notes/today.md`; the last component of the path when absent.
    pub name: Option<String>,
    /// Where it is. A relative path is taken from the directory the server was started in.
    pub path: PathBuf,
    /// Whether it may be written to.
    pub mode: Mode,
}

/// The table form of a root, for its derive.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RootTable {
    #[serde(default)]
    name: Option<String>,
    path: PathBuf,
    #[serde(default)]
    mode: Mode,
}

impl<'de> Deserialize<'de> for RootConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By hand instead of `untagged`, which would answer every mistake with "no variant matched".
        deserializer.deserialize_any(RootVisitor)
    }
}

struct RootVisitor;

impl<'de> Visitor<'de> for RootVisitor {
    type Value = RootConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a path such as \"/srv/docs\" or a table { name, path, mode = \"ro\" or \"rw\" }",
        )
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<RootConfig, E> {
        Ok(RootConfig {
            name: None,
            path: path.into(),
            mode: Mode::Ro,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RootConfig, A::Error> {
        let RootTable { name, path, mode } =
            RootTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RootConfig { name, path, mode })
    }
}

impl JsonSchema for RootConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Root".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A directory that may be used: a path (read-only), or a table.",
            "oneOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string", "description": "What paths call it, as in `name:notes/today.md`; the last component of the path when absent." },
                        "path": { "type": "string", "description": "Where it is." },
                        "mode": { "enum": ["ro", "rw"], "default": "ro", "description": "Whether it may be written to." }
                    },
                    "required": ["path"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
