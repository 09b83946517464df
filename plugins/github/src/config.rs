//! The settings, as they stand in the configuration file, and what they mean once they are checked.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use mcp_factory_outbound::{BreakerConfig, DEFAULT_RETRIES, Faults, Url};
use mcp_factory_sdk::{SecretReference, StartError, parse_duration};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::allow::AllowList;

/// Settings of the GitHub plugin.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the token is: `env:NAME` or `file:/path` (reread when it changes). A fine-grained token with
    /// exactly the permissions that are to be used. Either this or `app`.
    pub token: Option<SecretReference>,
    /// A GitHub App instead of a token.
    pub app: Option<AppConfig>,
    /// The API's address. For GitHub Enterprise Server `https://HOST/api/v3`.
    pub api_base: String,
    /// The repositories that may be used, and no other: `owner/name`, `owner/prefix*`, `owner/*`, or `*/*` for
    /// all that the token reaches. At least one.
    pub repos: Vec<String>,
    /// Which groups of tools work: `repos`, `search`, `issues`, `pulls`, `actions`.
    pub toolsets: Vec<Toolset>,
    /// Refuses every tool that changes something.
    pub read_only: bool,
    /// `association` withholds what people wrote who are not owner, member or collaborator of the repository:
    /// issues, pull requests, comments, reviews. Bots are people here.
    pub lockdown: Lockdown,
    /// After text that anybody could have written was shown to a caller, refuses that caller private
    /// repositories, and changes anywhere but where the text came from.
    pub taint: bool,
    /// How long that lasts after the last such text.
    pub taint_lasts: String,
    /// How long one call may wait for GitHub's rate limits in all.
    pub rate_wait_max: String,
    /// How long one request to GitHub may take.
    pub timeout: String,
    /// How often a request that failed is sent again, if nothing can be done twice by that.
    #[schemars(range(max = 5))]
    pub retries: u32,
    /// When GitHub is left alone because it keeps failing.
    pub breaker: BreakerConfig,
    /// The most bytes of text in one answer.
    #[schemars(range(min = 1024, max = 4_194_304))]
    pub max_bytes: usize,
    /// Hosts (with port, unless it is 443) besides GitHub's own that logs may be downloaded from although they
    /// are not on the public internet. For GitHub Enterprise Server with storage of its own.
    pub download_hosts: Vec<String>,
    /// A PEM file of certificates to trust besides, for GitHub Enterprise Server.
    pub roots_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            token: None,
            app: None,
            api_base: "https://api.github.com".to_owned(),
            repos: Vec::new(),
            toolsets: Toolset::ALL.to_vec(),
            read_only: true,
            lockdown: Lockdown::Off,
            taint: true,
            taint_lasts: "1h".to_owned(),
            rate_wait_max: "30s".to_owned(),
            timeout: "30s".to_owned(),
            retries: DEFAULT_RETRIES,
            breaker: BreakerConfig::default(),
            max_bytes: 256 << 10,
            download_hosts: Vec::new(),
            roots_file: None,
        }
    }
}

/// A GitHub App, as one of its installations.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// Its client ID or App ID.
    pub id: AppId,
    /// The number of its installation.
    pub installation: u64,
    /// Where its private key is: `env:NAME` or `file:/path`, a PEM file as GitHub makes it.
    pub private_key: SecretReference,
}

/// The name of an App: a number, or the newer text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AppId {
    /// The App ID.
    Number(u64),
    /// The client ID.
    Text(String),
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// A group of tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Toolset {
    Repos,
    Search,
    Issues,
    Pulls,
    Actions,
}

impl Toolset {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Repos,
        Self::Search,
        Self::Issues,
        Self::Pulls,
        Self::Actions,
    ];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Repos => "repos",
            Self::Search => "search",
            Self::Issues => "issues",
            Self::Pulls => "pulls",
            Self::Actions => "actions",
        }
    }
}

/// Whose words are shown: everybody's, or only those of people who belong to the repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the type's words say it")]
pub enum Lockdown {
    #[default]
    Off,
    Association,
}

