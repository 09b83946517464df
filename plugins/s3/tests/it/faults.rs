//! Stores that answer badly: what is tried again, what is said, and what is never repeated.

use std::time::{Duration, Instant};

use mcp_factory_sdk::{ToolErrorKind, testing::TestPlugin};
use serde_json::{Value, json};
use wiremock::matchers::{header_exists, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::store::{failure, settings};

async fn plugin(server: &MockServer, more: Value) -> (TestPlugin, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(&server.uri(), directory.path(), more);
    (
        TestPlugin::start(&mcp_plugin_s3::PLUGIN, settings)
            .await
            .unwrap(),
        directory,
    )
}

fn error(status: u16, code: &str) -> ResponseTemplate {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>canary-message</Message></Error>"
    );
    ResponseTemplate::new(status).set_body_string(body)
}

fn get() -> Value {
    json!({ "bucket": "team-data", "key": "k" })
}

#[tokio::test]
async fn what_a_store_says_is_understood_and_not_repeated() {
    for (status, code, words) in [
        (
            403,
            "AccessDenied",
            "the store refused this: the server's credentials do not permit it",
        ),
        (
            403,
            "InvalidAccessKeyId",
            "does not accept the server's credentials",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "does not accept the server's credentials",
        ),
        (403, "RequestTimeTooSkewed", "and the clock"),
        (
            400,
            "ExpiredToken",
            "does not accept the server's credentials",
        ),
        (401, "", "does not accept the server's credentials"),
        (
            301,
            "PermanentRedirect",
            "in another region or at another endpoint",
        ),
        (307, "TemporaryRedirect", "in another region"),
        (400, "AuthorizationHeaderMalformed", "in another region"),
        (404, "NoSuchKey", "there is no object \"k\""),
        (404, "NoSuchBucket", "the store has no bucket \"team-data\""),
        (416, "InvalidRange", "ends before byte 7"),
        (412, "PreconditionFailed", "exists already"),
        (
            400,
            "EntityTooSmall",
            "the store could not do this (status 400)",
        ),
        (418, "<script>", "(status 418)"),
        (503, "SlowDown", "the store is overloaded or down"),
        (500, "InternalError", "the store is overloaded or down"),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(error(status, code))
            .mount(&server)
            .await;
        let (plugin, _directory) = plugin(&server, json!({})).await;
        let mut arguments = get();
        arguments["offset"] = json!(7);
        let failed = plugin
            .call("get_object", arguments)
            .await
            .expect_err("it fails");
        let said = failed.to_string();
        assert!(said.contains(words), "{status} {code}: {said}");
        assert!(
            !said.contains("canary") && !failed.log_message().contains("canary"),
            "{failed:?}"
        );
        assert!(!failed.log_message().contains("127.0.0.1"), "{failed:?}");
    }
}

#[tokio::test]
async fn reading_is_tried_again_and_writing_is_not() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(error(503, "SlowDown"))
        .up_to_n_times(2)
        .expect(2)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string("at last"))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("HEAD"))
        .respond_with(ResponseTemplate::new(404))
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .respond_with(error(503, "SlowDown"))
        .expect(1)
        .mount(&server)
        .await;
    let (plugin, _directory) = plugin(&server, json!({})).await;
    assert_eq!(
        plugin.call_json("get_object", get()).await.unwrap()["text"],
        "at last"
    );
    let failed = plugin
        .call(
            "put_object",
            json!({ "bucket": "team-data", "key": "k", "text": "x" }),
        )
        .await
        .expect_err("it fails");
    assert_eq!(failed.kind(), ToolErrorKind::Unavailable);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_not_waited_for() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(30)))
        .mount(&server)
        .await;
    let (plugin, _directory) = plugin(&server, json!({ "timeout": "300ms" })).await;
    let begun = Instant::now();
    let failed = plugin
        .call("get_object", get())
        .await
        .expect_err("it fails");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(failed.kind(), ToolErrorKind::TimedOut);
    assert!(
        failed.to_string().contains(
            "the store cannot be reached: there was no complete answer in the time allowed"
        )
    );
    drop(server);
}

#[tokio::test]
async fn nobody_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let directory = tempfile::tempdir().unwrap();
    // Starting needs no store.
    let plugin = TestPlugin::start(
        &mcp_plugin_s3::PLUGIN,
        settings(&endpoint, directory.path(), json!({})),
    )
    .await
    .unwrap();
    let failed = plugin
        .call("head_object", get())
        .await
        .expect_err("it fails");
    assert_eq!(failed.kind(), ToolErrorKind::Unavailable);
    assert!(
        failed.to_string().contains("the store cannot be reached")
            && !failed.to_string().contains("127"),
        "{failed}"
    );
}

#[tokio::test]
async fn a_store_that_ignores_ranges_and_conditions() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string("0123456789"))
        .mount(&server)
        .await;
    Mock::given(method("HEAD"))
        .respond_with(ResponseTemplate::new(404))
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .and(header_exists("if-none-match"))
        .respond_with(error(501, "NotImplemented"))
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .respond_with(ResponseTemplate::new(200).insert_header("etag", "\"e\""))
        .mount(&server)
        .await;
    let (plugin, _directory) = plugin(&server, json!({})).await;
    let part = plugin
        .call_json(
            "get_object",
            json!({ "bucket": "team-data", "key": "k", "offset": 3, "length": 4 }),
        )
        .await
        .unwrap();
    assert_eq!(
        (&part["text"], &part["size"], &part["next_offset"]),
        (&json!("3456"), &json!(10), &json!(7))
    );
    let said = failure(
        &plugin,
        "get_object",
        json!({ "bucket": "team-data", "key": "k", "offset": 10 }),
    )
    .await;
    assert!(said.contains("ends before byte 10"), "{said}");
    let said = failure(
        &plugin,
        "get_object",
        json!({ "bucket": "team-data", "key": "k", "offset": 100_000_000 }),
    )
    .await;
    assert!(said.contains("this is too far in"), "{said}");
    let written = plugin
        .call_json(
            "put_object",
            json!({ "bucket": "team-data", "key": "k", "text": "x" }),
        )
        .await
        .unwrap();
    assert_eq!(written["etag"], "\"e\"");
}

