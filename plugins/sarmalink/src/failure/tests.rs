use serde_json::json;

use super::*;

fn reason(status: u16, body: &Value) -> Reason {
    let status = StatusCode::from_u16(status).expect("a status");
    Failure::of_response(status, None, body.to_string().as_bytes()).reason
}

#[test]
fn the_status_decides() {
    for (status, expected) in [
        (302, Reason::Malformed),
        (400, Reason::Rejected),
        (401, Reason::BadKey),
        (402, Reason::BadKey),
        (403, Reason::BadKey),
        (404, Reason::NotFound),
        (408, Reason::TimedOut),
        (413, Reason::ContextLength),
        (418, Reason::Rejected),
        (422, Reason::Rejected),
        (429, Reason::RateLimited),
        (500, Reason::ServerError),
        (503, Reason::ServerError),
        (529, Reason::ServerError),
    ] {
        assert_eq!(reason(status, &json!({})), expected, "{status}");
    }
}

#[test]
fn the_words_of_many_engines_for_a_full_window_are_known() {
    for error in [
        json!({ "error": { "code": "context_length_exceeded", "message": "x" } }),
        json!({ "error": { "message": "This model's maximum context length is 8192 tokens." } }),
        json!({ "error": { "type": "invalid_request_error", "message": "prompt is too long: 300000 tokens" } }),
        json!({ "error": "the request exceeds the available context size" }),
        json!({ "message": "Please reduce the length of the messages" }),
    ] {
        assert_eq!(reason(400, &error), Reason::ContextLength, "{error}");
    }
    let filter = json!({ "error": { "code": "content_filter", "message": "filtered" } });
    assert_eq!(reason(400, &filter), Reason::ContentFilter);
    let other = json!({ "error": { "code": "invalid_value", "message": "temperature is 9" } });
    assert_eq!(reason(400, &other), Reason::Rejected);
}

#[test]
fn where_to_go_follows_from_the_kind() {
    for (reason, next, verdict) in [
        (Reason::RateLimited, Next::Key, Verdict::Nothing),
        (Reason::BadKey, Next::Key, Verdict::Nothing),
        (Reason::ServerError, Next::Engine, Verdict::Fails),
        (Reason::TimedOut, Next::Engine, Verdict::Fails),
        (Reason::Unreachable, Next::Engine, Verdict::Fails),
        (Reason::Malformed, Next::Engine, Verdict::Fails),
        (Reason::Truncated, Next::Engine, Verdict::Fails),
        (Reason::TooLarge, Next::Engine, Verdict::Fails),
        (Reason::NotFound, Next::Engine, Verdict::Fails),
        (Reason::ContextLength, Next::LargerWindow, Verdict::Works),
        (Reason::ContentFilter, Next::Stop, Verdict::Works),
        (Reason::Rejected, Next::Stop, Verdict::Works),
    ] {
        assert_eq!(
            (reason.next(), reason.verdict()),
            (next, verdict),
            "{reason:?}"
        );
    }
}

#[test]
fn credit_that_is_used_up_is_no_short_pause() {
    let body = br#"{"error":{"code":"insufficient_quota"}}"#;
    let failure = Failure::of_response(StatusCode::TOO_MANY_REQUESTS, None, body);
    assert!(failure.exhausted && failure.reason == Reason::RateLimited);
}
