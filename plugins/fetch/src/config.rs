//! The settings, as they stand in the configuration file, and what is wrong with them.

use std::path::PathBuf;
use std::time::Duration;

use mcp_factory_outbound::{Client, IpNet, Reach};
use mcp_factory_sdk::{StartError, parse_duration};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::hosts::Hosts;

/// Settings of the fetch plugin.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who this server says it is. The name before the first slash is the one that `robots.txt` is read for.
    pub user_agent: String,
    /// Fetches pages for the model even where `robots.txt` asks robots to stay away.
    pub ignore_robots: bool,
    /// Only these hosts, and no other: `example.com`, or `*.example.com` for all below it. Empty: all hosts
    /// of the public internet.
    pub allow_hosts: Vec<String>,
    /// Never these hosts, in the same form.
    pub deny_hosts: Vec<String>,
    /// Networks besides the public internet that may be reached, such as `10.1.0.0/16`. Whoever can call the
    /// tool can then read what answers there.
    pub allow_networks: Vec<String>,
    /// The ports that may be reached.
    pub ports: Vec<u16>,
    /// How long one call may take, redirects and `robots.txt` included.
    pub timeout: String,
    /// The most bytes read of a page; what comes after is left off.
    #[schemars(range(min = 1024, max = 16_777_216))]
    pub max_bytes: usize,
    /// A PEM file of certificates to trust besides, for hosts of your own.
    pub roots_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            user_agent: concat!("mcp-factory/", env!("CARGO_PKG_VERSION")).to_owned(),
            ignore_robots: false,
            allow_hosts: Vec::new(),
            deny_hosts: Vec::new(),
            allow_networks: Vec::new(),
            ports: vec![80, 443],
            timeout: "30s".to_owned(),
            max_bytes: 5 * 1024 * 1024,
            roots_file: None,
        }
    }
}

/// The settings, read.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) client: Client,
    pub(crate) hosts: Hosts,
    pub(crate) robot: Option<String>,
    pub(crate) timeout: Duration,
    pub(crate) max_bytes: usize,
}

impl Config {
    /// Reads the settings; each error names the key.
    pub(crate) async fn read(&self) -> Result<Settings, StartError> {
        let timeout = parse_duration(&self.timeout)
            .map_err(|error| StartError::new(format!("`timeout`: {error}")))?;
        if timeout.is_zero() || timeout > Duration::from_mins(10) {
            return Err(StartError::new(
                "`timeout` must be more than nothing and at most \"10m\"",
            ));
        }
        if !(1024..=16 * 1024 * 1024).contains(&self.max_bytes) {
            return Err(StartError::new(
                "`max_bytes` must be from 1024 to 16777216 (16 MiB)",
            ));
        }
        if self.ports.is_empty() || self.ports.contains(&0) {
            return Err(StartError::new(
                "`ports` must hold at least one port and no 0; leave it out for 80 and 443",
            ));
        }
        let mut reach = Reach::public().ports(&self.ports);
        for text in &self.allow_networks {
            let network: IpNet = text.parse().map_err(|_| {
                StartError::new(format!(
                    "`allow_networks`: `{text}` is no network: write 10.1.0.0/16, or 10.1.2.3/32 for one machine"
                ))
            })?;
            reach = reach.allow(network);
        }
        let robot = robot_name(&self.user_agent).ok_or_else(|| {
            StartError::new(
                "`user_agent` must begin with a name of letters, digits, - and _, such as \"acme-fetch/1.0\"",
            )
        })?;
        let mut builder = Client::builder(reach)
            .user_agent(self.user_agent.clone())
            .timeout(timeout)
            .max_body(self.max_bytes);
        if let Some(path) = &self.roots_file {
            builder = builder.roots_file(path);
        }
        let client = builder
            .build()
            .map_err(|error| StartError::new(format!("`user_agent`: {error}")))?;
        if self.roots_file.is_some() {
            client
                .prepare()
                .await
                .map_err(|error| StartError::new(format!("`roots_file`: {}", error.innermost())))?;
        }
        Ok(Settings {
            client,
            hosts: Hosts::read(&self.allow_hosts, &self.deny_hosts)?,
            robot: (!self.ignore_robots).then(|| robot.to_owned()),
            timeout,
            max_bytes: self.max_bytes,
        })
    }
}

/// The name that `robots.txt` knows a robot by (RFC 9309 §2.2.1).
fn robot_name(user_agent: &str) -> Option<&str> {
    let name = user_agent.split(['/', ' ']).next()?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (!name.is_empty() && name.bytes().all(fits)).then_some(name)
}
