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
use bytestring::ByteString;
use serde::Deserialize;
use serde_json::value::RawValue;

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
    text: ByteString,
    kind: FrameKind,
    members: Members,
    /// The method when it was written with escapes, otherwise it is a slice.
    decoded_method: Option<Box<str>>,
}

/// What a request says of itself in `params._meta`: each member as JSON, as it stands in the message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RequestMeta<'a> {
    pub(crate) protocol_version: Option<&'a str>,
    pub(crate) client_capabilities: Option<&'a str>,
    pub(crate) log_level: Option<&'a str>,
    pub(crate) progress_token: Option<&'a str>,
    pub(crate) traceparent: Option<&'a str>,
}

/// Which members `params` has, beside `_meta`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a member that is there or not"
)]
pub(crate) struct ParamKinds {
    pub(crate) name: bool,
    pub(crate) arguments: bool,
    pub(crate) uri: bool,
    /// Any that is none of these.
    pub(crate) others: bool,
}

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
        let text = ByteString::try_from(bytes)
            .map_err(|error| FrameError::not_utf8(error.valid_up_to()))?;
        let members = scan::scan(&text, limits.max_depth)?;
        let (kind, decoded_method) = judge::judge(&text, &members)?;
        Ok(Self {
            text,
            kind,
            members,
            decoded_method,
        })
    }

    /// The same message in bytes of its own, which keep nothing else in memory.
    pub(crate) fn detached(&self) -> Self {
        Self {
            text: ByteString::from(&*self.text),
            ..self.clone()
        }
    }

    /// The whole message.
    pub(crate) fn bytes(&self) -> &Bytes {
        self.text.as_bytes()
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

    /// The id, if this is a request.
    pub(crate) fn request_id(&self) -> Option<&RequestId> {
        match &self.kind {
            FrameKind::Request(id) => Some(id),
            _ => None,
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

    /// The request that this message takes back, if it is one that does so.
    pub(crate) fn cancels(&self) -> Option<RequestId> {
        #[derive(Deserialize)]
        struct Cancelled<'a> {
            #[serde(borrow, rename = "requestId")]
            id: &'a RawValue,
        }
        if self.request_id().is_some() || self.method() != "notifications/cancelled" {
            return None;
        }
        let cancelled: Cancelled<'_> = serde_json::from_str(self.params()?).ok()?;
        RequestId::read(cancelled.id.get())
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

    /// The members of `params._meta` that mean something to the server.
    pub(crate) fn request_meta(&self) -> RequestMeta<'_> {
        let member = |span: Option<Span>| span.map(|span| self.slice(span));
        let [
            version,
            capabilities,
            log_level,
            progress_token,
            traceparent,
        ] = self.members.in_meta;
        RequestMeta {
            protocol_version: member(version),
            client_capabilities: member(capabilities),
            log_level: member(log_level),
            progress_token: member(progress_token),
            traceparent: member(traceparent),
        }
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
    #[cfg(test)]
    pub(crate) fn result(&self) -> Option<&str> {
        self.members.result.map(|span| self.slice(span))
    }

    /// `error` of a response as it stands in the message.
    #[cfg(test)]
    pub(crate) fn error(&self) -> Option<&str> {
        self.members.error.map(|span| self.slice(span))
    }

    /// Which members `params` has.
    pub(crate) fn param_kinds(&self) -> ParamKinds {
        ParamKinds {
            name: self.members.name.is_some(),
            arguments: self.members.arguments.is_some(),
            uri: self.members.uri.is_some(),
            others: self.members.other_params,
        }
    }

    fn slice(&self, span: Span) -> &str {
        &self.text[span.range()]
    }
}

/// The text of a JSON string, borrowed when it has no escapes; `None` for another value.
pub(crate) fn text_of(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_some() {
        serde_json::from_str::<String>(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}
