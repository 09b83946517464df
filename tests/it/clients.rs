//! The SDKs that people have, over both transports and in both eras. Each prints what it saw.

use std::process::Command;

use mcp_factory_tests::{
    HttpServer, Product, Tools,
    message::{LEGACY, MODERN},
};
use serde_json::{Value, json};

/// What every client must see of the fixture, in every way.
fn expected(protocol: &str) -> Value {
    json!({
        "protocol": protocol,
        "server": "fixture",
        "tools": 41,
        "text": ["This is a simple text response for testing."],
        "structured": { "begun": 0, "gone": 0 },
        "structured_text": r#"{"begun":0,"gone":0}"#,
        "tool_error": [true, "This tool intentionally returns an error for testing"],
        "misnamed_argument": [
            true,
            "unknown argument: `miliseconds` (did you mean `milliseconds`?); known: `milliseconds`; \
             missing argument: `milliseconds`"
        ],
        "unknown_tool": {
            "code": -32602,
            "message": "unknown tool: `test_simple_txt`; did you mean `test_simple_text`?"
        },
        "elicited": r#"User response: action=accept, content={"username":"ann","email":"ann@example.com"}"#,
        "progress": [[0.0, 100.0], [50.0, 100.0], [100.0, 100.0]],
        "cancelled": [{ "begun": 0, "gone": 0 }, { "begun": 1, "gone": 1 }],
    })
}

#[derive(Clone, Copy)]
enum Over {
    Stdio,
    Http,
}

fn check(mut client: Command, over: Over, protocol: &str) {
    // Lives until the client has ended.
    let _server = match over {
        Over::Stdio => {
            client.arg(Product::Fixture.binary());
            None
        }
        Over::Http => {
            let server = HttpServer::start(Product::Fixture, &[]);
            client.arg(server.url());
            Some(server)
        }
    };
    let output = client.output().expect("the client is installed");
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{client:?} failed: {said} {complained}"
    );
    let mut seen: Value =
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said} {complained}"));
    // JavaScript has one kind of number.
    if let Some(reports) = seen["progress"].as_array_mut() {
        for number in reports
            .iter_mut()
            .flat_map(|report| report.as_array_mut().into_iter().flatten())
        {
            *number = json!(number.as_f64());
        }
    }
    for (name, expected) in expected(protocol).as_object().expect("an object") {
        assert_eq!(&seen[name], expected, "{name}, as {client:?} saw it");
    }
}

fn python(era: &str, over: Over, protocol: &str) {
    let mut client = Tools::installed().python_client("python_client.py");
    client.arg(era);
    check(client, over, protocol);
}

fn typescript(package: &str, era: &str, over: Over, protocol: &str) {
    let mut client = Tools::installed().node_client("typescript_client.mjs");
    client.args([package, era]);
    check(client, over, protocol);
}

#[test]
fn python_finds_the_newest_revision_over_stdio() {
    python("auto", Over::Stdio, MODERN);
}

#[test]
fn python_finds_the_newest_revision_over_http() {
    python("auto", Over::Http, MODERN);
}

#[test]
fn python_shakes_hands_over_stdio() {
    python("legacy", Over::Stdio, LEGACY);
}

#[test]
fn python_shakes_hands_over_http() {
    python("legacy", Over::Http, LEGACY);
}

#[test]
fn typescript_client_finds_the_newest_revision_over_stdio() {
    typescript("client", "auto", Over::Stdio, MODERN);
}

#[test]
fn typescript_client_finds_the_newest_revision_over_http() {
    typescript("client", "auto", Over::Http, MODERN);
}

#[test]
fn typescript_client_shakes_hands_over_stdio() {
    typescript("client", "legacy", Over::Stdio, LEGACY);
}

#[test]
fn typescript_client_shakes_hands_over_http() {
    typescript("client", "legacy", Over::Http, LEGACY);
}

#[test]
fn typescript_sdk_shakes_hands_over_stdio() {
    typescript("sdk", "legacy", Over::Stdio, LEGACY);
}

#[test]
fn typescript_sdk_shakes_hands_over_http() {
    typescript("sdk", "legacy", Over::Http, LEGACY);
}
