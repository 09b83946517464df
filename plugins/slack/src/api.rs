//! One call of Slack's Web API: the token, the rate limits, and Slack's way of saying no.

use std::time::{Duration, Instant, SystemTime};

use mcp_factory_outbound::{
    Credential, Fault, HeaderValue, OutboundError, Request, Response, Said, StatusCode, Upstream,
    Url, Work, header, retry,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::SlackError;
use crate::refusal::Refusal;

/// Requests at once; more wait for their turn.
pub(crate) const AT_ONCE: usize = 8;
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
    upstream: Upstream,
    base: Url,
    token: Credential,
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

    /// Calls a method, through rate limits and faults as far as the settings and `deadline` allow.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        fields: &[(&str, &str)],
        deadline: Option<Instant>,
    ) -> Result<T, SlackError> {
        let body = form(&self.base, fields);
        let work = Work {
            limit: method.name,
            is_repeatable: !method.writes,
            deadline,
        };
        let answer = self
            .upstream
            .call(work, |timeout| self.once(method, body.clone(), timeout))
            .await?;
        serde_json::from_value(answer).map_err(|error| {
            tracing::warn!(method = method.name, %error, "Slack's answer has another form");
            SlackError::Unreadable
        })
    }

    async fn once(
        &self,
        method: Method,
        body: String,
        timeout: Duration,
    ) -> Said<Value, SlackError> {
        let token = match self.token.current().await {
            Ok(token) => token,
            Err(problem) => return Said::Own(SlackError::Token(problem)),
        };
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path(), method.name));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        let request = Request::post(url)
            .bearer(&token)
            .header(header::CONTENT_TYPE, form)
            .timeout(timeout)
            .body(body);
        let response = match self.upstream.client().send(request).await {
            Ok(response) => response,
            Err(error) => return Said::broken(error, |error| broken(method, error)),
        };
        let (status, pause) = (response.status(), pause(&response));
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Said::Later(pause);
        }
        if !status.is_success() {
            tracing::warn!(method = method.name, %status, "Slack answered with an error");
            let error = SlackError::Unavailable(status.as_u16());
            return match Fault::of_status(status, response.headers()) {
                Some(fault) => Said::Fault(fault, Err(error)),
                None => Said::Answer(Err(error)),
            };
        }
        match response.bytes().await {
            Ok(bytes) => self.read(method, &bytes, pause),
            Err(error) => Said::broken(error, |error| broken(method, error)),
        }
    }

    /// What an answer with a good status says, which may still be a refusal.
    fn read(&self, method: Method, bytes: &[u8], pause: Duration) -> Said<Value, SlackError> {
        let Ok(answer) = serde_json::from_slice::<Value>(bytes) else {
            return Said::Answer(Err(SlackError::Unreadable));
        };
        if answer["ok"] == true {
            self.upstream.note_refused(false);
            return Said::Answer(Ok(answer));
        }
        let code = answer["error"].as_str().unwrap_or_default();
        if matches!(code, "ratelimited" | "rate_limited") {
            return Said::Later(pause);
        }
        let refusal = Refusal::new(code, answer["needed"].as_str());
        tracing::info!(
            method = method.name,
            code = refusal.code(),
            "Slack refused a call"
        );
        self.upstream.note_refused(refusal.is_of_the_token());
        Said::Answer(Err(SlackError::Refused(refusal)))
    }
}

fn pause(response: &Response) -> Duration {
    retry::retry_after(response.headers(), SystemTime::now()).unwrap_or(UNSAID)
}

/// A request that was not answered. Once it was on its way, nobody knows what became of it.
fn broken(method: Method, error: OutboundError) -> SlackError {
    if method.writes && error.was_sent() {
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
