//! What the headers of a request say of it (MCP 2026-07-28, "Streamable HTTP"): enough to know that it is
//! in order. Whether and how one that is not is refused, is the library's word.

use http::{HeaderMap, HeaderName};
use rmcp::model::ProtocolVersion;

use super::super::respond::Era;
use crate::{
    frame::Frame,
    header_names::{METHOD, NAME, VERSION},
};

/// The era that a request is of; `None` where something is odd.
pub(super) fn era(headers: &HeaderMap) -> Option<Era> {
    let version = match only(headers, &VERSION) {
        Ok(version) => version,
        Err(Several) => return None,
    };
    match version {
        Some(version) if version == ProtocolVersion::V_2026_07_28.as_str().as_bytes() => {
            Some(Era::Modern)
        }
        None => Some(Era::Legacy),
        Some(version) => ProtocolVersion::KNOWN_VERSIONS
            .iter()
            .any(|known| known.as_str().as_bytes() == version)
            .then_some(Era::Legacy),
    }
}

/// Whether the headers of a request of the newer era say what its body says.
pub(super) fn agree(headers: &HeaderMap, frame: &Frame) -> bool {
    let same = |header: &HeaderName, body: &str| only(headers, header) == Ok(Some(body.as_bytes()));
    let method = frame.method();
    if !same(&METHOD, method) {
        return false;
    }
    let name = match method {
        "tools/call" | "prompts/get" => frame.name(),
        "resources/read" => frame.uri(),
        _ => return true,
    };
    // An encoded name is not the name itself, and one that has to be encoded is not for a header as it is.
    let plain = |name: &str| {
        let visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        !name.starts_with("=?") && name.bytes().all(visible)
    };
    name.is_some_and(|name| plain(&name) && same(&NAME, &name))
}

/// A header was sent more than once.
#[derive(Debug, PartialEq)]
struct Several;

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, Several> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(http::HeaderValue::as_bytes);
    match values.next() {
        None => Ok(first),
        Some(_) => Err(Several),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::frame::FrameLimits;

    /// Whether a call of the tool `name`, with a header that says so as it is, is in order.
    fn in_order(name: &str) -> bool {
        let body = serde_json::json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": name }
        });
        let frame = Frame::parse(Bytes::from(body.to_string()), &FrameLimits::default())
            .expect("it is a message");
        let mut headers = HeaderMap::new();
        headers.insert(METHOD, http::HeaderValue::from_static("tools/call"));
        let value = http::HeaderValue::from_bytes(name.as_bytes()).expect("a header takes it");
        headers.insert(NAME, value);
        agree(&headers, &frame)
    }

    #[test]
    fn a_name_that_has_to_be_encoded_is_the_librarys_to_refuse() {
        for fine in ["echo", "fs.read_file", "a b"] {
            assert!(in_order(fine), "{fine}");
        }
        for odd in ["\u{e9}", "echo\u{a0}", "=?base64?ZWNobw==?=", "\u{540d}"] {
            assert!(!in_order(odd), "{odd}");
        }
    }

    #[test]
    fn a_version_that_is_said_twice_is_of_no_era() {
        let mut headers = HeaderMap::new();
        assert_eq!(era(&headers), Some(Era::Legacy));
        headers.insert(VERSION, http::HeaderValue::from_static("2026-07-28"));
        assert_eq!(era(&headers), Some(Era::Modern));
        headers.append(VERSION, http::HeaderValue::from_static("2026-07-28"));
        assert_eq!(era(&headers), None);
    }
}
