//! What plugins print, panic and start: none of it reaches the wire.

use std::time::Duration;

use mcp_factory_tests::{eventually, message};
use serde_json::json;

use super::stdio::Subject;

#[test]
fn nothing_that_a_plugin_writes_anywhere_reaches_the_wire() {
    let mut subject = Subject::start(&[]);
    for _ in 0..10 {
        // Every line is read as a message: one that is none, or that answers nothing, fails here.
        let answer = subject.call("print_everywhere", &json!({}));
        assert_eq!(message::text(&answer), "panicked: true, command: true");
        subject.call("print", &json!({}));
    }
    for noise in [
        "half a line of noise ",
        "forged noise",
        "noise of a thread",
        "noise of a command",
        "noise of its descriptor",
    ] {
        let stderr = || subject.stdio.process.stderr();
        let told = eventually(Duration::from_secs(10), || {
            (stderr().matches(noise).count() >= 10).then_some(())
        });
        assert!(told.is_some(), "{noise} goes to stderr: {}", stderr());
    }
    subject.assert_unharmed();
}

#[test]
fn a_thousand_panics_are_a_thousand_answers_and_leave_nothing() {
    let mut subject = Subject::start(&[]);
    for _ in 0..500 {
        for tool in ["panic", "panic_blocking"] {
            let answer = subject.call(tool, &json!({}));
            assert_eq!(answer["error"]["code"], -32603, "{answer}");
            assert!(!answer.to_string().contains("hunter2"), "{answer}");
        }
    }
    subject.assert_unharmed();
    assert_eq!(
        subject.stdio.receive_within(Duration::from_millis(50)),
        None
    );
}
