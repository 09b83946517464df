//! Which web pages may talk to this server: the `Origin` guard.

use http::HeaderMap;

use super::hosts::{is_host, split};
use super::refusal::Refusal;

/// The origins that a browser's request may come from. Requests without an
/// `Origin` come from no browser and pass.
#[derive(Debug, Clone)]
pub(crate) struct OriginList(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    origin: Origin,
    any_port: bool,
}

/// Scheme, host and port; the port of http and https is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl OriginList {
    /// Pages on this machine, whatever their port.
    pub(crate) fn loopback() -> Self {
        let mut list = Self(Vec::new());
        for entry in ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"] {
            list.allow(entry).expect("the entries are well-formed");
        }
        list
    }

    /// Adds `scheme://host`, `scheme://host:port` or `scheme://host:*`.
    pub(crate) fn allow(&mut self, entry: &str) -> Result<(), String> {
        let (bare, any_port) = entry
            .strip_suffix(":*")
            .map_or((entry, false), |bare| (bare, true));
        let origin = Origin::parse(bare).ok_or_else(|| {
            format!("`{entry}` is no origin: write `https://app.example.com`, without a path; a port or `:*` may follow")
        })?;
        self.0.push(Entry { origin, any_port });
        Ok(())
    }

    fn allows(&self, origin: &str) -> bool {
        Origin::parse(origin).is_some_and(|origin| {
            self.0.iter().any(|entry| {
                entry.origin.scheme == origin.scheme
                    && entry.origin.host == origin.host
                    && (entry.any_port || entry.origin.port == origin.port)
            })
        })
    }

    /// Refuses a request that a page elsewhere made.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let allowed =
            |origin: &http::HeaderValue| origin.to_str().is_ok_and(|origin| self.allows(origin));
        if headers.get_all(http::header::ORIGIN).iter().all(allowed) {
            Ok(())
        } else {
            Err(Refusal::forbidden(
                "this Origin is not allowed: the operator can add it to http.allowed_origins",
            ))
        }
    }
}

impl Origin {
    fn parse(origin: &str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let (host, port) = split(authority)?;
        let scheme = scheme.to_ascii_lowercase();
        let valid = !scheme.is_empty()
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && is_host(host);
        let default = match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        valid.then(|| Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port: port.or(default),
        })
    }
}

/// Checks that `url` is an absolute http(s) URL; its `host[:port]` and its origin.
pub(crate) fn public_url(url: &str) -> Result<(String, String), String> {
    let wrong = || format!("`{url}` is no public URL: write `https://mcp.example.com/mcp`");
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let origin = format!("{scheme}://{authority}");
    let http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if http && Origin::parse(&origin).is_some() {
        Ok((authority.to_owned(), origin))
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::{OriginList, public_url};

    #[test]
    fn pages_on_this_machine_and_nobody_else() {
        let origins = OriginList::loopback();
        for origin in [
            "http://localhost",
            "http://localhost:5173",
            "http://127.0.0.1:1",
            "http://[::1]:3000",
            "HTTP://LOCALHOST",
        ] {
            assert!(origins.allows(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "https://evil.example",
            "http://localhost.evil.example",
            "https://localhost",
            "http://localhost:5173/x",
            "http://evil@localhost",
            "localhost",
            "http://localhost:*",
            "file://",
            "http://localhost ",
        ] {
            assert!(!origins.allows(origin), "{origin}");
        }
    }

    #[test]
    fn the_default_port_is_the_same_written_or_not() {
        let mut origins = OriginList::loopback();
        origins.allow("https://app.example.com").unwrap();
        assert!(origins.allows("https://app.example.com:443"));
        assert!(!origins.allows("https://app.example.com:8443"));
        assert!(!origins.allows("http://app.example.com"));
        origins.allow("vscode-webview://abc").unwrap();
        assert!(origins.allows("vscode-webview://abc"));
        for entry in [
            "*",
            "app.example.com",
            "https://app.example.com/",
            "https://*.example.com",
            "://a",
        ] {
            assert!(origins.allow(entry).is_err(), "{entry}");
        }
    }

    #[test]
    fn a_public_url_gives_host_and_origin() {
        assert_eq!(
            public_url("https://a.example:8443/x/mcp?y").unwrap(),
            (
                "a.example:8443".to_owned(),
                "https://a.example:8443".to_owned()
            )
        );
        for url in [
            "a.example",
            "ftp://a.example",
            "https://",
            "https:///mcp",
            "https://a@b/",
        ] {
            assert!(public_url(url).is_err(), "{url}");
        }
    }
}
