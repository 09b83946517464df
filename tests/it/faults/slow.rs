//! Clients that hold a connection and do not use it: slow to write, slow to read, silent, or gone without a word.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use mcp_factory_tests::{Connection, Process, Subject, Tools, eventually, message};
use serde_json::json;

use super::LANES;

/// Of each kind beside normal traffic.
const MANY: usize = 500;

const LIMITS: [&str; 4] = [
    r#"http.header_timeout="400ms""#,
    r#"http.body_timeout="600ms""#,
    r#"http.idle_timeout="1s""#,
    r#"http.write_timeout="800ms""#,
];

/// More than any of the limits, less than it would take without them.
const SOON: Duration = Duration::from_secs(8);

const HEAD: &[u8] = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n";

#[test]
fn headers_that_never_end_end_the_connection() {
    let subject = Subject::start(&LIMITS);
    let mut silent = subject.connect();
    let mut partial = subject.connect();
    partial.send(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\nx-slow: ");
    assert!(
        partial.closed_within(SOON),
        "half a head holds the connection"
    );
    assert!(
        silent.closed_within(SOON),
        "no head at all holds the connection"
    );
    subject.assert_unharmed();
}

#[test]
fn headers_that_trickle_in_end_the_connection() {
    let subject = Subject::start(&LIMITS);
    let mut trickle = subject.connect();
    trickle.send(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n");
    assert!(
        refuses_drops(&mut trickle, b"x: y\r\n"),
        "a head that never ends but never stops holds the connection"
    );
    subject.assert_unharmed();
}

/// Whether the connection is closed although a drop comes every 30 ms, far less than 1 KiB a second.
fn refuses_drops(connection: &mut Connection, drop: &[u8]) -> bool {
    let end = Instant::now() + SOON;
    while Instant::now() < end {
        thread::sleep(Duration::from_millis(30));
        if connection.try_send(drop).is_err() {
            return true;
        }
    }
    false
}

#[test]
fn a_body_that_never_ends_is_answered_with_408() {
    let subject = Subject::start(&LIMITS);
    let mut partial = subject.connect();
    partial.send(HEAD);
    partial.send(b"content-length: 100\r\n\r\n{\"jsonrpc\":");
    let start = Instant::now();
    assert_eq!(partial.response().status, 408);
    assert!(start.elapsed() < SOON);
    assert!(partial.closed_within(SOON));
    subject.assert_unharmed();
}

#[test]
fn a_body_that_trickles_in_is_not_waited_for() {
    let subject = Subject::start(&LIMITS);
    for framing in [
        "content-length: 100000\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n",
    ] {
        let mut trickle = subject.connect();
        trickle.send(HEAD);
        trickle.send(framing.as_bytes());
        let drop: &[u8] = if framing.starts_with('t') {
            b"1\r\n \r\n"
        } else {
            b" "
        };
        assert!(
            refuses_drops(&mut trickle, drop),
            "{framing:?} that never ends but never stops holds the connection"
        );
    }
    subject.assert_unharmed();
}

#[test]
fn a_connection_without_a_request_is_closed() {
    let subject = Subject::start(&[r#"http.idle_timeout="1s""#]);
    let idle = || {
        let mut connection = subject.connect();
        connection.write("GET", "/livez", &[("host", "localhost")], b"");
        assert_eq!(connection.response().status, 200);
        connection
    };
    let began = Instant::now();
    assert!(idle().closed_within(SOON), "it rests for ever");
    assert!(
        began.elapsed() >= Duration::from_millis(950),
        "it may rest for a second, and was closed after {:?}",
        began.elapsed()
    );
    let mut many: Vec<Connection> = (0..49).map(|_| idle()).collect();
    for connection in &mut many {
        assert!(connection.closed_within(SOON), "it rests for ever");
    }
    subject.assert_unharmed();
}

/// An answer of this many bytes that the client does not read.
fn unread(connection: &mut Connection, bytes: usize) {
    connection.request(&message::call(1, "say", &json!({ "bytes": bytes })));
}

#[test]
fn an_answer_that_is_never_read_is_given_up() {
    for lane in LANES {
        let subject = Subject::start(&[r#"http.write_timeout="1s""#, "http.max_in_flight=1", lane]);
        // Within the limit of a result, and more than the kernel takes off the server's hands.
        let mut reader = subject.connect();
        let began = Instant::now();
        unread(&mut reader, (8 << 20) - 1000);
        assert_eq!(reader.head().status, 200);
        // Nobody else has a place for as long as the answer is in memory, and then everybody has.
        let list = message::modern(1, "tools/list", &json!({}));
        let place = eventually(SOON, || {
            let status = subject.request(&list).status;
            assert!([200, 503].contains(&status), "{status}");
            (status == 200).then_some(())
        });
        assert!(
            place.is_some(),
            "an answer that nobody reads is held for ever"
        );
        assert!(
            began.elapsed() >= Duration::from_millis(950),
            "it is held no more after {:?}",
            began.elapsed()
        );
        let (read, closed) = reader.rest_within(SOON);
        assert!(
            closed && read.len() < 8 << 20,
            "{} bytes went out all the same",
            read.len()
        );
        drop(reader);
        subject.assert_unharmed();
    }
}

/// `MANY` clients of a kind, and normal callers who notice nothing; then the clients are gone by themselves.
fn assert_unnoticed(limit: &str, connect: impl Fn(&Subject) -> Connection + Sync) {
    let subject = Subject::start(&[limit]);
    let before = subject.normal_calls();
    let some = || (0..MANY / 10).map(|_| connect(&subject)).collect();
    let slow: Vec<Connection> = thread::scope(|scope| {
        let threads: Vec<_> = (0..10).map(|_| scope.spawn(some)).collect();
        let threads = threads.into_iter();
        threads
            .flat_map(|some: thread::ScopedJoinHandle<'_, Vec<Connection>>| {
                some.join().expect("they connect")
            })
            .collect()
    });
    let held = || (subject.process.descriptors() >= MANY).then_some(());
    assert!(
        eventually(SOON, held).is_some(),
        "only {} descriptors for {MANY} clients",
        subject.process.descriptors()
    );
    let during = subject.normal_calls();
    let still = subject.process.descriptors();
    assert!(
        still >= MANY,
        "the clients were gone before the calls were: {still} of {MANY}"
    );
    during.assert_like(&before);
    let closed = eventually(Duration::from_secs(30), || {
        (subject.process.descriptors() < 100).then_some(())
    });
    assert!(closed.is_some(), "they are there for ever");
    drop(slow);
    subject.assert_unharmed();
}

#[test]
fn slow_clients_in_numbers_slow_nobody_else_down() {
    assert_unnoticed(r#"http.header_timeout="8s""#, |subject| {
        let mut connection = subject.connect();
        connection.send(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n");
        connection
    });
}

#[test]
fn slow_bodies_in_numbers_slow_nobody_else_down() {
    assert_unnoticed(r#"http.body_timeout="8s""#, |subject| {
        let mut connection = subject.connect();
        connection.send(HEAD);
        connection.send(b"content-length: 100\r\n\r\n{\"jsonrpc\":");
        connection
    });
}

#[test]
fn slow_readers_in_numbers_slow_nobody_else_down() {
    assert_unnoticed(r#"http.write_timeout="15s""#, |subject| {
        let mut connection = Connection::narrow(subject.address());
        unread(&mut connection, 250_000);
        assert_eq!(connection.head().status, 200);
        connection
    });
}

/// Ten connections of each kind to the port and with the request that are its arguments: half a head, half a
/// body, a request and then nothing, and an answer that comes when nobody reads any more.
const PEER: &str = "
import socket, sys, time
head = b'POST /mcp HTTP/1.1\\r\\nhost: localhost\\r\\ncontent-type: application/json\\r\\naccept: application/json, text/event-stream\\r\\n'
body = sys.argv[2].encode()
call = head + b'mcp-protocol-version: 2026-07-28\\r\\nmcp-method: tools/call\\r\\nmcp-name: say\\r\\ncontent-length: %d\\r\\n\\r\\n' % len(body) + body
kept = []
for words in (head, head + b'content-length: 100\\r\\n\\r\\n{', b'GET /livez HTTP/1.1\\r\\nhost: localhost\\r\\n\\r\\n', call):
    for _ in range(10):
        kept.append(socket.create_connection(('127.0.0.1', int(sys.argv[1]))))
        kept[-1].sendall(words)
print('ready', flush=True)
time.sleep(600)
";

/// A process that is stopped is a peer whose machine still answers, but nobody is there.
#[test]
fn peers_that_are_frozen_do_not_keep_their_connections() {
    let limits = ["header", "body", "idle", "write"].map(|of| format!(r#"http.{of}_timeout="5s""#));
    let subject = Subject::start(&limits.each_ref().map(String::as_str));
    let request = message::call(1, "say", &json!({ "bytes": 6 << 20 }));
    let mut python = Tools::installed().python();
    python
        .args(["-c", PEER, &subject.address().port().to_string()])
        .arg(request.to_string())
        .stdout(Stdio::piped());
    let mut peer = Process::start(&mut python);
    let stdout = peer.child().stdout.take().expect("stdout is piped");
    let mut line = String::new();
    BufReader::new(stdout)
        .read_line(&mut line)
        .expect("it is text");
    assert_eq!(line, "ready\n", "{}", peer.stderr());
    peer.freeze();
    let held = eventually(SOON, || (subject.process.descriptors() > 40).then_some(()));
    assert!(held.is_some(), "they were not there at all");
    let left = eventually(Duration::from_secs(30), || {
        (subject.process.descriptors() < 20).then_some(())
    });
    assert!(
        left.is_some(),
        "{} descriptors, with forty peers who are not there",
        subject.process.descriptors()
    );
    subject.assert_unharmed();
}
