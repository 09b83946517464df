//! The same for stdio: the same conversation with a server that has the fast lane, and with one that has not.
//!
//! Line by line, what the server says after each line is the same, byte for byte and in the same order. All lines
//! at once, the answers are the same, and only their order may be another. What may differ besides: whether a
//! second use of an id comes before the answer to the first, and whether a call is over when it is taken back.
//! Whatever happens, nobody is answered twice, and nobody who did not ask.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{
    conversation::{Conversation, conversation, limits},
    fixture::{KIT, runtime},
    lanes::{cases, masked},
};
use crate::{
    config::Visibility,
    frame::Frame,
    lifecycle::Lifecycle,
    runtime::Runtime,
    stdio::{Output, StdioLimits, serve},
};

/// Lines of one conversation, beside its beginning.
const LINES: usize = 24;

/// Calls that run at once; the rest wait.
const PLACES: usize = 4;

/// Nothing more is said after it. The clock stands still while anything can run, so it costs no time; it is
/// more than the deadline of the tool that is `overdue`, and all lines together are less than any other.
const QUIET: Duration = Duration::from_millis(20);

/// One line that was said to the server, and what it said then.
type Said = Vec<Vec<String>>;

/// All that the server says to each of `parts`, and at the end of its input.
async fn said(runtime: &Runtime, parts: &[Vec<u8>], places: usize) -> Said {
    let (mut near, input) = tokio::io::duplex(64 << 10);
    // Narrow, so that what is made and not yet read piles up in every queue.
    let (output, mut far) = tokio::io::duplex(512);
    let limits = StdioLimits {
        frame: limits(),
        in_flight: places,
        end_grace: Duration::from_secs(1),
    };
    let lifecycle = Lifecycle::default();
    let serving = serve(runtime, input, Output::polled(output), limits, &lifecycle);
    let talking = async {
        let mut said = Vec::new();
        let mut heard = Vec::new();
        for part in parts {
            let hearing = async {
                while let Ok(Ok(1..)) = tokio::time::timeout(QUIET, far.read_buf(&mut heard)).await
                {
                }
            };
            // Who has gone does not read.
            let _gone = tokio::join!(near.write_all(part), hearing);
            said.push(taken(&mut heard));
        }
        drop(near);
        far.read_to_end(&mut heard).await.expect("it ends");
        said.push(taken(&mut heard));
        said
    };
    tokio::join!(serving, talking).1
}

/// The lines in `heard`, which is empty then.
fn taken(heard: &mut Vec<u8>) -> Vec<String> {
    let text = String::from_utf8(std::mem::take(heard)).expect("answers are text");
    assert!(
        text.is_empty() || text.ends_with('\n'),
        "half a line: {text:?}"
    );
    text.lines().map(masked).collect()
}

/// How many answers an id has to have, and how many it may have.
#[derive(Debug, Default)]
struct Due {
    least: usize,
    most: usize,
}

/// What these lines ask, by id. Who is answered while calls hang that nobody takes back is known for none.
fn due(lines: &[Vec<u8>]) -> BTreeMap<String, Due> {
    let mut due = BTreeMap::<String, Due>::new();
    let mut hanging = 0;
    let mut taken_back = Vec::new();
    for line in lines {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let mut wants = |id: Option<String>| {
            let due = due
                .entry(id.unwrap_or_else(|| "null".to_owned()))
                .or_default();
            due.least += 1;
            due.most += 1;
        };
        match Frame::parse(Bytes::from(line.clone()), &limits()) {
            Ok(frame) => {
                let Some(id) = frame.request_id() else {
                    taken_back.extend(frame.cancels().map(|id| id.to_string()));
                    continue;
                };
                wants(Some(id.to_string()));
                let asks = frame.name().or_else(|| frame.uri());
                if asks.is_some_and(|asks| HANGING.contains(&&*asks)) {
                    hanging += 1;
                    taken_back.push(id.to_string());
                }
            }
            Err(error) if error.unanswerable => {}
            Err(error) => wants(error.id.map(|id| id.to_string())),
        }
    }
    for (id, due) in &mut due {
        if hanging >= PLACES || taken_back.contains(id) {
            due.least = 0;
        }
    }
    due
}

