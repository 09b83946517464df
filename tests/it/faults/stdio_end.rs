//! The end, in every state that a connection can be in: what can be answered is, and nobody waits for the rest.

use std::{
    io::{Read as _, Write as _},
    thread,
    time::Duration,
};

use mcp_factory_tests::{StdioServer, eventually, message};
use serde_json::{Value, json};

use super::stdio::{fixture, lines};

/// The drain that most tests ask for, and what a busy machine may take beyond it; tools that hang or block take longer.
const DRAIN: &str = r#"server.drain="1s""#;
const DRAIN_AND_SLACK: Duration = Duration::from_secs(8);

/// A drain that nobody waits out, and the time in which the end comes that does not wait for its end.
const LONG_DRAIN: &str = r#"server.drain="60s""#;
const LONG_BEFORE: Duration = Duration::from_secs(10);

/// The 5 s that calls may still take after the end of stdin, and what a busy machine may take beyond them.
const END_AND_SLACK: Duration = Duration::from_secs(12);

/// Less than those 5 s: nothing is waited for.
const AT_ONCE: Duration = Duration::from_secs(4);

fn start(drain: &str) -> StdioServer {
    StdioServer::run(&mut fixture(&[drain]))
}

fn wait(id: i64, milliseconds: u64) -> Value {
    message::call(id, "wait", &json!({ "milliseconds": milliseconds }))
}

fn hang(id: i64) -> Value {
    message::call(id, "hang", &json!({}))
}

/// Fails unless the server ends in time, and well.
fn assert_ends(stdio: &mut StdioServer, limit: Duration) {
    let ended = stdio.process.ended_within(limit + Duration::from_secs(5));
    let (status, took) = ended.unwrap_or_else(|| panic!("still there: {}", stdio.process.stderr()));
    assert_eq!(status.code(), Some(0), "{}", stdio.process.stderr());
    assert!(took < limit, "it took {took:?}");
}

#[test]
fn the_end_of_stdin_answers_what_can_be_and_gives_up_the_rest() {
    let mut stdio = start(DRAIN);
    let calls = [
        hang(1),
        wait(2, 300),
        message::call(3, "block", &json!({ "milliseconds": 600 })),
        message::call(4, "block", &json!({ "milliseconds": 20_000 })),
        message::call(5, "test_simple_text", &json!({})),
    ];
    stdio.send_bytes(&lines(calls));
    // The last line is a message too, though nothing ends it.
    let last = wait(6, 100).to_string();
    stdio.send_bytes(last.as_bytes());
    stdio.close_stdin();
    let mut answered: Vec<i64> = (0..4)
        .map(|_| {
            let answer = stdio.receive();
            assert!(answer["result"].is_object(), "{answer}");
            answer["id"].as_i64().expect("an id")
        })
        .collect();
    answered.sort_unstable();
    assert_eq!(answered, [2, 3, 5, 6]);
    assert_ends(&mut stdio, END_AND_SLACK);
    // Of those that are given up, the client may be told.
    let rest = std::iter::from_fn(|| stdio.receive_within(Duration::from_millis(100)));
    let mut given_up: Vec<i64> = rest
        .map(|answer| {
            assert!(answer["error"].is_object(), "{answer}");
            answer["id"].as_i64().expect("an id")
        })
        .collect();
    given_up.sort_unstable();
    given_up.dedup();
    assert!(
        [&[][..], &[1], &[4], &[1, 4]].contains(&given_up.as_slice()),
        "{given_up:?}"
    );
}

