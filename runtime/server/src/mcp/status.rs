//! The HTTP status that an answer deserves, told from where the answer is made to where its head is.
//!
//! `rmcp` has one status for all answers of a handler. An answer that travels in a stream whose head has
//! been sent keeps the status it has.

use std::sync::OnceLock;
use std::time::Duration;

use http::StatusCode;

use crate::pipeline::CallFailure;

/// Empty for an answer that is fine as it is.
#[derive(Debug, Default)]
pub(super) struct StatusHint(OnceLock<(StatusCode, Option<Duration>)>);

impl StatusHint {
    /// The params of a request do not have the form that its method wants. To HTTP that is a bad request,
    /// as a body that is no message is one; `rmcp` has one answer for it and for params whose values are no
    /// good, which are the business of the method.
    pub(super) fn misshapen(&self) {
        self.set(StatusCode::BAD_REQUEST, None);
    }

    /// The call failed before it reached its plugin, in a way that HTTP has a word for.
    pub(super) fn failure(&self, failure: &CallFailure) {
        if let Some((status, retry_after)) = status_of(failure) {
            self.set(status, retry_after);
        }
    }

    /// The status, and when to come again.
    pub(super) fn get(&self) -> Option<(StatusCode, Option<Duration>)> {
        self.0.get().copied()
    }

    fn set(&self, status: StatusCode, retry_after: Option<Duration>) {
        // One request has one answer; a second word would be about something else.
        self.0.get_or_init(|| (status, retry_after));
    }
}

/// The status of a failure that HTTP has a word for, and when to come again.
pub(super) const fn status_of(failure: &CallFailure) -> Option<(StatusCode, Option<Duration>)> {
    match failure {
        CallFailure::Denied { .. } | CallFailure::NoTenant => Some((StatusCode::FORBIDDEN, None)),
        CallFailure::RateLimited { retry_after } => {
            Some((StatusCode::TOO_MANY_REQUESTS, Some(*retry_after)))
        }
        CallFailure::Overloaded => Some((
            StatusCode::SERVICE_UNAVAILABLE,
            Some(Duration::from_secs(1)),
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use mcp_factory_sdk::{Scope, ToolError};

    use super::*;

    #[test]
    fn what_http_has_a_word_for_has_its_status() {
        let wait = Duration::from_secs(7);
        let required = Scope::new("write");
        let (name, uri) = (String::from("x"), String::from("x"));
        for (failure, told) in [
            (
                CallFailure::Denied { required },
                Some((StatusCode::FORBIDDEN, None)),
            ),
            (CallFailure::NoTenant, Some((StatusCode::FORBIDDEN, None))),
            (
                CallFailure::RateLimited { retry_after: wait },
                Some((StatusCode::TOO_MANY_REQUESTS, Some(wait))),
            ),
            (
                CallFailure::Overloaded,
                Some((
                    StatusCode::SERVICE_UNAVAILABLE,
                    Some(Duration::from_secs(1)),
                )),
            ),
            // These are answers of the protocol, not of HTTP.
            (CallFailure::UnknownPrompt { name }, None),
            (CallFailure::UnknownResource { uri }, None),
            (CallFailure::Gated(ToolError::new("locked")), None),
            (CallFailure::Cancelled, None),
            (CallFailure::Tool(ToolError::new("no")), None),
        ] {
            let hint = StatusHint::default();
            hint.failure(&failure);
            assert_eq!(hint.get(), told, "{failure:?}");
        }
        assert_eq!(StatusHint::default().get(), None);
    }

    #[test]
    fn the_first_word_stands() {
        let hint = StatusHint::default();
        hint.misshapen();
        hint.failure(&CallFailure::Overloaded);
        assert_eq!(hint.get(), Some((StatusCode::BAD_REQUEST, None)));
    }
}
