//! Messages as bytes: what is let through, what is refused and with which code. One by one here, and generated ones
//! (`generate`) held to another reading of them (`reference`) in `properties`.

mod generate;
mod properties;
mod reference;
mod values;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Frame, FrameError, FrameKind, FrameLimits, RequestId};

fn parse(text: &str) -> Result<Frame, FrameError> {
    Frame::parse(
        Bytes::copy_from_slice(text.as_bytes()),
        &FrameLimits::default(),
    )
}

fn refused(text: &str) -> (i32, Value) {
    let error = parse(text).expect_err(text);
    let wire: Value = serde_json::from_slice(&error.to_json()).unwrap();
    assert_eq!(wire["jsonrpc"], "2.0");
    assert_eq!(wire["error"]["code"], error.code);
    assert!(!wire["error"]["message"].as_str().unwrap().is_empty());
    (error.code, wire["id"].clone())
}

#[test]
fn hands_out_slices_of_the_checked_bytes() {
    let text = r#" {"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"e\u0063ho","_meta":{"a":1},"arguments":{"text": "hi"}}} "#;
    let frame = parse(text).unwrap();
    assert_eq!(frame.kind(), &FrameKind::Request(RequestId::Number(7)));
    assert_eq!(frame.method(), "tools/call");
    assert_eq!(frame.name().as_deref(), Some("echo"));
    assert_eq!(frame.arguments(), Some(r#"{"text": "hi"}"#));
    assert_eq!(frame.meta(), Some(r#"{"a":1}"#));
    assert_eq!(
        frame.params().map(str::len),
        Some(r#"{"name":"e\u0063ho","_meta":{"a":1},"arguments":{"text": "hi"}}"#.len())
    );
    assert!(!frame.param_kinds().others);
    assert_eq!(frame.bytes().as_ref(), text.as_bytes());
}

#[test]
fn knows_the_three_kinds() {
    let notification = parse(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).unwrap();
    assert_eq!(notification.kind(), &FrameKind::Notification);
    assert_eq!(notification.id(), None);
    let response = parse(r#"{"jsonrpc":"2.0","id":"a","result":{"x":[1]}}"#).unwrap();
    assert_eq!(
        response.kind(),
        &FrameKind::Response(RequestId::Text("a".into()))
    );
    assert_eq!(response.result(), Some(r#"{"x":[1]}"#));
    assert_eq!(response.method(), "");
    let error = parse(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}}"#).unwrap();
    assert_eq!(error.error(), Some(r#"{"code":-1,"message":"no"}"#));
    let other = parse(r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"a:\/b","cursor":"x"}}"#).unwrap();
    assert_eq!(other.uri().as_deref(), Some("a:/b"));
    assert!(other.param_kinds().others);
    let escaped = parse(r#"{"jsonrpc":"2.0","id":1,"method":"tools\/call"}"#).unwrap();
    assert_eq!(escaped.method(), "tools/call");
}

#[test]
fn knows_which_request_is_taken_back() {
    let cancels = |head: &str, params: &str| {
        let text = format!(r#"{{"jsonrpc":"2.0",{head},"params":{params}}}"#);
        parse(&text).expect(&text).cancels()
    };
    let cancelled = r#""method":"notifications/cancelled""#;
    assert_eq!(
        cancels(cancelled, r#"{"reason":"late","requestId": 7}"#),
        Some(RequestId::Number(7))
    );
    assert_eq!(
        cancels(cancelled, r#"{"requestId":"\u0037"}"#),
        Some(RequestId::Text("7".into()))
    );
    for params in ["{}", r#"{"requestId":null}"#, r#"{"requestId":1.0}"#] {
        assert_eq!(cancels(cancelled, params), None, "{params}");
    }
    let others = [
        r#""method":"notifications/progress""#.to_owned(),
        format!(r#""id":1,{cancelled}"#),
    ];
    for other in others {
        assert_eq!(cancels(&other, r#"{"requestId":7}"#), None, "{other}");
    }
}

#[test]
fn refuses_what_is_not_json_with_a_null_id() {
    for text in [
        "",
        " ",
        "{",
        "nul",
        "{\"a\":1,}",
        "{'a':1}",
        "[1,]",
        "01",
        "1.",
        "-",
        "1e",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\u{1}\"",
        "\"open",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{} {}",
        "1e999",
        "tru",
        "{\"a\":}",
        "\u{feff}{}",
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#,
    ] {
        assert_eq!(refused(text), (-32700, Value::Null), "{text:?}");
    }
    let error = Frame::parse(
        Bytes::from_static(b"{\"a\":\"\xff\"}"),
        &FrameLimits::default(),
    )
    .unwrap_err();
    assert_eq!(error.code, -32700);
    assert!(error.message.contains("byte 6"), "{}", error.message);
}

#[test]
fn refuses_what_is_no_message() {
    for (text, id) in [
        ("1", json!(null)),
        ("\"a\"", json!(null)),
        ("[]", json!(null)),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, json!(null)),
        ("{}", json!(null)),
        (r#"{"id":1,"method":"ping"}"#, json!(1)),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, json!(1)),
        (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, json!(1)),
        (
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            json!(null),
        ),
        (r#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#, json!(null)),
        (r#"{"jsonrpc":"2.0","id":1e3,"method":"ping"}"#, json!(null)),
        (r#"{"jsonrpc":"2.0","id":-0,"method":"ping"}"#, json!(null)),
        (
            r#"{"jsonrpc":"2.0","id":9223372036854775808,"method":"ping"}"#,
            json!(null),
        ),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, json!(null)),
        (
            r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#,
            json!(null),
        ),
        (r#"{"jsonrpc":"2.0","id":"x","method":1}"#, json!("x")),
        (r#"{"jsonrpc":"2.0","id":"x"}"#, json!("x")),
        (r#"{"jsonrpc":"2.0","id":"x","Method":"ping"}"#, json!("x")),
        (
            r#"{"jsonrpc":"2.0","id":"x","method":"ping","Params":{}}"#,
            json!("x"),
        ),
        (r#"{"jsonrpc":"2.0","ID":3,"method":"ping"}"#, json!(null)),
        (
            r#"{"jsonrpc":"2.0","id":3,"id":3,"method":"ping"}"#,
            json!(null),
        ),
        // Whatever else is found wrong before it.
        (
            r#"{"jsonrpc":"2.0","x":{"a":1,"a":2},"id":3,"id":4,"method":"ping"}"#,
            json!(null),
        ),
        (
            r#"{"jsonrpc":"2.0","id":3,"method":"ping","method":"tools/call"}"#,
            json!(3),
        ),
        (
            r#"{"jsonrpc":"2.0","id":3,"method":"ping","\u006dethod":"tools/call"}"#,
            json!(3),
        ),
        (
            r#"{"jsonrpc":"2.0","id":3,"method":"ping","x":{"a":{"b":1,"b":1}}}"#,
            json!(3),
        ),
        (
            r#"{"jsonrpc":"2.0","id":3,"method":"ping","result":{}}"#,
            json!(3),
        ),
        (
            r#"{"jsonrpc":"2.0","id":3,"error":{},"result":{}}"#,
            json!(3),
        ),
    ] {
        assert_eq!(refused(text), (-32600, id), "{text}");
    }
    let long = format!(
        r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#,
        "x".repeat(1100)
    );
    assert_eq!(refused(&long), (-32600, json!(null)));
}

#[test]
fn refuses_bad_params_with_the_id() {
    for params in [
        "null",
        "[]",
        "1",
        "\"x\"",
        r#"{"name":"a","name":"b"}"#,
        r#"{"arguments":{"path":1,"path":2}}"#,
        r#"{"a":[{"b":{"c":1,"\u0063":2}}]}"#,
        r#"{"Name":"a"}"#,
        r#"{"name":"a","Arguments":{}}"#,
    ] {
        let text =
            format!(r#"{{"jsonrpc":"2.0","id":"q","method":"tools/call","params":{params}}}"#);
        assert_eq!(refused(&text), (-32602, json!("q")), "{params}");
    }
}

#[test]
fn finds_a_twin_among_many_members() {
    let mut members: Vec<String> = (0..5000).map(|number| format!("\"k{number}\":0")).collect();
    let object = |members: &[String]| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{{}}}}}"#,
            members.join(",")
        )
    };
    assert!(parse(&object(&members)).is_ok());
    members.push("\"\\u006b77\":0".to_owned());
    assert_eq!(refused(&object(&members)).0, -32602);
}

#[test]
fn finds_twins_of_every_name_at_every_place_however_they_are_written() {
    let places = [
        (
            "",
            "",
            &["jsonrpc", "id", "method", "params", "result", "error", "x"][..],
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"m","params":"#,
            "}",
            &["name", "arguments", "uri", "_meta", "x"],
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":"#,
            "}}",
            &[
                "io.modelcontextprotocol/protocolVersion",
                "io.modelcontextprotocol/clientCapabilities",
                "io.modelcontextprotocol/logLevel",
                "progressToken",
                "traceparent",
                "x",
            ],
        ),
    ];
    for (before, after, names) in places {
        for name in names {
            let first = name.chars().next().expect("a name");
            let escaped = format!("\\u{:04x}{}", u32::from(first), &name[1..]);
            for twin in [name, escaped.as_str()] {
                for between in ["", r#""other":[],"#] {
                    let text = format!(r#"{before}{{"{name}":1,{between}"{twin}":1}}{after}"#);
                    let error = parse(&text).expect_err(&text).to_json();
                    let error: Value = serde_json::from_slice(&error).unwrap();
                    let said = format!("member `{name}` appears twice");
                    assert_eq!(error["error"]["message"], said, "{text}");
                }
            }
        }
    }
}

#[test]
fn unknown_envelope_members_are_tolerated() {
    assert!(parse(r#"{"jsonrpc":"2.0","id":1,"method":"ping","traceparent":"x"}"#).is_ok());
}

#[test]
fn nobody_is_answered_who_did_not_ask() {
    for text in [
        r#"{"jsonrpc":"2.0","method":"notifications/x","params":[]}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/x","params":{"a":1,"a":2}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}"#,
        r#"{"jsonrpc":"2.0","error":{"code":1,"message":"x"}}"#,
    ] {
        assert!(parse(text).unwrap_err().unanswerable, "{text}");
    }
    for text in [
        "{}",
        "[]",
        r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[]}"#,
        r#"{"method":"m"}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#,
        r#"{"jsonrpc":"2.0","ID":1,"method":"m"}"#,
        r#"{"jsonrpc":"2.0","method":"m","params":{"a":1,"a":2},"ID":1}"#,
    ] {
        assert!(!parse(text).unwrap_err().unanswerable, "{text}");
    }
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 2), "]".repeat(depth - 2));
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"a":{open}{close}}}}}"#)
    };
    assert!(parse(&nested(127)).is_ok());
    assert!(
        serde_json::from_str::<Value>(&nested(127)).is_ok(),
        "whatever passes, serde_json reads"
    );
    assert_eq!(refused(&nested(128)), (-32700, Value::Null));
    assert_eq!(refused(&"[".repeat(1_000_000)).0, -32700);
    let limits = FrameLimits {
        max_bytes: 50,
        ..FrameLimits::default()
    };
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"0123456789012"}"#;
    assert_eq!(text.len(), 49);
    assert!(Frame::parse(Bytes::from_static(text.as_bytes()), &limits).is_ok());
    let error = Frame::parse(Bytes::from(format!("{text}  ")), &limits).unwrap_err();
    assert_eq!((error.code, error.id), (-32600, None));
}
