//! Bodies that are no message, or not one: refused with the code that says so, however often they come.

use std::time::Duration;

use mcp_factory_tests::{Subject, eventually, message};
use serde_json::{Value, json};

/// How often each comes.
const TIMES: usize = 20;

/// Sends `body` again and again over one connection; each time it is 400 with a JSON-RPC error of one of `codes`.
fn assert_refused(subject: &Subject, body: &[u8], codes: &[i64]) {
    let shown = String::from_utf8_lossy(&body[..body.len().min(80)]);
    let mut connection = subject.connect();
    for _ in 0..TIMES {
        connection.post(body, &[("mcp-protocol-version", message::LEGACY)]);
        let response = connection.response();
        assert_eq!(response.status, 400, "{shown}: {}", response.text());
        let answer = response.json();
        assert_eq!(answer["jsonrpc"], "2.0", "{shown}: {answer}");
        let code = answer["error"]["code"].as_i64().expect("a code");
        assert!(codes.contains(&code), "{shown}: {answer}");
    }
}

#[test]
fn what_is_no_json_is_a_parse_error_however_often() {
    let subject = Subject::start(&[]);
    let deep = |open: &str, close: &str| {
        let (open, close) = (open.repeat(100_000), close.repeat(100_000));
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{open}{close}}}"#)
    };
    for deep in [
        deep("[", "]"),
        deep(r#"{"a":"#, "}").replace("{\"a\":}", "{\"a\":1}"),
        deep("[", ""),
        "[".repeat(100_000),
    ] {
        assert_refused(&subject, deep.as_bytes(), &[-32700]);
    }
    let call = message::call(1, "counts", &json!({})).to_string();
    for end in [1, 10, call.len() / 2, call.len() - 1] {
        assert_refused(&subject, &call.as_bytes()[..end], &[-32700]);
    }
    let broken: [&[u8]; 7] = [
        b"",
        b"\0\0\0\0",
        b"\xef\xbb\xbf{}",
        b"{\"jsonrpc\":\"2.0\",\"id\":\"\xff\xfe\",\"method\":\"ping\"}",
        b"{\"jsonrpc\":\"2.0\",\"id\":\"\xed\xa0\x80\",\"method\":\"ping\"}",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}{}",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":NaN}}",
    ];
    for body in broken {
        assert_refused(&subject, body, &[-32700]);
    }
    subject.assert_unharmed();
}

#[test]
fn what_is_no_single_request_is_refused_however_often() {
    let subject = Subject::start(&[]);
    let hang =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "hang" } });
    let batch = Value::from(vec![hang; 100]).to_string();
    for body in [
        batch.as_str(),
        "[]",
        "null",
        r#"{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"hang"}}"#,
        r#"{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{"name":"hang"}}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"tools/call","params":{"name":"hang"}}"#,
        r#"{"jsonrpc":2.0,"id":1,"method":"tools/call","params":{"name":"hang"}}"#,
        r#"{"id":1,"method":"tools/call","params":{"name":"hang"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"hang"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"hang"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"METHOD":"tools/call","params":{"name":"hang"}}"#,
    ] {
        assert_refused(&subject, body.as_bytes(), &[-32600]);
    }
    for params in [
        r#"{"name":"counts","name":"hang"}"#,
        r#"{"name":"hang","arguments":{"a":1,"a":2}}"#,
        r#"{"name":"hang","arguments":{"a":{"b":[{"c":1,"c":2}]}}}"#,
        r#"{"name":"hang","arguments":{"a":1,"\u0061":2}}"#,
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{params}}}"#);
        assert_refused(&subject, body.as_bytes(), &[-32600, -32602]);
    }
    assert_eq!(subject.counts(), (0, 0), "none of these ran");
    subject.assert_unharmed();
}

/// Ids belong to their sender: over HTTP two requests are two connections, or one after the other on one.
#[test]
fn requests_with_one_id_are_each_answered() {
    let subject = Subject::start(&[]);
    let call =
        |milliseconds: u64| message::call(6, "wait", &json!({ "milliseconds": milliseconds }));
    let mut connections: Vec<_> = (0..20)
        .map(|nth| {
            let mut connection = subject.connect();
            connection.request(&call(400 + nth));
            connection
        })
        .collect();
    for (connection, nth) in connections.iter_mut().zip(400..) {
        let answer = connection.response().json();
        assert_eq!(answer["id"], 6);
        assert_eq!(message::text(&answer), format!("waited {nth} ms"));
    }
    drop(connections);
    subject.assert_unharmed();
}

/// Who does not wait for the answer before the next request has the answers in order, also past a slow one
/// and past a message that is none.
#[test]
fn requests_that_do_not_wait_for_answers_have_them_in_order() {
    let subject = Subject::start(&[r#"limits.tools.hang.timeout="1s""#]);
    let mut connection = subject.connect();
    for id in 0..100 {
        if id % 10 == 9 {
            connection.post(b"{", &[]);
        }
        let milliseconds = if id % 25 == 0 { 100 } else { 0 };
        connection.request(&message::call(
            id,
            "wait",
            &json!({ "milliseconds": milliseconds }),
        ));
    }
    for id in 0..100 {
        if id % 10 == 9 {
            assert_eq!(connection.response().status, 400);
        }
        let answer = connection.response().json();
        assert_eq!(answer["id"], id, "{answer}");
    }
    drop(connection);
    // Who leaves in the middle of that leaves nothing running for longer than its deadline: what it has sent
    // stands between the server and the news of its leaving.
    let mut connection = subject.connect();
    for id in 0..20 {
        connection.request(&message::call(id, "hang", &json!({})));
    }
    super::await_begun(&subject, 101);
    connection.abandon();
    let gone = eventually(Duration::from_secs(5), || {
        let (begun, gone) = subject.counts();
        (begun == gone).then_some(())
    });
    assert!(gone.is_some(), "still running: {:?}", subject.counts());
    subject.assert_unharmed();
}