#[test]
fn the_end_in_the_middle_of_a_line_is_an_error_and_the_end() {
    for (rest, code) in [
        (&br#"{"jsonrpc":"2.0","id":1,"method":"to"#[..], -32700),
        (b"\"half of a character \xc3", -32700),
        (b"[", -32700),
    ] {
        let mut stdio = start(DRAIN);
        stdio.send_bytes(rest);
        stdio.close_stdin();
        let answer = stdio.receive();
        assert_eq!(
            (&answer["error"]["code"], &answer["id"]),
            (&json!(code), &Value::Null),
            "{answer}"
        );
        assert_ends(&mut stdio, AT_ONCE);
    }
    let mut stdio = start(DRAIN);
    stdio.send_bytes(b"\r\n \t");
    stdio.close_stdin();
    assert_ends(&mut stdio, AT_ONCE);
    assert_eq!(stdio.receive_within(Duration::from_millis(100)), None);
}

#[test]
fn a_signal_ends_an_idle_server_at_once() {
    // Before anything was said, and after.
    for calls in [0, 1] {
        let mut stdio = start(LONG_DRAIN);
        for id in 0..calls {
            stdio.call(id, "test_simple_text", &json!({}));
        }
        if calls == 0 {
            // From here on signals are heard.
            let up = |pid| std::fs::read_to_string(format!("/proc/{pid}/status"));
            let pid = stdio.process.child().id();
            let caught = eventually(Duration::from_secs(10), || {
                let status = up(pid).ok()?;
                let mask = status
                    .lines()
                    .find_map(|line| line.strip_prefix("SigCgt:"))?;
                let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
                (mask & (1 << 14) != 0).then_some(())
            });
            assert!(caught.is_some(), "it does not listen to SIGTERM");
        }
        stdio.process.terminate();
        assert_ends(&mut stdio, LONG_BEFORE);
        assert_eq!(stdio.receive_within(Duration::from_millis(100)), None);
    }
}

#[test]
fn a_signal_waits_for_a_slow_call_and_not_for_half_a_line() {
    let mut stdio = start(LONG_DRAIN);
    stdio.send_bytes(&lines([wait(1, 2_000)]));
    stdio.call(2, "test_simple_text", &json!({}));
    stdio.send_bytes(br#"{"jsonrpc":"2.0","id":3,"meth"#);
    stdio.process.terminate();
    assert_eq!(message::text(&stdio.receive()), "waited 2000 ms");
    assert_ends(&mut stdio, LONG_BEFORE);
    assert_eq!(
        stdio.receive_within(Duration::from_millis(100)),
        None,
        "what was never finished is not answered"
    );
}

#[test]
fn a_signal_gives_up_hung_and_blocking_tools_when_the_drain_is_over() {
    let mut stdio = start(DRAIN);
    let block = message::call(2, "block", &json!({ "milliseconds": 20_000 }));
    stdio.send_bytes(&lines([hang(1), block]));
    stdio.call(3, "test_simple_text", &json!({}));
    stdio.process.terminate();
    assert_ends(&mut stdio, DRAIN_AND_SLACK);
}

/// A server that is stuck in writing to a client that never reads.
fn stuck(drain: &str) -> StdioServer {
    let mut stdio = StdioServer::run_unread(&mut fixture(&[drain]));
    let calls = (0..100).map(|id| message::call(id, "say", &json!({ "bytes": 20_000 })));
    let calls = lines(calls);
    let mut input = stdio.take_stdin();
    // Ends when the server does.
    thread::spawn(move || {
        input.write_all(&calls).ok();
        thread::sleep(Duration::from_secs(30));
    });
    // A pipe holds 64 KiB, and these are two million bytes.
    let is_full = || (stdio.unread() >= 50_000).then_some(());
    let stuck = eventually(Duration::from_secs(10), is_full);
    assert!(stuck.is_some(), "{}", stdio.process.stderr());
    stdio
}

#[test]
fn a_signal_ends_a_server_whose_client_never_reads() {
    let mut stdio = stuck(DRAIN);
    stdio.process.terminate();
    assert_ends(&mut stdio, DRAIN_AND_SLACK);
}

#[test]
fn a_second_signal_ends_a_stuck_server_at_once() {
    // Without the second signal it would be there for a minute.
    let mut stdio = stuck(LONG_DRAIN);
    let status = stdio.process.terminate_again(LONG_BEFORE);
    let status = status.expect("it ends");
    assert_eq!(status.code(), Some(128 + 15), "{status}");
}

#[test]
fn a_client_that_closes_stdout_is_the_end_and_no_crash() {
    // In the middle of an answer, and between two.
    let mut stdio = stuck(DRAIN);
    let mut stdout = stdio.take_stdout();
    let mut some = [0; 1_000];
    stdout.read_exact(&mut some).expect("the first answer");
    drop(stdout);
    assert_ends(&mut stdio, DRAIN_AND_SLACK);

    let mut stdio = StdioServer::run_unread(&mut fixture(&[DRAIN]));
    drop(stdio.take_stdout());
    stdio.send_bytes(&lines([hang(1), wait(2, 100)]));
    assert_ends(&mut stdio, DRAIN_AND_SLACK);
}