/// The settings that are consulted while running.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) toolsets: Vec<Toolset>,
    pub(crate) read_only: bool,
    pub(crate) lockdown: bool,
    pub(crate) taint: bool,
    pub(crate) taint_lasts: Duration,
    pub(crate) rate_wait_max: Duration,
    pub(crate) timeout: Duration,
    pub(crate) faults: Faults,
    pub(crate) max_bytes: usize,
    pub(crate) base: String,
    pub(crate) download_hosts: Vec<String>,
    pub(crate) allow: AllowList,
}

impl Config {
    /// Checks all that can be checked without reading a file or asking anybody.
    pub(crate) fn check(&self) -> Result<Settings, StartError> {
        match (&self.token, &self.app) {
            (None, None) => {
                return Err(StartError::new(
                    "`token` is missing: name a fine-grained token, such as `token = \"env:GITHUB_TOKEN\"`, or set `app`",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(StartError::new(
                    "`token` and `app` are both set: keep one of them",
                ));
            }
            _ => {}
        }
        if self.toolsets.is_empty() {
            return Err(StartError::new(
                "`toolsets` is empty: no tool would work; leave it out for all",
            ));
        }
        if !(1024..=4 << 20).contains(&self.max_bytes) {
            return Err(StartError::new(
                "`max_bytes` must be between 1024 and 4194304",
            ));
        }
        let duration = |name: &str, text: &str, least: Duration, most: Duration| {
            let read = parse_duration(text)
                .map_err(|error| StartError::new(format!("`{name}`: {error}")))?;
            if read < least || read > most {
                return Err(StartError::new(format!(
                    "`{name}` must be between {}s and {}s",
                    least.as_secs(),
                    most.as_secs()
                )));
            }
            Ok(read)
        };
        let minute = Duration::from_mins(1);
        Ok(Settings {
            toolsets: self.toolsets.clone(),
            read_only: self.read_only,
            lockdown: self.lockdown == Lockdown::Association,
            taint: self.taint,
            taint_lasts: duration(
                "taint_lasts",
                &self.taint_lasts,
                minute,
                minute * 60 * 24 * 7,
            )?,
            rate_wait_max: duration(
                "rate_wait_max",
                &self.rate_wait_max,
                Duration::ZERO,
                minute * 60,
            )?,
            timeout: duration(
                "timeout",
                &self.timeout,
                Duration::from_secs(1),
                minute * 10,
            )?,
            faults: Faults::read(self.retries, &self.breaker)?,
            max_bytes: self.max_bytes,
            base: base(&self.api_base)?,
            download_hosts: hosts(&self.download_hosts)?,
            allow: AllowList::new(&self.repos).map_err(StartError::new)?,
        })
    }
}

/// The API's address without a slash at its end.
fn base(text: &str) -> Result<String, StartError> {
    let wrong = |why: &str| {
        StartError::new(format!(
            "`api_base` {why}; write \"https://api.github.com\", or \"https://HOST/api/v3\" for GitHub Enterprise Server"
        ))
    };
    let url = Url::parse(text).map_err(|_| wrong("is no address"))?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !plain || url.host_str().is_none() {
        return Err(wrong(
            "must be a plain address without user, query or fragment",
        ));
    }
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() != "https" && !(url.scheme() == "http" && local) {
        return Err(wrong("is not https, so the token could be read on the way"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// `host` or `host:port`, as they stand in an address.
fn hosts(hosts: &[String]) -> Result<Vec<String>, StartError> {
    hosts
        .iter()
        .map(|text| {
            let url = Url::parse(&format!("https://{text}/")).ok().filter(|url| {
                url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.host_str().is_some()
            });
            let url = url.ok_or_else(|| StartError::new(format!("`download_hosts` has {text:?}, which is no host: write \"storage.example.com\" or \"storage.example.com:9000\"")))?;
            Ok(host(&url))
        })
        .collect()
}

/// Host and port of an address.
pub(crate) fn host(url: &Url) -> String {
    format!(
        "{}:{}",
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or_default()
    )
}
