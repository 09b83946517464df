//! The configuration: one typed value out of layers, each value with the place it came from.
//!
//! Built-in defaults, the manifest's defaults, variables by the names of an older framework (`aliases`),
//! `--config FILE` (TOML or `yaml`, with variables in its values: `expand`), variables that are settings
//! (`variables`), `--set KEY=VALUE` (`assign`); each layer overrides the one before it, setting by setting, and in
//! a file a profile overrides what stands beside it. Also in the room: the settings there are (`settings`) and
//! what they are in words (`catalogue`, and from it `schema` and `example`), their values (`value`), the
//! sections that are read as a whole (`sections`: the plugins' own, the tenants, and those that other crates
//! define), and how problems are told (`problem`). Every problem is reported, not only the first.

mod access;
mod against;
mod aliases;
mod assign;
mod catalogue;
mod environment;
mod example;
mod expand;
mod problem;
mod profile;
mod schema;
mod sections;
mod settings;
mod source;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_layers;
mod value;
mod variables;
mod yaml;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use mcp_factory_guard::{AuditConfig, CallsConfig, GateConfig, RedisConfig, Rotate};
use mcp_factory_identity::AuthConfig;
use mcp_factory_sdk::{Rate, SecretReference};
use mcp_factory_secrets::SecretsConfig;
use serde_json::{Map, Value};

use crate::http::{Listen, TlsFiles};
use crate::management::ManagementConfig;
use crate::trace::TracingConfig;
pub(crate) use access::{AccessConfig, KeepFor, Limit, TenantConfig, ToolLimits, Visibility};
pub(crate) use against::{differences, value_at};
pub(crate) use environment::Environment;
pub(crate) use problem::{Problem, Problems, did_you_mean};
use source::Source;

/// Everything that an operator can set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    pub(crate) server: ServerConfig,
    pub(crate) http: HttpConfig,
    pub(crate) stdio: StdioConfig,
    pub(crate) limits: LimitsConfig,
    pub(crate) log: LogConfig,
    pub(crate) auth: AuthConfig,
    pub(crate) access: AccessConfig,
    pub(crate) gate: GateConfig,
    /// Shared by all replicas of this server; nothing is shared without it.
    pub(crate) redis: Option<RedisConfig>,
    pub(crate) audit: AuditConfig,
    pub(crate) calls: CallsConfig,
    pub(crate) management: ManagementConfig,
    pub(crate) tracing: TracingConfig,
    /// Where secrets are kept that are named by `vault:` and `awssm:`.
    pub(crate) secrets: SecretsConfig,
    /// `[tenants.NAME]`, by name.
    pub(crate) tenants: BTreeMap<String, TenantConfig>,
    /// `[limits.tools.NAME]`, by the tool's public name.
    pub(crate) tool_limits: BTreeMap<String, ToolLimits>,
    /// What `--env-file` added to the process's variables.
    pub(crate) added_variables: Environment,
    sections: sections::Sections,
    /// Sections that stand here as their defaults because what was written cannot be read.
    unread: BTreeSet<String>,
    /// Whether a whole layer could not be read.
    partial: bool,
}

/// `[server]`
#[derive(Debug, Clone)]
pub(crate) struct ServerConfig {
    /// How long calls may still take after a signal. Default 20 s.
    pub(crate) drain: Duration,
    /// Threads that run calls; 0 = one per processor. Default 0.
    pub(crate) workers: usize,
    /// Threads for calls that block. Default 64.
    pub(crate) blocking_threads: usize,
    /// Whether requests that have one answer are answered without the protocol library. Clients cannot tell;
    /// it is off to find out whose fault a fault is. Default true.
    pub(crate) fast_lane: bool,
    /// Where the key is that seals what a call of several rounds leaves with its client. Replicas need one
    /// and the same. Default: each process makes its own.
    pub(crate) state_key: Option<SecretReference>,
}

