//! The one HTTP client of this crate: small JSON documents of an authorization server the operator named.
//! Caching, and what a document means, are elsewhere.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use mcp_factory_outbound::{
    Client, ClientBuilder, OutboundError, Reach, Request, Url, is_loopback,
};
use serde_json::{Map, Value};

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
#[derive(Debug)]
pub(crate) struct Fetcher {
    client: Client,
}

impl Fetcher {
    /// Nothing is loaded or connected yet.
    pub(crate) fn new() -> Self {
        Self::built(builder())
    }

    #[cfg(test)]
    fn trusting(roots_file: &std::path::Path) -> Self {
        Self::built(builder().roots_file(roots_file))
    }

    fn built(builder: ClientBuilder) -> Self {
        let client = builder.build().expect("a user agent that fits a header");
        Self { client }
    }

    /// The object at `endpoint`, within [`FETCH_TIMEOUT`].
    pub(crate) async fn get_json(
        &self,
        endpoint: &Endpoint,
    ) -> Result<Map<String, Value>, FetchError> {
        let request = Request::get(endpoint.0.clone());
        self.read(request, FETCH_TIMEOUT).await
    }

    /// Posts a form, and reads the object it is answered with, within `timeout`.
    pub(crate) async fn post_form(
        &self,
        endpoint: &Endpoint,
        form: &[(&str, &str)],
        credentials: Option<BasicCredentials<'_>>,
        timeout: Duration,
    ) -> Result<Map<String, Value>, FetchError> {
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let mut request = Request::post(endpoint.0.clone())
            .header(CONTENT_TYPE, form_type)
            .body(form_encoded(form));
        if let Some(credentials) = credentials {
            request = request.header(AUTHORIZATION, basic(credentials)?);
        }
        self.read(request, timeout).await
    }

    async fn read(
        &self,
        request: Request,
        timeout: Duration,
    ) -> Result<Map<String, Value>, FetchError> {
        let request = request
            .header(ACCEPT, HeaderValue::from_static(ACCEPTED))
            .timeout(timeout);
        let response = self.client.send(request).await.map_err(failure)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let body = response.bytes().await.map_err(failure)?;
        strict_json::object(&body).map_err(|_| FetchError::NotJson)
    }
}

impl Default for Fetcher {
    fn default() -> Self {
        Self::new()
    }
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
fn basic(credentials: BasicCredentials<'_>) -> Result<HeaderValue, FetchError> {
    let encoded = |text: &str| {
        let pair = form_encoded(&[("", text)]);
        pair.trim_start_matches('=').to_owned()
    };
    let pair = format!(
        "{}:{}",
        encoded(credentials.client_id),
        encoded(credentials.client_secret)
    );
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))
        .map_err(|_| FetchError::Connect("the credentials fit no header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn form_encoded(form: &[(&str, &str)]) -> String {
    let mut url = Url::parse("form:").expect("a constant that is a URL");
    url.query_pairs_mut().extend_pairs(form);
    url.query().unwrap_or_default().to_owned()
}

fn failure(error: OutboundError) -> FetchError {
    match error {
        OutboundError::Timeout => FetchError::Timeout,
        OutboundError::TooLarge { .. } => FetchError::TooLarge,
        OutboundError::Broken(_) => FetchError::Broken,
        // The innermost cause says what happened.
        error => FetchError::Connect(error.innermost()),
    }
}

/// The operator named every endpoint, and the one name plain http is allowed to is this machine whatever a
/// name server says. Redirects are not followed.
fn builder() -> ClientBuilder {
    Client::builder(Reach::operator())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(FETCH_TIMEOUT)
        .max_body(MAX_BODY)
}

#[cfg(test)]
mod tests;
