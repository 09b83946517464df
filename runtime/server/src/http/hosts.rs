//! Which `Host` a request may name: the guard against DNS rebinding.

use super::refusal::Refusal;

/// The host names this server answers to. An entry without a port matches any port.
#[derive(Debug, Clone)]
pub(crate) struct HostList(Vec<Authority>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Authority {
    host: String,
    port: Option<u16>,
}

impl HostList {
    /// The loopback names, which are always allowed.
    pub(crate) fn loopback() -> Self {
        let names = ["localhost", "127.0.0.1", "[::1]"];
        Self(
            names
                .map(|name| Authority {
                    host: name.to_owned(),
                    port: None,
                })
                .into(),
        )
    }

    /// Adds `host` or `host:port`; IPv6 addresses stand in brackets.
    pub(crate) fn allow(&mut self, entry: &str) -> Result<(), String> {
        let (host, port) = split(entry)
            .filter(|(host, _)| is_host(host))
            .ok_or_else(|| {
                format!("`{entry}` is no host: write `mcp.example.com` or `mcp.example.com:8443`")
            })?;
        self.0.push(Authority {
            host: host.to_ascii_lowercase(),
            port,
        });
        Ok(())
    }

    /// Whether it is one of these names, an address, or a name without a dot, as machines have among themselves.
    /// Those are nothing that somebody else's domain could be made to lead to.
    pub(super) fn names_a_machine(&self, authority: &str) -> bool {
        let host = split(authority).map_or("", |(host, _)| host);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_plain = is_host(host) && !host.contains('.');
        is_plain || bare.parse::<std::net::IpAddr>().is_ok() || self.allows(authority)
    }

    pub(super) fn allows(&self, authority: &str) -> bool {
        split(authority).is_some_and(|(host, port)| {
            self.0.iter().any(|entry| {
                entry.host.eq_ignore_ascii_case(host)
                    && (entry.port.is_none() || entry.port == port)
            })
        })
    }

    /// Refuses a request that was not sent to this server's name. Both the `Host`
    /// header and the authority of an absolute target count, where present.
    pub(super) fn check(&self, parts: &http::request::Parts) -> Result<(), Refusal> {
        let mut hosts = parts.headers.get_all(http::header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(Refusal::bad_request(
                "a request needs exactly one Host header",
            ));
        };
        let target = parts.uri.authority().map(http::uri::Authority::as_str);
        let named = host.to_str().is_ok_and(|host| self.allows(host));
        if named && target.is_none_or(|target| self.allows(target)) {
            Ok(())
        } else {
            Err(Refusal::forbidden(
                "this Host is not allowed: the operator can add it to http.allowed_hosts or set http.public_url",
            ))
        }
    }
}

/// Host and port of `host`, `host:port` or `[v6]:port`; `None` when the port is no number.
pub(super) fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    let colon = authority
        .rfind(':')
        .filter(|colon| !authority[*colon..].contains(']'));
    match colon {
        None => Some((authority, None)),
        Some(colon) => {
            let digits = &authority[colon + 1..];
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let port = if plain {
                digits.parse().ok()?
            } else {
                return None;
            };
            Some((&authority[..colon], Some(port)))
        }
    }
}

/// A name or address as it may stand in a URL: nothing that could end the host early.
pub(super) fn is_host(host: &str) -> bool {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match inner {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HostList;

    #[test]
    fn loopback_names_with_any_port() {
        let hosts = HostList::loopback();
        for host in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:8080",
            "[::1]",
            "[::1]:80",
        ] {
            assert!(hosts.allows(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "evil.example:80",
            "localhost:",
            "localhost:x",
            "localhost:80:80",
            "localhost@evil.example",
            "127.0.0.2",
            "::1",
            "[::1",
            "localhost:99999",
            " localhost",
            "localhost.",
            "localhost:+80",
        ] {
            assert!(!hosts.allows(host), "{host}");
        }
    }

    #[test]
    fn a_machine_is_named_by_an_address_or_a_word() {
        let mut hosts = HostList::loopback();
        hosts.allow("metrics.example.com").unwrap();
        for host in [
            "10.0.0.7:9090",
            "[fd00::7]:9090",
            "myservice:9090",
            "localhost",
            "metrics.example.com:9090",
        ] {
            assert!(hosts.names_a_machine(host), "{host}");
        }
        for host in [
            "evil.example:9090",
            "",
            "10.0.0.7.evil.example",
            "a b",
            "x:y",
        ] {
            assert!(!hosts.names_a_machine(host), "{host}");
        }
    }

    #[test]
    fn an_entry_may_pin_the_port() {
        let mut hosts = HostList::loopback();
        hosts.allow("MCP.example.com").unwrap();
        hosts.allow("a.example:8443").unwrap();
        assert!(hosts.allows("mcp.example.com:1") && hosts.allows("mcp.example.com"));
        assert!(
            hosts.allows("a.example:8443")
                && !hosts.allows("a.example")
                && !hosts.allows("a.example:1")
        );
        for entry in ["", "*", "http://a", "a/b", "a:b", "[::zz]", "a b"] {
            assert!(hosts.allow(entry).is_err(), "{entry}");
        }
    }
}
