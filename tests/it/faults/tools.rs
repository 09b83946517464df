//! What a plugin does wrong stays that one call's problem.

use std::time::Duration;

use mcp_factory_tests::{HttpServer, Product, StdioServer, Subject, eventually, message};
use serde_json::{Value, json};

use super::{LANES, assert_dropped, await_begun};

/// What the plugin `faults` says in its panics and errors, and no client may read.
const SECRET: &str = "hunter2";

/// An answer that ends the request and tells nothing but where to look.
fn assert_internal_error(answer: &Value) {
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
    let id = answer["error"]["data"]["errorId"]
        .as_str()
        .expect("an id to find it by in the log");
    assert!(
        answer["error"]["message"]
            .as_str()
            .is_some_and(|message| message.contains(id)),
        "{answer}"
    );
    assert!(!answer.to_string().contains(SECRET), "{answer}");
}

#[test]
fn a_panic_is_answered_with_an_id_and_not_with_its_text() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    for tool in ["panic", "panic_blocking"] {
        assert_internal_error(&http.call(tool, &json!({})));
        let answer = stdio.call(7, tool, &json!({}));
        assert_internal_error(&answer);
        // The log has what the client must not see, under the id that the client does see.
        let id = answer["error"]["data"]["errorId"]
            .as_str()
            .expect("just checked")
            .to_owned();
        let log = || stdio.process.stderr();
        let found = eventually(Duration::from_secs(10), || {
            (log().contains(&id) && log().contains(SECRET)).then_some(())
        });
        assert!(found.is_some(), "{}", log());
    }
    // And the server is none the worse for it.
    assert_eq!(
        message::text(&http.call("test_simple_text", &json!({}))),
        "This is a simple text response for testing."
    );
    let answer = stdio.call(8, "test_simple_text", &json!({}));
    assert_eq!(
        message::text(&answer),
        "This is a simple text response for testing."
    );
}

#[test]
fn an_error_nobody_thought_of_is_a_failed_call_that_tells_nothing() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let answer = http.call("fail", &json!({}));
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(message::text(&answer).contains("error id"), "{answer}");
    assert!(!answer.to_string().contains(SECRET), "{answer}");
}

#[test]
fn a_call_past_its_deadline_fails_and_is_dropped() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    for answer in [
        http.call("overdue", &json!({})),
        stdio.call(1, "overdue", &json!({})),
    ] {
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert_eq!(
            message::text(&answer),
            "the call did not end within 300ms and was stopped"
        );
    }
    assert_dropped(&http, 1);
}

#[test]
fn the_deadline_of_a_tool_that_names_none_is_the_servers() {
    let http = HttpServer::start(Product::Fixture, &["--set", r#"limits.timeout="200ms""#]);
    let answer = http.call("wait", &json!({ "milliseconds": 10_000 }));
    assert_eq!(
        message::text(&answer),
        "the call did not end within 200ms and was stopped"
    );
}

#[test]
fn tools_that_block_their_thread_hold_up_nobody() {
    let subject = Subject::start(&["server.workers=2"]);
    let before = subject.normal_calls();
    // As many as there are threads for them, and more.
    let mut blocking: Vec<_> = (0..80)
        .map(|_| {
            let mut connection = subject.connect();
            connection.request(&message::call(
                1,
                "block",
                &json!({ "milliseconds": 1_500 }),
            ));
            connection
        })
        .collect();
    // Every thread for them is taken, and the rest wait for one.
    await_begun(&subject, 64);
    subject.normal_calls().assert_like(&before);
    for connection in &mut blocking {
        assert_eq!(
            message::text(&connection.response().json()),
            "blocked 1500 ms"
        );
    }
    drop(blocking);
    subject.assert_unharmed();
}

#[test]
fn what_a_plugin_prints_never_reaches_stdout() {
    let mut stdio = StdioServer::start(Product::Fixture, &[]);
    // Every line is read as a message, so a line that is none fails here.
    assert_eq!(
        message::text(&stdio.call(1, "print", &json!({}))),
        "printed"
    );
    assert_eq!(
        message::text(&stdio.call(2, "print", &json!({}))),
        "printed"
    );
    stdio.close_stdin();
    assert_eq!(stdio.receive_within(Duration::from_secs(5)), None);
    let printed = eventually(Duration::from_secs(10), || {
        let stderr = stdio.process.stderr();
        (stderr.matches("this is no message of the protocol").count() == 2).then_some(())
    });
    assert!(
        printed.is_some(),
        "it goes to stderr: {}",
        stdio.process.stderr()
    );
}

#[test]
fn a_misspelt_argument_is_named_with_the_right_one() {
    let http = HttpServer::start(Product::Fixture, &[]);
    let answer = http.call("wait", &json!({ "miliseconds": 1 }));
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(
        message::text(&answer)
            .starts_with("unknown argument: `miliseconds` (did you mean `milliseconds`?)")
    );
    let answer = http.call("wait", &json!({ "milliseconds": "soon" }));
    assert!(message::text(&answer).contains("milliseconds"), "{answer}");
    let answer = http.call("wait", &json!({ "milliseconds": 20_001 }));
    assert!(message::text(&answer).contains("20000"), "{answer}");
    assert_eq!(http.counts(), (0, 0), "none of these ran");
}

#[test]
fn a_thousand_panics_leave_no_trace_but_the_log() {
    for lane in LANES {
        let subject = Subject::start(&[lane]);
        let (mut connection, mut blocking) = (subject.connect(), subject.connect());
        for id in 0..250 {
            connection.request(&message::call(id, "panic", &json!({})));
            blocking.request(&message::call(id, "panic_blocking", &json!({})));
            for connection in [&mut connection, &mut blocking] {
                let answer = connection.response().json();
                assert_eq!(answer["id"], id);
                assert_internal_error(&answer);
            }
        }
        drop((connection, blocking));
        subject.assert_unharmed();
    }
}
