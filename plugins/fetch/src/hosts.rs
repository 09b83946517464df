//! Which hosts an operator lets the tool go to, by name. Which addresses is not decided here: a name that
//! is allowed may still lead to one that is not.

use std::net::IpAddr;

use mcp_factory_outbound::{Host, Url, inner_addresses};
use mcp_factory_sdk::StartError;

use crate::error::FetchError;

/// The lists of the configuration.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    allowed: Vec<Pattern>,
    denied: Vec<Pattern>,
}

#[derive(Debug, PartialEq, Eq)]
enum Pattern {
    Exact(String),
    /// All below: with the dot.
    Below(String),
}

impl Hosts {
    pub(crate) fn read(allowed: &[String], denied: &[String]) -> Result<Self, StartError> {
        let read = |key: &str, texts: &[String]| -> Result<Vec<Pattern>, StartError> {
            let pattern = |text: &String| {
                Pattern::read(text).ok_or_else(|| {
                StartError::new(format!(
                    "`{key}`: `{text}` is no host: write example.com, or *.example.com for all below it, without http:// and port"
                ))
            })
            };
            texts.iter().map(pattern).collect()
        };
        Ok(Self {
            allowed: read("allow_hosts", allowed)?,
            denied: read("deny_hosts", denied)?,
        })
    }

    /// Whether a URL's host is one to go to.
    pub(crate) fn check(&self, url: &Url) -> Result<(), FetchError> {
        let host = url.host_str().unwrap_or_default();
        let host = host.strip_suffix('.').unwrap_or(host);
        let listed = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(host));
        // The same machine by another address: one that carries the denied one in it.
        let inner: Vec<String> = match url.host() {
            Some(Host::Ipv6(outer)) => inner_addresses(IpAddr::V6(outer))
                .iter()
                .map(IpAddr::to_string)
                .collect(),
            _ => Vec::new(),
        };
        let is_denied = |pattern: &Pattern| inner.iter().any(|host| pattern.matches(host));
        if listed(&self.denied)
            || self.denied.iter().any(is_denied)
            || !self.allowed.is_empty() && !listed(&self.allowed)
        {
            return Err(FetchError::Host);
        }
        Ok(())
    }
}

impl Pattern {
    fn read(text: &str) -> Option<Self> {
        let (below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        if name.is_empty() || name.contains(['/', '@', '?', '#', '\\', '*', '%']) {
            return None;
        }
        // As a URL would spell it: lower case, IDNA, addresses in their one form.
        let url = Url::parse(&format!("http://{name}/")).ok()?;
        let host = url
            .host_str()
            .filter(|_| url.port().is_none() && !has_port(name))?;
        let host = host.strip_suffix('.').unwrap_or(host);
        Some(if below {
            Self::Below(format!(".{host}"))
        } else {
            Self::Exact(host.to_owned())
        })
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => name == host,
            Self::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        }
    }
}

/// `example.com:80`: the URL parser drops the usual port.
fn has_port(name: &str) -> bool {
    !name.starts_with('[') && name.contains(':') || name.contains("]:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(allowed: &[&str], denied: &[&str]) -> Hosts {
        let owned = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        Hosts::read(&owned(allowed), &owned(denied)).unwrap()
    }

    fn goes(hosts: &Hosts, url: &str) -> bool {
        hosts.check(&url.parse().unwrap()).is_ok()
    }

    #[test]
    fn without_lists_every_host_passes() {
        assert!(goes(&Hosts::default(), "https://example.com/"));
    }

    #[test]
    fn only_what_is_allowed_passes() {
        let hosts = hosts(
            &["Example.com", "*.docs.example", "bücher.example", "0x7f.1"],
            &[],
        );
        for good in [
            "https://example.com/",
            "https://EXAMPLE.com.:8443/",
            "https://a.docs.example/",
            "https://a.b.docs.example/",
            "https://xn--bcher-kva.example/",
            "http://127.0.0.1/",
        ] {
            assert!(goes(&hosts, good), "{good}");
        }
        for bad in [
            "https://docs.example/",
            "https://a.example.com/",
            "https://evilexample.com/",
            "https://evildocs.example/",
            "https://example.com.evil.example/",
            "http://127.0.0.2/",
        ] {
            assert!(!goes(&hosts, bad), "{bad}");
        }
    }

    #[test]
    fn what_is_denied_never_passes() {
        let hosts = hosts(
            &["*.example.com"],
            &["secret.example.com", "*.inner.example.com"],
        );
        assert!(goes(&hosts, "https://www.example.com/"));
        assert!(!goes(&hosts, "https://secret.example.com./"));
        assert!(!goes(&hosts, "https://a.inner.example.com/"));
    }

    #[test]
    fn a_denied_address_is_denied_in_every_wrapping() {
        let hosts = hosts(&[], &["127.0.0.1", "[::1]"]);
        for bad in [
            "http://127.0.0.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::127.0.0.1]/",
            "http://[::ffff:0:127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[::1]/",
        ] {
            assert!(!goes(&hosts, bad), "{bad}");
        }
        for good in ["http://[::ffff:127.0.0.2]/", "http://[2001:db8::7f00:1]/"] {
            assert!(goes(&hosts, good), "{good}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_its_key() {
        for bad in [
            "",
            "*",
            "*.",
            "http://a.example",
            "a.example/x",
            "a.example:80",
            "a:b@c",
            "a*b",
            "[::1]:80",
            "a b",
        ] {
            let error = Hosts::read(&[], &[bad.to_owned()]).unwrap_err().to_string();
            assert!(error.contains("`deny_hosts`"), "{bad}: {error}");
        }
        assert!(Hosts::read(&["[::1]".to_owned()], &[]).is_ok());
    }
}
