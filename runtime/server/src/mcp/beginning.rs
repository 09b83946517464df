//! How a connection on stdio begins for the library, which is late when the fast lane can answer without it.
//!
//! The first request decides the era of a connection, and what the library says to odd ones after it. So it is told of
//! a request that it did not see before anything else: by one of the same kind, which nobody asked and nobody is
//! answered.

use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, GetMeta as _, NumberOrString, ProtocolVersion, RequestId,
};
use serde_json::json;

use crate::protocol::Incoming;

/// What goes to the library, in this order.
pub(super) enum ForLibrary {
    /// A request of the newest revision was answered before it began.
    Beginning,
    Message(Box<Incoming>),
}

/// A request of the newest revision under an id that no client has.
pub(super) fn beginning() -> Option<(RequestId, ClientJsonRpcMessage)> {
    let id = format!("{:032x}", rand::random::<u128>());
    let message = json!({
        "jsonrpc": "2.0",
        "id": id,
        "method": "mcp-factory/beginning",
        "params": { "_meta": {
            "io.modelcontextprotocol/protocolVersion": ProtocolVersion::V_2026_07_28,
            "io.modelcontextprotocol/clientCapabilities": {},
        } },
    });
    let message = serde_json::from_value(message).ok()?;
    Some((NumberOrString::String(id.into()), message))
}

/// Whether the library's beginning is over with this message. It is not with a request that it refuses there, and
/// not with `ping` and `server/discover`.
pub(super) fn begins(message: &ClientJsonRpcMessage) -> bool {
    let ClientJsonRpcMessage::Request(request) = message else {
        return false;
    };
    match &request.request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
        request => {
            let meta = request.get_meta();
            meta.missing_required_keys(&ProtocolVersion::V_2026_07_28)
                .is_empty()
                && meta
                    .protocol_version()
                    .is_some_and(|version| ProtocolVersion::KNOWN_VERSIONS.contains(&version))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_is_one_for_the_library() {
        let (id, message) = beginning().expect("it is a message");
        assert!(begins(&message), "{message:?}");
        let ClientJsonRpcMessage::Request(request) = message else {
            panic!("{message:?}");
        };
        assert_eq!(request.id, id);
        assert_ne!(beginning().expect("another").0, id);
    }
}
