//! The end over HTTP with every kind of bad client attached: what is running is answered, what will not end is
//! not waited for.

use std::time::{Duration, Instant};

use mcp_factory_tests::{Connection, HttpServer, Product, eventually, message};
use serde_json::json;

use super::await_begun;

/// How long what is running may still take.
const DRAIN: Duration = Duration::from_secs(6);

/// And what a busy machine may take beyond it.
const SLACK: Duration = Duration::from_secs(6);

const SETTINGS: [&str; 6] = [
    "--set",
    r#"server.drain="6s""#,
    "--set",
    r#"limits.rate="off""#,
    "--set",
    r#"limits.address_rate="off""#,
];

/// The same with a drain that nobody waits out: what does not wait for its end comes before it.
const PATIENT: [&str; 6] = [
    "--set",
    r#"server.drain="30s""#,
    "--set",
    r#"limits.rate="off""#,
    "--set",
    r#"limits.address_rate="off""#,
];

const HEAD: &[u8] = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n";

/// One client of each kind that would keep a server for ever.
fn bad_company(http: &HttpServer) -> Vec<Connection> {
    let mut company = vec![http.connect()];
    let mut add = |words: &[&[u8]]| {
        let mut connection = http.connect();
        for words in words {
            connection.send(words);
        }
        company.push(connection);
    };
    add(&[b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n"]);
    add(&[HEAD, b"content-length: 100\r\n\r\n{"]);
    add(&[HEAD, b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"]);
    // Idle, between two requests.
    let mut idle = http.connect();
    idle.write("GET", "/livez", &[("host", "localhost")], b"");
    assert_eq!(idle.response().status, 200);
    // In the middle of an answer that it does not read.
    let mut reader = Connection::narrow(http.address());
    reader.request(&message::call(1, "say", &json!({ "bytes": 1 << 20 })));
    assert_eq!(reader.head().status, 200);
    // Streams of events, of both eras.
    let mut listener = http.connect();
    let filter = json!({ "notifications": { "toolsListChanged": true } });
    listener.request(&message::modern(1, "subscriptions/listen", &filter));
    assert_eq!(listener.head().status, 200);
    let answer = http.post(message::initialize(1).to_string().as_bytes(), &[]);
    let session = answer.header("mcp-session-id").expect("a session");
    let mut stream = http.connect();
    let headers = [
        ("host", "localhost"),
        ("accept", "text/event-stream"),
        ("mcp-session-id", session),
    ];
    stream.write("GET", "/mcp", &headers, b"");
    assert_eq!(stream.head().status, 200);
    // Half gone: it has said all that it will ever say, and waits.
    let mut half = http.connect();
    half.request(&message::call(1, "hang", &json!({})));
    half.finish();
    company.extend([idle, reader, listener, stream, half]);
    company
}

#[test]
fn a_signal_ends_http_in_time_with_every_call_answered() {
    let mut http = HttpServer::start(Product::Fixture, &SETTINGS);
    let company = bad_company(&http);
    let mut hung = http.connect();
    hung.request(&message::call(1, "hang", &json!({})));
    let mut running: Vec<Connection> = (0..100)
        .map(|_| {
            let mut connection = http.connect();
            connection.request(&message::call(1, "wait", &json!({ "milliseconds": 1_500 })));
            connection
        })
        .collect();
    await_begun(&http, 101);

    let start = Instant::now();
    http.process.terminate();
    for connection in &mut running {
        let answer = connection.response().json();
        assert_eq!(message::text(&answer), "waited 1500 ms");
    }
    let (status, _) = http
        .process
        .ended_within(Duration::from_secs(20))
        .expect("it ends");
    let took = start.elapsed();
    assert_eq!(
        status.code(),
        Some(0),
        "{status}: {}",
        http.process.stderr()
    );
    assert!(took < DRAIN + SLACK, "it took {took:?}");
    drop((company, hung));
}

#[test]
fn a_server_that_drains_takes_nothing_new_and_keeps_nobody_idle() {
    // Less than the call takes that runs, with whose answer everything ends.
    const MEANWHILE: Duration = Duration::from_secs(4);
    let mut http = HttpServer::start(Product::Fixture, &PATIENT);
    let mut kept = http.connect();
    kept.write("GET", "/readyz", &[("host", "localhost")], b"");
    assert_eq!(kept.response().status, 200);
    let mut running = http.connect();
    running.request(&message::call(1, "wait", &json!({ "milliseconds": 5_000 })));
    await_begun(&http, 1);
    // Sent before the signal and read after it, on a connection that is in the middle of a request.
    let mut probe = http.connect();
    probe.send(b"GET /readyz HTTP/1.1\r\nhost: local");
    std::thread::sleep(Duration::from_millis(100));
    http.process.terminate();
    let refused = eventually(MEANWHILE, || {
        std::net::TcpStream::connect(http.address())
            .is_err()
            .then_some(())
    });
    assert!(refused.is_some(), "new connections are still taken");
    assert!(kept.closed_within(MEANWHILE), "an idle one is kept");
    assert!(probe.closed_within(MEANWHILE));
    let answer = running.response();
    assert_eq!(message::text(&answer.json()), "waited 5000 ms");
    let (status, took) = http
        .process
        .ended_within(Duration::from_secs(20))
        .expect("it ends");
    assert!(
        status.success() && took < Duration::from_secs(10),
        "{status} after {took:?}: it waits for nobody"
    );
}

#[test]
fn a_second_signal_ends_at_once_whoever_is_there() {
    let mut http = HttpServer::start(Product::Fixture, &PATIENT);
    let company = bad_company(&http);
    let mut hung = http.connect();
    hung.request(&message::call(1, "hang", &json!({})));
    // Who has closed its half may be taken for gone before its call began.
    await_begun(&http, 1);
    // In less than half of the drain.
    let status = http.process.terminate_again(Duration::from_secs(10));
    let status = status.expect("it ends");
    assert_eq!(status.code(), Some(128 + 15), "{status}");
    drop((company, hung));
}
