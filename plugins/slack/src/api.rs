//! One call of Slack's Web API: the token, the rate limits, and Slack's way of saying no.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use mcp_factory_outbound::{
    Client, Credential, HeaderValue, OutboundError, Pauses, Request, Response, StatusCode, Url,
    header, retry,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::error::SlackError;
use crate::refusal::Refusal;

/// Requests at once; more wait for their turn.
const AT_ONCE: usize = 8;
/// How often one call is tried at most, however short the pauses.
const ATTEMPTS: u32 = 8;
/// The pause when Slack does not say how long.
const UNSAID: Duration = Duration::from_secs(5);

/// A method of the Web API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    /// Whether it changes something, so that it matters if it was done.
    pub(crate) writes: bool,
}

impl Method {
    pub(crate) const fn reads(name: &'static str) -> Self {
        Self {
            name,
            writes: false,
        }
    }

    pub(crate) const fn writes(name: &'static str) -> Self {
        Self { name, writes: true }
    }
}

/// The way to Slack.
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

    /// Calls a method, waiting for rate limits no longer than the settings and `deadline` allow.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        fields: &[(&str, &str)],
        deadline: Option<Instant>,
    ) -> Result<T, SlackError> {
        let patience = Instant::now() + self.rate_wait_max;
        let patience = deadline.map_or(patience, |deadline| patience.min(deadline));
        let body = form(&self.base, fields);
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.pauses.wait(method.name, patience).await?;
            match self.once(method, body.clone()).await? {
                Said::Answer(answer) => {
                    return serde_json::from_value(answer).map_err(|error| {
                        tracing::warn!(method = method.name, %error, "Slack's answer has another form");
                        SlackError::Unreadable
                    });
                }
                Said::Later(pause) => {
                    self.pauses.note(method.name, retry::jittered(pause));
                    if attempt == ATTEMPTS {
                        // Says how long it would be.
                        self.pauses.wait(method.name, Instant::now()).await?;
                    }
                }
            }
        }
    }

    async fn once(&self, method: Method, body: String) -> Result<Said, SlackError> {
        // The semaphore is never closed.
        let _slot = self.slots.acquire().await.ok();
        let token = self.token.current().await.map_err(SlackError::Token)?;
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path(), method.name));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        let request = Request::post(url)
            .bearer(&token)
            .header(header::CONTENT_TYPE, form)
            .body(body);
        let response = self.client.send(request).await;
        let response = response.map_err(|error| broken(method, error))?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Ok(Said::Later(pause(&response)));
        }
        let pause = pause(&response);
        if !status.is_success() {
            tracing::warn!(method = method.name, %status, "Slack answered with an error");
            return Err(SlackError::Unavailable(status.as_u16()));
        }
        let bytes = response.bytes().await;
        let bytes = bytes.map_err(|error| broken(method, error))?;
        let answer: Value = serde_json::from_slice(&bytes).map_err(|_| SlackError::Unreadable)?;
        if answer["ok"] == true {
            self.refused.store(false, Ordering::Relaxed);
            return Ok(Said::Answer(answer));
        }
        let code = answer["error"].as_str().unwrap_or_default();
        if matches!(code, "ratelimited" | "rate_limited") {
            return Ok(Said::Later(pause));
        }
        let refusal = Refusal::new(code, answer["needed"].as_str());
        tracing::info!(
            method = method.name,
            code = refusal.code(),
            "Slack refused a call"
        );
        self.refused
            .store(refusal.is_of_the_token(), Ordering::Relaxed);
        Err(SlackError::Refused(refusal))
    }

    /// Whether Slack refused the token the last time.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many requests are on their way, and how many methods wait for a rate limit.
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

fn pause(response: &Response) -> Duration {
    retry::retry_after(response.headers(), SystemTime::now()).unwrap_or(UNSAID)
}

/// A request that was not answered. Once it was on its way, nobody knows what became of it.
fn broken(method: Method, error: OutboundError) -> SlackError {
    let was_sent = matches!(
        error,
        OutboundError::Timeout
            | OutboundError::Broken(_)
            | OutboundError::TooLarge { .. }
            | OutboundError::Json(_)
    );
    if method.writes && was_sent {
        SlackError::Uncertain(error)
    } else {
        SlackError::Unreachable(error)
    }
}

/// Fields as a form, which all methods take.
fn form(base: &Url, fields: &[(&str, &str)]) -> String {
    let mut url = base.clone();
    url.query_pairs_mut().clear().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}