/// `[http]`
#[derive(Debug, Clone)]
pub(crate) struct HttpConfig {
    /// Where `--http` without an address listens. Default 127.0.0.1:8080.
    pub(crate) listen: Listen,
    /// The URL that clients use, behind a proxy or not.
    pub(crate) public_url: Option<String>,
    /// More names that a `Host` header may carry.
    pub(crate) allowed_hosts: Vec<String>,
    /// The networks of proxies whose `X-Forwarded-For` is believed. Only limits per address read it.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// More web origins that may call.
    pub(crate) allowed_origins: Vec<String>,
    /// Largest body in bytes. Default 4 MiB.
    pub(crate) max_body: usize,
    /// Connections at once. Default 1024.
    pub(crate) max_connections: usize,
    /// Requests at once. Default 512.
    pub(crate) max_in_flight: usize,
    /// For the headers of a request. Default 10 s.
    pub(crate) header_timeout: Duration,
    /// For its body. Default 30 s.
    pub(crate) body_timeout: Duration,
    /// Between two requests. Default 75 s.
    pub(crate) idle_timeout: Duration,
    /// For a client that does not read its answer. Default 30 s.
    pub(crate) write_timeout: Duration,
    /// How long a stream of events lasts where callers are known; clients open it anew. Default 15 min.
    pub(crate) stream_lifetime: Duration,
    /// The certificate of the server; without it, HTTP is plain.
    pub(crate) tls: Option<TlsFiles>,
    /// Sessions of the older protocol era at once; 0 = none, and a quarter of them for one caller. Default 256.
    pub(crate) legacy_sessions: usize,
}

/// `[stdio]`
#[derive(Debug, Clone)]
pub(crate) struct StdioConfig {
    /// Longest line in bytes. Default 4 MiB.
    pub(crate) max_line: usize,
    /// Requests at once, so it also bounds the answers that wait for a client that does not read. More
    /// requests wait for their turn, 1,024 at most and `max_line` bytes together; then reading pauses.
    /// Default 128.
    pub(crate) max_in_flight: usize,
    /// What the user at the other end may do. Default: everything.
    pub(crate) scopes: Option<Vec<String>>,
    /// The tenant that the user belongs to, where there are tenants.
    pub(crate) tenant: Option<String>,
}

/// `[limits]`
#[derive(Debug, Clone)]
pub(crate) struct LimitsConfig {
    /// For a call of a tool that names no limit of its own. Default 30 s.
    pub(crate) timeout: Duration,
    /// Calls at once. Default 256.
    pub(crate) concurrency: usize,
    /// How long a call may wait for its turn. Default 250 ms.
    pub(crate) queue_time: Duration,
    /// How often each caller may call each tool over HTTP. Default 100/s; a tool's own rate comes first.
    pub(crate) rate: Option<Rate>,
    /// Requests of one address, before anybody is asked who they are. Default 1000/s.
    pub(crate) address_rate: Option<Rate>,
    /// Requests of one address that failed to authenticate. Default 10/s.
    pub(crate) failure_rate: Option<Rate>,
    /// How many callers, and how many addresses, are kept count of. Default 10,000.
    pub(crate) tracked_callers: usize,
    /// Bytes of a result. Default 8 MiB.
    pub(crate) max_result: usize,
    /// Bytes of all answers that are kept to be given again; 0 = none are. Default 64 MiB.
    pub(crate) cache: usize,
}

/// `[log]`
#[derive(Debug, Clone, Default)]
pub(crate) struct LogConfig {
    /// A level, or directives such as `warn,mcp_factory=debug`.
    pub(crate) level: Option<String>,
    /// One JSON object a line instead of text.
    pub(crate) json: bool,
    /// The file that lines go to. Default: stderr.
    pub(crate) to: Option<PathBuf>,
    /// When that file is put aside for a new one. Default: never.
    pub(crate) rotate: Option<Rotate>,
    /// How many files that were put aside are kept. Default 90.
    pub(crate) keep: Option<usize>,
    /// Whether those are packed with gzip. Default: not.
    pub(crate) compress: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            drain: Duration::from_secs(20),
            workers: 0,
            blocking_threads: 64,
            fast_lane: true,
            state_key: None,
        }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: Listen::default(),
            public_url: None,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            max_body: 4 << 20,
            max_connections: 1024,
            max_in_flight: 512,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
            stream_lifetime: Duration::from_mins(15),
            tls: None,
            legacy_sessions: 256,
        }
    }
}

