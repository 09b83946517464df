//! Sessions of the older revisions: a few for those who need one, no more for those who ask for all.

use std::time::Duration;

use mcp_factory_tests::{HttpServer, Product, eventually, message};
use serde_json::json;

#[test]
fn a_flood_of_handshakes_is_bounded_in_sessions_and_in_memory() {
    let http = HttpServer::start(
        Product::Fixture,
        &[
            "--set",
            "http.legacy_sessions=20",
            "--set",
            "limits.address_rate=off",
        ],
    );
    // The first ones warm up what is made once.
    let before = {
        http.call("test_simple_text", &json!({}));
        http.process.resident_kib()
    };
    let mut sessions = 0;
    for id in 0..1_000 {
        let response = http.post(message::initialize(id).to_string().as_bytes(), &[]);
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(
            response.json()["result"]["protocolVersion"],
            message::LEGACY
        );
        sessions += usize::from(response.header("mcp-session-id").is_some());
    }
    // One caller has a quarter of them at most; the rest is for others.
    assert_eq!(sessions, 5);
    let grown = http.process.resident_kib().saturating_sub(before);
    assert!(grown < 16 * 1024, "1000 handshakes cost {grown} KiB");
    // Whoever came late works all the same.
    let list = message::legacy(1, "tools/list", &json!({})).to_string();
    let response = http.post(
        list.as_bytes(),
        &[("mcp-protocol-version", message::LEGACY)],
    );
    assert!(
        response.json()["result"]["tools"].is_array(),
        "{}",
        response.text()
    );
}

#[test]
fn an_ended_session_makes_room_and_is_gone() {
    let http = HttpServer::start(Product::Fixture, &["--set", "http.legacy_sessions=1"]);
    let initialize = || http.post(message::initialize(1).to_string().as_bytes(), &[]);
    let first = initialize();
    let session = first
        .header("mcp-session-id")
        .expect("there is room for one")
        .to_owned();
    assert!(
        initialize().header("mcp-session-id").is_none(),
        "and only for one"
    );

    let mut connection = http.connect();
    connection.send(
        format!("DELETE /mcp HTTP/1.1\r\nhost: localhost\r\nmcp-session-id: {session}\r\n\r\n")
            .as_bytes(),
    );
    assert_eq!(connection.response().status, 200);
    let list = message::legacy(1, "tools/list", &json!({})).to_string();
    assert_eq!(
        http.post(list.as_bytes(), &[("mcp-session-id", &session)])
            .status,
        404
    );
    assert!(
        initialize().header("mcp-session-id").is_some(),
        "its place is free again"
    );
}

#[test]
fn without_sessions_only_posts_have_a_meaning() {
    let http = HttpServer::start(Product::Fixture, &["--set", "http.legacy_sessions=0"]);
    let response = http.post(message::initialize(1).to_string().as_bytes(), &[]);
    assert_eq!(response.status, 200);
    assert!(response.header("mcp-session-id").is_none());
    for method in ["GET", "DELETE", "PUT"] {
        let mut connection = http.connect();
        connection.send(
            format!(
                "{method} /mcp HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n"
            )
            .as_bytes(),
        );
        let response = connection.response();
        assert_eq!(
            (response.status, response.header("allow")),
            (405, Some("POST")),
            "{method}"
        );
    }
}

/// A session, and the header that names it.
fn session(http: &HttpServer) -> String {
    let response = http.post(message::initialize(1).to_string().as_bytes(), &[]);
    response
        .header("mcp-session-id")
        .expect("there is room")
        .to_owned()
}

#[test]
fn a_second_request_with_an_id_in_flight_is_refused() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let session = session(&http);
    let wait = message::legacy(
        7,
        "tools/call",
        &json!({ "name": "wait", "arguments": { "milliseconds": 700 } }),
    );
    let wait = wait.to_string();
    let headers = [("mcp-session-id", session.as_str())];
    let mut first = http.connect();
    first.post(wait.as_bytes(), &headers);
    let begun = || (http.counts().0 > 0).then_some(());
    assert!(eventually(Duration::from_secs(10), begun).is_some());
    let second = http.post(wait.as_bytes(), &headers);
    assert_eq!(second.status, 400, "{}", second.text());
    assert_eq!(second.json()["id"], 7);
    // The first is answered, and its id is free again.
    let freed = eventually(Duration::from_secs(10), || {
        let again = message::legacy(7, "tools/list", &json!({})).to_string();
        let mut connection = http.connect();
        connection.post(again.as_bytes(), &headers);
        (connection.head().status == 200).then_some(())
    });
    assert!(freed.is_some(), "the id was never free again");
}

#[test]
fn what_a_session_keeps_of_its_client_is_bounded() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let mut handshake = message::initialize(1);
    handshake["params"]["clientInfo"]["name"] = "x".repeat(1 << 20).into();
    let response = http.post(handshake.to_string().as_bytes(), &[]);
    assert_eq!(response.status, 413, "{}", response.text());

    let session = session(&http);
    let headers = [("mcp-session-id", session.as_str())];
    let uri = format!("test://{}", "x".repeat(8 << 10));
    for method in ["resources/subscribe", "resources/read"] {
        let request = message::legacy(2, method, &json!({ "uri": uri })).to_string();
        let text = http.post(request.as_bytes(), &headers).text();
        assert!(
            text.contains("a uri has at most 4096 bytes"),
            "{method}: {text}"
        );
        assert!(!text.contains("xxxx"), "{method} repeats what it refuses");
    }
}

#[test]
fn a_client_that_is_ready_again_and_again_costs_nothing() {
    let http = HttpServer::start(Product::Fixture, &["--set", "limits.address_rate=off"]);
    let session = session(&http);
    let headers = [("mcp-session-id", session.as_str())];
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string();
    let mut connection = http.connect();
    let mut send = |times: usize| {
        for _ in 0..times {
            connection.post(ready.as_bytes(), &headers);
            assert_eq!(connection.response().status, 202);
        }
    };
    send(500);
    let before = http.process.resident_kib();
    send(10_000);
    let grown = http.process.resident_kib().saturating_sub(before);
    assert!(grown < 6 * 1024, "10000 notifications cost {grown} KiB");
}

#[test]
fn a_request_of_the_newer_revision_has_no_session_whatever_it_says() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let list = message::modern(1, "tools/list", &json!({})).to_string();
    let response = http.post(
        list.as_bytes(),
        &[
            ("mcp-protocol-version", message::MODERN),
            ("mcp-method", "tools/list"),
            ("mcp-session-id", "aaa"),
        ],
    );
    assert_eq!(response.status, 200, "{}", response.text());
    // One whole answer; a session's would be a stream.
    assert_eq!(response.header("content-type"), Some("application/json"));
}
