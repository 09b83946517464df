//! The record of what was called: one line for each call, whatever became of it.

use std::{collections::BTreeMap, fs, time::Duration};

use mcp_factory_tests::{Caller, Guarded, Issuer, Product, StdioServer};
use serde_json::{Value, json};

/// Ends `server` and reads its audit.
fn records(server: &mut Guarded) -> Vec<Value> {
    server.process.terminate();
    let ended = server.process.ended_within(Duration::from_secs(10));
    assert!(
        ended.is_some_and(|(status, _)| status.success()),
        "{}",
        server.process.stderr()
    );
    let text = fs::read_to_string(server.folder().join("audit.jsonl")).expect("there is an audit");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn start(issuer: &Issuer) -> Guarded {
    Guarded::trusting(
        issuer.url(),
        "[audit]\nto = \"FOLDER/audit.jsonl\"\n[limits]\nfailure_rate = \"off\"\nrate = \"off\"\naddress_rate = \"off\"\n",
    )
}

#[test]
fn a_thousand_calls_of_every_kind_are_a_thousand_records() {
    let issuer = Issuer::start();
    let mut server = start(&issuer);
    let token = |scopes: &str| issuer.token("writer", scopes, &server.url());
    let (read, write) = (token("read"), token("write"));
    {
        let none = json!({});
        let anonymous = server.anonymous();
        let bad = server.bearer("nonsense");
        let reader = server.bearer(&read);
        let writer = server.bearer(&write);
        let session = server.bearer(&write).in_session();
        let days = json!({ "uri": "guarded://days/monday" });
        let calls: [&dyn Fn() -> u16; 12] = [
            &|| reader.call("look", &none).status,
            &|| writer.call("change", &none).status,
            &|| reader.call("change", &none).status,
            &|| session.call("unknown\n{\"event\":\"call\"}", &none).status,
            &|| writer.call("fail", &none).status,
            &|| {
                reader
                    .call("wait", &json!({ "milliseconds": "many" }))
                    .status
            },
            &|| writer.call("shell", &none).status,
            &|| reader.request("resources/read", &days).status,
            &|| writer.request("resources/read", &days).status,
            &|| {
                session
                    .request("prompts/get", &json!({ "name": "ask" }))
                    .status
            },
            &|| anonymous.call("look", &none).status,
            &|| bad.call("look", &none).status,
        ];
        for number in 0..1_000 {
            calls[number % calls.len()]();
        }
    }
    let records = records(&mut server);
    let mut outcomes: BTreeMap<(String, String), usize> = BTreeMap::new();
    for record in &records {
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        assert!(record["time"].is_string(), "{record}");
        assert_eq!(record["transport"], "http", "{record}");
        *outcomes
            .entry((text("event"), text("outcome")))
            .or_default() += 1;
    }
    assert_eq!(records.len(), 1_000, "{outcomes:#?}");
    // Who it was, where that was known.
    let principal = format!("{}|writer", issuer.url());
    let known = records
        .iter()
        .filter(|record| record["principal"] == json!(principal))
        .count();
    let unknown = records
        .iter()
        .filter(|record| record["principal"].is_null())
        .count();
    assert_eq!((known, unknown), (834, 166), "{outcomes:#?}");
}

#[test]
fn a_record_says_who_did_what_and_not_with_what() {
    let issuer = Issuer::start();
    let mut server = start(&issuer);
    let token = issuer.token("writer", "write", &server.url());
    {
        let caller: Caller<'_> = server.bearer(&token);
        caller.call("change", &json!({ "name": "a-name-of-somebody" }));
        caller.call("change", &json!({ "name": "a-name-of-somebody" }));
        caller.call("change", &json!({ "name": "another-name" }));
        caller.call("panic", &json!({}));
    }
    let records = records(&mut server);
    assert_eq!(records.len(), 4, "{records:#?}");
    let change = &records[0];
    for (name, value) in [
        ("event", json!("call")),
        ("principal", json!(format!("{}|writer", issuer.url()))),
        ("transport", json!("http")),
        ("address", json!("127.0.0.1")),
        ("method", json!("tools/call")),
        ("name", json!("change")),
        ("plugin", json!("guarded")),
        ("scope", json!("write")),
    ] {
        assert_eq!(change[name], value, "{change}");
    }
    assert!(change["duration_us"].is_u64(), "{change}");
    assert!(
        !format!("{records:?}").contains("a-name-of-somebody"),
        "{records:#?}"
    );
    // The same arguments are recognised, and others told apart.
    assert!(change["arguments"].is_string(), "{change}");
    assert_eq!(change["arguments"], records[1]["arguments"]);
    assert_ne!(change["arguments"], records[2]["arguments"]);
    // What the client was told to look for.
    assert!(records[3]["error_id"].is_string(), "{}", records[3]);
}

#[test]
fn a_call_that_is_taken_back_at_once_is_a_record_too() {
    for lane in ["server.fast_lane=true", "server.fast_lane=false"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        let audit = format!("audit.to=\"{}\"", path.display());
        let mut stdio = StdioServer::start(Product::Fixture, &["--set", &audit, "--set", lane]);
        stdio.initialize();
        let mut lines = String::new();
        for id in 0..20 {
            let call = json!({
                "jsonrpc": "2.0", "id": format!("c{id}"), "method": "tools/call",
                "params": { "name": "test_simple_text" }
            });
            let back = json!({
                "jsonrpc": "2.0", "method": "notifications/cancelled",
                "params": { "requestId": format!("c{id}") }
            });
            lines.extend([
                call.to_string(),
                "\n".to_owned(),
                back.to_string(),
                "\n".to_owned(),
            ]);
        }
        stdio.send_bytes(lines.as_bytes());
        stdio.close_stdin();
        let ended = stdio.process.ended_within(Duration::from_secs(10));
        assert!(ended.is_some_and(|(status, _)| status.success()), "{lane}");
        let text = fs::read_to_string(&path).expect("there is an audit");
        let calls = text
            .lines()
            .filter(|line| line.contains("test_simple_text"));
        assert_eq!(calls.count(), 20, "{lane}: {text}");
    }
}
