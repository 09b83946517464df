//! One attempt: a request goes out, and an answer or a failure comes back. It is never repeated here.

use std::time::{Duration, SystemTime};

use mcp_factory_outbound::{
    Bytes, Client, HeaderValue, OutboundError, Request, Response, StatusCode, header, retry,
    sse::Events,
};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    chain::Engine,
    failure::{Failure, Reason},
    heard::Heard,
    keys::Key,
    meter::Meter,
    redact::Redaction,
};

/// The most of an error's body that is read.
const ERROR_BYTES: usize = 16 << 10;
/// What an answer may need on the wire beside its text.
const OVERHEAD: usize = 1 << 20;
/// In a body, a character may be six bytes (`\u00e9`).
const ESCAPED: usize = 6;
/// In a stream, each word comes in an envelope.
const ENVELOPES: usize = 128;
/// How often progress is reported.
const REPORT_EVERY: Duration = Duration::from_millis(500);
/// How long is waited for what adds little: the count after an answer, the words beside a status.
const AFTERWORD: Duration = Duration::from_secs(1);
/// The longest `finish_reason` that is passed on, in bytes.
const LONGEST_REASON: usize = 32;

/// Who is told how far an answer has come.
pub(crate) trait Listener: Send + Sync {
    /// `engine` has answered so many characters more.
    fn heard(&self, engine: &str, characters: u64) -> impl Future<Output = ()> + Send;

    /// `engine` is given up for another.
    fn left(&self, engine: &str, reason: Reason) -> impl Future<Output = ()> + Send;
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) finish: String,
    pub(crate) truncated: bool,
    pub(crate) status: StatusCode,
}

/// What an attempt needs beside the engine.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) client: Client,
    /// The most text that is kept, in bytes.
    pub(crate) keep: usize,
}

/// An engine that is waited for: at most until the deadline, and never longer in silence than it may be.
struct Patience<'a> {
    engine: &'a Engine,
    deadline: Instant,
}

impl Patience<'_> {
    async fn wait<T>(
        &self,
        what: impl Future<Output = Result<T, OutboundError>>,
    ) -> Result<T, Reason> {
        let until = self.deadline.min(Instant::now() + self.engine.silence);
        match timeout_at(until, what).await {
            Ok(answered) => answered.map_err(|error| reason(&error)),
            Err(_) => Err(Reason::TimedOut),
        }
    }
}

fn reason(error: &OutboundError) -> Reason {
    match error {
        OutboundError::Timeout => Reason::TimedOut,
        OutboundError::Broken(_) => Reason::Truncated,
        OutboundError::TooLarge { .. } => Reason::TooLarge,
        // The only part of a request that can be wrong is the key.
        OutboundError::Request(_) => Reason::BadKey,
        _ => Reason::Unreachable,
    }
}

impl Wire {
    /// Asks `engine` once. The meter shows at every moment what it has cost so far. The key is in nothing
    /// that comes back.
    pub(crate) async fn ask<L: Listener>(
        &self,
        engine: &Engine,
        key: &Key,
        body: Bytes,
        deadline: Instant,
        meter: &mut Meter,
        listener: &L,
    ) -> Result<Answer, Failure> {
        let redaction = Redaction::of(key);
        let asked = self.once(engine, key, body, deadline, meter, listener);
        match asked.await {
            Ok(answer) => Ok(Answer {
                text: redaction.text(answer.text, answer.truncated),
                finish: redaction.word(answer.finish, LONGEST_REASON),
                ..answer
            }),
            Err(failure) => Err(redaction.failure(failure)),
        }
    }

    async fn once<L: Listener>(
        &self,
        engine: &Engine,
        key: &Key,
        body: Bytes,
        deadline: Instant,
        meter: &mut Meter,
        listener: &L,
    ) -> Result<Answer, Failure> {
        let patience = Patience { engine, deadline };
        let most = self
            .keep
            .saturating_mul(if engine.stream { ENVELOPES } else { ESCAPED });
        let mut request = Request::post(engine.url.clone())
            .header(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            )
            .timeout(deadline.saturating_duration_since(Instant::now()))
            .max_body(most.saturating_add(OVERHEAD))
            .body(body);
        if let Some(secret) = &key.secret {
            request = request.bearer(secret);
        }
        meter.sent();
        let sending = self.client.send(request);
        let response = patience.wait(sending).await.map_err(|reason| {
            if matches!(reason, Reason::Unreachable | Reason::BadKey) {
                meter.refused();
            }
            Failure::new(reason)
        })?;
        let status = response.status();
        if !status.is_success() {
            meter.refused();
            return Err(refusal(response, &patience).await);
        }
        let mut heard = Heard::default();
        let failed = |reason| Failure::new(reason).with_status(status);
        if is_stream(&response) {
            let mut events =
                Events::new(response).max_event(self.keep.saturating_mul(ESCAPED) + OVERHEAD);
            let (mut reported, mut report_at) = (0, Instant::now());
            loop {
                let next = patience.wait(events.next());
                let event = if heard.is_over() {
                    // What may still come is the count. An answer is not lost for want of it.
                    timeout(AFTERWORD, next)
                        .await
                        .ok()
                        .and_then(Result::ok)
                        .flatten()
                } else {
                    next.await.map_err(failed)?
                };
                let Some(event) = event else { break };
                if heard.event(&event.data, status, self.keep, meter)? {
                    break;
                }
                if heard.characters > reported && Instant::now() >= report_at {
                    let more = heard.characters - reported;
                    let report = timeout_at(deadline, listener.heard(&engine.name, more));
                    // A client that is slow to listen does not get more time for it.
                    report.await.unwrap_or_default();
                    (reported, report_at) = (heard.characters, Instant::now() + REPORT_EVERY);
                }
            }
        } else {
            let body = patience.wait(response.bytes()).await.map_err(failed)?;
            heard.body(&body, status, self.keep, meter)?;
        }
        let finish = heard.finish(status)?;
        Ok(Answer {
            text: heard.text,
            finish,
            truncated: heard.truncated,
            status,
        })
    }
}

/// Reads why the engine refused.
async fn refusal(response: Response, patience: &Patience<'_>) -> Failure {
    let status = response.status();
    let retry_after = retry::retry_after(response.headers(), SystemTime::now());
    // The status says most of it: nobody waits long for the rest.
    let body = timeout(AFTERWORD, patience.wait(response.bytes_up_to(ERROR_BYTES))).await;
    let body = body.ok().and_then(Result::ok).map(|(bytes, _)| bytes);
    let body = body.unwrap_or_default();
    Failure::of_response(status, retry_after, &body)
}

fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| {
            kind.trim_start()
                .to_ascii_lowercase()
                .starts_with("text/event-stream")
        })
}
