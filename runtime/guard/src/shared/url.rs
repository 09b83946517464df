//! The address of a Redis, as it is written and as it is used.

use std::{fmt, str::FromStr};

use mcp_factory_sdk::{SecretProblem, SecretReference};
use redis::IntoConnectionInfo as _;
use serde::{Deserialize, Deserializer};

/// `redis://user@host:port/database`, or `rediss://…` for TLS; or `env:NAME` or `file:PATH`, where such
/// a URL is found, then with its password.
///
/// A file is read again for each new connection, so a password can be changed.
#[derive(Clone)]
pub struct RedisUrl(Place);

#[derive(Clone)]
enum Place {
    Here(Target),
    Elsewhere(SecretReference),
}

impl FromStr for RedisUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        match text.parse::<SecretReference>() {
            Ok(reference) => Ok(Self(Place::Elsewhere(reference))),
            Err(_) => match Target::parse(text)? {
                target if target.holds_a_password() => Err(BadUrl::Password),
                target => Ok(Self(Place::Here(target))),
            },
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Here(target) => fmt::Display::fmt(target, formatter),
            Place::Elsewhere(reference) => fmt::Display::fmt(reference, formatter),
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
pub(super) struct Target {
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
    Ok(match &url.0 {
        Place::Here(target) => target.clone(),
        Place::Elsewhere(reference) => Target::parse(reference.read()?.expose())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let error = serde_json::from_value::<RedisUrl>(text.into()).expect_err(text);
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        let error = serde_json::from_str::<RedisUrl>("424242").expect_err("a number");
        assert!(!error.to_string().contains("424242"), "{error}");
    }
}
