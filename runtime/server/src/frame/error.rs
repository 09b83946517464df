//! Why a message was refused, and the JSON-RPC error that says so.

use std::borrow::Cow;

use bytes::Bytes;

use super::RequestId;
use super::scan::Malformed;

/// The bytes are not JSON that we read.
pub(crate) const PARSE_ERROR: i32 = -32700;
/// The JSON is no JSON-RPC 2.0 message.
pub(crate) const INVALID_REQUEST: i32 = -32600;
/// The message is fine, its `params` are not.
pub(crate) const INVALID_PARAMS: i32 = -32602;

/// A refused message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub(crate) struct FrameError {
    /// JSON-RPC error code.
    pub(crate) code: i32,
    /// One sentence for the sender.
    pub(crate) message: Cow<'static, str>,
    /// The id of the refused request, when it could be read.
    pub(crate) id: Option<RequestId>,
    /// Whether the message was recognisably a notification or a response:
    /// JSON-RPC forbids an answer to those, so stdio stays silent.
    pub(crate) unanswerable: bool,
}

impl FrameError {
    pub(crate) fn new(
        code: i32,
        message: impl Into<Cow<'static, str>>,
        id: Option<RequestId>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            id,
            unanswerable: false,
        }
    }

    pub(super) fn not_utf8(at: usize) -> Self {
        Self::new(
            PARSE_ERROR,
            format!("parse error at byte {at}: not UTF-8"),
            None,
        )
    }

    /// A message that was cut off at the size limit, so nothing of it is known.
    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            INVALID_REQUEST,
            format!("the message is larger than {limit} bytes"),
            None,
        )
    }

    /// The error as one JSON-RPC message, without a line end.
    pub(crate) fn to_json(&self) -> Bytes {
        error_message(self.id.as_ref(), self.code, &self.message)
    }
}

impl From<Malformed> for FrameError {
    fn from(malformed: Malformed) -> Self {
        Self::new(
            PARSE_ERROR,
            format!("parse error at byte {}: {}", malformed.at, malformed.what),
            None,
        )
    }
}

/// A JSON-RPC error response without data; `id` is null when it is not known.
pub(crate) fn error_message(id: Option<&RequestId>, code: i32, message: &str) -> Bytes {
    let message = serde_json::to_string(message).expect("a string is always JSON");
    let id = id.map_or_else(|| "null".to_owned(), ToString::to_string);
    Bytes::from(format!(
        r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{message}}}}}"#
    ))
}
