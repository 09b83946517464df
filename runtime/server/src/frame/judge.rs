//! Whether a well-formed JSON object is a JSON-RPC 2.0 message, and which kind.

use std::borrow::Cow;

use super::error::{FrameError, INVALID_PARAMS, INVALID_REQUEST};
use super::scan::{Members, Span};
use super::{FrameKind, RequestId, text_of};

/// The kind of the message, and its method when that had to be decoded.
pub(super) fn judge(
    text: &str,
    members: &Members,
) -> Result<(FrameKind, Option<Box<str>>), FrameError> {
    if members.not_an_object {
        let message = if text.trim_start().starts_with('[') {
            "batches are not supported: send one message at a time"
        } else {
            "a message is a JSON object"
        };
        return Err(FrameError::new(INVALID_REQUEST, message, None));
    }
    let slice = |span: Span| &text[span.range()];
    let id = members.id.map(|span| RequestId::read(slice(span)));
    let known_id = if members.doubtful_id {
        None
    } else {
        id.clone().flatten()
    };
    let refuse = |code, message: String| {
        let mut error = FrameError::new(code, message, known_id.clone());
        error.unanswerable = !members.doubtful_id && wants_no_answer(text, members);
        error
    };

    if let Some(fault) = &members.fault {
        let code = if fault.in_params {
            INVALID_PARAMS
        } else {
            INVALID_REQUEST
        };
        return Err(refuse(
            code,
            format!("member `{}` {}", fault.name, fault.why),
        ));
    }
    if members.jsonrpc.map(slice) != Some(r#""2.0""#) {
        return Err(refuse(
            INVALID_REQUEST,
            "`jsonrpc` must be \"2.0\"".to_owned(),
        ));
    }
    if let Some(None) = id {
        return Err(refuse(
            INVALID_REQUEST,
            "`id` must be a string or a whole number".to_owned(),
        ));
    }
    let id = id.flatten();
    let Some(method) = members.method else {
        return response(members, id)
            .map_err(|message| refuse(INVALID_REQUEST, message.to_owned()));
    };
    if members.result.is_some() || members.error.is_some() {
        let message =
            "a message has a `method`, or a `result`, or an `error`, but only one of them";
        return Err(refuse(INVALID_REQUEST, message.to_owned()));
    }
    let Some(name) = text_of(slice(method)) else {
        return Err(refuse(
            INVALID_REQUEST,
            "`method` must be a string".to_owned(),
        ));
    };
    if members
        .params
        .is_some_and(|params| !slice(params).starts_with('{'))
    {
        return Err(refuse(
            INVALID_PARAMS,
            "`params` must be an object".to_owned(),
        ));
    }
    let decoded = match name {
        Cow::Owned(name) => Some(name.into()),
        Cow::Borrowed(_) => None,
    };
    Ok((
        id.map_or(FrameKind::Notification, FrameKind::Request),
        decoded,
    ))
}

fn response(
    members: &Members,
    id: Option<RequestId>,
) -> Result<(FrameKind, Option<Box<str>>), &'static str> {
    match (members.result, members.error, id) {
        (None, None, _) => Err("`method` is missing"),
        (Some(_), Some(_), _) => Err("a response has a `result` or an `error`, not both"),
        (_, _, None) => Err("a response needs the `id` of its request"),
        (_, _, Some(id)) => Ok((FrameKind::Response(id), None)),
    }
}

/// Whether the envelope itself says clearly enough that nobody waits for an answer:
/// a response, or a notification.
fn wants_no_answer(text: &str, members: &Members) -> bool {
    let is = |member: Option<Span>, start: &str| {
        member.is_some_and(|span| text[span.range()].starts_with(start))
    };
    let response = members.result.is_some() || members.error.is_some();
    is(members.jsonrpc, r#""2.0""#)
        && if response {
            members.method.is_none()
        } else {
            members.id.is_none() && is(members.method, "\"")
        }
}
