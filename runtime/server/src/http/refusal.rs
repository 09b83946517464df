//! The answers that a guard gives, as HTTP status and JSON-RPC error in one.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};

use crate::frame::{FrameError, INVALID_REQUEST, RequestId, error_message};
use crate::protocol::{DENIED, OVERLOADED, RATE_LIMITED, UNAUTHENTICATED};
use crate::response_body::ResponseBody;

/// A request that goes no further.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: FrameError,
    allow: Option<&'static str>,
    /// The rest of the request will not be read, so the connection cannot go on.
    close: bool,
    /// How the client may identify itself.
    challenge: Option<Box<HeaderValue>>,
    /// When the client may come again.
    retry_after: Option<Duration>,
}

impl Refusal {
    fn new(status: StatusCode, message: &'static str) -> Self {
        Self::with_error(status, FrameError::new(INVALID_REQUEST, message, None))
    }

    fn with_error(status: StatusCode, error: FrameError) -> Self {
        Self {
            status,
            error,
            allow: None,
            close: false,
            challenge: None,
            retry_after: None,
        }
    }

    /// Nobody whom the server knows.
    pub(super) fn unauthenticated(
        refusal: &mcp_factory_identity::Refusal,
        challenge: Option<HeaderValue>,
    ) -> Self {
        let status = refusal.status();
        let code = match status {
            StatusCode::FORBIDDEN => DENIED,
            StatusCode::SERVICE_UNAVAILABLE => OVERLOADED,
            StatusCode::BAD_REQUEST => INVALID_REQUEST,
            _ => UNAUTHENTICATED,
        };
        let error = FrameError::new(code, refusal.to_string(), None);
        Self {
            challenge: challenge.map(Box::new),
            retry_after: match refusal {
                mcp_factory_identity::Refusal::Unavailable { retry_after } => Some(*retry_after),
                _ => None,
            },
            ..Self::with_error(status, error).closing()
        }
    }

    /// Somebody whom the server knows, and who may not do this.
    pub(super) fn denied(
        message: String,
        id: Option<&RequestId>,
        challenge: Option<HeaderValue>,
    ) -> Self {
        let error = FrameError::new(DENIED, message, id.cloned());
        Self {
            challenge: challenge.map(Box::new),
            ..Self::with_error(StatusCode::FORBIDDEN, error)
        }
    }

    /// Too many requests of one sender.
    pub(super) fn too_many(retry_after: Duration) -> Self {
        let message = "too many requests: come again when Retry-After is over";
        let error = FrameError::new(RATE_LIMITED, message, None);
        Self {
            retry_after: Some(retry_after),
            ..Self::with_error(StatusCode::TOO_MANY_REQUESTS, error).closing()
        }
    }

    pub(super) fn bad_request(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message).closing()
    }

    pub(super) fn forbidden(message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, message).closing()
    }

    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        let refusal = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this method is not served here",
        );
        Self {
            allow: Some(allow),
            ..refusal.closing()
        }
    }

    pub(super) fn unsupported_media_type() -> Self {
        let message = "the Content-Type must be application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).closing()
    }

    pub(super) fn not_acceptable(message: &'static str) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, message).closing()
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self::with_error(StatusCode::PAYLOAD_TOO_LARGE, FrameError::too_large(limit)).closing()
    }

    pub(super) fn timed_out() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not arrive in time",
        )
        .closing()
    }

    pub(super) fn broken_body() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "the body cannot be read").closing()
    }

    pub(super) fn not_a_message(error: FrameError) -> Self {
        Self::with_error(StatusCode::BAD_REQUEST, error)
    }

    /// Too many requests at once; `id` when the request was read.
    pub(super) fn overloaded(id: Option<&RequestId>) -> Self {
        let error = FrameError::new(
            OVERLOADED,
            "the server is at its limit: try again in a second",
            id.cloned(),
        );
        Self::with_error(StatusCode::SERVICE_UNAVAILABLE, error)
    }

    pub(super) fn closing(self) -> Self {
        Self {
            close: true,
            ..self
        }
    }

    pub(super) fn into_response(self) -> Response<ResponseBody> {
        let error = &self.error;
        let mut response = json(
            self.status,
            error_message(error.id.as_ref(), error.code, &error.message),
        );
        let headers = response.headers_mut();
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, *challenge);
        }
        let a_second = (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some(Duration::ZERO);
        if let Some(wait) = self.retry_after.or(a_second) {
            headers.insert(RETRY_AFTER, retry_after(wait));
        }
        response
    }
}

/// Whole seconds, at least one: that is all the header can say.
pub(crate) fn retry_after(wait: Duration) -> HeaderValue {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    HeaderValue::from(seconds.max(1))
}

/// A whole JSON answer.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::whole(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
