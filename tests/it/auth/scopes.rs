//! What a token is good for: every kind of call, in both eras, under the hierarchy of scopes.

use mcp_factory_tests::{Caller, Guarded, Issuer, message};
use serde_json::{Value, json};

use super::{assert_denied, assert_refused};

/// Everything that a scope stands before: method, params, the scope, and the name by which it is counted.
fn guarded() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let complete = |of: Value, argument: &str| json!({ "ref": of, "argument": { "name": argument, "value": "x" } });
    let tool = |name: &str| json!({ "name": name, "arguments": {} });
    let resource = |uri: &str| json!({ "uri": uri });
    let prompt = json!({ "name": "command", "arguments": { "what": "x" } });
    let of_prompt = complete(json!({ "type": "ref/prompt", "name": "command" }), "what");
    let of_template = json!({ "type": "ref/resource", "uri": "guarded://days/{day}" });
    let of_template = complete(of_template, "day");
    let (call, read, completion) = ("tools/call", "resources/read", "completion/complete");
    vec![
        (call, tool("change"), "write", "change"),
        (call, tool("administer"), "admin", "administer"),
        (call, tool("specialise"), "guarded:special", "specialise"),
        (read, resource("guarded://secret"), "admin", "secret"),
        (read, resource("guarded://days/monday"), "write", "day"),
        ("prompts/get", prompt, "write", "command"),
        (completion, of_prompt, "write", "complete_what"),
        (completion, of_template, "write", "complete_day"),
    ]
}

/// Each of `guarded` is refused and does not run, or runs, as `holds` says of its scope.
fn assert_scopes(server: &Guarded, caller: &Caller<'_>, holds: &[&str]) {
    for (method, params, scope, counter) in guarded() {
        let before = caller.ran(counter);
        let response = caller.request(method, &params);
        let what = format!("{method} {params} with {holds:?}");
        if holds.contains(&scope) {
            assert_eq!(response.status, 200, "{what}: {}", response.text());
            let answer = response.json();
            assert!(answer["result"].is_object(), "{what}: {answer}");
            assert_eq!(caller.ran(counter), before + 1, "{what}: it did not run");
        } else {
            assert_refused(&what, &response, 403, -31403);
            let challenge = mcp_factory_tests::Challenge::of(&response);
            assert!(challenge.scopes().contains(&scope), "{what}: {challenge:?}");
            assert!(
                response.json()["id"].is_i64(),
                "{what}: whose answer is it?"
            );
            assert_eq!(caller.ran(counter), before, "{what}: it ran");
        }
    }
    assert_eq!(caller.call("look", &json!({})).status, 200);
    let _ = server;
}

#[test]
fn a_token_is_good_for_its_scopes_and_for_what_they_contain() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    for (client, scopes, holds) in [
        ("reader", "read", &[][..]),
        ("writer", "write", &["write"]),
        ("admin", "admin", &["write", "admin"]),
    ] {
        let token = issuer.token(client, scopes, &server.url());
        assert_scopes(&server, &server.bearer(&token), holds);
        assert_scopes(&server, &server.bearer(&token).in_session(), holds);
    }
}

#[test]
fn news_of_a_resource_are_for_those_who_may_read_it() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let token = issuer.token("writer", "write", &server.url());
    let filter = json!({ "notifications": { "resourceSubscriptions": ["guarded://note", "guarded://secret"] } });
    let response = server
        .bearer(&token)
        .request("subscriptions/listen", &filter);
    assert_denied("listening", &server, &response, &["admin"]);
    let session = server.bearer(&token).in_session();
    let uri = json!({ "uri": "guarded://secret" });
    let response = session.request("resources/subscribe", &uri);
    assert_denied("subscribing", &server, &response, &["admin"]);
    let uri = json!({ "uri": "guarded://note" });
    assert_eq!(session.request("resources/subscribe", &uri).status, 200);
}

