//! The document that says where to get a token for this server (RFC 9728).
//!
//! Made once, of the configuration alone: nothing of a request, such as its Host, gets into it.

use std::collections::BTreeSet;

use bytes::Bytes;
use mcp_factory_outbound::Url;
use serde::Serialize;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The metadata of this server as a protected resource.
#[derive(Debug)]
pub(crate) struct Metadata {
    /// The document, in JSON.
    pub(crate) document: Bytes,
    /// Its absolute URL, for challenges.
    pub(crate) url: String,
}

#[derive(Serialize)]
struct Document<'a> {
    resource: &'a str,
    authorization_servers: [&'a str; 1],
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    scopes_supported: BTreeSet<&'a str>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
}

impl Metadata {
    /// The metadata of `resource`, whose tokens are issued by `issuer` with any of `scopes`.
    ///
    /// `offline_access` is left out: whether a client may have a refresh token is between it and the issuer.
    ///
    /// # Errors
    /// In words, when the resource is not a URL that can be one: see [`resource_problem`].
    pub(crate) fn new<'a>(
        resource: &'a str,
        issuer: &'a str,
        scopes: impl IntoIterator<Item = &'a str>,
        resource_name: Option<&'a str>,
    ) -> Result<Self, &'static str> {
        let url = resource_url(resource)?;
        let document = Document {
            resource,
            authorization_servers: [issuer],
            scopes_supported: scopes
                .into_iter()
                .filter(|scope| *scope != "offline_access")
                .collect(),
            bearer_methods_supported: ["header"],
            resource_name,
        };
        let document = serde_json::to_vec(&document).map_err(|_| "cannot be written as JSON")?;
        Ok(Self {
            document: document.into(),
            url: format!("{}{}", url.origin().ascii_serialization(), well_known(&url)),
        })
    }
}

/// Where the metadata of `resource` is, on its server; for a server that has none to show, would be.
pub(crate) fn path_of(resource: &str) -> String {
    resource_url(resource).map_or_else(|_| WELL_KNOWN.to_owned(), |url| well_known(&url))
}

/// RFC 9728 §3.1: the name goes before the path of the resource.
fn well_known(url: &Url) -> String {
    format!("{WELL_KNOWN}{}", url.path().trim_end_matches('/'))
}

/// What is wrong with the URL of this server, in words that follow its name.
pub(crate) fn resource_problem(resource: &str) -> Option<&'static str> {
    resource_url(resource).err()
}

/// RFC 8707 §2: absolute, and without a fragment. A query or a user name in it would be a slip.
fn resource_url(resource: &str) -> Result<Url, &'static str> {
    let url = Url::parse(resource).map_err(
        |_| "is not a URL: write the one clients use, such as \"https://mcp.example.com/mcp\"",
    )?;
    // What is compared and quoted is the text itself, so it must be what the URL says.
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>');
    if !matches!(url.scheme(), "http" | "https") || !resource.bytes().all(plain) {
        return Err("is not an http or https URL in plain ASCII: write the one clients use");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a `?query` or `#fragment`: take it out");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password: take it out");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example.com/";

    fn of(resource: &str) -> Metadata {
        let scopes = ["write", "read", "offline_access", "write"];
        Metadata::new(resource, ISSUER, scopes, None).expect(resource)
    }

    #[test]
    fn the_document_is_small_and_sorted() {
        assert_eq!(
            of("https://mcp.example.com/mcp").document,
            r#"{"resource":"https://mcp.example.com/mcp","authorization_servers":["https://id.example.com/"],"scopes_supported":["read","write"],"bearer_methods_supported":["header"]}"#
        );
        let named = Metadata::new("https://x.example", ISSUER, [], Some("Notes")).expect("named");
        assert_eq!(
            named.document,
            r#"{"resource":"https://x.example","authorization_servers":["https://id.example.com/"],"bearer_methods_supported":["header"],"resource_name":"Notes"}"#
        );
    }

    #[test]
    fn its_place_is_made_of_the_resource() {
        for (resource, url) in [
            (
                "https://mcp.example.com/mcp",
                "https://mcp.example.com/.well-known/oauth-protected-resource/mcp",
            ),
            (
                "https://mcp.example.com",
                "https://mcp.example.com/.well-known/oauth-protected-resource",
            ),
            (
                "https://mcp.example.com/",
                "https://mcp.example.com/.well-known/oauth-protected-resource",
            ),
            (
                "http://127.0.0.1:8080/a/b",
                "http://127.0.0.1:8080/.well-known/oauth-protected-resource/a/b",
            ),
            (
                "http://[::1]:8080/mcp",
                "http://[::1]:8080/.well-known/oauth-protected-resource/mcp",
            ),
        ] {
            let metadata = of(resource);
            assert_eq!(metadata.url, url);
            assert!(url.ends_with(&path_of(resource)));
        }
    }

    #[test]
    fn what_cannot_be_a_resource_is_told() {
        for (resource, part) in [
            ("mcp.example.com/mcp", "is not a URL"),
            ("ftp://mcp.example.com", "http or https"),
            ("https://mcp.example.com/a\"b", "plain ASCII"),
            ("https://mcp.example.com/ü", "plain ASCII"),
            ("https://mcp.example.com/?x", "?query"),
            ("https://mcp.example.com/#x", "?query"),
            ("https://me@mcp.example.com/", "user name"),
        ] {
            let problem = resource_problem(resource).expect(resource);
            assert!(problem.contains(part), "{resource}: {problem}");
        }
        assert_eq!(resource_problem("https://mcp.example.com/mcp"), None);
    }
}
