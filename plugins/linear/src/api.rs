//! One operation of Linear's GraphQL API: the token, the rate limits, and Linear's ways of saying no.
//!
//! A document is a constant; what callers wrote travels as a variable, so it is never read as GraphQL.

use std::time::{Duration, Instant, SystemTime};

use mcp_factory_outbound::{
    Credential, Fault, HeaderValue, OutboundError, Request, Said, StatusCode, Upstream, Url, Work,
    header,
};
use mcp_factory_sdk::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::allowance::{Allowance, pause};
use crate::documents::Document;
use crate::error::LinearError;
use crate::refusal::{GraphqlError, Refusal};

/// Requests at once; more wait for their turn.
pub(crate) const AT_ONCE: usize = 8;

/// When a call's time is up, if it has a limit.
pub type Until = Option<Instant>;

/// The way to Linear.
#[derive(Debug)]
pub(crate) struct Api {
    upstream: Upstream,
    url: Url,
    token: Credential,
    allowance: Allowance,
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Vec<GraphqlError>,
}

impl Api {
    pub(crate) fn new(upstream: Upstream, base: &Url, token: Credential) -> Self {
        let mut url = base.clone();
        url.set_path(&format!("{}graphql", base.path()));
        Self {
            upstream,
            url,
            token,
            allowance: Allowance::default(),
        }
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Runs a document, through rate limits and faults as far as the settings and `until` allow.
    pub(crate) async fn run<T: DeserializeOwned>(
        &self,
        document: Document,
        variables: &Value,
        until: Until,
    ) -> Result<T, LinearError> {
        let body = json!({
            "query": document.text,
            "operationName": document.name,
            "variables": variables,
        });
        let work = Work {
            limit: document.limit,
            is_repeatable: !document.writes,
            deadline: until,
        };
        let data = self
            .upstream
            .call(work, |timeout| self.once(document, &body, timeout))
            .await?;
        serde_json::from_value(data).map_err(|error| {
            tracing::warn!(document = document.name, %error, "Linear's answer has another form");
            LinearError::Unreadable
        })
    }

    async fn once(
        &self,
        document: Document,
        body: &Value,
        timeout: Duration,
    ) -> Said<Value, LinearError> {
        let token = match self.token.current().await {
            Ok(token) => token,
            Err(problem) => return Said::Own(LinearError::Token(problem)),
        };
        let request = authorized(Request::post(self.url.clone()), &token)
            .timeout(timeout)
            .json(body);
        let response = match self.upstream.client().send(request).await {
            Ok(response) => response,
            Err(error) => return Said::broken(error, |error| broken(document, error)),
        };
        let status = response.status();
        self.allowance.note(response.headers());
        let pause = pause(response.headers(), SystemTime::now());
        match status {
            StatusCode::TOO_MANY_REQUESTS => return Said::Later(pause),
            StatusCode::UNAUTHORIZED => return self.refuse(document, Refusal::Token, ""),
            StatusCode::FORBIDDEN => return self.refuse(document, Refusal::Forbidden, ""),
            // 400 is how Linear sends a rate limit and other errors of GraphQL.
            StatusCode::BAD_REQUEST => {}
            status if status.is_success() => {}
            _ => {
                tracing::warn!(document = document.name, %status, "Linear answered with an error");
                let error = LinearError::Unavailable(status.as_u16());
                return match Fault::of_status(status, response.headers()) {
                    Some(fault) => Said::Fault(fault, Err(error)),
                    None => Said::Answer(Err(error)),
                };
            }
        }
        match response.bytes().await {
            Ok(bytes) => self.read(document, status, &bytes, pause),
            Err(error) => Said::broken(error, |error| broken(document, error)),
        }
    }

    /// What the body of an answer says.
    fn read(
        &self,
        document: Document,
        status: StatusCode,
        bytes: &[u8],
        pause: Duration,
    ) -> Said<Value, LinearError> {
        let unreadable = || Said::Answer(Err(LinearError::Unreadable));
        let Ok(answer) = serde_json::from_slice::<Answer>(bytes) else {
            return unreadable();
        };
        if answer.errors.iter().any(GraphqlError::is_rate_limit) {
            return Said::Later(pause);
        }
        // Part of the data may be there; what is missing would look like nothing.
        if let Some(error) = answer.errors.first() {
            return self.refuse(document, error.refusal(), &error.logged());
        }
        if status == StatusCode::BAD_REQUEST || answer.data.is_null() {
            return unreadable();
        }
        self.upstream.note_refused(false);
        Said::Answer(Ok(answer.data))
    }

    fn refuse(&self, document: Document, refusal: Refusal, said: &str) -> Said<Value, LinearError> {
        tracing::info!(
            document = document.name,
            ?refusal,
            said,
            "Linear refused a call"
        );
        self.upstream.note_refused(refusal == Refusal::Token);
        Said::Answer(Err(LinearError::Refused(refusal)))
    }

    /// Requests and complexity left, where Linear said.
    pub(crate) fn left(&self) -> (Option<u32>, Option<u32>) {
        self.allowance.left()
    }
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
    if document.writes && error.was_sent() {
        LinearError::Uncertain(error)
    } else {
        LinearError::Unreachable(error)
    }
}
