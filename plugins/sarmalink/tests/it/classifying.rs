//! Labels: those that were given, or an error.

use serde_json::{Value, json};

use crate::{
    fake::{Fake, Say},
    server::{engine, start, story},
};

fn arguments(multi: bool) -> Value {
    json!({ "text": "buy now", "labels": ["spam", "ham"], "multi": multi })
}

#[tokio::test]
async fn a_label_is_one_of_those_given() {
    let fake = Fake::answers(r#"{"labels":["Spam"]}"#).await;
    let plugin = start(vec![engine("a", &fake, json!({}))], json!({})).await;
    let classified = plugin
        .call_json("classify", arguments(false))
        .await
        .unwrap();
    assert_eq!(classified["labels"], json!(["spam"]));
    let body = &fake.asked()[0].body;
    let list = &body["response_format"]["json_schema"]["schema"]["properties"]["labels"];
    assert_eq!(
        (&list["items"]["enum"], &list["maxItems"]),
        (&json!(["spam", "ham"]), &json!(1))
    );
    assert_eq!(body["temperature"], 0.0);
    assert_eq!(fake.message(0, 1), "buy now");

    let both = Fake::answers(r#"{"labels":["ham","spam"]}"#).await;
    let plugin = start(vec![engine("a", &both, json!({}))], json!({})).await;
    let classified = plugin.call_json("classify", arguments(true)).await.unwrap();
    assert_eq!(classified["labels"], json!(["ham", "spam"]));
}

#[tokio::test]
async fn another_word_is_repaired_once_and_then_refused() {
    let fake =
        Fake::start(|number, _| Say::Text([r#"{"labels":["eggs"]}"#, "spam"][number].to_owned()))
            .await;
    let plugin = start(vec![engine("a", &fake, json!({}))], json!({})).await;
    let classified = plugin
        .call_json("classify", arguments(false))
        .await
        .unwrap();
    assert_eq!(
        (&classified["labels"], story(&classified).len()),
        (&json!(["spam"]), 2)
    );
    assert!(fake.message(1, 3).contains("`eggs` is none of the labels"));

    let stubborn = Fake::answers(r#"{"labels":["eggs"]}"#).await;
    let plugin = start(vec![engine("a", &stubborn, json!({}))], json!({})).await;
    let error = plugin.call("classify", arguments(false)).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("also after one repair: `eggs` is none of the labels"),
        "{error}"
    );
    assert_eq!(
        error.data().unwrap()["usage"]["input_tokens"],
        20,
        "what it cost is told"
    );
    assert_eq!(stubborn.count(), 2);
}

#[tokio::test]
async fn labels_that_cannot_be_told_apart_are_refused_before_anything_is_sent() {
    let fake = Fake::answers("spam").await;
    let plugin = start(vec![engine("a", &fake, json!({}))], json!({})).await;
    for (arguments, words) in [
        (json!({ "text": "x", "labels": ["a", "A"] }), "`A` twice"),
        (
            json!({ "text": "x", "labels": ["a", ""] }),
            "a label is empty",
        ),
        (json!({ "text": "x", "labels": ["a"] }), "at least 2"),
        (
            json!({ "text": "", "labels": ["a", "b"] }),
            "the text is empty",
        ),
    ] {
        let error = plugin
            .call("classify", arguments)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(fake.count(), 0);
}