/// What never ends, or not until the client says something.
const HANGING: [&str; 5] = ["hold", "ask", "asks", "kit://asks", "curious"];

/// Whether every request has one answer, and nobody else has.
fn answered_once(lines: &[Vec<u8>], said: &Said) -> Result<(), TestCaseError> {
    let mut due = due(lines);
    let mut answers = BTreeMap::<String, usize>::new();
    for line in said.iter().flatten() {
        let message: Value = serde_json::from_str(line).expect("a message");
        if message.get("method").is_none() {
            *answers.entry(message["id"].to_string()).or_default() += 1;
        }
    }
    for id in answers.keys() {
        due.entry(id.clone()).or_default();
    }
    for (id, due) in due {
        let answers = answers.get(&id).copied().unwrap_or_default();
        if answers < due.least || answers > due.most {
            let message = format!("{answers} answers to {id}, not {due:?}: {said:#?}");
            return Err(TestCaseError::fail(message));
        }
    }
    Ok(())
}

/// The end of a part of what is said to the server.
fn ended(mut line: Vec<u8>) -> Vec<u8> {
    line.push(b'\n');
    line
}

fn line_by_line(lines: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    lines.into_iter().map(ended).collect()
}

fn at_once(lines: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    vec![lines.into_iter().flat_map(ended).collect()]
}

/// One server of each kind.
struct Pair {
    executor: tokio::runtime::Runtime,
    servers: [Runtime; 2],
}

impl Pair {
    fn start() -> Self {
        let executor = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let lifecycle = Lifecycle::default();
        let servers = executor.block_on(async {
            [
                runtime(Visibility::Show, true, &lifecycle).await,
                runtime(Visibility::Show, false, &lifecycle).await,
            ]
        });
        Self { executor, servers }
    }

    /// What both say to these parts: the one with the fast lane first.
    fn said(&self, parts: &[Vec<u8>]) -> [Said; 2] {
        self.said_with(PLACES, parts)
    }

    fn said_with(&self, places: usize, parts: &[Vec<u8>]) -> [Said; 2] {
        let said = |server| self.executor.block_on(said(server, parts, places));
        self.servers.each_ref().map(said)
    }
}

/// Holds a pair of servers to something for every conversation.
fn compare(handshake: bool, hold: impl Fn(&Conversation, &Pair) -> Result<(), TestCaseError>) {
    let pair = Pair::start();
    let lines = u32::try_from(LINES).expect("a small number");
    let mut runner = TestRunner::new(Config {
        cases: (cases() / 4 / lines).max(1),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        source_file: Some(file!()),
        ..Config::default()
    });
    let outcome = runner.run(&conversation(KIT, handshake, LINES), |session| {
        hold(&session, &pair)
    });
    pair.executor.shutdown_background();
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// What is said after the end of the input: calls are given up all at once, and one that waited for its client
/// may say that instead.
fn last_words(lines: &mut Vec<String>) {
    for line in &mut *lines {
        let given_up = ["the request was cancelled", "the client did not answer"];
        if given_up.iter().any(|words| line.contains(words)) {
            let message: Value = serde_json::from_str(line).expect("a message");
            *line = format!("{} is given up", message["id"]);
        }
    }
    lines.sort_unstable();
}

fn same(mut fast: Said, mut slow: Said) -> Result<(), TestCaseError> {
    for said in [&mut fast, &mut slow] {
        said.last_mut().into_iter().for_each(last_words);
    }
    for (at, (fast, slow)) in fast.iter().zip(&slow).enumerate() {
        if fast != slow {
            let message = format!("after part {at}\nfast {fast:#?}\nslow {slow:#?}");
            return Err(TestCaseError::fail(message));
        }
    }
    Ok(())
}

fn same_line_by_line(handshake: bool) {
    compare(handshake, |talk, pair| {
        let lines = talk.lines();
        let [fast, slow] = pair.said(&line_by_line(lines.clone()));
        answered_once(&lines, &fast)?;
        same(fast, slow)
    });
}

fn same_at_once(handshake: bool) {
    compare(handshake, |talk, pair| {
        let lines = talk.independent_lines();
        let [fast, slow] = pair.said(&at_once(lines.clone())).map(|mut said| {
            for part in &mut said {
                part.sort_unstable();
            }
            said
        });
        answered_once(&lines, &fast)?;
        same(fast, slow)?;
        // And with every line that may make a difference.
        let lines = talk.lines();
        for said in pair.said(&at_once(lines.clone())) {
            answered_once(&lines, &said)?;
        }
        Ok(())
    });
}

#[test]
fn both_lanes_say_the_same_to_each_line_of_the_newest_revision() {
    same_line_by_line(false);
}

#[test]
fn both_lanes_say_the_same_to_each_line_after_a_handshake() {
    same_line_by_line(true);
}

#[test]
fn both_lanes_answer_many_lines_of_the_newest_revision_alike() {
    same_at_once(false);
}

#[test]
fn both_lanes_answer_many_lines_after_a_handshake_alike() {
    same_at_once(true);
}

/// The lines of a conversation, as they are.
fn lines(lines: &[&str]) -> Vec<Vec<u8>> {
    line_by_line(lines.iter().map(|line| line.as_bytes().to_vec()).collect())
}

const HELLO: &str = r#"{"jsonrpc":"2.0","id":"first","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"wire","version":"1"}}}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

#[test]
fn a_notification_after_a_probe_ends_nothing() {
    let probe =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{{{META}}}}}"#);
    let news = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    let answer = r#"{"jsonrpc":"2.0","id":0,"result":{}}"#;
    let list = format!(r#"{{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{{{META}}}}}"#);
    for said in Pair::start().said(&lines(&[&probe, news, answer, &list])) {
        let [probed, news, answered, listed, end] = &*said else {
            panic!("{said:?}");
        };
        assert!(probed[0].contains("supportedVersions"), "{probed:?}");
        assert!(listed[0].contains("\"echo\""), "{listed:?}");
        assert!(
            [news, answered, end].iter().all(|part| part.is_empty()),
            "{said:?}"
        );
    }
}

