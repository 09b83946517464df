//! The one HTTP client of this crate: small JSON documents of an authorization server the operator named.
//! Caching, and what a document means, are elsewhere.

use std::error::Error as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, Url};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use crate::strict_json;

/// How long a document may take, from the name look-up to its last byte.
pub(crate) const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The most bytes read of any document.
pub(crate) const MAX_BODY: usize = 256 * 1024;
const ACCEPTED: &str = "application/json";

/// A URL that may be fetched: https, or http to this very machine; no user name, password or fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint(Url);

impl Endpoint {
    /// Reads a URL. The error says what the operator should write instead.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text)
            .map_err(|_| "is not a URL: write a complete one, such as https://id.example.com")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds a user name or password: take it out");
        }
        if url.fragment().is_some() {
            return Err("ends in a #fragment: take it out");
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            _ => Err("is not safe to fetch: use https (plain http only to a loopback address)"),
        }
    }

    /// Whether it is plain http, and so on this machine.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// By the parsed host, not by how the text begins: `http://localhost.evil.example` is elsewhere.
fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Why a document could not be had. Holds no URL, header or body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    /// No client could be built, or no connection made: the innermost cause.
    #[error("no connection: {0}")]
    Connect(String),
    /// It took too long.
    #[error("no complete answer in time")]
    Timeout,
    /// The connection broke while the answer was read.
    #[error("the answer broke off")]
    Broken,
    /// Any status but 200; redirects are not followed.
    #[error("the answer was HTTP {}", .0.as_u16())]
    Status(StatusCode),
    /// The body is too large.
    #[error("the answer is larger than {MAX_BODY} bytes")]
    TooLarge,
    /// The body is not one JSON object with distinct keys.
    #[error("the answer is not a JSON object")]
    NotJson,
}

/// Who the server is to an introspection endpoint.
#[derive(Clone, Copy)]
pub(crate) struct BasicCredentials<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) client_secret: &'a str,
}

/// Fetches JSON objects. Neither root certificates nor resolver are loaded before the first fetch.
#[derive(Debug, Default)]
pub(crate) struct Fetcher {
    client: OnceCell<Client>,
}

impl Fetcher {
    /// Nothing is loaded or connected yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    #[cfg(test)]
    fn trusting(roots: RootCertStore) -> Self {
        let client = build_client(roots).expect("a client can be built");
        Self {
            client: OnceCell::new_with(Some(client)),
        }
    }

    /// The object at `endpoint`, within [`FETCH_TIMEOUT`].
    pub(crate) async fn get_json(
        &self,
        endpoint: &Endpoint,
    ) -> Result<Map<String, Value>, FetchError> {
        let request = self.client().await?.get(endpoint.0.clone());
        read(request, FETCH_TIMEOUT).await
    }

    /// Posts a form, and reads the object it is answered with, within `timeout`.
    pub(crate) async fn post_form(
        &self,
        endpoint: &Endpoint,
        form: &[(&str, &str)],
        credentials: Option<BasicCredentials<'_>>,
        timeout: Duration,
    ) -> Result<Map<String, Value>, FetchError> {
        let mut request = self
            .client()
            .await?
            .post(endpoint.0.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form_encoded(form));
        if let Some(credentials) = credentials {
            request = request.header(AUTHORIZATION, basic(credentials)?);
        }
        read(request, timeout).await
    }

    async fn client(&self) -> Result<&Client, FetchError> {
        let build = || async {
            // Root certificates are files: hundreds of them on some systems.
            tokio::task::spawn_blocking(|| build_client(roots()))
                .await
                .map_err(|_| FetchError::Connect("the client did not start".to_owned()))?
        };
        self.client.get_or_try_init(build).await
    }
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
fn basic(credentials: BasicCredentials<'_>) -> Result<http::HeaderValue, FetchError> {
    let encoded = |text: &str| {
        let pair = form_encoded(&[("", text)]);
        pair.trim_start_matches('=').to_owned()
    };
    let pair = format!(
        "{}:{}",
        encoded(credentials.client_id),
        encoded(credentials.client_secret)
    );
    let mut value = http::HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))
        .map_err(|_| FetchError::Connect("the credentials fit no header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn form_encoded(form: &[(&str, &str)]) -> String {
    let mut url = Url::parse("form:").expect("a constant that is a URL");
    url.query_pairs_mut().extend_pairs(form);
    url.query().unwrap_or_default().to_owned()
}

async fn read(
    request: RequestBuilder,
    timeout: Duration,
) -> Result<Map<String, Value>, FetchError> {
    let request = request.header(ACCEPT, ACCEPTED).timeout(timeout);
    let mut response = request.send().await.map_err(|error| failure(&error))?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    strict_json::object(&body).map_err(|_| FetchError::NotJson)
}

fn failure(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::Timeout;
    }
    if !error.is_connect() {
        return FetchError::Broken;
    }
    // The outer layers name the URL; the innermost says what happened.
    let mut cause = error.source();
    let mut text = "unknown cause".to_owned();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    FetchError::Connect(text)
}

fn build_client(roots: RootCertStore) -> Result<Client, FetchError> {
    let trouble = |error: &dyn std::error::Error| FetchError::Connect(error.to_string());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| trouble(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let here = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ]
    .map(|ip| SocketAddr::new(ip, 0));
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("mcp-factory/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(2)
        // The one name plain http is allowed to must be this machine, whatever a resolver says.
        .resolve_to_addrs("localhost", &here)
        .build()
        .map_err(|error| trouble(&error.without_url()))
}

/// What the system trusts; Mozilla's roots where the system (a bare container) has none.
fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    tracing::debug!(added, ignored, "root certificates of the system");
    roots
}

#[cfg(test)]
mod tests;
