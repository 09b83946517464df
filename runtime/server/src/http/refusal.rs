//! The answers that a guard gives, as HTTP status and JSON-RPC error in one.

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};

use crate::frame::{FrameError, INVALID_REQUEST, error_message};
use crate::protocol::{OVERLOADED, ResponseBody};

/// A request that goes no further.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: FrameError,
    allow: Option<&'static str>,
    /// The rest of the request will not be read, so the connection cannot go on.
    close: bool,
}

impl Refusal {
    fn new(status: StatusCode, message: &'static str) -> Self {
        let error = FrameError::new(INVALID_REQUEST, message, None);
        Self {
            status,
            error,
            allow: None,
            close: false,
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
        let error = FrameError::too_large(limit);
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            error,
            allow: None,
            close: true,
        }
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
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            allow: None,
            close: false,
        }
    }

    /// Too many requests at once; `id` when the request was read.
    pub(super) fn overloaded(id: Option<&crate::frame::RequestId>) -> Self {
        let error = FrameError::new(
            OVERLOADED,
            "the server is at its limit: try again in a second",
            id.cloned(),
        );
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            error,
            allow: None,
            close: false,
        }
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
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// A whole JSON answer.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<ResponseBody> {
    let mut response = Response::new(Full::new(body.into()).boxed());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
