//! The second factor: locked, opened by a code of the real algorithm, and closed to those who guess.

use std::time::Duration;

use mcp_factory_tests::{
    Caller, Guarded, Issuer, eventually,
    guarded::{Step, code},
    message,
};
use serde_json::{Value, json};

/// What a tool answers: whether it is an error, and its text.
fn said(caller: &Caller<'_>, tool: &str, arguments: &Value) -> (bool, String) {
    let response = caller.call(tool, arguments);
    assert_eq!(response.status, 200, "{}", response.text());
    let answer = response.json();
    let is_error = answer["result"]["isError"] == json!(true);
    (is_error, message::text(&answer).to_owned())
}

fn unlock(caller: &Caller<'_>, code: &str) -> (bool, String) {
    said(
        caller,
        "gate_unlock",
        &json!({ "group": "shell", "code": code }),
    )
}

fn shell(caller: &Caller<'_>) -> (bool, String) {
    said(caller, "shell", &json!({}))
}

fn assert_locked(caller: &Caller<'_>) {
    let (is_error, text) = shell(caller);
    assert!(
        is_error && text.contains("`gate_unlock`") && text.contains("`shell`"),
        "{text}"
    );
}

/// The `number`th code that is not one of the good ones.
fn wrong(number: usize) -> String {
    let good = [Step::Before, Step::Now, Step::Next].map(code);
    let guesses = (0..10).map(|guess| format!("{guess:06}"));
    guesses
        .filter(|guess| !good.contains(guess))
        .nth(number)
        .expect("at most three are good")
}

#[test]
fn a_code_opens_the_gate_for_one_caller_once() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let token = |client: &str| issuer.token(client, "write", &server.url());
    let (ann, bob) = (token("writer"), token("stranger"));
    let (ann, bob) = (server.bearer(&ann), server.bearer(&bob));
    assert_locked(&ann);
    assert_eq!(ann.ran("shell"), 0);

    let now = code(Step::Now);
    let (is_error, text) = unlock(&ann, &now);
    assert!(!is_error, "{text}");
    assert_eq!(shell(&ann), (false, "shell 1".to_owned()));
    // In a session of hers it is open too; bob's is not, and her code does not open it.
    let session = server.bearer(&token("writer")).in_session();
    assert_eq!(shell(&session), (false, "shell 2".to_owned()));
    assert_locked(&bob);
    let (is_error, text) = unlock(&bob, &now);
    assert!(is_error && text.contains("used already"), "{text}");
    assert_locked(&bob);

    // Locked by hand, and the same code does not open it again; the next one does.
    assert!(!said(&ann, "gate_lock", &json!({ "group": "shell" })).0);
    assert_locked(&ann);
    let (is_error, text) = unlock(&ann, &now);
    assert!(is_error && text.contains("used already"), "{text}");
    assert!(!unlock(&ann, &code(Step::Next)).0);
    assert_eq!(shell(&ann), (false, "shell 3".to_owned()));
    assert_eq!(ann.ran("shell"), 3);
}

#[test]
fn the_scope_is_asked_for_before_the_code() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let token = issuer.token("reader", "read", &server.url());
    let reader = server.bearer(&token);
    assert!(!unlock(&reader, &code(Step::Now)).0);
    assert_eq!(
        reader.call("shell", &json!({})).status,
        403,
        "an open gate is no scope"
    );
    assert_eq!(reader.ran("shell"), 0);
}

#[test]
fn who_guesses_five_times_is_locked_out_everywhere() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let token = |client: &str| issuer.token(client, "write", &server.url());
    let ann = token("writer");
    let ann = server.bearer(&ann);
    for number in 0..5 {
        let (is_error, text) = unlock(&ann, &wrong(number));
        assert!(is_error && text.contains("wrong"), "{number}: {text}");
    }
    // The sixth is the right one, and is not looked at: here, in a session, with a new token.
    let (session, renewed) = (token("writer"), token("writer"));
    for caller in [
        ann,
        server.bearer(&session).in_session(),
        server.bearer(&renewed),
    ] {
        let (is_error, text) = unlock(&caller, &code(Step::Now));
        assert!(is_error && text.contains("too many wrong codes"), "{text}");
        assert_locked(&caller);
    }
    // Somebody else is not.
    let bob = token("stranger");
    let bob = server.bearer(&bob);
    assert!(!unlock(&bob, &code(Step::Now)).0);
    assert_eq!(bob.ran("shell"), 0);
}

#[test]
fn a_gate_that_nobody_goes_through_closes() {
    let issuer = Issuer::start();
    let gate = "[gate.groups.shell]\nsecret = \"env:MCP_SHELL_GATE\"\ninactivity = \"5s\"\n";
    let server = Guarded::trusting(issuer.url(), gate);
    let token = issuer.token("writer", "write", &server.url());
    let caller = server.bearer(&token);
    assert!(!unlock(&caller, &code(Step::Now)).0);
    // Used in time, it stays open for longer than that.
    for _ in 0..3 {
        std::thread::sleep(Duration::from_secs(2));
        assert!(!shell(&caller).0);
    }
    std::thread::sleep(Duration::from_secs(6));
    assert_locked(&caller);
}

#[test]
fn what_is_no_code_is_no_try() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let token = issuer.token("writer", "write", &server.url());
    let caller = server.bearer(&token);
    for text in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", " 12345"] {
        for _ in 0..2 {
            let (is_error, said) = unlock(&caller, text);
            assert!(is_error && !said.contains("left"), "{text}: {said}");
        }
    }
    let (is_error, _) = said(
        &caller,
        "gate_unlock",
        &json!({ "group": "none", "code": "123456" }),
    );
    assert!(is_error);
    let opened = eventually(Duration::from_secs(1), || {
        (!unlock(&caller, &code(Step::Now)).0).then_some(())
    });
    assert!(opened.is_some(), "none of these was a wrong code");
}
