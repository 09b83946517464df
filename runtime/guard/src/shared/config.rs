//! `[redis]`: where it is, whose it is, and how long to wait.

use std::time::Duration;

use serde::Deserialize;

use super::url::{self, RedisUrl};
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

/// Everything that can be wrong without connecting.
pub(super) fn check(config: &RedisConfig) -> Result<(), Problem> {
    url::resolve(&config.url).map_err(|error| Problem::new("url", error.to_string()))?;
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
