//! The metadata an authorization server publishes of itself: where its keys and its introspection are.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::fetch::{Endpoint, FetchError, Fetcher};
use crate::refresh::{LoadError, Missing, Refreshed, Source, Timing};

/// What is used of the metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) jwks_uri: Option<Endpoint>,
    pub(crate) introspection_endpoint: Option<Endpoint>,
}

/// The metadata of one issuer: fetched at the first use, then cached.
pub(crate) struct Discovery(Refreshed<Published>);

impl Discovery {
    /// `issuer` as the operator wrote it; it names itself so in its metadata and its tokens, to the letter.
    pub(crate) fn new(issuer: &str, fetcher: Arc<Fetcher>, fresh: Duration) -> Self {
        let source = Published {
            issuer: issuer.to_owned(),
            fetcher,
        };
        let timing = Timing {
            fresh,
            stale_if_error: Duration::from_hours(24),
            // Shorter than the keys': their next try must find this one ready to try too.
            cool_down: Duration::from_secs(10),
            limit: Duration::from_secs(10),
        };
        Self(Refreshed::new(source, timing))
    }

    /// Where the keys are.
    pub(crate) async fn jwks_uri(&self) -> Result<Endpoint, Missing> {
        self.0.get(|found| found.jwks_uri.clone()).await
    }

    /// Where tokens are introspected, if the server says so.
    pub(crate) async fn introspection_endpoint(&self) -> Result<Option<Endpoint>, Missing> {
        self.0
            .get(|found| Some(found.introspection_endpoint.clone()))
            .await
    }
}

struct Published {
    issuer: String,
    fetcher: Arc<Fetcher>,
}

impl Source for Published {
    type Document = Metadata;

    fn name(&self) -> String {
        format!("the metadata of {:?}", self.issuer)
    }