impl Default for StdioConfig {
    fn default() -> Self {
        Self {
            max_line: 4 << 20,
            max_in_flight: 128,
            scopes: None,
            tenant: None,
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            concurrency: 256,
            queue_time: Duration::from_millis(250),
            rate: Some(Rate::new(100, Duration::from_secs(1))),
            address_rate: Some(Rate::new(1_000, Duration::from_secs(1))),
            failure_rate: Some(Rate::new(10, Duration::from_secs(1))),
            tracked_callers: 10_000,
            max_result: 8 << 20,
            cache: 64 << 20,
        }
    }
}

/// Where the configuration comes from, least to most important.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers {
    /// The manifest's defaults, TOML compiled into the binary.
    pub(crate) defaults: &'static str,
    /// `--config`.
    pub(crate) file: Option<PathBuf>,
    /// `--set`, each `KEY=VALUE`.
    pub(crate) assignments: Vec<String>,
    /// `--read-only`.
    pub(crate) read_only: bool,
    /// `--profile`, or the variable `MCP_PROFILE`.
    pub(crate) profile: Option<String>,
    /// `--env-file`.
    pub(crate) env_file: Option<PathBuf>,
    /// The process's variables.
    pub(crate) environment: Environment,
}

impl Config {
    /// The whole of it or every problem.
    #[cfg(test)]
    pub(crate) fn load(
        layers: &Layers,
        plugins: &[&str],
        schema_of: &dyn Fn(&str) -> Value,
    ) -> Result<Self, Problems> {
        let (config, problems) = Self::examine(layers, plugins, schema_of);
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(problems)
        }
    }

    /// Reads all layers. `plugins` are the names that `[plugins.NAME]` may have, and `schema_of` gives the schema
    /// of a plugin's section; it is asked when there is a problem, or a variable that may be a setting.
    ///
    /// Gives what could be read in spite of the problems, for those who tell of all there are. Reads a file, so it
    /// is called before the runtime is.
    pub(crate) fn examine(
        layers: &Layers,
        plugins: &[&str],
        schema_of: &dyn Fn(&str) -> Value,
    ) -> (Self, Problems) {
        let mut config = Self::default();
        let mut problems = Problems::default();
        let mut environment = Cow::Borrowed(&layers.environment);
        if let Some(path) = &layers.env_file {
            config.added_variables = environment.to_mut().add_file(path, &mut problems);
        }
        let schema = || Self::schema("", plugins, schema_of);
        let mut sources = vec![Source::new("the manifest's defaults", layers.defaults)];
        sources.extend(aliases::sources(|name| {
            environment.get(name).map(str::to_owned)
        }));
        if let Some(path) = &layers.file {
            match std::fs::read_to_string(path) {
                Ok(text) => sources.push(Source::file(path, text)),
                Err(error) => {
                    config.partial = true;
                    problems.add(Problem::new(
                        "--config",
                        format!("cannot read {}: {error}", path.display()),
                    ));
                }
            }
        }
        if variables::are_any(&environment) {
            sources.extend(variables::sources(&environment, &schema(), &mut problems));
        }
        for assignment in &layers.assignments {
            match assign::to_toml(assignment) {
                Ok(text) => sources.push(Source::assignment(assignment, text)),
                Err(message) => problems.add(Problem::new(source::label(assignment), message)),
            }
        }
        if layers.read_only {
            let text = "access.read_only = true".to_owned();
            sources.push(Source::assignment("access.read_only=true", text));
        }
        let profile = match &layers.profile {
            Some(name) => Some((name.as_str(), "--profile")),
            None => environment
                .get("MCP_PROFILE")
                .filter(|name| !name.is_empty())
                .map(|name| (name, "the environment variable MCP_PROFILE")),
        };
        let mut profiles = BTreeSet::new();
        for source in &sources {
            let chosen = profile.map(|(name, _)| name);
            let unexpanded = &mut config.sections.unexpanded;
            let Some(mut table) = source.read(&environment, chosen, &mut problems, unexpanded)
            else {
                config.partial = true;
                continue;
            };
            let overlays = profile::take(&mut table, source, &mut problems);
            settings::apply(&mut config, source, &table, plugins, &mut problems);
            for (name, overlay) in &overlays {
                if profile.is_some_and(|(chosen, _)| chosen == name) {
                    settings::apply(&mut config, source, overlay, plugins, &mut problems);
                }
                profiles.insert(name.clone());
            }
        }
        if let Some((name, place)) = profile.filter(|(name, _)| !profiles.contains(*name)) {
            let meant = did_you_mean(name, profiles.iter().map(String::as_str));
            let message = format!(
                "there is no profile `{name}`{meant}; a profile is a table [profile.{name}] of the file"
            );
            problems.add(Problem::new(place, message));
        }
        config.read_sections(&schema, &mut problems);
        (config, problems)
    }

    /// The JSON Schema of the configuration file.
    pub(crate) fn schema(
        title: &str,
        plugins: &[&str],
        schema_of: &dyn Fn(&str) -> Value,
    ) -> Value {
        let plugins: Vec<(&str, Value)> = plugins
            .iter()
            .map(|name| (*name, schema_of(name)))
            .collect();
        schema::of_file(title, &plugins)
    }

    /// `.env.example`, made from the schema.
    pub(crate) fn example(&self, server: &str, schema: &Value) -> String {
        let mut names = BTreeSet::new();
        for (_, value) in self.sections.all() {
            example::named(value, &mut names);
        }
        example::of(server, schema, &names)
    }

    /// Reads what was laid into its types.
    fn read_sections(&mut self, schema: &dyn Fn() -> Value, problems: &mut Problems) {
        let sections = &self.sections;
        let mut reading = sections::Reading::new(sections, schema, problems);
        self.auth = reading.typed(&["auth"]);
        self.access = reading.typed(&["access"]);
        self.gate = reading.typed(&["gate"]);
        self.redis = reading.typed(&["redis"]);
        self.audit = reading.typed(&["audit"]);
        self.calls = reading.typed(&["calls"]);
        self.tracing = reading.typed(&["tracing"]);
        self.management = reading.typed(&["management"]);
        self.secrets = reading.typed(&["secrets"]);
        self.http.tls = reading.typed(&["http", "tls"]);
        self.tool_limits = reading.typed(&["limits", "tools"]);
        let tenants = sections.below("tenants");
        self.tenants = tenants
            .keys()
            .map(|name| (name.clone(), reading.typed(&["tenants", name])))
            .collect();
        self.unread = reading.unread;
    }

    /// Whether the section at the dotted path stands here as its default, since it cannot be read.
    pub(crate) fn is_unread(&self, path: &str) -> bool {
        self.unread.contains(path)
    }

    /// Whether a whole layer could not be read: what is missing then says nothing.
    pub(crate) const fn is_partial(&self) -> bool {
        self.partial
    }

    /// What is named in a store of secrets, with the path of the setting: each reference as often as it stands.
    pub(crate) fn stored_secrets(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (path, value) in self.sections.all() {
            stored(&path, value, &mut found);
        }
        found
    }

    /// Where each setting came from, by its dotted path.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sections.places()
    }

    /// Whether the value is, or holds, a text with a variable in it that is not set: that was told, and whatever else
    /// is wrong with it follows.
    pub(crate) fn is_unexpanded(&self, value: Option<&Value>) -> bool {
        self.sections.is_unexpanded(value)
    }

    /// The plugins' sections as JSON, by plugin; without those that nobody set anything in.
    pub(crate) fn plugin_sections(&self) -> Map<String, Value> {
        self.sections.below("plugins")
    }

    /// Where the value at the dotted `path` was set, or the nearest thing around it.
    pub(crate) fn place<'a>(&'a self, path: &'a str) -> &'a str {
        self.sections.place(path).unwrap_or(path)
    }

    /// The same, or nothing where nobody set anything around it.
    pub(crate) fn set_at(&self, path: &str) -> Option<&str> {
        self.sections.place(path)
    }
}

fn stored(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => {
            if let Ok(SecretReference::Store(reference)) = text.parse() {
                found.push((path.to_owned(), reference));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                stored(&format!("{path}[{at}]"), item, found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                stored(&format!("{path}.{key}"), member, found);
            }
        }
        _ => {}
    }
}
