//! The end: what is running is answered, what will not end is not waited for.

use std::time::Duration;

use mcp_factory_tests::{HttpServer, Product, StdioServer, message};
use serde_json::json;

/// The drain that the tests ask for.
const DRAIN: &str = r#"server.drain="1500ms""#;
/// What a busy machine may take; without an end of its own a call would go on for ever.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn streams_of_events_do_not_hold_up_the_end() {
    let mut http = HttpServer::start(Product::Fixture, &["--set", r#"server.drain="20s""#]);
    let mut listener = http.connect();
    let filter = json!({ "notifications": { "toolsListChanged": true } });
    listener.request(&message::modern(1, "subscriptions/listen", &filter));
    assert_eq!(listener.head().status, 200);
    // A session of the older revisions, and its stream.
    let answer = http.post(message::initialize(1).to_string().as_bytes(), &[]);
    let session = answer
        .header("mcp-session-id")
        .expect("a session")
        .to_owned();
    let mut stream = http.connect();
    let get = format!(
        "GET /mcp HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nmcp-session-id: {session}\r\n\r\n"
    );
    stream.send(get.as_bytes());
    assert_eq!(stream.head().status, 200);

    http.process.terminate();
    let (status, took) = http.process.ended_within(SOON * 2).expect("it ends");
    assert!(status.success(), "{status}");
    assert!(took < SOON, "it took {took:?}");
}

#[test]
fn a_signal_ends_stdio_in_time_with_the_running_call_answered() {
    let mut stdio = StdioServer::start(Product::Fixture, &["--set", DRAIN]);
    stdio.send(&message::call(1, "hang", &json!({})));
    stdio.send(&message::call(2, "wait", &json!({ "milliseconds": 500 })));
    // Read after the two, so both have begun.
    stdio.call(3, "counts", &json!({}));
    stdio.process.terminate();
    let answer = stdio.receive();
    assert_eq!(
        (&answer["id"], message::text(&answer)),
        (&json!(2), "waited 500 ms")
    );
    let (status, took) = stdio.process.ended_within(SOON * 2).expect("it ends");
    assert!(status.success(), "{status}");
    assert!(took < SOON, "it took {took:?}");
}

#[test]
fn the_end_of_stdin_is_the_end_once_all_calls_are_answered() {
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    stdio.send(&message::call(1, "wait", &json!({ "milliseconds": 500 })));
    stdio.close_stdin();
    assert_eq!(message::text(&stdio.receive()), "waited 500 ms");
    let (status, took) = stdio.process.ended_within(SOON * 2).expect("it ends");
    assert!(
        status.success() && took < Duration::from_secs(4),
        "{status} after {took:?}"
    );
}

#[test]
fn a_call_that_never_ends_does_not_outlive_stdin_for_long() {
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    stdio.send(&message::call(1, "hang", &json!({})));
    stdio.call(2, "counts", &json!({}));
    stdio.close_stdin();
    let (status, took) = stdio.process.ended_within(SOON * 2).expect("it ends");
    assert!(status.success() && took < SOON, "{status} after {took:?}");
}
