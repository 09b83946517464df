//! `[redis]`: where it is.

use std::{fmt, str::FromStr, time::Duration};

use mcp_factory_sdk::{SecretProblem, SecretReference};
use redis::IntoConnectionInfo as _;
use serde::{Deserialize, Deserializer};

use crate::{Problem, duration};

/// The longest timeout: a caller waits that long for every call while Redis is silent.
const LONGEST: Duration = Duration::from_secs(10);

/// The table `[redis]`. Redis 5 or newer, or Valkey; one server, not a cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    /// Where Redis is. There is no default: without the table nothing is shared.
    // Named, so that a missing one is said to be missing.
    #[serde(deserialize_with = "RedisUrl::deserialize")]
    pub url: RedisUrl,
    /// What every key begins with: at most 64 visible ASCII characters; `mcp:` when not given. Servers
    /// that share it share their limits.
    #[serde(default = "default_prefix")]
    pub prefix: String,
    /// The longest that a call waits for Redis, connecting included: 1ms to 10s, `100ms` when not given.
    #[serde(
        default = "default_timeout",
        deserialize_with = "duration::deserialize"
    )]
    pub timeout: Duration,
}

fn default_prefix() -> String {
    "mcp:".to_owned()
}

const fn default_timeout() -> Duration {
    Duration::from_millis(100)
}

impl RedisConfig {
    /// Everything but the URL as it is when not given.
    pub fn new(url: RedisUrl) -> Self {
        Self {
            url,
            prefix: default_prefix(),
            timeout: default_timeout(),
        }
    }
}

/// `redis://user@host:port/database`, or `rediss://…` for TLS; or `env:NAME` or `file:PATH`, where such
/// a URL is found, then with its password.
#[derive(Clone)]
pub enum RedisUrl {
    /// The URL stands in the configuration, without a password.
    Literal(Target),
    /// It is elsewhere. A file is read again for each new connection, so a password can be changed.
    Secret(SecretReference),
}

impl FromStr for RedisUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        match text.parse::<SecretReference>() {
            Ok(reference) => Ok(Self::Secret(reference)),
            Err(_) => match Target::parse(text)? {
                target if target.holds_a_password() => Err(BadUrl::Password),
                target => Ok(Self::Literal(target)),
            },
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(target) => fmt::Display::fmt(target, formatter),
            Self::Secret(reference) => fmt::Display::fmt(reference, formatter),
        }
    }
}

impl<'de> Deserialize<'de> for RedisUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The inner error may quote what it found, which may be a password.
        let text = String::deserialize(deserializer)
            .map_err(|_| serde::de::Error::custom(BadUrl::NotAUrl))?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that is no address of a Redis. The text is never repeated, since it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Neither a reference nor a URL of Redis.
    #[error(
        "this is no address of a Redis: write \"redis://host:6379\", \"rediss://host:6379\" for TLS, or \"env:NAME\" or \"file:/path\" for where it is found"
    )]
    NotAUrl,
    /// A password in the configuration.
    #[error(
        "a password does not belong in a configuration file: put the whole URL into a variable or a file and write \"env:NAME\" or \"file:/path\" here"
    )]
    Password,
    /// Something after `?` or `#`.
    #[error(
        "nothing may follow the database number in a Redis URL; in a user name or password write ? as %3F, # as %23, / as %2F and @ as %40"
    )]
    Options,
}

/// What a URL says.
#[derive(Clone)]
pub struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
    pub(super) login: redis::RedisConnectionInfo,
}

