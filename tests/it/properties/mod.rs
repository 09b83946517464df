//! Generated messages to a started server, over both transports: an id has exactly one answer, what nobody may answer
//! has none, the server lives, and what was checked is what was dispatched.
//!
//! `MESSAGE_CASES` says how many (1,000 for each transport when nobody sets it). `lines.txt` holds messages that some
//! reader has taken for another; they go first. In one process, and in larger numbers:
//! `runtime/server/src/mcp/tests`, whose generator this is, and `runtime/server/src/frame/tests`, whose other reading
//! of a message this is.

#[path = "../../../runtime/server/src/mcp/tests/generate.rs"]
mod generate;

#[path = "../../../runtime/server/src/frame/tests/reference.rs"]
#[expect(
    dead_code,
    reason = "not everything that a message says is looked at from outside"
)]
mod reference;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use generate::{Case, Kit, request};
use mcp_factory_tests::{HttpServer, Product, Response, StdioServer, message};
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use reference::{Parts, Reading, read};
use serde_json::{Value, json};

use crate::faults::LANES;

const PAST: &str = include_str!("lines.txt");

/// Lines sent before their answers are read: fewer than a client may have in flight.
const BATCH: usize = 100;

static KIT: Kit = Kit {
    tools: &[
        (
            "mirror",
            &[
                r#"{"text":"hi"}"#,
                r#"{"b":[1,{"c":1e5}],"a":null}"#,
                r#"{"\u00e9":"\ud83d\ude00","n":12345678901234567890}"#,
                "{}",
            ],
        ),
        ("test_simple_text", &["{}"]),
        ("fail", &["{}"]),
        ("wait", &[r#"{"milliseconds":1}"#]),
        ("test_missing_capability", &["{}"]),
    ],
    resources: &[
        "test://static-text",
        "test://template/1/data",
        "test://nothing",
    ],
    prompts: &[
        ("test_simple_prompt", &["{}"]),
        (
            "test_prompt_with_arguments",
            &[r#"{"arg1":"a","arg2":"b"}"#, "{}"],
        ),
    ],
};

fn cases() -> Vec<Case> {
    let count = std::env::var("MESSAGE_CASES")
        .ok()
        .and_then(|count| count.parse().ok());
    let mut runner = TestRunner::default();
    let strategy = request(KIT);
    let generated = (0..count.unwrap_or(1_000)).map(|_| {
        let tree = strategy.new_tree(&mut runner);
        tree.expect("nothing is filtered").current()
    });
    let past = PAST.lines().filter(|line| !line.starts_with('#'));
    let past = past.map(|line| Case {
        headers: Vec::new(),
        body: line.to_owned(),
    });
    past.chain(generated).collect()
}

/// Who has to be answered.
#[derive(Debug)]
enum Due<'a> {
    /// This id, and what it asks.
    Id(Value, Option<Box<Parts<'a>>>),
    /// Whoever sent it, under no id.
    Null,
    Nobody,
}

fn due(body: &str) -> Due<'_> {
    match read(body.as_bytes()) {
        Reading::Message(mut parts) => match (parts.method.is_some(), parts.id.take()) {
            (true, Some(id)) => Due::Id(id, Some(Box::new(parts))),
            _ => Due::Nobody,
        },
        Reading::Refused {
            unanswerable: true, ..
        } => Due::Nobody,
        Reading::Refused { id: Some(id), .. } => Due::Id(id, None),
        _ => Due::Null,
    }
}

/// Fails when a call of `mirror` gave back anything but what the other reading sees in the message. Whether it did.
fn assert_mirrored(parts: &Parts<'_>, answer: &Value) -> bool {
    let is_mirror = parts.method.as_deref() == Some("tools/call")
        && parts.in_params.text("name").as_deref() == Some("mirror");
    let text = answer["result"]["content"][0]["text"].as_str();
    let (true, Some(text), Value::Bool(false)) = (is_mirror, text, &answer["result"]["isError"])
    else {
        return false;
    };
    let sent: Value = match parts.in_params.get("arguments") {
        None | Some("null") => json!({}),
        Some(arguments) => serde_json::from_str(arguments).expect("JSON"),
    };
    assert_eq!(text, sent.to_string(), "{parts:?}");
    true
}

#[test]
fn every_id_on_stdio_has_one_answer() {
    for lane in LANES {
        for handshake in [false, true] {
            let mut stdio = StdioServer::start(Product::Fixture, &["--set", lane]);
            if handshake {
                stdio.initialize();
            }
            let mut mirrored = 0;
            for batch in cases().chunks(BATCH) {
                // The messages are others in each run.
                let talk = AssertUnwindSafe(|| converse(&mut stdio, batch));
                mirrored += catch_unwind(talk).unwrap_or_else(|_| panic!("with these: {batch:#?}"));
            }
            // A comparison of nothing would always succeed.
            assert!(mirrored > 0, "no call of `mirror` was answered");
            stdio.close_stdin();
            let ended = stdio.process.ended_within(Duration::from_secs(10));
            assert!(ended.is_some_and(|(status, _)| status.success()));
        }
    }
}

/// Sends a batch and reads all answers; how many were those of `mirror`.
fn converse(stdio: &mut StdioServer, batch: &[Case]) -> usize {
    // Lines by id. A second use of an id in one batch, and what ends others, would make the answers luck.
    let mut asked = BTreeMap::new();
    let mut nulls = 0;
    for case in batch {
        let line = case.body.replace(['\n', '\r'], " ");
        if line.contains("cancelled") || line.trim().is_empty() {
            continue;
        }
        match due(&line) {
            Due::Id(id, _) => {
                let id = id.to_string();
                if asked.contains_key(&id) {
                    continue;
                }
                asked.insert(id, line.clone());
            }
            Due::Null => nulls += 1,
            Due::Nobody => {}
        }
        stdio.send_bytes(format!("{line}\n").as_bytes());
    }
    let mut mirrored = 0;
    while nulls > 0 || !asked.is_empty() {
        let Some(answer) = stdio.receive_within(Duration::from_secs(10)) else {
            panic!("{nulls} without an id and these are not answered: {asked:#?}");
        };
        if answer.get("method").is_some() {
            if let Some(id) = answer.get("id") {
                // A question of its own, which this client has no answer to.
                let error = json!({ "code": -1, "message": "no" });
                stdio.send(&json!({ "jsonrpc": "2.0", "id": id, "error": error }));
            }
            continue;
        }
        if answer["id"].is_null() {
            assert!(nulls > 0, "nobody is left to have this: {answer}");
            nulls -= 1;
            continue;
        }
        let line = asked.remove(&answer["id"].to_string());
        let line = line.unwrap_or_else(|| panic!("nobody is left to have this: {answer}"));
        if let Due::Id(_, Some(parts)) = due(&line) {
            mirrored += usize::from(assert_mirrored(&parts, &answer));
        }
    }
    // And nothing more: what comes next is the answer to this.
    loop {
        stdio.send(&message::call(-1, "test_simple_text", &json!({})));
        let answer = stdio.receive();
        if answer.get("method").is_none() {
            assert_eq!(answer["id"], -1, "a second answer: {answer}");
            return mirrored;
        }
    }
}

#[test]
fn every_request_over_http_has_one_answer() {
    let unrated = [
        "--set",
        r#"limits.rate="off""#,
        "--set",
        r#"limits.address_rate="off""#,
        "--set",
    ];
    for lane in LANES {
        let http = HttpServer::start(Product::Fixture, &[&unrated[..], &[lane]].concat());
        // Before there is a connection: it would be closed if its first request took too long to make.
        let cases = cases();
        let mut connection = http.connect();
        let mut mirrored = 0;
        for case in cases {
            let headers: Vec<_> = case
                .headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            connection.post(case.body.as_bytes(), &headers);
            let response = connection.try_response();
            let response = response.unwrap_or_else(|error| panic!("{error} to {case:?}"));
            let look = AssertUnwindSafe(|| assert_answered(&case, &response));
            let is_mirror = catch_unwind(look).unwrap_or_else(|_| panic!("with {case:?}"));
            mirrored += usize::from(is_mirror);
            if response.header("connection") == Some("close") {
                connection = http.connect();
            }
        }
        assert!(mirrored > 0, "no call of `mirror` was answered");
        let answer = http.call("test_simple_text", &json!({}));
        assert!(answer["result"].is_object(), "{answer}");
    }
}

/// Fails unless this is the one answer to the message; whether it is one of `mirror`.
fn assert_answered(case: &Case, response: &Response) -> bool {
    let status = response.status;
    match due(&case.body) {
        Due::Id(id, parts) => {
            let answer = response.json();
            // What the headers say may be refused before anybody asks who it is.
            let known = answer["id"] == id || (answer["id"].is_null() && status >= 400);
            assert!(known, "{status} {answer} to {case:?}");
            let one = answer.get("result").is_some() != answer.get("error").is_some();
            assert!(one, "{answer}");
            parts.is_some_and(|parts| assert_mirrored(&parts, &answer))
        }
        Due::Null => {
            let answer = response.json();
            assert_eq!(status, 400, "{case:?}");
            assert!(
                answer["id"].is_null() && answer["error"]["code"].is_i64(),
                "{answer}"
            );
            false
        }
        Due::Nobody => {
            let refused = || response.json()["error"].is_object();
            assert!(
                status == 202 || (status >= 400 && refused()),
                "{status} to {case:?}"
            );
            false
        }
    }
}