    async fn load(&self) -> Result<Metadata, LoadError> {
        let mut last = LoadError::Document("the issuer is not a URL".to_owned());
        for url in locations(&self.issuer) {
            let endpoint = Endpoint::parse(&url)
                .map_err(|problem| LoadError::Document(format!("the issuer {problem}")))?;
            let read = self.fetcher.get_json(&endpoint).await;
            match read
                .map_err(LoadError::from)
                .and_then(|found| self.check(&found))
            {
                Ok(metadata) => return Ok(metadata),
                // It is not there; another place may have it.
                Err(
                    error @ (LoadError::Fetch(FetchError::Status(_) | FetchError::NotJson)
                    | LoadError::Document(_)),
                ) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}

impl Published {
    fn check(&self, found: &Map<String, Value>) -> Result<Metadata, LoadError> {
        let named = found.get("issuer").and_then(Value::as_str);
        if named != Some(&self.issuer) {
            // A name of any length would go to the log.
            let named: Option<String> = named.map(|named| named.chars().take(256).collect());
            return Err(LoadError::Document(format!(
                "the document is of the issuer {named:?}; `issuer` must be written exactly so"
            )));
        }
        Ok(Metadata {
            jwks_uri: self.endpoint(found, "jwks_uri"),
            introspection_endpoint: self.endpoint(found, "introspection_endpoint"),
        })
    }

    fn endpoint(&self, found: &Map<String, Value>, name: &str) -> Option<Endpoint> {
        let text = found.get(name)?.as_str()?;
        let endpoint = Endpoint::parse(text)
            // A server elsewhere has no business to point at this machine.
            .and_then(|endpoint| {
                if endpoint.is_plain() && self.issuer.starts_with("https:") {
                    return Err("is plain http and the issuer is not");
                }
                Ok(endpoint)
            });
        endpoint
            .inspect_err(|problem| tracing::warn!(issuer = ?self.issuer, "{name} {problem}"))
            .ok()
    }
}

/// Where the metadata may be, in the order MCP asks for: RFC 8414, then `OpenID` Connect, each with its name
/// put before the issuer's path, then `OpenID` Connect's with the name put behind it.
fn locations(issuer: &str) -> Vec<String> {
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    let after_scheme = issuer.find("://").map_or(0, |at| at + 3);
    let host_end = issuer[after_scheme..]
        .find('/')
        .map_or(issuer.len(), |at| after_scheme + at);
    let (host, path) = issuer.split_at(host_end);
    let mut urls = vec![
        format!("{host}/.well-known/oauth-authorization-server{path}"),
        format!("{host}/.well-known/openid-configuration{path}"),
    ];
    if !path.is_empty() {
        urls.push(format!("{issuer}/.well-known/openid-configuration"));
    }
    urls
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, TestServer};

    const TTL: Duration = Duration::from_mins(15);

    fn discovery(issuer: &str) -> Discovery {
        Discovery::new(issuer, Arc::new(Fetcher::new()), TTL)
    }

    #[test]
    fn the_name_goes_before_the_path_and_then_behind_it() {
        assert_eq!(
            locations("https://id.example.com/tenant/1"),
            [
                "https://id.example.com/.well-known/oauth-authorization-server/tenant/1",
                "https://id.example.com/.well-known/openid-configuration/tenant/1",
                "https://id.example.com/tenant/1/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            locations("https://id.example.com/"),
            [
                "https://id.example.com/.well-known/oauth-authorization-server",
                "https://id.example.com/.well-known/openid-configuration",
            ]
        );
    }

    #[tokio::test]
    async fn each_place_is_tried_until_one_has_it() {
        let server = TestServer::start().await;
        let issuer = server.url("/t");
        let places = [
            "/.well-known/oauth-authorization-server/t",
            "/.well-known/openid-configuration/t",
            "/t/.well-known/openid-configuration",
        ];
        for (number, place) in places.iter().enumerate() {
            for other in places {
                server.answer(other, Answer::Status(404, ""));
            }
            let keys = server.url(&format!("/keys{number}"));
            server.json(place, &json!({"issuer": issuer, "jwks_uri": keys}));
            let found = discovery(&issuer).jwks_uri().await.unwrap();
            assert_eq!(found.as_str(), keys);
        }
    }

    #[tokio::test]
    async fn a_document_of_another_issuer_is_refused() {
        let server = TestServer::start().await;
        let place = "/.well-known/oauth-authorization-server";
        let issuer = server.url("/");
        for other in ["https://evil.example/", issuer.trim_end_matches('/')] {
            server.json(
                place,
                &json!({"issuer": other, "jwks_uri": server.url("/k")}),
            );
            let refused = discovery(&issuer).jwks_uri().await;
            assert!(
                matches!(refused, Err(Missing::Unavailable { .. })),
                "{other}"
            );
        }
        server.json(
            place,
            &json!({"issuer": issuer, "jwks_uri": server.url("/k")}),
        );
        let found = discovery(&issuer);
        assert!(found.jwks_uri().await.is_ok());
        assert!(found.jwks_uri().await.is_ok());
        assert_eq!(server.hits(place), 3, "and it is cached");
    }

    #[tokio::test]
    async fn an_unsafe_endpoint_is_as_good_as_none() {
        let server = TestServer::start().await;
        let issuer = server.url("");
        let document = json!({
            "issuer": issuer,
            "jwks_uri": "http://localhost.evil.example/keys",
            "introspection_endpoint": server.url("/introspect"),
        });
        server.json("/.well-known/oauth-authorization-server", &document);
        let found = discovery(&issuer);
        assert_eq!(found.jwks_uri().await, Err(Missing::Unknown));
        assert!(found.introspection_endpoint().await.unwrap().is_some());
    }

    #[test]
    fn a_server_elsewhere_does_not_point_here() {
        let remote = Published {
            issuer: "https://id.example.com".to_owned(),
            fetcher: Arc::default(),
        };
        let document = json!({
            "issuer": "https://id.example.com",
            "jwks_uri": "http://127.0.0.1:8500/keys",
            "introspection_endpoint": "https://id.example.com/introspect",
        });
        let found = remote.check(document.as_object().unwrap()).unwrap();
        assert_eq!(found.jwks_uri, None);
        assert!(found.introspection_endpoint.is_some());
    }

    #[tokio::test]
    async fn a_server_that_is_down_is_asked_once() {
        let server = TestServer::start().await;
        let place = "/.well-known/oauth-authorization-server";
        server.answer(place, Answer::Close);
        let refused = discovery(&server.url("")).jwks_uri().await;
        assert!(matches!(refused, Err(Missing::Unavailable { .. })));
        assert_eq!(
            server.seen().len(),
            server.hits(place),
            "no other place is tried"
        );
    }
}