#[test]
fn calls_that_are_given_up_at_the_end_are_told() {
    let held = |id: u8| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"hold",{META}}}}}"#
        )
    };
    let list = format!(r#"{{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{{{META}}}}}"#);
    for said in Pair::start().said(&lines(&[&list, &held(1), &held(2)])) {
        let mut end = said.last().expect("the end").clone();
        end.sort_unstable();
        let told = [1, 2].map(|id| {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32600,"message":"the request was cancelled"}}}}"#
            )
        });
        assert_eq!(end, told);
    }
}

#[test]
fn calls_that_end_in_time_are_answered_after_the_end() {
    let linger = |meta: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"linger"{meta}}}}}"#
        )
    };
    let (legacy, modern) = (linger(""), linger(&format!(",{META}")));
    // The last has the library begin late, which is at its end before the call is.
    for conversation in [[HELLO, &legacy], [&modern, PING]] {
        for said in Pair::start().said(&lines(&conversation)) {
            let end = said.last().expect("the end");
            assert!(end.iter().any(|line| line.contains("lingered")), "{said:?}");
        }
    }
}

/// A `ping` that says nothing of itself is answered by a library that has not begun, and refused afterwards.
#[test]
fn the_library_knows_of_what_was_answered_without_it() {
    let list = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{{META}}}}}"#);
    for said in Pair::start().said(&lines(&[PING, &list, PING])) {
        let [before, _, after, _] = &*said else {
            panic!("{said:?}");
        };
        assert!(before[0].contains(r#""result":{}"#), "{before:?}");
        assert!(after[0].contains("error"), "{after:?}");
    }
}

#[test]
fn refusals_that_wait_to_be_read_are_not_lost() {
    // Neither lane reads the first; the second makes the library turn to other things in between.
    let refused = |id: usize| {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping","params":{{"_meta":[]}}}}"#)
    };
    let odd =
        |id: usize| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping","params":{{"x":1}}}}"#);
    let lines = (0..600).map(|id| if id % 2 == 0 { refused(id) } else { odd(id) });
    let lines = std::iter::once(HELLO.to_owned()).chain(lines);
    let lines: Vec<_> = lines.map(String::into_bytes).collect();
    for said in Pair::start().said_with(128, &at_once(lines.clone())) {
        answered_once(&lines, &said).expect("an answer each");
    }
}
