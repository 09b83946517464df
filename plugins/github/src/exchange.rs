//! One request and its answer: headers that every request has, and faults of the way, first tried again
//! where nothing is done twice by that, then in words.
//!
//! Credentials go to the API's own address and nowhere else: nothing is followed here.

use mcp_factory_outbound::{
    HeaderName, HeaderValue, Method, OutboundError, Request, Response, Said, Upstream, Url, Work,
    header,
};
use mcp_factory_sdk::Secret;
use serde_json::Value;

use crate::error::GithubError;
use crate::patience::Patience;
use crate::url::ApiUrl;

/// The format of nearly all answers.
pub(crate) const JSON: &str = "application/vnd.github+json";
const VERSION: &str = "2022-11-28";

/// The API's address and the way there.
#[derive(Debug)]
pub(crate) struct Exchange {
    upstream: Upstream,
    base: String,
}

/// What is sent.
#[derive(Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a ApiUrl,
    pub(crate) accept: &'static str,
    pub(crate) bearer: &'a Secret<String>,
    pub(crate) etag: Option<HeaderValue>,
    pub(crate) body: Option<&'a Value>,
    /// Whether something is different afterwards, so that it matters whether it was received.
    pub(crate) changes: bool,
}

impl Exchange {
    /// `base` has no slash at its end.
    pub(crate) fn new(upstream: Upstream, base: String) -> Self {
        Self { upstream, base }
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Sends it, again after a fault if it changes nothing, and returns the answer, whatever its status.
    pub(crate) async fn send(
        &self,
        sent: &Sent<'_>,
        patience: &Patience,
    ) -> Result<Response, GithubError> {
        let text = sent.url.below(&self.base);
        let url = Url::parse(&text)
            .ok()
            .filter(|url| url.path().ends_with(sent.url.path()));
        // The parser of URLs changed nothing, so what was encoded is what is sent.
        let url = url.ok_or_else(|| GithubError::argument("path", "cannot stand in an address"))?;
        let mut request = Request::new(sent.method.clone(), url)
            .header(header::ACCEPT, HeaderValue::from_static(sent.accept))
            .header(
                HeaderName::from_static("x-github-api-version"),
                HeaderValue::from_static(VERSION),
            )
            .bearer(sent.bearer);
        if let Some(etag) = &sent.etag {
            request = request.header(header::IF_NONE_MATCH, etag.clone());
        }
        if let Some(body) = sent.body {
            request = request.json(body);
        }
        let work = Work {
            // Rate limits are the caller's: here only a fault may ask for a pause.
            limit: "faults",
            is_repeatable: !sent.changes,
            deadline: patience.deadline(),
        };
        let attempt = |timeout| {
            let request = request.clone().timeout(timeout);
            async {
                let sending = self.upstream.client().send(request).await;
                Said::by_status(sending, |error| failed(&error, sent.changes))
            }
        };
        self.upstream.call(work, attempt).await
    }
}

/// A fault of the way, for the model; its cause goes to the log.
pub(crate) fn failed(error: &OutboundError, changes: bool) -> GithubError {
    tracing::warn!(%error, cause = error.innermost(), "GitHub");
    let reason = error.to_string();
    if changes && error.was_sent() {
        GithubError::Uncertain { reason }
    } else {
        GithubError::Unavailable { reason }
    }
}