impl Target {
    pub(super) fn parse(text: &str) -> Result<Self, BadUrl> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(BadUrl::NotAUrl)?;
        let tls = match scheme {
            "redis" => false,
            "rediss" => true,
            _ => return Err(BadUrl::NotAUrl),
        };
        if rest.contains(['?', '#']) {
            return Err(BadUrl::Options);
        }
        let info = format!("redis://{rest}")
            .into_connection_info()
            .map_err(|_| BadUrl::NotAUrl)?;
        let redis::ConnectionAddr::Tcp(host, port) = info.addr() else {
            return Err(BadUrl::NotAUrl);
        };
        let mut login = info.redis_settings().clone();
        if login.username().is_some() && login.password().is_none() {
            // Or the client would not log in at all, and be the default user.
            login = login.set_password("");
        }
        Ok(Self {
            host: host.clone(),
            port: *port,
            tls,
            login,
        })
    }

    fn holds_a_password(&self) -> bool {
        self.login
            .password()
            .is_some_and(|password| !password.is_empty())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Why there is no target now.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoTarget {
    #[error(transparent)]
    Secret(#[from] SecretProblem),
    #[error(transparent)]
    Url(#[from] BadUrl),
}

/// The target as it is now. Reads a file, so it may block for a moment.
pub(super) fn resolve(url: &RedisUrl) -> Result<Target, NoTarget> {
    Ok(match url {
        RedisUrl::Literal(target) => target.clone(),
        RedisUrl::Secret(reference) => Target::parse(reference.read()?.expose())?,
    })
}

/// Everything that can be wrong without connecting.
pub(super) fn check(config: &RedisConfig) -> Result<(), Problem> {
    resolve(&config.url).map_err(|error| Problem::new("url", error.to_string()))?;
    if config.prefix.len() > 64 || !config.prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::new(
            "prefix",
            "a prefix is at most 64 visible ASCII characters, such as \"mcp:\"",
        ));
    }
    if config.timeout.is_zero() || config.timeout > LONGEST {
        return Err(Problem::new(
            "timeout",
            "out of range: from 1ms to 10s, such as \"100ms\"",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<RedisConfig, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_given_has_a_default() {
        let config = read(r#"{"url":"redis://127.0.0.1"}"#).expect("a configuration");
        assert_eq!(format!("{:?}", config.url), "127.0.0.1:6379");
        assert_eq!(config.prefix, "mcp:");
        assert_eq!(config.timeout, Duration::from_millis(100));
        assert!(check(&config).is_ok());
        assert!(
            read(r#"{"prefix":"a"}"#)
                .expect_err("no url")
                .contains("url")
        );
        assert!(read(r#"{"url":"redis://h","cluster":1}"#).is_err());
    }

    #[test]
    fn a_url_is_taken_apart() {
        let target = Target::parse("rediss://app:pa%23ss@[::1]:7000/3").expect("a url");
        assert_eq!(
            (target.host.as_str(), target.port, target.tls),
            ("::1", 7000, true)
        );
        assert_eq!(target.login.username(), Some("app"));
        assert_eq!(target.login.password(), Some("pa#ss"));
        assert_eq!(target.login.db(), 3);
        assert_eq!(format!("{target} {target:?}"), "[::1]:7000 [::1]:7000");
    }

    #[test]
    fn what_is_no_url_is_refused_and_not_repeated() {
        for (text, problem) in [
            ("redis://:canary@host", BadUrl::Password),
            ("rediss://user:canary@host/1", BadUrl::Password),
            ("redis://user:canary#1@host", BadUrl::Options),
            ("redis://host?protocol=canary", BadUrl::Options),
            ("rediss://host#insecure", BadUrl::Options),
            ("http://canary", BadUrl::NotAUrl),
            ("redis://host/canary", BadUrl::NotAUrl),
            ("redis://host:canary", BadUrl::NotAUrl),
            ("redis://", BadUrl::NotAUrl),
            ("canary", BadUrl::NotAUrl),
            ("", BadUrl::NotAUrl),
        ] {
            assert_eq!(text.parse::<RedisUrl>().err(), Some(problem), "{text}");
            let json = serde_json::json!({ "url": text }).to_string();
            let error = read(&json).expect_err(text);
            assert!(!error.contains("canary"), "{error}");
        }
        let error = read(r#"{"url":424242}"#).expect_err("a number");
        assert!(!error.contains("424242"), "{error}");
    }

    #[test]
    fn a_reference_is_read_at_once_and_hides_what_it_holds() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("url");
        std::fs::write(&path, "redis://:canary@host\n").expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
        let config = RedisConfig::new(format!("file:{}", path.display()).parse().expect("a url"));
        assert!(check(&config).is_ok());
        assert!(!format!("{config:?}").contains("canary"));
        std::fs::write(&path, "canary").expect("a file");
        let problem = check(&config).expect_err("no url");
        assert_eq!(problem.path, "url");
        assert!(!problem.message.contains("canary"), "{problem}");
        let unset = RedisConfig::new("env:MCP_FACTORY_NOT_SET".parse().expect("a url"));
        let problem = check(&unset).expect_err("not set");
        assert!(problem.message.contains("MCP_FACTORY_NOT_SET"), "{problem}");
    }

    #[test]
    fn a_prefix_and_a_timeout_have_bounds() {
        let good = RedisConfig::new("redis://host".parse().expect("a url"));
        for prefix in ["a b", "a\n", "é", &"x".repeat(65)] {
            let config = RedisConfig {
                prefix: prefix.to_owned(),
                ..good.clone()
            };
            assert_eq!(check(&config).expect_err(prefix).path, "prefix");
        }
        for timeout in [Duration::ZERO, LONGEST + Duration::from_millis(1)] {
            let config = RedisConfig {
                timeout,
                ..good.clone()
            };
            assert_eq!(check(&config).expect_err("timeout").path, "timeout");
        }
    }
}
