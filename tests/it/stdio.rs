//! Lines on stdin that are no good messages: each is answered, and none is the end.

use std::time::Duration;

use mcp_factory_tests::{Product, StdioServer, message};
use serde_json::{Value, json};

fn assert_error(answer: &Value, code: i64, id: &Value) {
    assert_eq!(
        (&answer["error"]["code"], &answer["id"]),
        (&json!(code), id),
        "{answer}"
    );
}

/// The server still does what it is for.
fn assert_well(stdio: &mut StdioServer) {
    let answer = stdio.call(1_000, "test_simple_text", &json!({}));
    assert_eq!(
        message::text(&answer),
        "This is a simple text response for testing."
    );
}

#[test]
fn garbage_is_answered_with_a_parse_error() {
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    let deep = format!("{}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let cases: [&[u8]; 4] = [
        b"hello\n",
        b"{\"jsonrpc\":\"2.0\",\n",
        b"{\"id\":\"\xff\"}\n",
        deep.as_bytes(),
    ];
    for line in cases {
        stdio.send_bytes(line);
        assert_error(&stdio.receive(), -32700, &Value::Null);
    }
    assert_well(&mut stdio);
}

#[test]
fn a_message_in_the_wrong_form_is_an_invalid_request() {
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    for line in [
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}"#,
    ] {
        stdio.send_bytes(format!("{line}\n").as_bytes());
        let answer = stdio.receive();
        assert_eq!(answer["error"]["code"], -32600, "{line}: {answer}");
    }
    assert_well(&mut stdio);
}

#[test]
fn a_line_past_the_limit_is_answered_and_skipped() {
    let mut stdio = StdioServer::start(Product::Fixture, &["--set", r#"stdio.max_line="64KiB""#]);
    let long = "x".repeat(300_000);
    stdio.send(&message::call(
        1,
        "test_elicitation",
        &json!({ "message": long }),
    ));
    let answer = stdio.receive();
    assert!(
        answer["error"]["code"]
            .as_i64()
            .is_some_and(|code| code == -32600 || code == -32700),
        "{answer}"
    );
    assert_well(&mut stdio);
}

#[test]
fn an_id_that_is_still_in_flight_is_refused_and_its_first_call_answered() {
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    stdio.send(&message::call(6, "wait", &json!({ "milliseconds": 400 })));
    stdio.send(&message::call(6, "counts", &json!({})));
    assert_error(&stdio.receive(), -32600, &json!(6));
    let answer = stdio.receive();
    assert_eq!(
        (&answer["id"], message::text(&answer)),
        (&json!(6), "waited 400 ms")
    );
    // Answered, so free again.
    assert_eq!(
        stdio.call(6, "counts", &json!({}))["result"]["structuredContent"]["begun"],
        1
    );
}

#[test]
fn params_of_the_wrong_type_are_invalid_params() {
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    let answer = stdio.request(&message::modern(2, "tools/call", &json!({ "name": 7 })));
    assert_error(&answer, -32602, &json!(2));
    let answer = stdio.request(&message::modern(3, "tools/fly", &json!({})));
    assert_error(&answer, -32601, &json!(3));
    assert_well(&mut stdio);
}

#[test]
fn a_second_handshake_is_refused_and_changes_nothing() {
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    let first = stdio.initialize();
    assert_eq!(
        first["result"]["protocolVersion"],
        message::LEGACY,
        "{first}"
    );
    let mut second = message::initialize(1);
    second["params"]["protocolVersion"] = json!(message::MODERN);
    assert_error(&stdio.request(&second), -32600, &json!(1));
    // Still the revision that has pings.
    let pong = stdio.request(&json!({ "jsonrpc": "2.0", "id": 2, "method": "ping" }));
    assert_eq!(pong["result"], json!({}), "{pong}");
}

#[test]
fn every_handshake_ends_in_a_revision_that_both_know() {
    for (asked, agreed) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
        ("2099-01-01", "2025-11-25"),
    ] {
        let mut stdio = StdioServer::start(Product::Fixture, &[]);
        let mut initialize = message::initialize(1);
        initialize["params"]["protocolVersion"] = json!(asked);
        let answer = stdio.request(&initialize);
        assert_eq!(
            answer["result"]["protocolVersion"], agreed,
            "asked for {asked}: {answer}"
        );
        assert_eq!(answer["result"]["serverInfo"]["name"], "fixture");
    }
}

#[test]
fn a_thousand_calls_at_once_are_all_answered_once() {
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    let calls: Vec<String> = (0..1_000)
        .map(|id| message::call(id, "test_simple_text", &json!({})).to_string())
        .collect();
    stdio.send_bytes(format!("{}\n", calls.join("\n")).as_bytes());
    let mut ids: Vec<i64> = (0..1_000)
        .map(|_| stdio.receive()["id"].as_i64().expect("an id"))
        .collect();
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..1_000));
    assert_eq!(stdio.receive_within(Duration::from_millis(100)), None);
}
