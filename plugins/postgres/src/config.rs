//! The settings, as they stand in the configuration file, and what they come to.

use std::{path::PathBuf, time::Duration};

use mcp_factory_sdk::{SecretReference, StartError, parse_duration};
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the PostgreSQL plugin.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the connection URL is, `env:NAME` or `file:PATH`; the URL itself is
    /// `postgres://user:password@host:5432/database`. Required. A file is read anew for every connection.
    pub url: Option<SecretReference>,
    /// Whether the tools that change something may be used.
    pub mode: Mode,
    /// How long one statement may run.
    pub statement_timeout: String,
    /// How long a statement may wait for a lock.
    pub lock_timeout: String,
    /// How long reaching the server may take.
    pub connect_timeout: String,
    /// The most rows that one answer holds, whatever a call asks for.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_rows: u32,
    /// The most that one answer holds, in bytes, and the largest row that is taken from the server.
    #[schemars(range(min = 1024, max = 67_108_864))]
    pub max_bytes: usize,
    /// The most connections at a time.
    #[schemars(range(min = 1, max = 100))]
    pub pool_max: usize,
    /// Starts even as a role that can read files, run programs or be everything.
    pub allow_superuser: bool,
    /// The schemas that the catalogue tools show; all but the system's when empty. What a query may read is
    /// decided by the role's privileges alone.
    pub schemas: Vec<String>,
    /// Whether statements are looked at before the database judges them.
    pub guard: Guard,
    /// Whether the connection is encrypted.
    pub tls: Tls,
    /// A PEM file with further certificate authorities, for a server whose certificate is your own.
    pub tls_roots: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: None,
            mode: Mode::Readonly,
            statement_timeout: "10s".to_owned(),
            lock_timeout: "2s".to_owned(),
            connect_timeout: "10s".to_owned(),
            max_rows: 1000,
            max_bytes: 1 << 20,
            pool_max: 5,
            allow_superuser: false,
            schemas: Vec::new(),
            guard: Guard::Strict,
            tls: Tls::Auto,
            tls_roots: None,
        }
    }
}

/// Whether the database may be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum Mode {
    #[default]
    Readonly,
    Readwrite,
}

/// Who judges a statement: the database alone, or a look at its words before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum Guard {
    #[default]
    Strict,
    Database,
}

/// `auto`: encrypted and verified, but not over a Unix socket or to this machine; `require`: always;
/// `disable`: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a schema reads better as a plain list")]
pub enum Tls {
    #[default]
    Auto,
    Require,
    Disable,
}

/// The settings that have been checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) url: SecretReference,
    pub(crate) mode: Mode,
    pub(crate) statement_timeout: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_rows: u32,
    pub(crate) max_bytes: usize,
    pub(crate) pool_max: usize,
    pub(crate) allow_superuser: bool,
    pub(crate) schemas: Vec<String>,
    pub(crate) guard: Guard,
    pub(crate) tls: Tls,
    pub(crate) tls_roots: Option<PathBuf>,
}

impl Config {
    /// Checks every setting.
    ///
    /// # Errors
    /// The first that is missing or out of its range, by name.
    pub(crate) fn check(self, mount: &str) -> Result<Settings, StartError> {
        let url = self.url.ok_or_else(|| {
            StartError::new(format!(
                "`url` is not set; name the place of the connection URL, for example with --set 'plugins.{mount}.url=\"env:DATABASE_URL\"'"
            ))
        })?;
        within("max_rows", self.max_rows.into(), 1, 100_000)?;
        within("max_bytes", self.max_bytes as u64, 1 << 10, 64 << 20)?;
        within("pool_max", self.pool_max as u64, 1, 100)?;
        Ok(Settings {
            url,
            mode: self.mode,
            statement_timeout: duration("statement_timeout", &self.statement_timeout)?,
            lock_timeout: duration("lock_timeout", &self.lock_timeout)?,
            connect_timeout: duration("connect_timeout", &self.connect_timeout)?,
            max_rows: self.max_rows,
            max_bytes: self.max_bytes,
            pool_max: self.pool_max,
            allow_superuser: self.allow_superuser,
            schemas: self.schemas,
            guard: self.guard,
            tls: self.tls,
            tls_roots: self.tls_roots,
        })
    }
}

fn within(key: &str, value: u64, least: u64, most: u64) -> Result<(), StartError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(StartError::new(format!(
        "`{key}` is {value}; it must be from {least} to {most}"
    )))
}

/// A time from a millisecond to an hour: PostgreSQL takes zero for none.
fn duration(key: &str, text: &str) -> Result<Duration, StartError> {
    let duration =
        parse_duration(text).map_err(|error| StartError::new(format!("`{key}`: {error}")))?;
    if duration.is_zero() || duration > Duration::from_hours(1) {
        return Err(StartError::new(format!(
            "`{key}` is \"{text}\"; it must be from \"1ms\" to \"1h\""
        )));
    }
    Ok(duration)
}
