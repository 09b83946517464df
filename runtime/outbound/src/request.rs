//! What is sent. Building cannot fail; what cannot be sent is said by `send`.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use mcp_factory_sdk::Secret;
use serde::Serialize;
use url::Url;

use crate::redirect::Redirects;

/// A request, and the bounds of its answer.
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_body: Option<usize>,
    pub(crate) redirects: Redirects,
    pub(crate) problem: Option<&'static str>,
}

impl Request {
    /// A request without headers or body; redirects are not followed.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: None,
            max_body: None,
            redirects: Redirects::none(),
            problem: None,
        }
    }

    /// A GET.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A POST.
    pub fn post(url: Url) -> Self {
        Self::new(Method::POST, url)
    }

    /// Sets a header, in place of one of that name. Mark the value sensitive when it is a credential: it is
    /// then not printed, and dropped when a redirect leaves the origin.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(mut self, token: &Secret<String>) -> Self {
        match HeaderValue::try_from(format!("Bearer {}", token.expose())) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.insert(AUTHORIZATION, value);
            }
            Err(_) => self.problem = Some("the token holds a character that no header can hold"),
        }
        self
    }

    /// A JSON body, and the header that says so.
    #[must_use]
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => {
                self.headers
                    .entry(CONTENT_TYPE)
                    .or_insert(HeaderValue::from_static("application/json"));
                self.body = Bytes::from(body);
            }
            Err(_) => self.problem = Some("its body cannot be written as JSON"),
        }
        self
    }

    /// The body as it is.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// How long everything may take, up to the last byte of the answer, instead of the client's.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The most bytes of the answer's body, instead of the client's.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Whether redirects are followed.
    #[must_use]
    pub fn follow(mut self, redirects: Redirects) -> Self {
        self.redirects = redirects;
        self
    }

    /// The URL it goes to.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

#[cfg(test)]
mod tests;
