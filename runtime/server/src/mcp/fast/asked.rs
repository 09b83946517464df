//! What a request asks, read from the checked bytes: all of it, or it is not for this lane.

use std::borrow::Cow;

use rmcp::model::{ClientCapabilities, ProtocolVersion};
use serde_json::{Map, Value};

use super::super::respond::Era;
use crate::{
    frame::{Frame, RequestMeta},
    protocol::MAX_URI_BYTES,
};

/// One request in the form that every client in order sends.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) era: Era,
    pub(super) what: What<'a>,
    /// What the client said that it can be asked for, as JSON.
    capabilities: Option<&'a str>,
    /// What the request says of its trace.
    pub(super) traceparent: Option<Cow<'a, str>>,
    /// The token under which the client wants to hear of progress, as JSON.
    pub(super) progress_token: Option<&'a str>,
    /// The level from which on it wants to hear of what is logged, as JSON.
    pub(super) log_level: Option<&'a str>,
    /// Whether the client would have to hear of something before the answer, and cannot.
    pub(super) hears: bool,
}

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// In a way that leads back once, with the answer.
    Once,
    /// On a wire that leads back at any time.
    Wire,
}

/// The methods that have one answer.
#[derive(Debug)]
pub(super) enum What<'a> {
    Ping,
    Discover,
    List(List),
    CallTool {
        name: Cow<'a, str>,
        /// An object, as it stands in the request.
        arguments: Option<&'a str>,
    },
    ReadResource {
        uri: Cow<'a, str>,
    },
    GetPrompt {
        name: Cow<'a, str>,
        arguments: Option<Map<String, Value>>,
    },
}

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Tools,
    Resources,
    Templates,
    Prompts,
}

impl What<'_> {
    /// The tool that is called.
    pub(super) fn tool(&self) -> Option<&str> {
        match self {
            Self::CallTool { name, .. } => Some(name),
            _ => None,
        }
    }
}

impl<'a> Asked<'a> {
    /// Reads a request of `era` that came by `way`.
    pub(super) fn read(frame: &'a Frame, era: Era, way: Way) -> Option<Self> {
        let meta = frame.request_meta();
        let wants_words = match era {
            Era::Modern => {
                is_modern(frame, &meta)?;
                meta.progress_token.is_some() || meta.log_level.is_some()
            }
            Era::Legacy => {
                // Who speaks of these speaks the newer era's language, and the library sorts it out.
                if meta.protocol_version.is_some() || meta.client_capabilities.is_some() {
                    return None;
                }
                // It has no word against hearing of everything.
                true
            }
        };
        Some(Self {
            era,
            what: What::read(frame, era)?,
            capabilities: meta.client_capabilities,
            progress_token: meta.progress_token,
            log_level: meta.log_level,
            traceparent: meta.traceparent.and_then(text),
            hears: wants_words && way == Way::Once,
        })
    }

    /// Reads a request on a wire, which began with a handshake or without.
    pub(super) fn on_wire(frame: &'a Frame, handshake: bool) -> Option<Self> {
        let era = match frame.request_meta().protocol_version {
            Some(_) => Era::Modern,
            None if handshake => Era::Legacy,
            None => return None,
        };
        Self::read(frame, era, Way::Wire)
    }

    /// What the client can be asked for.
    pub(super) fn capabilities(&self) -> ClientCapabilities {
        let stated = self.capabilities.filter(|stated| *stated != "{}");
        stated
            .and_then(|stated| serde_json::from_str(stated).ok())
            .unwrap_or_default()
    }
}

/// Whether the request says of itself all that the era demands, in the form it demands.
fn is_modern(frame: &Frame, meta: &RequestMeta<'_>) -> Option<()> {
    let version = text(meta.protocol_version?)?;
    let capabilities = meta.client_capabilities?;
    let readable = capabilities == "{}"
        || serde_json::from_str::<ClientCapabilities>(capabilities).is_ok_and(|_| true);
    let complete = frame.meta()?.starts_with('{')
        && version == ProtocolVersion::V_2026_07_28.as_str()
        && readable;
    complete.then_some(())
}

impl<'a> What<'a> {
    fn read(frame: &'a Frame, era: Era) -> Option<Self> {
        let params = frame.param_kinds();
        let meta_is_object = frame.meta().is_none_or(|meta| meta.starts_with('{'));
        // A cursor, an answer to a question, a task: somebody else's business.
        if params.others || !meta_is_object {
            return None;
        }
        let nothing = !params.name && !params.arguments && !params.uri;
        match (frame.method(), era) {
            ("tools/call", _) if !params.uri => Some(Self::CallTool {
                name: frame.name()?,
                arguments: match frame.arguments() {
                    None | Some("null") => None,
                    Some(object) => Some(object.starts_with('{').then_some(object)?),
                },
            }),
            ("resources/read", _) if !params.name && !params.arguments => {
                let uri = frame.uri()?;
                (uri.len() <= MAX_URI_BYTES).then_some(Self::ReadResource { uri })
            }
            ("prompts/get", _) if !params.uri => Some(Self::GetPrompt {
                name: frame.name()?,
                arguments: match frame.arguments() {
                    None | Some("null") => None,
                    Some(object) => Some(serde_json::from_str(object).ok()?),
                },
            }),
            ("tools/list", _) if nothing => Some(Self::List(List::Tools)),
            ("resources/list", _) if nothing => Some(Self::List(List::Resources)),
            ("resources/templates/list", _) if nothing => Some(Self::List(List::Templates)),
            ("prompts/list", _) if nothing => Some(Self::List(List::Prompts)),
            ("server/discover", Era::Modern) if nothing => Some(Self::Discover),
            ("ping", Era::Legacy) if nothing => Some(Self::Ping),
            _ => None,
        }
    }
}

/// The text of a JSON string; `None` for another value.
fn text(json: &str) -> Option<Cow<'_, str>> {
    crate::frame::text_of(json)
}
