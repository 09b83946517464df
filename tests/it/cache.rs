//! Answers that are given again, as callers over HTTP meet them.

use std::{fs, time::Duration};

use mcp_factory_tests::{Caller, Guarded, Issuer, guarded};
use serde_json::{Value, json};

fn start(issuer: &Issuer, more: &str) -> Guarded {
    let config = format!("[audit]\nto = \"FOLDER/audit.jsonl\"\n{more}");
    Guarded::trusting(issuer.url(), &config)
}

fn caller<'a>(server: &'a Guarded, issuer: &Issuer, name: &str, scopes: &str) -> Caller<'a> {
    server.bearer(&issuer.token(name, scopes, &server.url()))
}

#[test]
fn each_caller_is_given_their_own_answer_again() {
    let issuer = Issuer::start();
    let mut server = start(&issuer, "");
    {
        let ann = caller(&server, &issuer, "reader", "read");
        let bob = caller(&server, &issuer, "stranger", "read");
        assert_eq!(ann.text("tick", &json!({})), "tick 1");
        assert_eq!(bob.text("tick", &json!({})), "tick 2");
        for _ in 0..3 {
            assert_eq!(ann.text("tick", &json!({})), "tick 1");
            assert_eq!(bob.text("tick", &json!({})), "tick 2");
        }
        // The same caller in a session of the other era, and with a new token.
        let session = caller(&server, &issuer, "reader", "read").in_session();
        assert_eq!(session.text("tick", &json!({})), "tick 1");
        // Other arguments are another question; their order is not.
        let question = json!({ "first": "a", "second": "b" });
        assert_eq!(ann.text("tick", &question), "tick 3");
        let turned = json!({ "second": "b", "first": "a" });
        assert_eq!(ann.text("tick", &turned), "tick 3");
        assert_eq!(ann.text("tick", &json!({ "first": "ab" })), "tick 4");
        // Who may do more may be shown more.
        let admin = caller(&server, &issuer, "reader", "admin");
        assert_eq!(admin.text("tick", &json!({})), "tick 5");
        assert_eq!(ann.ran("tick"), 5);
        // A result of a tool says nothing of it: the protocol has no words for that there.
        let answer = ann.call("tick", &json!({})).json();
        let mut members: Vec<&String> = answer["result"]
            .as_object()
            .expect("a result")
            .keys()
            .collect();
        members.sort();
        assert_eq!(
            members,
            ["_meta", "content", "isError", "resultType"],
            "{answer}"
        );
    }
    let ticks: Vec<Value> = records(&mut server)
        .into_iter()
        .filter(|record| record["name"] == "tick")
        .collect();
    assert!(ticks.iter().all(|record| record["outcome"] == "ok"));
    let again = ticks.iter().filter(|record| record["cached"] == true);
    let ran = ticks.iter().filter(|record| record.get("cached").is_none());
    assert_eq!((ran.count(), again.count()), (5, 9), "{ticks:#?}");
}

/// Ends `server` and reads its audit.
fn records(server: &mut Guarded) -> Vec<Value> {
    server.process.terminate();
    let ended = server.process.ended_within(Duration::from_secs(10));
    assert!(ended.is_some(), "{}", server.process.stderr());
    let text = fs::read_to_string(server.folder().join("audit.jsonl")).expect("there is an audit");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect()
}

#[test]
fn no_guard_is_passed_by_an_answer_that_is_kept() {
    let issuer = Issuer::start();
    let server = start(&issuer, "[limits.tools.tick]\nrate = \"3/m\"\n");
    let ann = caller(&server, &issuer, "reader", "read");
    assert_eq!(ann.text("tick", &json!({})), "tick 1");
    let revoked = caller(&server, &issuer, "reader", "guarded:special");
    let answer = revoked.call("tick", &json!({}));
    assert_eq!(answer.status, 403, "{}", answer.text());
    for _ in 0..2 {
        assert_eq!(ann.text("tick", &json!({})), "tick 1");
    }
    let answer = ann.call("tick", &json!({}));
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert_eq!(ann.ran("tick"), 1);
}

#[test]
fn the_operator_says_for_how_long() {
    let issuer = Issuer::start();
    let config = "[limits.tools.tick]\ncache = \"off\"\n[limits.tools.hurry]\ncache = \"10m\"\n";
    let server = start(&issuer, config);
    let ann = caller(&server, &issuer, "reader", "read");
    for run in ["tick 1", "tick 2"] {
        assert_eq!(ann.text("tick", &json!({})), run);
    }
    for _ in 0..2 {
        assert_eq!(ann.text("hurry", &json!({})), "hurry 1");
    }
    for (tool, is_wrong) in [("change", true), ("peek", true), ("look", false)] {
        let (mut command, _folder) =
            guarded::command(&format!("[limits.tools.{tool}]\ncache = \"1m\"\n"));
        let output = command.arg("check").output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code() == Some(2), is_wrong, "{tool}: {said}");
        let words = ":2:1: its answers are not kept, since it may change something or stands behind a gate: write \"off\"";
        assert_eq!(said.contains(words), is_wrong, "{tool}: {said}");
    }
}

#[test]
fn a_resource_tells_how_long_it_is_fresh() {
    let issuer = Issuer::start();
    let server = start(&issuer, "");
    let ann = caller(&server, &issuer, "reader", "read");
    let read = |caller: &Caller<'_>, uri: &str| {
        let answer = caller
            .request("resources/read", &json!({ "uri": uri }))
            .json();
        let result = &answer["result"];
        assert_eq!(result["cacheScope"], "private", "{answer}");
        let text = result["contents"][0]["text"].as_str().expect("a text");
        (text.to_owned(), result["ttlMs"].as_u64().expect("a number"))
    };
    let kept = "guarded://kept/page";
    assert_eq!(read(&ann, kept), ("kept page 1".to_owned(), 600_000));
    let (text, left) = read(&ann, kept);
    assert_eq!(text, "kept page 1");
    assert!((1..600_000).contains(&left), "{left}");
    let bob = caller(&server, &issuer, "stranger", "read");
    assert_eq!(read(&bob, kept), ("kept page 2".to_owned(), 600_000));
    assert_eq!(read(&ann, "guarded://note"), ("note 1".to_owned(), 0));
    assert_eq!(read(&ann, "guarded://note"), ("note 2".to_owned(), 0));
    // It is the same caller in the other era too.
    let session = caller(&server, &issuer, "reader", "read").in_session();
    let (text, left) = read(&session, kept);
    assert_eq!(text, "kept page 1");
    assert!(left < 600_000, "{left}");
}