#[tokio::test]
async fn a_wrong_range_and_a_wrong_document_are_not_taken() {
    let server = MockServer::start().await;
    let wrong = ResponseTemplate::new(206)
        .insert_header("content-range", "bytes 5-9/10")
        .set_body_string("56789");
    Mock::given(method("GET"))
        .respond_with(wrong)
        .mount(&server)
        .await;
    let (plugin, _directory) = plugin(&server, json!({})).await;
    for (tool, arguments) in [
        ("get_object", get()),
        ("list_objects", json!({ "bucket": "team-data" })),
    ] {
        let said = failure(&plugin, tool, arguments).await;
        assert!(
            said.contains("the store's answer could not be understood"),
            "{tool}: {said}"
        );
    }
}

#[tokio::test]
async fn what_a_store_lists_outside_of_the_prefix_is_left_out() {
    let server = MockServer::start().await;
    let object = |key: &str| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>");
    let body = format!(
        "<ListBucketResult>{}{}<CommonPrefixes><Prefix>team-b/</Prefix></CommonPrefixes></ListBucketResult>",
        object("team-b/canary"),
        object("team-a/fine")
    );
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string(body))
        .mount(&server)
        .await;
    let (plugin, _directory) = plugin(&server, json!({})).await;
    let list = plugin
        .call_json("list_objects", json!({ "bucket": "archive" }))
        .await
        .unwrap();
    assert_eq!(
        (list["objects"].as_array().unwrap().len(), &list["prefixes"]),
        (1, &json!([]))
    );
    assert_eq!(list["objects"][0]["key"], "team-a/fine");
}

#[tokio::test]
async fn a_copy_that_fails_after_its_status() {
    let server = MockServer::start().await;
    Mock::given(method("HEAD"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .respond_with(error(200, "InternalError"))
        .mount(&server)
        .await;
    let (plugin, _directory) = plugin(&server, json!({})).await;
    let said = failure(
        &plugin,
        "copy_object",
        json!({ "source_bucket": "team-data", "source_key": "a", "bucket": "team-data", "key": "b", "overwrite": true }),
    )
    .await;
    assert!(said.contains("the store is overloaded or down"), "{said}");
}

#[tokio::test]
async fn a_body_without_end_is_cut() {
    let server = MockServer::start().await;
    let huge = ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 40 << 20]);
    Mock::given(method("GET"))
        .respond_with(huge)
        .mount(&server)
        .await;
    let (plugin, _directory) = plugin(&server, json!({})).await;
    let part = plugin.call_json("get_object", get()).await.unwrap();
    assert_eq!(
        (&part["length"], &part["truncated"]),
        (&json!(256 << 10), &json!(true))
    );
    let said = failure(&plugin, "list_objects", json!({ "bucket": "team-data" })).await;
    assert!(said.contains("larger than the"), "{said}");
}

#[tokio::test]
async fn credentials_that_may_write_and_not_look() {
    let server = MockServer::start().await;
    Mock::given(method("HEAD"))
        .respond_with(ResponseTemplate::new(403))
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .and(header_exists("if-none-match"))
        .respond_with(ResponseTemplate::new(200))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .respond_with(error(501, "NotImplemented"))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("DELETE"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    let (plugin, _directory) = plugin(&server, json!({})).await;
    let put = json!({ "bucket": "team-data", "key": "k", "text": "x" });
    plugin.call_json("put_object", put.clone()).await.unwrap();
    // A store that cannot check it is not written to unchecked.
    let said = failure(&plugin, "put_object", put).await;
    assert!(said.contains("(status 501)"), "{said}");
    plugin
        .call_json(
            "delete_object",
            json!({ "bucket": "team-data", "key": "k" }),
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn a_store_that_keeps_failing_is_left_alone() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(error(503, "SlowDown"))
        .expect(4)
        .mount(&server)
        .await;
    let breaker = json!({ "retries": 1, "breaker": { "failures": 4, "pause": "1m" } });
    let (plugin, _directory) = plugin(&server, breaker).await;
    for words in [
        "overloaded or down",
        "overloaded or down",
        "the store failed several times in a row",
    ] {
        let said = failure(&plugin, "get_object", get()).await;
        assert!(said.contains(words), "{said}");
    }
    assert!(plugin.health().await.trouble().is_some());
}

#[tokio::test]
async fn a_store_that_declines_a_change_is_asked_again() {
    let server = MockServer::start().await;
    Mock::given(method("HEAD"))
        .respond_with(ResponseTemplate::new(404))
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "0"))
        .up_to_n_times(1)
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .respond_with(ResponseTemplate::new(200).insert_header("etag", "\"e\""))
        .expect(1)
        .mount(&server)
        .await;
    let (plugin, _directory) = plugin(&server, json!({})).await;
    let put = json!({ "bucket": "team-data", "key": "k", "text": "x" });
    plugin.call_json("put_object", put).await.unwrap();
    // One that never stops declining says how long it is to be left alone.
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "600"))
        .expect(1)
        .mount(&server)
        .await;
    let (plugin, _directory) = self::plugin(&server, json!({})).await;
    let said = failure(&plugin, "get_object", get()).await;
    assert!(said.contains("the store wants a pause of"), "{said}");
}
