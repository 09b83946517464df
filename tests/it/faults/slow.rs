//! Clients that hold a connection and do not use it.

use std::time::{Duration, Instant};

use mcp_factory_tests::{HttpServer, Product};
use serde_json::json;

const LIMITS: [&str; 6] = [
    "--set",
    r#"http.header_timeout="400ms""#,
    "--set",
    r#"http.body_timeout="600ms""#,
    "--set",
    r#"http.idle_timeout="1s""#,
];

/// More than any of the limits, less than it would take without them.
const SOON: Duration = Duration::from_secs(4);

#[test]
fn headers_that_never_end_end_the_connection() {
    let http = HttpServer::start(Product::Fixture, &LIMITS);
    let mut silent = http.connect();
    let mut partial = http.connect();
    partial.send(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\nx-slow: ");
    assert!(
        partial.closed_within(SOON),
        "half a head holds the connection"
    );
    assert!(
        silent.closed_within(SOON),
        "no head at all holds the connection"
    );
}

#[test]
fn headers_that_trickle_in_end_the_connection() {
    let http = HttpServer::start(Product::Fixture, &LIMITS);
    let mut trickle = http.connect();
    trickle.send(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n");
    let start = Instant::now();
    let closed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(30));
        trickle.try_send(b"x: y\r\n").is_err()
    });
    assert!(
        closed,
        "a head that never ends but never stops holds the connection"
    );
    assert!(start.elapsed() < SOON);
}

#[test]
fn a_body_that_never_ends_is_answered_with_408() {
    let http = HttpServer::start(Product::Fixture, &LIMITS);
    let mut partial = http.connect();
    partial.send(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
    partial.send(
        b"accept: application/json, text/event-stream\r\ncontent-length: 100\r\n\r\n{\"jsonrpc\":",
    );
    let start = Instant::now();
    assert_eq!(partial.response().status, 408);
    assert!(start.elapsed() < SOON);
    assert!(partial.closed_within(SOON));
}

#[test]
fn slow_clients_in_numbers_slow_nobody_else_down() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let slow: Vec<_> = (0..300)
        .map(|_| {
            let mut connection = http.connect();
            connection.send(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n");
            connection
        })
        .collect();
    let start = Instant::now();
    for _ in 0..20 {
        http.call("test_simple_text", &json!({}));
    }
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "20 calls took {:?}",
        start.elapsed()
    );
    drop(slow);
}