#[test]
fn a_challenge_names_all_that_is_needed_and_keeps_what_there_is() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "required_scopes = [\"read\"]\n");
    let token = issuer.token("reader", "read", &server.url());
    let caller = server.bearer(&token);
    let none = json!({});
    for (tool, scopes) in [
        ("change", &["read", "write"][..]),
        ("administer", &["read", "admin"]),
        ("specialise", &["read", "guarded:special"]),
    ] {
        assert_denied(tool, &server, &caller.call(tool, &none), scopes);
    }
    // Whoever lacks what every request needs is refused before anything is read.
    let other = issuer.token("stranger", "write", &server.url());
    let contained = server.bearer(&other).call("look", &none);
    assert_eq!(
        contained.status,
        200,
        "write contains read: {}",
        contained.text()
    );
}

#[test]
fn a_hierarchy_of_ones_own_replaces_the_default() {
    let issuer = Issuer::start();
    let config = "[access.contains]\nadmin = [\"read\", \"guarded:special\"]\n";
    let server = Guarded::trusting(issuer.url(), config);
    let token = issuer.token("admin", "admin", &server.url());
    let caller = server.bearer(&token);
    assert_scopes(&server, &caller, &["admin", "guarded:special"]);
    let token = issuer.token("writer", "write", &server.url());
    let response = server.bearer(&token).call("look", &json!({}));
    assert_eq!(
        response.status,
        403,
        "write contains nothing now: {}",
        response.text()
    );
}

#[test]
fn what_does_not_exist_is_nobodys_to_allow() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let token = issuer.token("reader", "read", &server.url());
    let caller = server.bearer(&token);
    let unknown = caller.call("lock", &json!({}));
    assert_eq!(
        unknown.json()["error"]["code"],
        -32602,
        "{}",
        unknown.text()
    );
    assert_eq!(unknown.header("www-authenticate"), None);
    let unknown = caller.request("prompts/get", &json!({ "name": "nothing" }));
    assert_eq!(
        unknown.json()["error"]["code"],
        -32602,
        "{}",
        unknown.text()
    );
    let unknown = caller.request("resources/read", &json!({ "uri": "guarded://nothing" }));
    assert_eq!(
        unknown.json()["error"]["code"],
        -32602,
        "{}",
        unknown.text()
    );
}

#[test]
fn a_body_that_two_readers_understand_in_two_ways_is_never_dispatched() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let token = issuer.token("reader", "read", &server.url());
    let authorization = format!("Bearer {token}");
    let legacy = [
        ("authorization", authorization.as_str()),
        ("mcp-protocol-version", message::LEGACY),
    ];
    for params in [
        r#"{"name":"look","name":"change"}"#,
        r#"{"name":"change","name":"look"}"#,
        r#"{"name":"look","arguments":{},"arguments":{"name":"x"}}"#,
        r#"{"name":"look","Name":"change"}"#,
        r#"{"name":"look","\u006eame":"change"}"#,
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{params}}}"#);
        let response = server.post(body.as_bytes(), &legacy);
        let text = response.text();
        assert!(
            response.status == 400 || !text.contains("change"),
            "{params}: {} {text}",
            response.status
        );
    }
    let twice = r#"{"jsonrpc":"2.0","id":3,"method":"tools/list","method":"tools/call","params":{"name":"change"}}"#;
    assert_refused(
        "two methods",
        &server.post(twice.as_bytes(), &legacy),
        400,
        -32600,
    );
    // A header that says something harmless is no way around the body.
    let change = message::call(4, "change", &json!({})).to_string();
    let headers = [
        ("authorization", authorization.as_str()),
        ("mcp-protocol-version", message::MODERN),
        ("mcp-method", "tools/call"),
        ("mcp-name", "look"),
    ];
    let response = server.post(change.as_bytes(), &headers);
    assert!(matches!(response.status, 400 | 403), "{}", response.text());
    assert_eq!(server.bearer(&token).ran("change"), 0, "none of these ran");
}
