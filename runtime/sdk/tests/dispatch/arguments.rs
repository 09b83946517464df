//! What comes in: defaults, limits, and words for what does not fit.

use serde_json::{Value, json};

use super::{received, refusal};

#[tokio::test]
async fn what_is_absent_has_its_default() {
    assert_eq!(
        received(json!({ "text": "a" })).await,
        json!({
            "text": "a", "copies": 1, "ratio": 0.5, "unit": "ounce", "labels": null, "limit": null,
            "points": [], "type": null, "caller": "local"
        })
    );
}

#[tokio::test]
async fn what_is_given_arrives() {
    let all = json!({
        "type": "t", "points": [{ "x": -1, "y": 2 }], "limit": 3, "labels": ["l"], "unit": "gram",
        "ratio": 1, "copies": 10, "text": "größe"
    });
    let received = received(all.clone()).await;
    for (name, value) in all.as_object().expect("an object") {
        if name != "ratio" {
            assert_eq!(&received[name], value, "{name}");
        }
    }
    assert_eq!(received["ratio"], 1.0);
}

#[tokio::test]
async fn null_is_absent_for_an_option_only() {
    let received =
        received(json!({ "text": "a", "labels": null, "limit": null, "type": null })).await;
    assert_eq!(received["labels"], Value::Null);
    let error = refusal("receive", json!({ "text": "a", "copies": null })).await;
    assert_eq!(error, "argument `copies`: invalid type: null, expected u32");
}

#[tokio::test]
async fn limits_are_checked() {
    for (arguments, words) in [
        (
            json!({ "text": "" }),
            "argument `text` must have a length of at least 1, and has 0",
        ),
        (
            json!({ "text": "123456" }),
            "argument `text` must have a length of at most 5, and has 6",
        ),
        (
            json!({ "text": "a", "copies": 0 }),
            "argument `copies` must be at least 1, and is 0",
        ),
        (
            json!({ "text": "a", "copies": 11 }),
            "argument `copies` must be at most 10, and is 11",
        ),
        (
            json!({ "text": "a", "ratio": 1.5 }),
            "argument `ratio` must be at most 1, and is 1.5",
        ),
        (
            json!({ "text": "a", "labels": [] }),
            "argument `labels` must have a length of at least 1, and has 0",
        ),
        (
            json!({ "text": "a", "labels": ["a", "b", "c"] }),
            "argument `labels` must have a length of at most 2, and has 3",
        ),
        (
            json!({ "text": "a", "limit": 2 }),
            "argument `limit` must be at least 3, and is 2",
        ),
    ] {
        assert_eq!(refusal("receive", arguments).await, words);
    }
    assert_eq!(
        refusal("renamed", json!({ "maxRows": 6 })).await,
        "argument `maxRows` must be at most 5, and is 6"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_told_at_once() {
    assert_eq!(
        refusal("receive", json!({ "txt": "a", "copes": 2 })).await,
        "unknown arguments: `copes` (did you mean `copies`?), `txt` (did you mean `text`?); known: `text`, \
         `copies`, `ratio`, `unit`, `labels`, `limit`, `points`, `type`; missing argument: `text`"
    );
    assert_eq!(
        refusal(
            "receive",
            json!({ "text": "a", "points": [{ "x": 1, "y": "up" }] })
        )
        .await,
        "argument `points[0].y`: invalid type: string \"up\", expected i32"
    );
    assert_eq!(
        refusal("renamed", json!({ "max_rows": 1 })).await,
        "unknown argument: `max_rows` (did you mean `maxRows`?); known: `maxRows`; missing argument: `maxRows`"
    );
    assert_eq!(
        refusal("take.nothing", json!({ "a": 1 })).await,
        "unknown argument: `a`; there are none"
    );
}

#[tokio::test]
async fn a_list_is_not_an_object() {
    for list in [json!(["a"]), json!([]), json!("a"), json!(null)] {
        assert_eq!(
            refusal("receive", list).await,
            "the arguments must be a JSON object"
        );
    }
}
