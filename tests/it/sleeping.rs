//! Sessions of the older revisions sleep while they have nothing to stream, and wake when somebody needs it.

use std::time::{Duration, Instant};

use mcp_factory_tests::{HttpServer, Product, eventually, message};
use serde_json::{Value, json};

/// Opens a session; its id.
fn session(http: &HttpServer, capabilities: &Value) -> String {
    let mut handshake = message::initialize(0);
    handshake["params"]["capabilities"] = capabilities.clone();
    let response = http.post(handshake.to_string().as_bytes(), &[]);
    assert_eq!(response.header("content-type"), Some("application/json"));
    let id = response.header("mcp-session-id").expect("there is room");
    let session = id.to_owned();
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let ready = http.post(
        ready.to_string().as_bytes(),
        &[("mcp-session-id", &session)],
    );
    assert_eq!(ready.status, 202);
    session
}

fn call(id: i64, tool: &str, arguments: &Value) -> String {
    let params = json!({ "name": tool, "arguments": arguments });
    message::legacy(id, "tools/call", &params).to_string()
}

#[test]
fn a_sleeping_session_costs_less_than_two_kib() {
    let http = HttpServer::start(
        Product::Fixture,
        &[
            "--set",
            "http.legacy_sessions=10000",
            "--set",
            "limits.address_rate=off",
        ],
    );
    let mut connection = http.connect();
    let mut open = |count: i64| {
        for id in 0..count {
            connection.post(message::initialize(id).to_string().as_bytes(), &[]);
            let response = connection.response();
            assert!(response.header("mcp-session-id").is_some(), "{id}");
        }
    };
    open(200);
    let before = http.process.resident_kib();
    open(2_000);
    let grown = http.process.resident_kib().saturating_sub(before);
    assert!(grown < 2 * 2_000, "2000 sessions cost {grown} KiB");
}

#[test]
fn a_session_sleeps_until_a_tool_has_something_to_ask() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let session = session(&http, &json!({ "elicitation": {} }));
    let headers = [
        ("mcp-session-id", session.as_str()),
        ("mcp-protocol-version", message::LEGACY),
    ];
    // Asleep: one whole answer.
    let response = http.post(call(1, "test_simple_text", &json!({})).as_bytes(), &headers);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert!(message::text(&response.json()).contains("simple text"));
    // It wakes, and what its client can be asked was not forgotten.
    let mut asked = http.connect();
    let question = json!({ "message": "Who?" });
    asked.post(call(2, "test_elicitation", &question).as_bytes(), &headers);
    let head = asked.head();
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    assert!(asked.says_within("elicitation/create", Duration::from_secs(10)));
    // Meanwhile others are answered as before.
    let response = http.post(call(3, "test_simple_text", &json!({})).as_bytes(), &headers);
    assert_eq!(response.header("content-type"), Some("application/json"));
    let answer = json!({
        "jsonrpc": "2.0", "id": 0,
        "result": { "action": "accept", "content": { "username": "ann", "email": "a@example.com" } },
    });
    assert_eq!(
        http.post(answer.to_string().as_bytes(), &headers).status,
        202
    );
    assert!(asked.says_within("action=accept", Duration::from_secs(10)));
}

#[test]
fn a_call_that_is_taken_back_in_a_session_is_dropped_at_once() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let session = session(&http, &json!({}));
    let headers = [("mcp-session-id", session.as_str())];
    let mut hung = http.connect();
    hung.post(call(7, "hang", &json!({})).as_bytes(), &headers);
    let begun = || (http.counts().0 == 1).then_some(());
    assert!(eventually(Duration::from_secs(10), begun).is_some());
    let notice = json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 }
    });
    let start = Instant::now();
    assert_eq!(
        http.post(notice.to_string().as_bytes(), &headers).status,
        202
    );
    // The answer that will not come: a stream without an event.
    let response = hung.response();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(
        (
            response.status,
            response.header("content-type"),
            response.text()
        ),
        (200, Some("text/event-stream"), String::new())
    );
    // It may run on a thread of its own, which lets go of it at once, but not before the answer.
    let gone = || (http.counts() == (1, 1)).then_some(());
    assert!(eventually(Duration::from_secs(10), gone).is_some());
}

#[test]
fn another_server_knows_nothing_of_a_session() {
    let first = HttpServer::start(Product::Fixture, &[]);
    let session = session(&first, &json!({}));
    let second = HttpServer::start(Product::Fixture, &[]);
    let list = message::legacy(1, "tools/list", &json!({})).to_string();
    let headers = [("mcp-session-id", session.as_str())];
    assert_eq!(second.post(list.as_bytes(), &headers).status, 404);
    assert_eq!(first.post(list.as_bytes(), &headers).status, 200);
}
