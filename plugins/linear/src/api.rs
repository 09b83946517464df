//! One operation of Linear's GraphQL API: the token, the rate limits, and Linear's ways of saying no.
//!
//! A document is a constant; what callers wrote travels as a variable, so it is never read as GraphQL.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use mcp_factory_outbound::{
    Client, Credential, HeaderValue, OutboundError, Pauses, Request, StatusCode, Url, header, retry,
};
use mcp_factory_sdk::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::allowance::{Allowance, pause};
use crate::documents::Document;
use crate::error::LinearError;
use crate::refusal::{GraphqlError, Refusal};

/// Requests at once; more wait for their turn.
const AT_ONCE: usize = 8;
/// How often one call is tried at most, however short the pauses.
const ATTEMPTS: u32 = 8;

/// When a call's time is up, if it has a limit.
pub type Until = Option<Instant>;

/// The way to Linear.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    url: Url,
    token: Credential,
    rate_wait_max: Duration,
    pauses: Pauses,
    allowance: Allowance,
    slots: Semaphore,
    /// Whether the token was refused the last time.
    refused: AtomicBool,
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Vec<GraphqlError>,
}

impl Api {
    pub(crate) fn new(
        client: Client,
        base: &Url,
        token: Credential,
        rate_wait_max: Duration,
    ) -> Self {
        let mut url = base.clone();
        url.set_path(&format!("{}graphql", base.path()));
        Self {
            client,
            url,
            token,
            rate_wait_max,
            pauses: Pauses::default(),
            allowance: Allowance::default(),
            slots: Semaphore::new(AT_ONCE),
            refused: AtomicBool::new(false),
        }
    }

    /// Runs a document, waiting for rate limits no longer than the settings and `until` allow.
    pub(crate) async fn run<T: DeserializeOwned>(
        &self,
        document: Document,
        variables: &Value,
        until: Until,
    ) -> Result<T, LinearError> {
        let patience = Instant::now() + self.rate_wait_max;
        let patience = until.map_or(patience, |until| patience.min(until));
        let body = json!({
            "query": document.text,
            "operationName": document.name,
            "variables": variables,
        });
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.pauses.wait(document.limit, patience).await?;
            match self.once(document, &body).await? {
                Said::Data(data) => {
                    return serde_json::from_value(data).map_err(|error| {
                        tracing::warn!(document = document.name, %error, "Linear's answer has another form");
                        LinearError::Unreadable
                    });
                }
                Said::Later(pause) => {
                    self.pauses.note(document.limit, retry::jittered(pause));
                    if attempt == ATTEMPTS {
                        // Says how long it would be.
                        self.pauses.wait(document.limit, Instant::now()).await?;
                    }
                }
            }
        }
    }

    async fn once(&self, document: Document, body: &Value) -> Result<Said, LinearError> {
        // The semaphore is never closed.
        let _slot = self.slots.acquire().await.ok();
        let token = self.token.current().await.map_err(LinearError::Token)?;
        let request = authorized(Request::post(self.url.clone()), &token).json(body);
        let response = self.client.send(request).await;
        let response = response.map_err(|error| broken(document, error))?;
        let status = response.status();
        let headers = response.headers();
        self.allowance.note(headers);
        let pause = pause(headers, SystemTime::now());
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Ok(Said::Later(pause));
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(self.refuse(document, Refusal::Token, ""));
        }
        if status == StatusCode::FORBIDDEN {
            return Err(self.refuse(document, Refusal::Forbidden, ""));
        }
        // 400 is how Linear sends a rate limit and other errors of GraphQL.
        if !status.is_success() && status != StatusCode::BAD_REQUEST {
            tracing::warn!(document = document.name, %status, "Linear answered with an error");
            return Err(LinearError::Unavailable(status.as_u16()));
        }
        let bytes = response.bytes().await;
        let bytes = bytes.map_err(|error| broken(document, error))?;
        let answer: Answer = serde_json::from_slice(&bytes).map_err(|_| LinearError::Unreadable)?;
        if answer.errors.iter().any(GraphqlError::is_rate_limit) {
            return Ok(Said::Later(pause));
        }
        // Part of the data may be there; what is missing would look like nothing.
        if let Some(error) = answer.errors.first() {
            return Err(self.refuse(document, error.refusal(), &error.logged()));
        }
        if status == StatusCode::BAD_REQUEST || answer.data.is_null() {
            return Err(LinearError::Unreadable);
        }
        self.refused.store(false, Ordering::Relaxed);
        Ok(Said::Data(answer.data))
    }

    fn refuse(&self, document: Document, refusal: Refusal, said: &str) -> LinearError {
        tracing::info!(
            document = document.name,
            ?refusal,
            said,
            "Linear refused a call"
        );
        self.refused
            .store(refusal == Refusal::Token, Ordering::Relaxed);
        LinearError::Refused(refusal)
    }

    /// Whether Linear refused the token the last time.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many requests are on their way, and how many limits are waited for.
    pub(crate) fn load(&self) -> (usize, usize) {
        let busy = AT_ONCE - self.slots.available_permits();
        (busy, self.pauses.count())
    }

    /// Requests and complexity left, where Linear said.
    pub(crate) fn left(&self) -> (Option<u32>, Option<u32>) {
        self.allowance.left()
    }
}

/// What an attempt came to.
enum Said {
    Data(Value),
    Later(Duration),
}

/// An API key stands alone in the header; an OAuth token is a bearer's.
fn authorized(request: Request, token: &Secret<String>) -> Request {
    if !token.expose().starts_with("lin_api_") {
        return request.bearer(token);
    }
    match HeaderValue::try_from(token.expose()) {
        Ok(mut value) => {
            value.set_sensitive(true);
            request.header(header::AUTHORIZATION, value)
        }
        // The request then fails with a sentence about the token.
        Err(_) => request.bearer(token),
    }
}

/// A request that was not answered. Once it was on its way, nobody knows what became of it.
fn broken(document: Document, error: OutboundError) -> LinearError {
    let was_sent = matches!(
        error,
        OutboundError::Timeout
            | OutboundError::Broken(_)
            | OutboundError::TooLarge { .. }
            | OutboundError::Json(_)
    );
    if document.writes && was_sent {
        LinearError::Uncertain(error)
    } else {
        LinearError::Unreachable(error)
    }
}
