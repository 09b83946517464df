//! Lines that are no good messages, in numbers: one answer each, or none where nobody may be answered.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stdio::Subject;

/// A line, and the code and id of its answer, or that it has none.
type Case = (Vec<u8>, Option<(i64, Value)>);

fn cases() -> Vec<Case> {
    let refused = |code| Some((code, Value::Null));
    let text = |line: &str, answer| (line.as_bytes().to_vec(), answer);
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let deep_inside = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"a":{}{}}}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    vec![
        text("garbage", refused(-32700)),
        text("{\"jsonrpc\":\"2.0\",", refused(-32700)),
        text("\u{feff}{}", refused(-32700)),
        (b"{\"id\":\"\xff\xfe\"}".to_vec(), refused(-32700)),
        (vec![0; 64], refused(-32700)),
        (deep, refused(-32700)),
        text(&deep_inside, refused(-32700)),
        // Longer than the limit of the test.
        (vec![b'x'; 300_000], refused(-32600)),
        text("[]", refused(-32600)),
        text(
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]"#,
            refused(-32600),
        ),
        text("17", refused(-32600)),
        text(
            r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#,
            refused(-32600),
        ),
        text(
            r#"{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}"#,
            refused(-32600),
        ),
        text(
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list"}"#,
            refused(-32600),
        ),
        text(
            r#"{"jsonrpc":"2.0","id":"a","method":"ping","method":"tools/list"}"#,
            Some((-32600, json!("a"))),
        ),
        text(
            r#"{"jsonrpc":"1.0","id":"b","method":"ping"}"#,
            Some((-32600, json!("b"))),
        ),
        text(
            r#"{"jsonrpc":"2.0","id":"c","method":"tools/call","params":[]}"#,
            Some((-32602, json!("c"))),
        ),
        text(
            r#"{"jsonrpc":"2.0","id":"d","method":"tools/call","params":{"name":"a","name":"b"}}"#,
            Some((-32602, json!("d"))),
        ),
        // Nobody waits for an answer to these.
        text(" \t\r", None),
        text(r#"{"jsonrpc":"2.0","method":"notifications/x"}"#, None),
        text(
            r#"{"jsonrpc":"2.0","method":"notifications/x","params":3}"#,
            None,
        ),
        text(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#, None),
        text(
            r#"{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"x"}}"#,
            None,
        ),
        text(r#"{"jsonrpc":"2.0","id":7,"error":"nonsense"}"#, None),
    ]
}

#[test]
fn a_storm_of_broken_lines_is_answered_line_by_line_and_leaves_nothing() {
    let mut subject = Subject::start(&[r#"stdio.max_line="256KiB""#]);
    let cases = cases();
    for _ in 0..40 {
        let mut expected = BTreeMap::<String, usize>::new();
        for (line, answer) in &cases {
            subject.stdio.send_bytes(line);
            subject.stdio.send_bytes(b"\n");
            if let Some((code, id)) = answer {
                *expected.entry(format!("{id} {code}")).or_default() += 1;
            }
        }
        let mut seen = BTreeMap::new();
        for _ in 0..expected.values().sum() {
            let answer = subject.stdio.receive();
            let key = format!("{} {}", answer["id"], answer["error"]["code"]);
            *seen.entry(key).or_default() += 1;
        }
        assert_eq!(seen, expected);
    }
    subject.assert_unharmed();
}

#[test]
fn a_line_that_comes_byte_by_byte_is_a_line() {
    let mut subject = Subject::start(&[]);
    let line = super::stdio::lines([mcp_factory_tests::message::call(
        1,
        "mirror",
        &json!({ "text": "häppchen" }),
    )]);
    for byte in line {
        subject.stdio.send_bytes(&[byte]);
    }
    assert_eq!(
        mcp_factory_tests::message::text(&subject.stdio.receive()),
        r#"{"text":"häppchen"}"#
    );
    subject.assert_unharmed();
}
