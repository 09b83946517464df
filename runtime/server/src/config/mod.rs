//! The configuration: one typed value out of four layers.
//!
//! Built-in defaults, the manifest's defaults, `--config FILE`, `--set KEY=VALUE`;
//! each layer overrides the one before it, setting by setting. In the room: the
//! settings there are (`settings`), their values (`value`), `--set` (`assign`), the
//! plugins' own sections (`plugins`), and how problems are told (`problem`). Every
//! problem is reported, not only the first.

mod assign;
mod plugins;
mod problem;
mod settings;
mod source;
#[cfg(test)]
mod tests;
mod value;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::http::Listen;
pub(crate) use problem::{Problem, Problems};
use source::Source;

/// Everything that an operator can set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    pub(crate) server: ServerConfig,
    pub(crate) http: HttpConfig,
    pub(crate) stdio: StdioConfig,
    pub(crate) limits: LimitsConfig,
    pub(crate) log: LogConfig,
    plugins: plugins::Sections,
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
    /// Sessions of the older protocol era at once; 0 = none. Default 256.
    pub(crate) legacy_sessions: usize,
}

/// `[stdio]`
#[derive(Debug, Clone)]
pub(crate) struct StdioConfig {
    /// Longest line in bytes. Default 4 MiB.
    pub(crate) max_line: usize,
    /// Requests at once; reading pauses at this many, so it also bounds the answers that wait for a
    /// client that does not read. Default 128.
    pub(crate) max_in_flight: usize,
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
}

/// `[log]`
#[derive(Debug, Clone, Default)]
pub(crate) struct LogConfig {
    /// A level, or directives such as `warn,mcp_factory=debug`.
    pub(crate) level: Option<String>,
    /// One JSON object a line instead of text.
    pub(crate) json: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            drain: Duration::from_secs(20),
            workers: 0,
            blocking_threads: 64,
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
            max_body: 4 << 20,
            max_connections: 1024,
            max_in_flight: 512,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
            legacy_sessions: 256,
        }
    }
}

impl Default for StdioConfig {
    fn default() -> Self {
        Self {
            max_line: 4 << 20,
            max_in_flight: 128,
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            concurrency: 256,
            queue_time: Duration::from_millis(250),
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
}

impl Config {
    /// Reads all layers. `plugins` are the names that `[plugins.NAME]` may have.
    ///
    /// Reads a file, so it is called before the runtime is.
    pub(crate) fn load(layers: &Layers, plugins: &[&str]) -> Result<Self, Problems> {
        let mut config = Self::default();
        let mut problems = Problems::default();
        let mut sources = vec![Source::new("the manifest's defaults", layers.defaults)];
        if let Some(path) = &layers.file {
            match std::fs::read_to_string(path) {
                Ok(text) => sources.push(Source::new(path.display().to_string(), text)),
                Err(error) => problems.add(Problem::new(
                    "--config",
                    format!("cannot read {}: {error}", path.display()),
                )),
            }
        }
        for assignment in &layers.assignments {
            match assign::to_toml(assignment) {
                Ok(text) => sources.push(Source::assignment(assignment, text)),
                Err(message) => problems.add(Problem::new(format!("--set {assignment}"), message)),
            }
        }
        for source in &sources {
            settings::apply(&mut config, source, plugins, &mut problems);
        }
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(problems)
        }
    }

    /// The plugins' sections as JSON, by plugin; without those that nobody set anything in.
    pub(crate) fn plugin_sections(&self) -> Map<String, Value> {
        self.plugins.all()
    }

    /// Where a value of a plugin's section was set, such as `server.toml:7:3`:
    /// `path` is what the plugin calls it, like `roots[1].name`. The place of the
    /// nearest thing around it when it was not set at all.
    pub(crate) fn plugin_place(&self, name: &str, path: &str) -> Option<&str> {
        self.plugins.place(name, path)
    }
}
