//! Where the server listens, and whether it may.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use rustix::net::sockopt;
use serde::{Deserialize, Deserializer};
use tokio::net::{TcpListener, TcpSocket};

/// The port when none is given.
const DEFAULT_PORT: u16 = 8080;
/// Connections that the kernel holds until they are accepted.
const BACKLOG: u32 = 1024;
/// A peer that is silent for this long is asked whether it is still there, and how often before it is
/// given up.
const PROBE_AFTER: Duration = Duration::from_mins(1);
const PROBE_EVERY: Duration = Duration::from_secs(15);
const PROBES: u32 = 3;
/// The same for what was sent to it and not acknowledged, in milliseconds.
const UNACKNOWLEDGED: u32 = 105_000;

/// An address to listen on: `127.0.0.1:8080`, `8080`, `:8080` (every interface), `localhost:8080`, `[::1]:8080`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listen(SocketAddr);

impl Default for Listen {
    fn default() -> Self {
        Self(SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)))
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ip = |host: &str| -> Option<IpAddr> {
            match host {
                "" => Some(Ipv4Addr::UNSPECIFIED.into()),
                "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
                _ => host
                    .trim_start_matches('[')
                    .trim_end_matches(']')
                    .parse()
                    .ok(),
            }
        };
        let address = text.parse::<SocketAddr>().ok().or_else(|| {
            if let Ok(port) = text.parse() {
                return Some((Ipv4Addr::LOCALHOST, port).into());
            }
            match super::hosts::split(text) {
                Some((host, Some(port))) => ip(host).map(|ip| (ip, port).into()),
                Some((host, None)) if !host.is_empty() => {
                    ip(host).map(|ip| (ip, DEFAULT_PORT).into())
                }
                _ => None,
            }
        });
        address
            .map(Self)
            .ok_or_else(|| format!("`{text}` is no address to listen on: write `127.0.0.1:8080`, or `8080`, or `0.0.0.0:8080`"))
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Listen {
    /// The address.
    pub(crate) const fn address(self) -> SocketAddr {
        self.0
    }

    /// The literal address as a `Host` names it, when it is one that can be named.
    pub(crate) fn host(self) -> Option<String> {
        let ip = self.0.ip();
        (!ip.is_unspecified()).then(|| {
            if ip.is_ipv6() {
                format!("[{ip}]")
            } else {
                ip.to_string()
            }
        })
    }

    /// Refuses an address that other machines reach, by itself or through a proxy that leads here by one of
    /// `names` (a URL or host of the configuration), while nobody is asked who they are.
    pub(crate) fn check_exposure<'a>(
        self,
        names: impl IntoIterator<Item = &'a str>,
        authenticated: bool,
        insecure: bool,
    ) -> Result<(), String> {
        if authenticated || insecure {
            return Ok(());
        }
        if !self.0.ip().to_canonical().is_loopback() {
            return Err(format!(
                "{self} can be reached from other machines and no authentication is configured: \
                 configure [auth], listen on 127.0.0.1:{}, or say --insecure if a proxy in front checks who is calling",
                self.0.port()
            ));
        }
        match names.into_iter().find(|name| !is_local(name)) {
            Some(name) => Err(format!(
                "the configuration says that {name} leads here and no authentication is configured: \
                 configure [auth], or say --insecure if a proxy in front checks who is calling"
            )),
            None => Ok(()),
        }
    }

    /// Opens the listening socket.
    pub(crate) fn bind(self) -> Result<TcpListener, String> {
        self.open().map_err(|error| {
            let fix = match error.kind() {
                io::ErrorKind::AddrInUse => format!(
                    "another process listens there; stop it or choose another port, such as --http {}",
                    SocketAddr::new(self.0.ip(), self.0.port().wrapping_add(1).max(1024))
                ),
                io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege; choose a higher one".to_owned(),
                io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
                _ => error.to_string(),
            };
            format!("cannot listen on {self}: {fix}")
        })
    }

    fn open(self) -> io::Result<TcpListener> {
        let socket = if self.0.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        // Every connection inherits the rest. Without this, small events wait for delayed acknowledgements.
        socket.set_nodelay(true)?;
        socket.set_keepalive(true)?;
        sockopt::set_tcp_keepidle(&socket, PROBE_AFTER)?;
        sockopt::set_tcp_keepintvl(&socket, PROBE_EVERY)?;
        sockopt::set_tcp_keepcnt(&socket, PROBES)?;
        sockopt::set_tcp_user_timeout(&socket, UNACKNOWLEDGED)?;
        socket.bind(self.0)?;
        socket.listen(BACKLOG)
    }
}

