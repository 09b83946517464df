//! Calls in numbers, calls that are taken back, calls that take all places, and clients that read slowly or
//! not at all.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    thread,
    time::{Duration, Instant},
};

use mcp_factory_tests::{StdioServer, message};
use serde_json::{Value, json};

use super::stdio::{Subject, cancel, fixture, lines};

/// What a call that is taken back may take to be gone.
const TENTH: Duration = Duration::from_millis(100);

fn hang(id: i64) -> Value {
    message::call(id, "hang", &json!({}))
}

#[test]
fn a_cancelled_call_is_gone_in_a_tenth_of_a_second_and_its_place_free() {
    let mut subject = Subject::start(&["stdio.max_in_flight=4", "limits.concurrency=4"]);
    // The looks at the count share the machine with everything else: the best of many is the server's.
    let mut best = Duration::MAX;
    for round in 0..50 {
        // An id is free a moment after its call is gone, so each round has its own.
        let first = 3 * i64::try_from(round).expect("a few") + 1;
        let ids = [first, first + 1, first + 2];
        subject.stdio.send_bytes(&lines(ids.map(hang)));
        subject.await_counts(3 * (round + 1), 3 * round);
        // Twice, and one that never was.
        let taken_back = [ids[0], ids[1], ids[2], ids[1], ids[0], 999].map(cancel);
        subject.stdio.send_bytes(&lines(taken_back));
        subject.stdio.send(&cancel("no such call"));
        best = best.min(subject.await_counts(3 * (round + 1), 3 * (round + 1)));
        if round >= 4 && best < TENTH {
            break;
        }
    }
    assert!(best < TENTH, "the best took {best:?}");
    // No answer came to any of them: `await_counts` reads every message.
    subject.assert_unharmed();
}

#[test]
fn a_call_can_be_taken_back_while_every_place_is_taken() {
    let mut subject = Subject::start(&["stdio.max_in_flight=4"]);
    // More than there are places, and behind them the way out.
    let more = (4..8).map(|id| message::call(id, "test_simple_text", &json!({})));
    subject
        .stdio
        .send_bytes(&lines((0..4).map(hang).chain(more)));
    thread::sleep(Duration::from_millis(200));
    // One that runs, and one that waits for a place.
    subject.stdio.send_bytes(&lines([cancel(5), cancel(0)]));
    let mut answered: Vec<Value> = (0..3)
        .map(|_| subject.stdio.receive()["id"].clone())
        .collect();
    answered.sort_by_key(Value::as_i64);
    assert_eq!(answered, [4, 6, 7].map(Value::from));
    subject.stdio.send_bytes(&lines([1, 2, 3].map(cancel)));
    subject.await_counts(4, 4);
    subject.assert_unharmed();
}

#[test]
fn an_id_that_was_taken_back_and_comes_again_is_answered_once() {
    let mut subject = Subject::start(&[]);
    for round in 0..300 {
        // Free again a moment after its answer, so each round has an id of its own.
        let id = i64::try_from(round).expect("a few hundred") + 1;
        subject.stdio.send_bytes(&lines([hang(id), cancel(id)]));
        // Around the moment in which the old call ends.
        thread::sleep(Duration::from_micros(round));
        let again = message::call(id, "wait", &json!({ "milliseconds": 1 }));
        let answer = subject.stdio.request(&again);
        // Refused because the old one is still there, or answered, or ended with the old one: but never twice.
        let words = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(
            words.contains("in flight")
                || words.contains("cancelled")
                || answer["result"]["content"][0]["text"] == "waited 1 ms",
            "{answer}"
        );
        subject.call("test_simple_text", &json!({}));
    }
    subject.assert_unharmed();
}

#[test]
fn the_first_of_two_calls_with_one_id_is_answered_however_often_it_comes_again() {
    let mut subject = Subject::start(&[]);
    let first = message::call(6, "wait", &json!({ "milliseconds": 4_000 }));
    let twins = (0..500).map(|_| message::call(6, "test_simple_text", &json!({})));
    subject
        .stdio
        .send_bytes(&lines(std::iter::once(first).chain(twins)));
    let answers: Vec<Value> = (0..501).map(|_| subject.stdio.receive()).collect();
    let refused = |answer: &&Value| answer["error"]["code"] == -32600 && answer["id"] == 6;
    assert_eq!(answers.iter().filter(refused).count(), 500);
    assert_eq!(
        message::text(&answers[500]),
        "waited 4000 ms",
        "the twins did not wait for it"
    );
    subject.assert_unharmed();
}

#[test]
fn ten_thousand_calls_of_a_client_that_reads_slowly_wait_with_the_client() {
    const CALLS: i64 = 10_000;
    let mut stdio = StdioServer::run_unread(&mut fixture(&[]));
    let mut input = stdio.take_stdin();
    let sender = thread::spawn(move || {
        for id in 0..CALLS {
            let call = message::call(id, "say", &json!({ "bytes": 4_000 }));
            input.write_all(&lines([call])).expect("it reads on");
        }
        input
    });
    let mut stdout = BufReader::new(stdio.take_stdout());
    let mut ids = Vec::new();
    let mut read = || {
        let mut line = String::new();
        stdout.read_line(&mut line).expect("an answer");
        let answer: Value = serde_json::from_str(&line).expect("a message");
        assert_eq!(message::text(&answer).len(), 4_000);
        ids.push(answer["id"].as_i64().expect("an id"));
    };
    read();
    let before = stdio.process.resident_kib();
    for _ in 0..100 {
        thread::sleep(Duration::from_millis(10));
        read();
    }
    assert!(
        !sender.is_finished(),
        "ten thousand requests were taken in while a hundred answers were read"
    );
    let held = stdio.process.resident_kib();
    assert!(
        held < before + (16 << 10),
        "{held} KiB, and {before} when there were few"
    );
    for _ in 101..CALLS {
        read();
    }
    let _stdin = sender.join().expect("all were sent");
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..CALLS), "each is answered once");
    let after = stdio.process.resident_kib();
    assert!(
        after < before + (16 << 10),
        "{after} KiB, and {before} before"
    );
}

#[test]
fn tools_that_block_their_thread_hold_up_nobody_on_stdio() {
    let mut subject = Subject::start(&["server.workers=2"]);
    let blocking = (0..16).map(|id| message::call(id, "block", &json!({ "milliseconds": 4_000 })));
    subject.stdio.send_bytes(&lines(blocking));
    let start = Instant::now();
    for _ in 0..20 {
        subject.call("test_simple_text", &json!({}));
    }
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "20 calls took {:?}",
        start.elapsed()
    );
    for _ in 0..16 {
        assert_eq!(message::text(&subject.stdio.receive()), "blocked 4000 ms");
    }
    // Idle threads of the pool leave after ten seconds; descriptors and memory do not wait for that.
    subject.assert_unharmed();
}
