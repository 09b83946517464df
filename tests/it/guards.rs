//! What the HTTP transport refuses before anything runs, byte for byte.

use mcp_factory_tests::{Connection, HttpServer, Product, Response, message};
use serde_json::{Value, json};

/// A refusal is an answer too: JSON-RPC, with a code, and with the id of the request if it has one.
fn assert_refused(response: &Response, status: u16, code: i64, id: &Value) {
    assert_eq!(response.status, status, "{}", response.text());
    assert_eq!(
        response.header("content-type"),
        Some("application/json"),
        "{}",
        response.text()
    );
    let answer = response.json();
    assert_eq!(answer["jsonrpc"], "2.0", "{answer}");
    assert_eq!(answer["error"]["code"], code, "{answer}");
    assert_eq!(&answer["id"], id, "{answer}");
}

fn list() -> Value {
    message::modern(1, "tools/list", &json!({}))
}

/// `tools/list` with one more header, or another one.
fn listed_with(http: &HttpServer, name: &str, value: &str) -> Response {
    let headers = [
        ("mcp-protocol-version", message::MODERN),
        ("mcp-method", "tools/list"),
        (name, value),
    ];
    http.post(list().to_string().as_bytes(), &headers)
}

#[test]
fn a_page_of_another_site_is_refused() {
    let http = HttpServer::start(Product::Fixture, &[]);
    for origin in [
        "https://evil.example.com",
        "null",
        "http://localhost.evil.example.com",
        "http://127.0.0.1.evil.example",
    ] {
        assert_eq!(listed_with(&http, "origin", origin).status, 403, "{origin}");
    }
    for origin in [
        "http://localhost:6274",
        "http://127.0.0.1",
        "http://[::1]:80",
    ] {
        assert_eq!(listed_with(&http, "origin", origin).status, 200, "{origin}");
    }
}

#[test]
fn a_name_that_is_not_ours_is_refused() {
    let http = HttpServer::start(Product::Fixture, &[]);
    for host in [
        "evil.example.com",
        "localhost.evil.example.com",
        "127.0.0.1.evil.example:80",
    ] {
        assert_eq!(listed_with(&http, "host", host).status, 403, "{host}");
    }
    for host in ["localhost:1", "127.0.0.1", "[::1]:1"] {
        assert_eq!(listed_with(&http, "host", host).status, 200, "{host}");
    }
}

#[test]
fn what_is_no_message_is_a_parse_error() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{}{}}}"#,
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    let cases: [&[u8]; 6] = [
        b"",
        b"{",
        b"tools/list",
        b"{\"jsonrpc\":\"2.0\",}",
        b"{\"id\":\"\xff\xfe\"}",
        deep.as_bytes(),
    ];
    for body in cases {
        assert_refused(&http.post(body, &[]), 400, -32700, &Value::Null);
    }
}

#[test]
fn a_message_in_the_wrong_form_is_an_invalid_request() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let batch = json!([list(), list()]).to_string();
    for body in [
        batch.as_str(),
        "[]",
        "1",
        r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"tools/list"}"#,
        r#"{"id":1,"method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
        r#"{"jsonrpc":"2.0","id":1,"Method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"hang"}}"#,
    ] {
        let response = http.post(body.as_bytes(), &[]);
        assert_eq!(response.status, 400, "{body}: {}", response.text());
        assert_eq!(
            response.json()["error"]["code"],
            -32600,
            "{body}: {}",
            response.text()
        );
    }
    assert_eq!(http.counts(), (0, 0), "none of these ran");
}

#[test]
fn params_of_the_wrong_type_are_invalid_params() {
    let http = HttpServer::start(Product::Fixture, &[]);
    for params in [
        json!({ "name": 7 }),
        json!({ "name": "test_simple_text", "arguments": [] }),
        json!({ "name": "test_simple_text", "arguments": "all" }),
        json!({ "arguments": {} }),
    ] {
        let request = message::modern(5, "tools/call", &params);
        let headers = [
            ("mcp-protocol-version", message::MODERN),
            ("mcp-method", "tools/call"),
            ("mcp-name", "test_simple_text"),
        ];
        let response = http.post(request.to_string().as_bytes(), &headers);
        assert_refused(&response, 400, -32602, &json!(5));
        // And without the words of the newest revision.
        let request = message::legacy(5, "tools/call", &params);
        let response = http.post(
            request.to_string().as_bytes(),
            &[("mcp-protocol-version", message::LEGACY)],
        );
        assert_eq!(
            response.json()["error"]["code"],
            -32602,
            "{params}: {}",
            response.text()
        );
    }
}

#[test]
fn a_key_that_stands_twice_is_refused_at_any_depth() {
    let http = HttpServer::start(Product::Fixture, &[]);
    for params in [
        r#"{"name":"counts","name":"hang"}"#,
        r#"{"name":"wait","arguments":{"milliseconds":0,"milliseconds":20000}}"#,
        r#"{"name":"counts","arguments":{"a":{"b":1,"b":2}}}"#,
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{params}}}"#);
        let response = http.post(
            body.as_bytes(),
            &[("mcp-protocol-version", message::LEGACY)],
        );
        assert_eq!(response.status, 400, "{params}: {}", response.text());
        assert!(
            matches!(
                response.json()["error"]["code"].as_i64(),
                Some(-32600 | -32602)
            ),
            "{}",
            response.text()
        );
    }
    assert_eq!(http.counts(), (0, 0), "none of these ran");
}

#[test]
fn a_header_that_says_something_else_than_the_body_is_refused() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let call = message::call(4, "wait", &json!({ "milliseconds": 0 })).to_string();
    let version = ("mcp-protocol-version", message::MODERN);
    for headers in [
        [
            version,
            ("mcp-method", "tools/call"),
            ("mcp-name", "counts"),
        ],
        [version, ("mcp-method", "tools/list"), ("mcp-name", "wait")],
        [version, ("mcp-method", "tools/call"), ("x-other", "wait")],
        [
            ("mcp-protocol-version", message::LEGACY),
            ("mcp-method", "tools/call"),
            ("mcp-name", "wait"),
        ],
    ] {
        assert_refused(
            &http.post(call.as_bytes(), &headers),
            400,
            -32020,
            &json!(4),
        );
    }
    assert_eq!(http.counts(), (0, 0), "none of these ran");
}

#[test]
fn a_body_past_the_limit_is_refused_without_being_read() {
    let http = HttpServer::start(Product::Fixture, &["--set", "http.max_body=\"64KiB\""]);
    // Announced: refused before a byte of it is sent.
    let mut connection: Connection = http.connect();
    connection.send(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
    connection
        .send(b"accept: application/json, text/event-stream\r\ncontent-length: 70000\r\n\r\n");
    assert_eq!(connection.response().status, 413);
    // Not announced.
    let mut connection = http.connect();
    connection.send(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
    connection
        .send(b"accept: application/json, text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
    connection.send(format!("11171\r\n{}\r\n0\r\n\r\n", " ".repeat(70_001)).as_bytes());
    assert_eq!(connection.response().status, 413);
}
