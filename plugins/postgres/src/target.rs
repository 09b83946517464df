//! What a connection URL says: where the servers are, who connects, whether to encrypt.
//!
//! In the room: reading it. Not here: reaching it (`connect`).

use std::{net::IpAddr, path::PathBuf};

use tokio_postgres::{
    Config,
    config::{Host, TargetSessionAttrs},
};

use crate::{config::Tls, connect::ConnectError};

/// Where PostgreSQL listens when nothing else is said.
const PORT: u16 = 5432;

/// A connection URL, read.
#[derive(Clone)]
pub(crate) struct Target {
    /// The servers, in the order in which they are tried.
    pub(crate) servers: Vec<Server>,
    /// User, password, database and options.
    pub(crate) config: Config,
    /// What the URL says of encryption.
    pub(crate) tls: Tls,
}

/// One place where a server may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A name and, when the URL says so itself, its address.
    Tcp {
        name: String,
        address: Option<IpAddr>,
        port: u16,
    },
}

impl Target {
    /// Reads a URL, or the `key=value` form. Nothing of it is repeated in an error.
    pub(crate) fn parse(text: &str) -> Result<Self, ConnectError> {
        let (text, sslmode) = take_sslmode(text);
        let tls = match sslmode.as_deref() {
            None | Some("prefer" | "allow") => Tls::Auto,
            Some("disable") => Tls::Disable,
            Some("require" | "verify-ca" | "verify-full") => Tls::Require,
            Some(_) => return Err(ConnectError::Url("its sslmode is not one of PostgreSQL's")),
        };
        let mut config: Config = text.parse().map_err(|_| {
            ConnectError::Url(
                "it is not of the form postgres://user:password@host:5432/database; special characters in the password are written as %XX",
            )
        })?;
        if config.get_user().is_none_or(str::is_empty) {
            return Err(ConnectError::Url("it names no user"));
        }
        if config.get_target_session_attrs() != TargetSessionAttrs::Any {
            return Err(ConnectError::Url("target_session_attrs is not supported"));
        }
        if config.get_application_name().is_none() {
            config.application_name("mcp-factory");
        }
        let servers = servers(&config)?;
        Ok(Self {
            servers,
            config,
            tls,
        })
    }
}

fn servers(config: &Config) -> Result<Vec<Server>, ConnectError> {
    let (hosts, addresses, ports) = (
        config.get_hosts(),
        config.get_hostaddrs(),
        config.get_ports(),
    );
    let count = hosts.len().max(addresses.len());
    let matches = |length: usize| length <= 1 || length == count;
    if count == 0 {
        return Err(ConnectError::Url("it names no host"));
    }
    if !matches(ports.len())
        || !(addresses.is_empty() || hosts.is_empty() || hosts.len() == addresses.len())
    {
        return Err(ConnectError::Url(
            "it has a different number of hosts, addresses and ports",
        ));
    }
    let each = (0..count).map(|index| {
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(PORT);
        let address = addresses.get(index).copied();
        match hosts.get(index) {
            Some(Host::Unix(folder)) if address.is_none() => {
                Server::Unix(folder.join(format!(".s.PGSQL.{port}")))
            }
            Some(Host::Tcp(name)) => Server::Tcp {
                name: name.clone(),
                address,
                port,
            },
            _ => Server::Tcp {
                name: address
                    .map(|address| address.to_string())
                    .unwrap_or_default(),
                address,
                port,
            },
        }
    });
    Ok(each.collect())
}

/// Takes `sslmode` out, of which the client library knows only some values.
fn take_sslmode(text: &str) -> (String, Option<String>) {
    let is_url = text.contains("://");
    // In a URL it is among what follows the question mark; a password may contain anything.
    let from = if is_url {
        text.find('?').unwrap_or(text.len())
    } else {
        0
    };
    let Some(found) = text[from..].find("sslmode=").map(|at| from + at) else {
        return (text.to_owned(), None);
    };
    let value = found + "sslmode=".len();
    let ends = |letter: char| letter == '&' || letter.is_whitespace();
    let end = text[value..].find(ends).map_or(text.len(), |at| value + at);
    let sslmode = text[value..end].trim_matches('\'').to_owned();
    let mut rest = text[..found].to_owned();
    rest.push_str(text[end..].trim_start_matches('&'));
    (rest, Some(sslmode))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Target {
        Target::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn servers_are_found() {
        let tcp = |name: &str, port| Server::Tcp {
            name: name.into(),
            address: None,
            port,
        };
        for (text, expected) in [
            ("postgres://u@a/d", vec![tcp("a", 5432)]),
            ("postgresql://u:p@a:1,b:2/d", vec![tcp("a", 1), tcp("b", 2)]),
            (
                "host=/run/pg user=u",
                vec![Server::Unix("/run/pg/.s.PGSQL.5432".into())],
            ),
            (
                "postgres://u@%2Frun%2Fpg:7/d",
                vec![Server::Unix("/run/pg/.s.PGSQL.7".into())],
            ),
            (
                "host=a hostaddr=127.0.0.1 user=u",
                vec![Server::Tcp {
                    name: "a".into(),
                    address: Some(IpAddr::from([127, 0, 0, 1])),
                    port: 5432,
                }],
            ),
        ] {
            assert_eq!(parse(text).servers, expected, "{text}");
        }
    }

    #[test]
    fn sslmode_is_understood_in_full() {
        for (text, expected) in [
            ("postgres://u@a/d", Tls::Auto),
            ("postgres://u@a/d?sslmode=prefer", Tls::Auto),
            (
                "postgres://u@a/d?sslmode=disable&connect_timeout=3",
                Tls::Disable,
            ),
            (
                "postgres://u@a/d?connect_timeout=3&sslmode=verify-full",
                Tls::Require,
            ),
            ("host=a user=u sslmode='verify-ca' dbname=d", Tls::Require),
            ("postgres://u:sslmode=disable@a/d", Tls::Auto),
        ] {
            assert_eq!(parse(text).tls, expected, "{text}");
        }
    }

    #[test]
    fn nothing_of_a_bad_url_is_repeated() {
        for text in [
            "canary",
            "postgres://canary",
            "postgres://u:canary@a:port/d",
            "postgres://u:canary@a/d?what=ever",
            "postgres://u:canary@a/d?sslmode=canary",
            "postgres://:canary@a/d",
            "postgres://u:canary@a/d?target_session_attrs=read-write",
            "user=u password=canary",
            "host=a,b port=1,2,3 user=u password=canary",
        ] {
            let error = Target::parse(text).err().map(|error| error.to_string());
            let error = error.unwrap_or_else(|| panic!("{text} was read"));
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
