//! One request to Notion's API: the token, the version, the rate limits, and Notion's way of saying no.

use std::time::{Duration, Instant, SystemTime};

use mcp_factory_outbound::{
    Credential, Fault, HeaderName, HeaderValue, Method, OutboundError, Request, Said, StatusCode,
    Upstream, Url, Work, retry,
};
use serde_json::Value;

use crate::error::NotionError;
use crate::refusal::Refusal;

/// The version of the API that all of this is written for. Another one may mean other things by the same
/// words, so it is no setting.
const VERSION: &str = "2026-03-11";
/// Requests at once: Notion allows three in a second on average.
pub(crate) const AT_ONCE: usize = 3;
/// The pause when Notion does not say how long.
const UNSAID: Duration = Duration::from_secs(2);
/// Notion has one limit for all requests.
const LIMIT: &str = "requests";

/// When a call's time is up, if it has a limit.
pub type Until = Option<Instant>;

/// The way to Notion.
#[derive(Debug)]
pub(crate) struct Api {
    upstream: Upstream,
    base: Url,
    token: Credential,
}

/// What is asked of Notion.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    method: Method,
    /// After `v1/`. Only constants and ids are ever put into it.
    path: String,
    query: Vec<(&'a str, &'a str)>,
    body: Option<Value>,
    /// Whether it changes something, so that it matters if it was done.
    writes: bool,
}

impl<'a> Ask<'a> {
    pub(crate) fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            query: Vec::new(),
            body: None,
            writes: false,
        }
    }

    /// A question that is too long for an address.
    pub(crate) fn question(path: String, body: Value) -> Self {
        Self {
            method: Method::POST,
            body: Some(body),
            ..Self::get(path)
        }
    }

    pub(crate) fn create(path: &str, body: Value) -> Self {
        Self {
            writes: true,
            ..Self::question(path.to_owned(), body)
        }
    }

    pub(crate) fn change(path: String, body: Value) -> Self {
        Self {
            method: Method::PATCH,
            writes: true,
            ..Self::question(path, body)
        }
    }

    pub(crate) fn with(mut self, name: &'a str, value: &'a str) -> Self {
        self.query.push((name, value));
        self
    }
}

impl Api {
    pub(crate) fn new(upstream: Upstream, base: Url, token: Credential) -> Self {
        Self {
            upstream,
            base,
            token,
        }
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Asks, through rate limits and faults as far as the settings and `until` allow.
    pub(crate) async fn ask(&self, ask: Ask<'_>, until: Until) -> Result<Value, NotionError> {
        let work = Work {
            limit: LIMIT,
            is_repeatable: !ask.writes,
            deadline: until,
        };
        let ask = &ask;
        self.upstream
            .call(work, |timeout| self.once(ask, timeout))
            .await
    }

    async fn once(&self, ask: &Ask<'_>, timeout: Duration) -> Said<Value, NotionError> {
        let token = match self.token.current().await {
            Ok(token) => token,
            Err(problem) => return Said::Own(NotionError::Token(problem)),
        };
        let mut url = self.base.clone();
        url.set_path(&format!("{}v1/{}", self.base.path(), ask.path));
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        let version = HeaderName::from_static("notion-version");
        let mut request = Request::new(ask.method.clone(), url)
            .bearer(&token)
            .timeout(timeout)
            .header(version, HeaderValue::from_static(VERSION));
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        let response = match self.upstream.client().send(request).await {
            Ok(response) => response,
            Err(error) => return Said::broken(error, |error| broken(ask, error)),
        };
        let status = response.status();
        // 529 is Notion's word for too much to do.
        if matches!(status.as_u16(), 429 | 529) {
            let pause = retry::retry_after(response.headers(), SystemTime::now());
            return Said::Later(pause.unwrap_or(UNSAID));
        }
        if status.is_server_error() || status.is_redirection() {
            tracing::warn!(path = ask.path, %status, "Notion answered with an error");
            let error = NotionError::Unavailable(status.as_u16());
            return match Fault::of_status(status, response.headers()) {
                Some(fault) => Said::Fault(fault, Err(error)),
                None => Said::Answer(Err(error)),
            };
        }
        match response.bytes().await {
            Ok(bytes) => Said::Answer(self.read(ask, status, &bytes)),
            Err(error) => Said::broken(error, |error| broken(ask, error)),
        }
    }

    /// What an answer says, which may be a refusal.
    fn read(&self, ask: &Ask<'_>, status: StatusCode, bytes: &[u8]) -> Result<Value, NotionError> {
        let answer: Value = serde_json::from_slice(bytes).map_err(|_| {
            if status.is_success() {
                NotionError::Unreadable
            } else {
                NotionError::Unavailable(status.as_u16())
            }
        })?;
        if status.is_success() {
            self.upstream.note_refused(false);
            return Ok(answer);
        }
        let word = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let refusal = Refusal::new(status.as_u16(), &word("code"), &word("message"));
        tracing::info!(path = ask.path, %status, ?refusal, "Notion refused a call");
        self.upstream.note_refused(refusal == Refusal::Token);
        Err(NotionError::Refused(refusal))
    }
}

/// A request that was not answered. Once it was on its way, nobody knows what became of it.
fn broken(ask: &Ask<'_>, error: OutboundError) -> NotionError {
    if ask.writes && error.was_sent() {
        NotionError::Uncertain(error)
    } else {
        NotionError::Unreachable(error)
    }
}
