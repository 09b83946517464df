//! What can go wrong with one attempt, and what follows from it.
//!
//! Three facts decide: the kind of the failure, the status, and `Retry-After`. Nobody else retries.

use std::time::Duration;

use mcp_factory_outbound::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::told::Told;

/// How an attempt ended, or why there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(
    missing_docs,
    reason = "a schema reads better as a plain list; the README says what each means"
)]
pub enum Reason {
    Answered,
    RateLimited,
    ServerError,
    TimedOut,
    Unreachable,
    Malformed,
    Truncated,
    TooLarge,
    BadKey,
    NotFound,
    ContextLength,
    ContentFilter,
    Rejected,
    SkippedNoKey,
    SkippedResting,
    SkippedBudget,
    SkippedWindow,
    SkippedLimit,
}

/// Where to go after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another key of the same engine, then another engine.
    Key,
    /// Another engine.
    Engine,
    /// Another engine, but only one with a larger window.
    LargerWindow,
    /// Nowhere: the next engine would say the same.
    Stop,
}

/// What a failure says of the engine itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It answered as it should; the request was at fault.
    Works,
    /// It did not.
    Fails,
    /// Nothing: it is about the key.
    Nothing,
}

impl Reason {
    /// Where to go.
    pub(crate) const fn next(self) -> Next {
        match self {
            Self::RateLimited | Self::BadKey | Self::SkippedNoKey => Next::Key,
            Self::ContextLength => Next::LargerWindow,
            Self::Answered | Self::ContentFilter | Self::Rejected => Next::Stop,
            _ => Next::Engine,
        }
    }

    /// What it says of the engine.
    pub(crate) const fn verdict(self) -> Verdict {
        match self {
            Self::Answered | Self::ContextLength | Self::ContentFilter | Self::Rejected => {
                Verdict::Works
            }
            Self::RateLimited
            | Self::BadKey
            | Self::SkippedNoKey
            | Self::SkippedResting
            | Self::SkippedBudget
            | Self::SkippedWindow
            | Self::SkippedLimit => Verdict::Nothing,
            _ => Verdict::Fails,
        }
    }

    /// In words, after the name of an engine.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::RateLimited => "is over its rate limit",
            Self::ServerError => "failed",
            Self::TimedOut => "was silent for too long",
            Self::Unreachable => "cannot be reached",
            Self::Malformed => "answered in a form that cannot be read",
            Self::Truncated => "broke off in the middle of its answer",
            Self::TooLarge => "sent more than is accepted",
            Self::BadKey => "did not accept its key",
            Self::NotFound => "does not know the model or the address it was set up with",
            Self::ContextLength => "has too small a context window",
            Self::ContentFilter => "filtered the content",
            Self::Rejected => "refused the request",
            Self::SkippedNoKey => "has no usable key",
            Self::SkippedResting => "is resting after failures",
            Self::SkippedBudget => "would exceed the day's budget",
            Self::SkippedWindow => "has no larger context window",
            Self::SkippedLimit => "was not asked after so many others",
        }
    }
}

/// One failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) reason: Reason,
    /// The status, if there was one.
    pub(crate) status: Option<StatusCode>,
    /// How long the engine asked to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// The credit of the key is used up, which no short rest mends.
    pub(crate) exhausted: bool,
    /// The engine's own short words for it, such as `invalid_value` and `temperature`.
    pub(crate) code: Option<String>,
    pub(crate) parameter: Option<String>,
}

impl Failure {
    pub(crate) const fn new(reason: Reason) -> Self {
        Self {
            reason,
            status: None,
            retry_after: None,
            exhausted: false,
            code: None,
            parameter: None,
        }
    }

    pub(crate) const fn with_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// What a status other than success and the body with it come to.
    pub(crate) fn of_response(
        status: StatusCode,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> Self {
        let told = Told::read(&serde_json::from_slice(body).unwrap_or_default());
        let reason = match status.as_u16() {
            401..=403 => Reason::BadKey,
            404 | 405 | 410 => Reason::NotFound,
            408 => Reason::TimedOut,
            429 => Reason::RateLimited,
            400..=499 if status == StatusCode::PAYLOAD_TOO_LARGE || told.is_context() => {
                Reason::ContextLength
            }
            400..=499 if told.is_filter() => Reason::ContentFilter,
            400..=499 => Reason::Rejected,
            500..=599 => Reason::ServerError,
            // A redirect is not followed: the address is the operator's to write.
            _ => Reason::Malformed,
        };
        Self {
            retry_after,
            exhausted: told.code.as_deref() == Some("insufficient_quota"),
            code: told.code,
            parameter: told.parameter,
            ..Self::new(reason).with_status(status)
        }
    }

    /// What an error in the middle of a stream comes to.
    pub(crate) fn of_error_event(status: StatusCode, event: &Value) -> Self {
        let told = Told::read(event);
        let reason = if told.is_context() {
            Reason::ContextLength
        } else if told.is_filter() {
            Reason::ContentFilter
        } else if told.is_limit() {
            Reason::RateLimited
        } else {
            Reason::ServerError
        };
        Self {
            code: told.code,
            parameter: told.parameter,
            ..Self::new(reason).with_status(status)
        }
    }
}

#[cfg(test)]
mod tests;
