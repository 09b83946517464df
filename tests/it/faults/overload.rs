//! More work than there is room for: what is taken is answered, the rest is told so at once.

use std::{
    thread,
    time::{Duration, Instant},
};

use mcp_factory_tests::{
    Connection, Latencies, Management, Response, Subject, eventually, message,
};
use serde_json::{Value, json};

use super::{LANES, assert_dropped, await_begun};

/// Another port says how many calls run, and takes no place for it.
const PORT: &str = r#"management.listen="127.0.0.1:0""#;

/// Less than the calls that run meanwhile take.
const AT_ONCE: Duration = Duration::from_secs(3);

fn wait(milliseconds: u64) -> Value {
    message::call(7, "wait", &json!({ "milliseconds": milliseconds }))
}

/// Connections that wait for the answer to one call each.
fn running(subject: &Subject, calls: usize, milliseconds: u64) -> Vec<Connection> {
    let calls = (0..calls).map(|_| {
        let mut connection = subject.connect();
        connection.request(&wait(milliseconds));
        connection
    });
    calls.collect()
}

/// Two calls that run, for longer than `AT_ONCE`.
fn two_running(subject: &Subject) -> Vec<Connection> {
    let two = running(subject, 2, 4_000);
    let port = Management::of(&subject.process);
    let run = eventually(Duration::from_secs(10), || {
        (port.metric("mcp_calls_running") == Some(2.0)).then_some(())
    });
    assert!(run.is_some(), "{}", port.metrics());
    two
}

/// 503 with the time to come again, and the request's own error.
fn assert_shed(response: &Response) {
    assert_eq!(response.status, 503, "{}", response.text());
    assert_eq!(response.header("retry-after"), Some("1"));
    let answer = response.json();
    assert_eq!(
        (&answer["id"], &answer["error"]["code"]),
        (&json!(7), &json!(-31503)),
        "{answer}"
    );
}

#[test]
fn more_calls_than_may_run_are_turned_away_at_once() {
    for lane in LANES {
        let subject = Subject::start(&[
            lane,
            PORT,
            "limits.concurrency=2",
            r#"limits.queue_time="50ms""#,
        ]);
        let mut running = two_running(&subject);
        let start = Instant::now();
        assert_shed(&subject.request(&wait(0)));
        assert!(start.elapsed() < AT_ONCE, "it took {:?}", start.elapsed());
        for connection in &mut running {
            let answer = connection.response().json();
            assert_eq!(message::text(&answer), "waited 4000 ms");
        }
        assert_eq!(subject.counts(), (2, 2), "and the refused call never began");
        drop(running);
        subject.assert_unharmed();
    }
}

#[test]
fn a_call_that_can_run_soon_waits_for_its_turn() {
    let subject = Subject::start(&["limits.concurrency=1", r#"limits.queue_time="8s""#]);
    let mut running = running(&subject, 3, 300);
    for connection in &mut running {
        let answer = connection.response().json();
        assert_eq!(message::text(&answer), "waited 300 ms");
    }
    drop(running);
    subject.assert_unharmed();
}

#[test]
fn more_requests_than_may_be_in_flight_are_turned_away_at_once() {
    for lane in LANES {
        // There is room for all of them to run, and time to wait: it is the transport that refuses.
        let subject = Subject::start(&[
            lane,
            PORT,
            "http.max_in_flight=2",
            r#"limits.queue_time="10s""#,
        ]);
        let mut running = two_running(&subject);
        let start = Instant::now();
        assert_shed(&subject.request(&wait(0)));
        let list = message::modern(7, "tools/list", &json!({}));
        assert_shed(&subject.request(&list));
        assert!(start.elapsed() < AT_ONCE, "it took {:?}", start.elapsed());
        for connection in &mut running {
            assert_eq!(connection.response().status, 200);
        }
        drop(running);
        subject.assert_unharmed();
    }
}

#[test]
fn more_connections_than_there_are_places_are_turned_away() {
    let subject = Subject::start(&["http.max_connections=20"]);
    let mut held: Vec<Connection> = (0..20).map(|_| subject.connect()).collect();
    for connection in &mut held {
        connection.request(&wait(0));
        assert_eq!(connection.response().status, 200);
    }
    for _ in 0..50 {
        let refused = subject.connect().response();
        assert_eq!(
            (refused.status, refused.header("retry-after")),
            (503, Some("1"))
        );
    }
    // Who is in goes on.
    for connection in &mut held {
        connection.request(&wait(0));
        assert_eq!(connection.response().status, 200);
    }
    drop(held);
    subject.assert_unharmed();
}

/// Calls of 100 ms, eight at once: 80 a second is what the server can do.
const LIMITS: [&str; 3] = [
    "limits.concurrency=8",
    r#"limits.queue_time="100ms""#,
    "http.max_in_flight=64",
];
const CLIENTS: usize = 120;
const LASTS: Duration = Duration::from_secs(5);

/// What one client saw: how long the calls took that were answered, and how many were shed.
fn insistent(subject: &Subject) -> (Vec<Duration>, usize) {
    let (mut answered, mut shed) = (Vec::new(), 0);
    let mut connection = subject.connect();
    let end = Instant::now() + LASTS;
    while Instant::now() < end {
        let start = Instant::now();
        connection.request(&wait(100));
        let response = connection.response();
        if response.status == 200 {
            assert_eq!(message::text(&response.json()), "waited 100 ms");
            answered.push(start.elapsed());
        } else {
            assert_shed(&response);
            shed += 1;
            // A tenth of a second each, whichever bound it was: ten times what there is room for.
            thread::sleep(Duration::from_millis(100).saturating_sub(start.elapsed()));
        }
    }
    (answered, shed)
}

#[test]
fn ten_times_the_load_is_answered_or_shed_and_then_forgotten() {
    let subject = Subject::start(&LIMITS);
    let seen: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| insistent(&subject)))
            .collect();
        let clients = clients.into_iter();
        // Each request was answered or shed, or its client would have failed.
        clients
            .map(|client| client.join().expect("every request has its answer"))
            .collect()
    });
    let shed: usize = seen.iter().map(|(_, shed)| shed).sum();
    let answered: Vec<Duration> = seen
        .into_iter()
        .flat_map(|(answered, _)| answered)
        .collect();
    let count = answered.len();
    assert!(
        count >= 100,
        "of {} calls in {LASTS:?}, {count} were answered",
        count + shed
    );
    assert!(
        shed > count,
        "{shed} shed and {count} answered: that is no overload"
    );
    let p99 = Latencies::new(answered).p99();
    assert!(p99 < Duration::from_secs(5), "99 in 100 took {p99:?}");
    assert_eq!(
        subject.counts(),
        (count as u64, count as u64),
        "nothing ran that was shed"
    );
    subject.assert_unharmed();
}

#[test]
fn a_tool_that_hangs_takes_the_places_of_no_other() {
    let subject = Subject::start(&[
        r#"limits.tools.hang.timeout="2s""#,
        "limits.tools.hang.concurrency=64",
        r#"limits.queue_time="10s""#,
    ]);
    let before = subject.normal_calls();
    let mut hung: Vec<Connection> = (0..64)
        .map(|_| {
            let mut connection = subject.connect();
            connection.request(&message::call(1, "hang", &json!({})));
            connection
        })
        .collect();
    await_begun(&subject, 64);
    subject.normal_calls().assert_like(&before);
    for connection in &mut hung {
        let answer = connection.response().json();
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert_eq!(
            message::text(&answer),
            "the call did not end within 2s and was stopped"
        );
    }
    assert_dropped(&subject, 64);
    drop(hung);
    subject.assert_unharmed();
}
