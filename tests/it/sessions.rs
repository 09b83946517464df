//! Sessions of the older revisions: a few for those who need one, no more for those who ask for all.

use mcp_factory_tests::{HttpServer, Product, message};
use serde_json::json;

#[test]
fn a_flood_of_handshakes_is_bounded_in_sessions_and_in_memory() {
    let http = HttpServer::start(Product::Fixture, &["--set", "http.legacy_sessions=20"]);
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
    assert_eq!(sessions, 20);
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
