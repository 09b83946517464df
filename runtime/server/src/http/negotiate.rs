//! `Content-Type` and `Accept`: what the client sends and what it is ready to get.

use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, HeaderName};

use super::refusal::Refusal;
use crate::header_names::{SESSION_ID, VERSION};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const BOTH: &str = "application/json, text/event-stream";

/// What decides of the era and the session is said once: who reads the last of two would see another
/// request than who reads the first.
pub(super) fn once(headers: &HeaderMap) -> Result<(), Refusal> {
    let said_twice = |name: &HeaderName| headers.get_all(name).iter().nth(1).is_some();
    // In most requests nothing is: then it is not looked for.
    if headers.len() == headers.keys_len() {
        return Ok(());
    }
    if said_twice(&VERSION) || said_twice(&SESSION_ID) {
        return Err(Refusal::bad_request(
            "MCP-Protocol-Version and Mcp-Session-Id are said once",
        ));
    }
    Ok(())
}

/// A POST sends JSON and takes both an answer and a stream of events.
pub(super) fn post(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(sent), None) = (types.next(), types.next()) else {
        return Err(Refusal::unsupported_media_type());
    };
    if sent != JSON && !sent.to_str().is_ok_and(is_json) {
        return Err(Refusal::unsupported_media_type());
    }
    let plain = |coding: &HeaderValue| coding == "identity";
    if !headers.get_all(CONTENT_ENCODING).iter().all(plain) {
        return Err(Refusal::unsupported_media_type());
    }
    // What the specification shows is what nearly every client sends.
    let usual = headers.get(ACCEPT).is_some_and(|value| value == BOTH);
    if !usual && (!accepts(headers, JSON) || !accepts(headers, EVENTS)) {
        return Err(Refusal::not_acceptable(
            "the client must accept both application/json and text/event-stream",
        ));
    }
    Ok(())
}

/// Writes what [`post`] let pass in the plain form, so that nobody further in has to read it again.
pub(super) fn plain(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    headers.insert(ACCEPT, HeaderValue::from_static(BOTH));
}

/// A GET opens a stream of events.
pub(super) fn get(headers: &mut HeaderMap) -> Result<(), Refusal> {
    if !accepts(headers, EVENTS) {
        return Err(Refusal::not_acceptable(
            "the client must accept text/event-stream",
        ));
    }
    headers.insert(ACCEPT, HeaderValue::from_static(EVENTS));
    Ok(())
}

/// `application/json`, alone or in UTF-8.
fn is_json(value: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    parts
        .next()
        .is_some_and(|essence| essence.eq_ignore_ascii_case(JSON))
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
                charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

/// Whether a media type is wanted: named, covered by a wildcard, or nothing was said at all.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let mut said = false;
    for value in headers.get_all(ACCEPT) {
        said = true;
        let found = value.to_str().unwrap_or_default().split(',').any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let essence = parts.next().unwrap_or_default();
            let family = wanted.split('/').next().unwrap_or_default();
            let covers = essence.eq_ignore_ascii_case(wanted)
                || essence == "*/*"
                || essence
                    .strip_suffix("/*")
                    .is_some_and(|prefix| prefix.eq_ignore_ascii_case(family));
            covers
                && !parts
                    .any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        });
        if found {
            return true;
        }
    }
    !said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(content_type: &str, accept: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        if let Some(accept) = accept {
            headers.insert(ACCEPT, accept.parse().unwrap());
        }
        headers
    }

    #[test]
    fn json_in_utf_8_only() {
        for fine in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"; x=y",
        ] {
            assert!(post(&headers(fine, None)).is_ok(), "{fine}");
        }
        for wrong in [
            "text/plain",
            "application/jsonx",
            "application/json; charset=latin1",
            "",
            "multipart/form-data",
            "application/json, text/plain",
        ] {
            assert!(post(&headers(wrong, None)).is_err(), "{wrong}");
        }
        assert!(post(&HeaderMap::new()).is_err());
    }

    #[test]
    fn era_and_session_are_said_once() {
        let mut headers = HeaderMap::new();
        for name in [VERSION, SESSION_ID] {
            headers.append(&name, HeaderValue::from_static("a"));
            assert!(once(&headers).is_ok(), "{name}");
            headers.append(&name, HeaderValue::from_static("a"));
            assert!(once(&headers).is_err(), "{name}");
            headers.remove(&name);
        }
    }

    #[test]
    fn both_answers_must_be_welcome() {
        let json = "application/json";
        for fine in [
            "*/*",
            "application/json, text/event-stream",
            "TEXT/event-stream;q=0.5,application/*",
            "application/json,text/*",
        ] {
            let mut headers = headers(json, Some(fine));
            assert!(post(&headers).is_ok(), "{fine}");
            plain(&mut headers);
            assert_eq!(headers[ACCEPT], "application/json, text/event-stream");
        }
        for wrong in [
            "application/json",
            "text/event-stream",
            "text/html",
            "",
            "application/json, text/event-stream;q=0",
        ] {
            assert!(post(&headers(json, Some(wrong))).is_err(), "{wrong}");
        }
        assert!(get(&mut headers(json, Some("text/event-stream"))).is_ok());
        assert!(get(&mut headers(json, Some("application/json"))).is_err());
    }
}
