//! How a function runs, and how it ends: with a value, an error of its author's or none, a panic.

use serde_json::json;

use super::{refusal, started, tool};

/// One thread runs all futures here: two calls that block it would never meet.
#[tokio::test(flavor = "current_thread")]
async fn sync_functions_run_where_they_may_block() {
    let plugin = started().await;
    let (one, two) = tokio::join!(
        plugin.call("meet", json!({})),
        plugin.call("meet", json!({}))
    );
    for met in [one, two] {
        let output = met.expect("they met");
        assert_eq!(output.blocks()[0].as_text(), Some("local"));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_async_function_may_wait_apart() {
    let plugin = started().await;
    let meet = || plugin.call("meet_apart", json!({ "word": "hello" }));
    let (one, two) = tokio::join!(meet(), meet());
    for met in [one, two] {
        let output = met.expect("they met");
        assert_eq!(output.blocks()[0].as_text(), Some("hello"));
    }
    let schema = tool("meet_apart").input_schema();
    let names: Vec<_> = schema["properties"]
        .as_object()
        .expect("one")
        .keys()
        .collect();
    assert_eq!(names, ["word"]);
}

#[tokio::test]
#[should_panic(expected = "as local asked")]
async fn a_panic_apart_goes_on_as_a_panic() {
    drop(started().await.call("panic_apart", json!({})).await);
}

#[tokio::test]
async fn a_default_may_name_the_plugin() {
    let plugin = started().await;
    let point = plugin
        .call_json("with_own_default", json!({}))
        .await
        .expect("it answers");
    assert_eq!(point, json!({ "x": 0, "y": 0 }));
    let left = plugin
        .call("with_own_default", json!({ "point": { "x": -1, "y": 0 } }))
        .await;
    assert_eq!(
        left.expect_err("it fails").to_string(),
        "left of everything"
    );
    let schema = tool("with_own_default")
        .output_schema()
        .expect("a point is an object");
    assert_eq!(schema["required"], json!(["x", "y"]));
}

#[tokio::test]
async fn errors_keep_their_voice() {
    let error = started()
        .await
        .call("fail_in_words", json!({}))
        .await
        .expect_err("it fails");
    assert_eq!(
        error.public_message(),
        Some("no such branch; list_branches names them")
    );
    let error = started()
        .await
        .call("fail_oddly", json!({}))
        .await
        .expect_err("it fails");
    assert_eq!(error.public_message(), None);
    assert!(
        error.log_message().ends_with("the disk is odd"),
        "{}",
        error.log_message()
    );
}

#[tokio::test]
#[should_panic(expected = "as asked")]
async fn a_panic_on_a_blocking_thread_goes_on_as_a_panic() {
    drop(started().await.call("panic", json!({})).await);
}

#[tokio::test]
async fn a_schema_of_the_authors_own_takes_everything() {
    let output = started()
        .await
        .call("verbatim", json!({ "b": [1], "a": null }))
        .await
        .expect("it answers");
    assert_eq!(
        output.blocks()[0].as_text(),
        Some(r#"local {"b":[1],"a":null}"#)
    );
    let error = refusal("verbatim", json!([1])).await;
    assert_eq!(error, "invalid type: sequence, expected a map");
}
