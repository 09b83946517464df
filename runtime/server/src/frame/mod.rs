//! One JSON-RPC message, checked once.
//!
//! In the room: the strict reading of a message (`scan`, `keys`), the judgement
//! whether it is a request, a notification or a response (`judge`), and the
//! error that a refused message gets (`error`). Not here: what a method means.
//!
//! The rule of the room: the bytes that were checked are the bytes that are
//! dispatched. A [`Frame`] hands out slices of them and nobody parses another copy.

mod error;
mod id;
mod judge;
mod keys;
mod scan;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::Bytes;

pub(crate) use error::{FrameError, INVALID_REQUEST, error_message};
pub(crate) use id::RequestId;
use scan::{Members, Span};

/// How large and how deep a message may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameLimits {
    /// Bytes of one message; values above 2 GiB count as 2 GiB.
    pub(crate) max_bytes: usize,
    /// Arrays and objects inside each other. `serde_json` itself stops at 127,
    /// so no default reader further in can refuse what was let through here.
    pub(crate) max_depth: usize,
}

impl Default for FrameLimits {
    fn default() -> Self {
        Self {
            max_bytes: 4 << 20,
            max_depth: 127,
        }
    }
}

/// What a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// Wants an answer with this id.
    Request(RequestId),
    /// Wants no answer, whatever happens to it.
    Notification,
    /// Answers something that the server asked.
    Response(RequestId),
}

/// One JSON-RPC message that passed the strict check.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    bytes: Bytes,
    kind: FrameKind,
    members: Members,
    /// The method when it was written with escapes, otherwise it is a slice.
    decoded_method: Option<Box<str>>,
}

#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "slices that only a dispatch without the library's own parse asks for"
    )
)]
impl Frame {
    /// Checks `bytes` as exactly one JSON-RPC 2.0 message.
    ///
    /// Refused: bad UTF-8, bad JSON, too deep or too large, anything but one
    /// object, a `jsonrpc` other than `"2.0"`, an id that is neither string nor
    /// integer, a member that appears twice at any depth, `params` that is no
    /// object, and known members in another case. Envelope members that
    /// JSON-RPC does not know are tolerated and never looked at.
    pub(crate) fn parse(bytes: Bytes, limits: &FrameLimits) -> Result<Self, FrameError> {
        let max_bytes = limits.max_bytes.min(i32::MAX as usize);
        if bytes.len() > max_bytes {
            return Err(FrameError::too_large(max_bytes));
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| FrameError::not_utf8(error.valid_up_to()))?;
        let members = scan::scan(text, limits.max_depth)?;
        let (kind, decoded_method) = judge::judge(text, &members)?;
        Ok(Self {
            bytes,
            kind,
            members,
            decoded_method,
        })
    }

    /// The whole message.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Request, notification or response.
    pub(crate) fn kind(&self) -> &FrameKind {
        &self.kind
    }

    /// The id of a request or of a response.
    pub(crate) fn id(&self) -> Option<&RequestId> {
        match &self.kind {
            FrameKind::Request(id) | FrameKind::Response(id) => Some(id),
            FrameKind::Notification => None,
        }
    }

    /// The method of a request or notification; empty for a response.
    pub(crate) fn method(&self) -> &str {
        match &self.decoded_method {
            Some(method) => method,
            None => self
                .members
                .method
                .map_or("", |span| self.slice(span.unquoted())),
        }
    }

    /// `params`, an object, as it stands in the message.
    pub(crate) fn params(&self) -> Option<&str> {
        self.members.params.map(|span| self.slice(span))
    }

    /// `params.arguments` as it stands in the message; any JSON value.
    pub(crate) fn arguments(&self) -> Option<&str> {
        self.members.arguments.map(|span| self.slice(span))
    }

    /// `params._meta` as it stands in the message; any JSON value.
    pub(crate) fn meta(&self) -> Option<&str> {
        self.members.meta.map(|span| self.slice(span))
    }

    /// `params.name`, decoded, when it is a string.
    pub(crate) fn name(&self) -> Option<Cow<'_, str>> {
        self.members.name.and_then(|span| text_of(self.slice(span)))
    }

    /// `params.uri`, decoded, when it is a string.
    pub(crate) fn uri(&self) -> Option<Cow<'_, str>> {
        self.members.uri.and_then(|span| text_of(self.slice(span)))
    }

    /// `result` of a response as it stands in the message.
    pub(crate) fn result(&self) -> Option<&str> {
        self.members.result.map(|span| self.slice(span))
    }

    /// `error` of a response as it stands in the message.
    pub(crate) fn error(&self) -> Option<&str> {
        self.members.error.map(|span| self.slice(span))
    }

    /// Whether `params` has a member that is none of `name`, `arguments`, `uri`, `_meta`.
    pub(crate) fn has_other_params(&self) -> bool {
        self.members.other_params
    }

    fn slice(&self, span: Span) -> &str {
        std::str::from_utf8(&self.bytes[span.range()])
            .expect("the message is UTF-8 and spans are cut at quotes, braces and digits")
    }
}

/// The text of a JSON string, borrowed when it has no escapes; `None` for another value.
fn text_of(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str::<String>(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}
