use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{meter::Usage, money::Price};

fn meter() -> Meter {
    Meter::new(Price::default(), 0, 0, 0)
}

fn event(heard: &mut Heard, data: &Value) -> Result<bool, Failure> {
    heard.event(&data.to_string(), StatusCode::OK, 100, &mut meter())
}

fn delta(text: &str) -> Value {
    json!({ "choices": [{ "delta": { "content": text }, "finish_reason": null }] })
}

#[test]
fn events_add_up_and_only_an_end_makes_an_answer() {
    let mut heard = Heard::default();
    let mut meter = meter();
    for data in [
        delta("one "),
        delta("two"),
        json!({ "choices": [], "usage": null }),
    ] {
        assert_eq!(
            heard.event(&data.to_string(), StatusCode::OK, 100, &mut meter),
            Ok(false)
        );
    }
    assert_eq!(
        heard
            .finish(StatusCode::OK)
            .map_err(|failure| failure.reason),
        Err(Reason::Truncated)
    );
    let end = json!({
        "choices": [{ "delta": {}, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 5, "completion_tokens": 2 }
    });
    heard
        .event(&end.to_string(), StatusCode::OK, 100, &mut meter)
        .expect("read");
    assert_eq!(heard.finish(StatusCode::OK).as_deref(), Ok("stop"));
    assert_eq!((heard.text.as_str(), heard.characters), ("one two", 7));
    assert_eq!(
        meter.usage(),
        Usage {
            input: 5,
            output: 2
        }
    );
    assert_eq!(
        heard.event(" [DONE]", StatusCode::OK, 100, &mut meter),
        Ok(true)
    );
    assert_eq!(heard.finish(StatusCode::OK).as_deref(), Ok("stop"));
}

#[test]
fn what_is_too_long_is_cut_between_characters() {
    let mut heard = Heard::default();
    let mut meter = meter();
    let data = delta("größer").to_string();
    assert_eq!(heard.event(&data, StatusCode::OK, 3, &mut meter), Ok(true));
    assert_eq!((heard.text.as_str(), heard.truncated), ("gr", true));
    assert_eq!(heard.finish(StatusCode::OK).as_deref(), Ok("cut"));
}

#[test]
fn filtered_and_refused_answers_are_not_passed_on() {
    for data in [
        json!({ "choices": [{ "delta": { "content": "x" }, "finish_reason": "content_filter" }] }),
        json!({ "choices": [{ "message": { "content": null, "refusal": "I cannot" }, "finish_reason": "stop" }] }),
    ] {
        let mut heard = Heard::default();
        event(&mut heard, &data).expect("read");
        let failure = heard.finish(StatusCode::OK).expect_err("filtered");
        assert_eq!(failure.reason, Reason::ContentFilter, "{data}");
    }
}

#[test]
fn an_error_in_a_stream_is_an_error() {
    for (error, reason) in [
        (
            json!({ "error": { "message": "overloaded" } }),
            Reason::ServerError,
        ),
        (
            json!({ "error": { "code": "rate_limit_exceeded" } }),
            Reason::RateLimited,
        ),
        (
            json!({ "error": { "code": "context_length_exceeded" } }),
            Reason::ContextLength,
        ),
        (
            json!({ "error": { "code": "content_filter" } }),
            Reason::ContentFilter,
        ),
        (json!([1]), Reason::Malformed),
    ] {
        let failure = event(&mut Heard::default(), &error).expect_err("an error");
        assert_eq!(failure.reason, reason, "{error}");
    }
}

proptest! {
    /// Nothing that an engine sends makes this panic, and nothing is kept beyond the limit.
    #[test]
    fn any_bytes_are_survived(data in ".{0,200}", text in ".{0,80}", keep in 0_usize..40) {
        let mut heard = Heard::default();
        let mut meter = meter();
        drop(heard.body(data.as_bytes(), StatusCode::OK, keep, &mut meter));
        drop(heard.event(&data, StatusCode::OK, keep, &mut meter));
        drop(heard.event(&delta(&text).to_string(), StatusCode::OK, keep, &mut meter));
        prop_assert!(heard.text.len() <= keep);
    }
}
