//! What a client can do to a server in HTTP/2 alone, frame by frame.

use std::time::Duration;

use mcp_factory_tests::{Connection, Subject, eventually, message};
use serde_json::json;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Kinds of frames, and what their flags say.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// More than any of the limits below, less than it would take without them.
const SOON: Duration = Duration::from_secs(5);

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("frames are short");
    let head = [
        &length.to_be_bytes()[1..],
        &[kind, flags],
        &stream.to_be_bytes(),
    ];
    [&head.concat(), payload].concat()
}

/// Headers as the simplest encoder writes them: each as text, none remembered.
fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).expect("texts are short");
    let fields = headers.iter().map(|(name, value)| {
        assert!(name.len() < 127 && value.len() < 127, "one byte of length");
        let parts = [
            &[0, length(name)],
            name.as_bytes(),
            &[length(value)],
            value.as_bytes(),
        ];
        parts.concat()
    });
    fields.collect::<Vec<_>>().concat()
}

/// The head of a call.
fn call(tool: &str) -> Vec<u8> {
    block(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/mcp"),
        (":authority", "localhost"),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", message::MODERN),
        ("mcp-method", "tools/call"),
        ("mcp-name", tool),
    ])
}

/// A connection that has begun to speak HTTP/2.
fn greeted(subject: &Subject) -> Connection {
    let mut connection = subject.connect();
    connection.send(&[PREFACE, &frame(SETTINGS, 0, 0, b"")].concat());
    connection
}

/// Sends these frames again and again, with the number of a new stream each time; whether the server ended it.
fn is_ended_by(connection: &mut Connection, times: u32, frames: impl Fn(u32) -> Vec<u8>) -> bool {
    (0..times).any(|nth| connection.try_send(&frames(2 * nth + 1)).is_err())
        || connection.closed_within(SOON)
}

#[test]
fn calls_that_are_taken_back_at_once_end_the_connection_and_leave_nothing() {
    let subject = Subject::start(&[]);
    let body = message::call(1, "hang", &json!({})).to_string();
    for _ in 0..4 {
        let mut connection = greeted(&subject);
        let ended = is_ended_by(&mut connection, 20_000, |stream| {
            let frames = [
                frame(HEADERS, END_HEADERS, stream, &call("hang")),
                frame(DATA, END_STREAM, stream, body.as_bytes()),
                frame(RESET, 0, stream, &8_u32.to_be_bytes()),
            ];
            frames.concat()
        });
        assert!(ended, "20,000 calls were begun and taken back");
    }
    let gone = eventually(SOON, || {
        let (begun, gone) = subject.counts();
        (begun == gone).then_some(())
    });
    assert!(gone.is_some(), "still running: {:?}", subject.counts());
    subject.assert_unharmed();
}

#[test]
fn heads_that_never_end_in_frames_end_the_connection() {
    let subject = Subject::start(&[r#"http.header_timeout="1s""#]);
    // As fast as they go, and one now and then.
    let mut flood = greeted(&subject);
    flood.send(&frame(HEADERS, 0, 1, &call("hang")));
    let more = frame(CONTINUATION, 0, 1, &block(&[("x-more", "and more")]));
    assert!(is_ended_by(&mut flood, 100_000, |_| more.clone()));
    let mut drip = greeted(&subject);
    drip.send(&frame(HEADERS, 0, 1, &call("hang")));
    let dripped = eventually(SOON, || drip.try_send(&more).is_err().then_some(()));
    assert!(
        dripped.is_some(),
        "a head that trickles in holds the connection"
    );
    drop((flood, drip));
    subject.assert_unharmed();
}

#[test]
fn questions_whose_answers_are_not_read_fill_no_memory() {
    let subject = Subject::start(&[r#"http.write_timeout="1s""#]);
    subject.process.forget_peak();
    let pings = frame(PING, 0, 0, b"answered").repeat(4 << 10);
    let mut connection = greeted(&subject);
    let ended = (0..4096).any(|_| connection.try_send(&pings).is_err());
    assert!(ended, "256 MiB of them were answered to nobody");
    let peak = subject.process.peak_kib();
    let most = subject.memory_before_kib() + (16 << 10);
    assert!(peak < most, "{peak} KiB at most, and {most} are allowed");
    drop(connection);
    subject.assert_unharmed();
}

#[test]
fn requests_that_never_end_end_alone_or_with_their_connection() {
    let subject = Subject::start(&[
        r#"http.body_timeout="1s""#,
        r#"http.idle_timeout="2s""#,
        r#"http.write_timeout="1s""#,
    ]);
    let before = subject.normal_calls();
    let mut slow: Vec<Connection> = (0..20).map(|_| greeted(&subject)).collect();
    for connection in &mut slow {
        for nth in 0..100 {
            // The server may have had enough before that.
            let head = frame(HEADERS, END_HEADERS, 2 * nth + 1, &call("hang"));
            connection.try_send(&head).ok();
        }
    }
    subject.normal_calls().assert_like(&before);
    for connection in &mut slow {
        assert!(
            connection.closed_within(Duration::from_secs(15)),
            "it stays"
        );
    }
    assert_eq!(subject.counts(), (0, 0), "a call began without its body");
    drop(slow);
    subject.assert_unharmed();
}