/// Whether a URL or a host of the configuration names this machine only.
fn is_local(name: &str) -> bool {
    let authority = super::public_url(name).map_or_else(|_| name.to_owned(), |(host, _)| host);
    let host = super::hosts::split(&authority).map_or("", |(host, _)| host);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[test]
    fn reads_the_usual_spellings() {
        for (text, address) in [
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("9000", "127.0.0.1:9000"),
            (":9000", "0.0.0.0:9000"),
            ("localhost:9000", "127.0.0.1:9000"),
            ("localhost", "127.0.0.1:8080"),
            ("[::1]:9", "[::1]:9"),
            ("0.0.0.0", "0.0.0.0:8080"),
        ] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), address);
        }
        for text in [
            "",
            "x",
            "127.0.0.1:99999",
            "example.com:80",
            "http://127.0.0.1:80",
            "1.2.3",
        ] {
            assert!(
                text.parse::<Listen>()
                    .unwrap_err()
                    .contains("127.0.0.1:8080"),
                "{text}"
            );
        }
    }

    #[test]
    fn an_open_door_needs_a_lock() {
        for (text, open) in [
            ("127.0.0.1:1", false),
            ("127.9.9.9:1", false),
            ("[::1]:1", false),
            ("[::ffff:127.0.0.1]:1", false),
            ("0.0.0.0:1", true),
            ("[::]:1", true),
            ("192.168.1.2:1", true),
        ] {
            let listen: Listen = text.parse().unwrap();
            assert_eq!(
                listen.check_exposure(None, false, false).is_err(),
                open,
                "{text}"
            );
            assert!(listen.check_exposure(None, true, false).is_ok());
            assert!(listen.check_exposure(None, false, true).is_ok());
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_said_with_the_fix() {
        let holder = "127.0.0.1:0".parse::<Listen>().unwrap().bind().unwrap();
        let taken: Listen = holder.local_addr().unwrap().to_string().parse().unwrap();
        let error = taken.bind().unwrap_err();
        assert!(
            error.contains("another process") && error.contains("--http"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn connections_inherit_what_their_listener_has() {
        let listener = "127.0.0.1:0".parse::<Listen>().unwrap().bind().unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        assert!(stream.nodelay().unwrap());
        assert!(sockopt::socket_keepalive(&stream).unwrap());
        assert_eq!(sockopt::tcp_keepidle(&stream).unwrap(), PROBE_AFTER);
        assert_eq!(sockopt::tcp_keepintvl(&stream).unwrap(), PROBE_EVERY);
        assert_eq!(sockopt::tcp_keepcnt(&stream).unwrap(), PROBES);
        let unacknowledged = sockopt::tcp_user_timeout(&stream).unwrap();
        assert_eq!(unacknowledged, UNACKNOWLEDGED);
        drop(client);
    }

    #[test]
    fn a_proxy_in_front_is_an_exposure_too() {
        let listen = Listen::default();
        let check = |url| listen.check_exposure(Some(url), false, false);
        for url in [
            "https://mcp.example.com",
            "https://localhost.example.com/mcp",
            "http://192.0.2.1",
        ] {
            let message = check(url).unwrap_err();
            assert!(
                message.contains(url) && message.contains("[auth]"),
                "{message}"
            );
            assert!(listen.check_exposure(Some(url), true, false).is_ok());
            assert!(listen.check_exposure(Some(url), false, true).is_ok());
        }
        for url in [
            "http://localhost:8080",
            "http://127.0.0.1:8080/mcp",
            "http://[::1]",
        ] {
            assert!(check(url).is_ok(), "{url}");
        }
    }
}
