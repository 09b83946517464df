//! Requests without measure: bodies and heads that are larger than anybody may send.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mcp_factory_tests::{Connection, Subject, message};
use serde_json::json;

const GIB: usize = 1 << 30;

/// `http.max_body`, by default.
const CAP_KIB: u64 = 4 << 10;

/// Bodies above 64 KiB that may be in memory at once.
const PLACES: usize = 32;

/// Senders at once who all want one.
const SENDERS: usize = 100;

/// In this time it is settled who has a place: less than the silence for which who has one is cut off.
const SETTLED: Duration = Duration::from_secs(7);

const CHUNKED: &str = "transfer-encoding: chunked\r\n\r\n";

/// The chunk of one byte.
const CRUMB: &str = "1\r\n \r\n";

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

/// A chunk of 64 KiB: 64 of them are the cap.
fn chunk() -> String {
    format!("10000\r\n{}\r\n", " ".repeat(64 << 10))
}

/// Pours a GiB, looks at the refusal, and at what the server needed for it.
fn assert_refused_unread(subject: &Subject, head: &str, piece: &[u8]) {
    subject.process.forget_peak();
    let mut connection = subject.connect();
    let sent = pour(&mut connection, head, piece);
    let refusal = connection.try_response();
    // A client that goes on sending may be cut off before it reads the refusal; `assert_told` is for one that
    // does not.
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

/// Sends a chunked body that fills the cap, and one byte more, and reads what the server says to that.
fn assert_told(subject: &Subject, full: &str) {
    let mut polite = subject.connect();
    for words in [HEAD, CHUNKED, full, CRUMB] {
        polite.send(words.as_bytes());
    }
    let refusal = polite.response();
    assert_eq!(
        (refusal.status, refusal.header("connection")),
        (413, Some("close")),
        "{}",
        refusal.text()
    );
    assert_eq!(refusal.json()["error"]["code"], -32600);
    assert!(polite.closed_within(Duration::from_secs(5)));
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
    assert_refused_unread(&subject, CHUNKED, chunk().as_bytes());
    assert_told(&subject, &chunk().repeat(64));
    subject.assert_unharmed();
}

/// Six bytes for one: the limit is on what is left of them.
#[test]
fn a_giant_body_in_crumbs_is_refused_at_the_limit() {
    let subject = Subject::start(&[r#"http.max_body="64KiB""#]);
    assert_refused_unread(&subject, CHUNKED, CRUMB.repeat(10 << 10).as_bytes());
    assert_told(&subject, &CRUMB.repeat(64 << 10));
    subject.assert_unharmed();
}

/// What a hundred senders are told who all send what needs a place. When it is settled who has one, those go on
/// to the cap and beyond.
fn told(subject: &Subject) -> Vec<u16> {
    let (sent, settled) = (Barrier::new(SENDERS), Barrier::new(SENDERS));
    let refused = AtomicUsize::new(0);
    let sender = || {
        let chunk = chunk();
        let mut sender = subject.connect();
        for words in [HEAD, CHUNKED, &chunk, CRUMB] {
            // Who does not come to the barrier leaves the others there: what is wrong is seen below.
            sender.try_send(words.as_bytes()).ok();
        }
        sent.wait();
        let end = Instant::now() + SETTLED;
        let mut is_refused = false;
        while !is_refused
            && refused.load(Ordering::SeqCst) < SENDERS - PLACES
            && Instant::now() < end
        {
            is_refused = sender.says_within("HTTP/1.1 503 ", Duration::from_millis(100));
            refused.fetch_add(usize::from(is_refused), Ordering::SeqCst);
        }
        settled.wait();
        if is_refused {
            return 503;
        }
        for _ in 1..64 {
            sender.send(chunk.as_bytes());
        }
        sender.response().status
    };
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(sender)).collect();
        let senders = senders.into_iter();
        senders
            .map(|sender| sender.join().expect("it is answered"))
            .collect()
    })
}

#[test]
fn giant_bodies_in_numbers_are_held_to_so_many_at_once() {
    let subject = Subject::start(&[]);
    subject.process.forget_peak();
    let told = told(&subject);
    let with = |status: u16| told.iter().filter(|told| **told == status).count();
    assert_eq!(
        (with(413), with(503)),
        (PLACES, SENDERS - PLACES),
        "{told:?}"
    );

    // The same from senders that do not listen, of whom some hear it all the same.
    let chunk = chunk();
    let mut senders: Vec<Connection> = (0..SENDERS).map(|_| subject.connect()).collect();
    let statuses: Vec<Option<u16>> = thread::scope(|scope| {
        let senders: Vec<_> = senders
            .iter_mut()
            .map(|sender| {
                let chunk = chunk.as_bytes();
                scope.spawn(move || {
                    pour(sender, CHUNKED, chunk);
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
    let most = subject.memory_before_kib() + 2 * PLACES as u64 * CAP_KIB;
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
