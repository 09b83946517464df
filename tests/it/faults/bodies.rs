//! Requests without measure: bodies and heads that are larger than anybody may send.

use std::{thread, time::Duration};

use mcp_factory_tests::{Connection, Subject, message};
use serde_json::json;

const GIB: usize = 1 << 30;

/// `http.max_body`, by default.
const CAP_KIB: u64 = 4 << 10;

const HEAD: &str = "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n";

/// Sends up to a GiB in the framing that `head` announces, until the server does not take more; how much that was.
fn pour(connection: &mut Connection, head: &str, piece: &[u8]) -> usize {
    connection.send(HEAD.as_bytes());
    connection.send(head.as_bytes());
    (0..GIB)
        .step_by(64 << 10)
        .find(|_| connection.try_send(piece).is_err())
        .unwrap_or(GIB)
}

/// Pours a GiB, looks at the refusal, and at what the server needed for it.
fn assert_refused_unread(subject: &Subject, head: &str, piece: &[u8]) {
    subject.process.forget_peak();
    let mut connection = subject.connect();
    let sent = pour(&mut connection, head, piece);
    let refusal = connection.try_response();
    // A client that goes on sending may be cut off before it reads the refusal.
    if let Ok(refusal) = refusal {
        assert_eq!(refusal.status, 413, "{}", refusal.text());
        assert_eq!(refusal.json()["error"]["code"], -32600);
    }
    // The body's cap, what is taken in so that the refusal is seen, and what the kernel holds on the way.
    assert!(sent < 64 << 20, "{sent} bytes were taken");
    let peak = subject.process.peak_kib();
    let most = subject.memory_before_kib() + 2 * CAP_KIB;
    assert!(peak < most, "{peak} KiB at most, and {most} are allowed");
}

#[test]
fn a_giant_body_is_refused_before_it_is_read() {
    let subject = Subject::start(&[]);
    let head = format!("content-length: {GIB}\r\n\r\n");
    // Who announces it and waits is told at once.
    let mut polite = subject.connect();
    polite.send(HEAD.as_bytes());
    polite.send(head.as_bytes());
    let refusal = polite.response();
    assert_eq!(
        (refusal.status, refusal.header("connection")),
        (413, Some("close"))
    );
    assert!(polite.closed_within(Duration::from_secs(5)));
    // Who sends it all the same is not listened to.
    assert_refused_unread(&subject, &head, " ".repeat(64 << 10).as_bytes());
    drop(polite);
    subject.assert_unharmed();
}

#[test]
fn a_giant_chunked_body_is_refused_at_the_limit() {
    let subject = Subject::start(&[]);
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(64 << 10));
    let head = "transfer-encoding: chunked\r\n\r\n";
    assert_refused_unread(&subject, head, chunk.as_bytes());
    subject.assert_unharmed();
}

/// Six bytes for one: the limit is on what is left of them.
#[test]
fn a_giant_body_in_crumbs_is_refused_at_the_limit() {
    let subject = Subject::start(&[r#"http.max_body="64KiB""#]);
    let crumbs = "1\r\n \r\n".repeat(10 << 10);
    assert_refused_unread(
        &subject,
        "transfer-encoding: chunked\r\n\r\n",
        crumbs.as_bytes(),
    );
    subject.assert_unharmed();
}

/// Large bodies have 32 places, so that many senders cannot fill memory together.
#[test]
fn giant_bodies_in_numbers_are_held_to_so_many_at_once() {
    let subject = Subject::start(&[]);
    subject.process.forget_peak();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(64 << 10));
    let mut senders: Vec<Connection> = (0..100).map(|_| subject.connect()).collect();
    let statuses: Vec<Option<u16>> = thread::scope(|scope| {
        let senders: Vec<_> = senders
            .iter_mut()
            .map(|sender| {
                let chunk = chunk.as_bytes();
                scope.spawn(move || {
                    pour(sender, "transfer-encoding: chunked\r\n\r\n", chunk);
                    sender.try_response().ok().map(|refusal| refusal.status)
                })
            })
            .collect();
        let senders = senders.into_iter();
        senders
            .map(|sender| sender.join().expect("it does not fail"))
            .collect()
    });
    assert!(
        statuses
            .iter()
            .flatten()
            .all(|status| [413, 503].contains(status)),
        "{statuses:?}"
    );
    let peak = subject.process.peak_kib();
    let most = subject.memory_before_kib() + 2 * 32 * CAP_KIB;
    assert!(peak < most, "{peak} KiB at most, and {most} are allowed");
    drop(senders);
    subject.assert_unharmed();
}

#[test]
fn heads_without_measure_are_431() {
    let subject = Subject::start(&[]);
    let many = "x-header: 1\r\n".repeat(200);
    let large = format!("x-header: {}\r\n", "x".repeat(512 << 10));
    let name = format!("{}: 1\r\n", "x".repeat(512 << 10));
    for more in [&many, &large, &name] {
        let mut connection = subject.connect();
        connection.send(HEAD.as_bytes());
        // The refusal may come before all of it is sent.
        let refusal = match connection.try_send(format!("{more}\r\n").as_bytes()) {
            Ok(()) => Some(connection.response()),
            Err(_) => connection.try_response().ok(),
        };
        let status = refusal.map(|refusal| refusal.status);
        assert_eq!(status, Some(431), "a head of {} bytes", more.len());
        assert!(connection.closed_within(Duration::from_secs(5)));
    }
    // A target without measure is another status, and no less the end.
    let mut connection = subject.connect();
    let target = format!(
        "POST /{} HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "x".repeat(512 << 10)
    );
    connection.try_send(target.as_bytes()).ok();
    let status = connection.try_response().map(|refusal| refusal.status);
    assert!(matches!(status, Ok(414 | 431)), "{status:?}");
    // What people send is far below.
    let usual = "x-header: 1\r\n".repeat(50);
    let list = message::modern(1, "tools/list", &json!({})).to_string();
    let mut connection = subject.connect();
    connection.send(HEAD.as_bytes());
    connection.send(
        format!(
            "{usual}mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/list\r\ncontent-length: {}\r\n\r\n{list}",
            list.len()
        )
        .as_bytes(),
    );
    assert_eq!(connection.response().status, 200);
    drop(connection);
    subject.assert_unharmed();
}
