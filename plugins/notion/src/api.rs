//! One request to Notion's API: the token, the version, the rate limits, and Notion's way of saying no.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use mcp_factory_outbound::{
    Client, Credential, HeaderName, HeaderValue, Method, OutboundError, Pauses, Request, Url, retry,
};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::error::NotionError;
use crate::refusal::Refusal;

/// The version of the API that all of this is written for. Another one may mean other things by the same
/// words, so it is no setting.
const VERSION: &str = "2026-03-11";
/// Requests at once: Notion allows three in a second on average.
const AT_ONCE: usize = 3;
/// How often one request is tried at most, however short the pauses.
const ATTEMPTS: u32 = 8;
/// The pause when Notion does not say how long.
const UNSAID: Duration = Duration::from_secs(2);
/// Notion has one limit for all requests.
const LIMIT: &str = "requests";

/// When a call's time is up, if it has a limit.
pub type Until = Option<Instant>;

/// The way to Notion.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    base: Url,
    token: Credential,
    rate_wait_max: Duration,
    pauses: Pauses,
    slots: Semaphore,
    /// Whether the token was refused the last time.
    refused: AtomicBool,
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
    pub(crate) fn new(
        client: Client,
        base: Url,
        token: Credential,
        rate_wait_max: Duration,
    ) -> Self {
        Self {
            client,
            base,
            token,
            rate_wait_max,
            pauses: Pauses::default(),
            slots: Semaphore::new(AT_ONCE),
            refused: AtomicBool::new(false),
        }
    }

    /// Asks, waiting for rate limits no longer than the settings and `until` allow.
    pub(crate) async fn ask(&self, ask: Ask<'_>, until: Until) -> Result<Value, NotionError> {
        let patience = Instant::now() + self.rate_wait_max;
        let patience = until.map_or(patience, |until| patience.min(until));
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.pauses.wait(LIMIT, patience).await?;
            match self.once(&ask).await? {
                Said::Answer(answer) => return Ok(answer),
                Said::Later(pause) => {
                    self.pauses.note(LIMIT, retry::jittered(pause));
                    if attempt == ATTEMPTS {
                        // Says how long it would be.
                        self.pauses.wait(LIMIT, Instant::now()).await?;
                    }
                }
            }
        }
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<Said, NotionError> {
        // The semaphore is never closed.
        let _slot = self.slots.acquire().await.ok();
        let token = self.token.current().await.map_err(NotionError::Token)?;
        let mut url = self.base.clone();
        url.set_path(&format!("{}v1/{}", self.base.path(), ask.path));
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        let version = HeaderName::from_static("notion-version");
        let mut request = Request::new(ask.method.clone(), url)
            .bearer(&token)
            .header(version, HeaderValue::from_static(VERSION));
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        let response = self.client.send(request).await;
        let response = response.map_err(|error| broken(ask, error))?;
        let status = response.status();
        // 529 is Notion's word for too much to do.
        if matches!(status.as_u16(), 429 | 529) {
            let pause = retry::retry_after(response.headers(), SystemTime::now());
            return Ok(Said::Later(pause.unwrap_or(UNSAID)));
        }
        let is_redirect = status.is_redirection();
        if status.is_server_error() || is_redirect {
            tracing::warn!(path = ask.path, %status, "Notion answered with an error");
            return Err(NotionError::Unavailable(status.as_u16()));
        }
        let bytes = response.bytes().await;
        let bytes = bytes.map_err(|error| broken(ask, error))?;
        let answer: Value = serde_json::from_slice(&bytes).map_err(|_| {
            if status.is_success() {
                NotionError::Unreadable
            } else {
                NotionError::Unavailable(status.as_u16())
            }
        })?;
        if status.is_success() {
            self.refused.store(false, Ordering::Relaxed);
            return Ok(Said::Answer(answer));
        }
        let word = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let refusal = Refusal::new(status.as_u16(), &word("code"), &word("message"));
        tracing::info!(path = ask.path, %status, ?refusal, "Notion refused a call");
        self.refused
            .store(refusal == Refusal::Token, Ordering::Relaxed);
        Err(NotionError::Refused(refusal))
    }

    /// Whether Notion refused the token the last time.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many requests are on their way, and whether a rate limit is waited for.
    pub(crate) fn load(&self) -> (usize, usize) {
        let busy = AT_ONCE - self.slots.available_permits();
        (busy, self.pauses.count())
    }
}

/// What an attempt came to.
enum Said {
    Answer(Value),
    Later(Duration),
}

/// A request that was not answered. Once it was on its way, nobody knows what became of it.
fn broken(ask: &Ask<'_>, error: OutboundError) -> NotionError {
    let was_sent = matches!(
        error,
        OutboundError::Timeout
            | OutboundError::Broken(_)
            | OutboundError::TooLarge { .. }
            | OutboundError::Json(_)
    );
    if ask.writes && was_sent {
        NotionError::Uncertain(error)
    } else {
        NotionError::Unreachable(error)
    }
}
