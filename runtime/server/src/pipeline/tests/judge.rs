//! What a caller is told to ask its issuer for, before anything is done with its message.

use std::sync::Arc;

use bytes::Bytes;
use mcp_factory_guard::{Audit, AuditConfig, AuditTarget, Clock};
use mcp_factory_sdk::{Principal, Scope, ScopeHierarchy, ScopeSet};
use serde_json::{Value, json};

use super::guarded::{Guarded, Parts, ann, origin, registry};
use crate::{
    config::Visibility,
    frame::{Frame, FrameLimits},
    pipeline::Pipeline,
    protocol::{Lacking, MAX_SUBSCRIBED_URIS, MAX_URI_BYTES},
};

fn frame(method: &str, params: &Value) -> Frame {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    Frame::parse(Bytes::from(message.to_string()), &FrameLimits::default()).expect("a message")
}

fn parts() -> Parts {
    Parts::of(&Guarded::default(), &Guarded::default())
}

fn lacks(pipeline: &Pipeline, who: &Principal, method: &str, params: &Value) -> Option<Lacking> {
    pipeline.lacks(who, &origin(), &frame(method, params))
}

/// The scopes to ask for; empty when nothing is lacking.
fn needed(pipeline: &Pipeline, who: &Principal, method: &str, params: &Value) -> Vec<&'static str> {
    lacks(pipeline, who, method, params).map_or_else(Vec::new, |lacking| {
        assert!(!lacking.scopes.is_empty(), "a refusal that nothing mends");
        lacking.scopes
    })
}

#[test]
fn every_method_that_names_something_is_judged() {
    let pipeline = parts().pipeline();
    let (reader, writer) = (ann(&["read"]), ann(&["write"]));
    let prompt = |name: &str| json!({"ref": {"type": "ref/prompt", "name": name}, "argument": {"name": "what", "value": ""}});
    let template = |uri: &str| json!({"ref": {"type": "ref/resource", "uri": uri}, "argument": {"name": "day", "value": ""}});
    let listen = |uris: &[&str]| json!({"notifications": {"resourceSubscriptions": uris}});
    for (method, open, closed) in [
        (
            "tools/call",
            json!({"name": "look"}),
            json!({"name": "change", "arguments": {}}),
        ),
        (
            "tools/call",
            json!({"name": "second_look"}),
            json!({"name": "second_change"}),
        ),
        (
            "prompts/get",
            json!({"name": "ask"}),
            json!({"name": "command", "arguments": {"what": "x"}}),
        ),
        (
            "resources/read",
            json!({"uri": "guarded://note"}),
            json!({"uri": "guarded://days/monday"}),
        ),
        (
            "resources/subscribe",
            json!({"uri": "guarded://note"}),
            json!({"uri": "guarded://days/monday"}),
        ),
        ("completion/complete", prompt("ask"), prompt("command")),
        (
            "completion/complete",
            template("guarded://note"),
            template("guarded://days/{day}"),
        ),
        (
            "subscriptions/listen",
            listen(&["guarded://note"]),
            listen(&["guarded://note", "guarded://days/monday"]),
        ),
    ] {
        let asked = |who, params| needed(&pipeline, who, method, params);
        let none: [&str; 0] = [];
        assert_eq!(asked(&reader, &open), none, "{method} {open}");
        assert_eq!(asked(&reader, &closed), ["write"], "{method} {closed}");
        assert_eq!(asked(&writer, &closed), none, "{method} {closed}");
        let lacking = lacks(&pipeline, &reader, method, &closed).expect("as before");
        assert_eq!(lacking.message, "the scope `write` is required", "{method}");
    }
}

#[test]
fn what_names_nothing_that_is_here_is_not_the_judges() {
    let pipeline = parts().pipeline();
    let nobody = ann(&[]);
    for (method, params) in [
        ("tools/call", json!({})),
        ("tools/call", json!({"name": "chnage"})),
        ("tools/call", json!({"name": 7})),
        // The names of other things, and of the same thing elsewhere.
        ("tools/call", json!({"name": "command"})),
        ("tools/call", json!({"uri": "guarded://note"})),
        ("prompts/get", json!({"name": "change"})),
        ("resources/read", json!({"uri": "guarded://nothing"})),
        ("resources/read", json!({"name": "guarded://note"})),
        ("resources/subscribe", json!({"uri": "guarded://nothing"})),
        ("completion/complete", json!({})),
        ("completion/complete", json!({"ref": {}})),
        ("completion/complete", json!({"ref": "command"})),
        ("completion/complete", json!({"ref": {"name": "change"}})),
        (
            "completion/complete",
            json!({"ref": {"uri": "guarded://days/monday"}}),
        ),
        ("subscriptions/listen", json!({})),
        ("subscriptions/listen", json!({"notifications": {}})),
        (
            "subscriptions/listen",
            json!({"notifications": {"resourceSubscriptions": ["guarded://nothing"]}}),
        ),
        // What a subscription already was, its end is.
        ("resources/unsubscribe", json!({"uri": "guarded://secret"})),
        ("tools/list", json!({"name": "change"})),
        ("ping", json!({"name": "change", "uri": "guarded://secret"})),
    ] {
        let lacking = lacks(&pipeline, &nobody, method, &params);
        assert!(lacking.is_none(), "{method} {params}: {lacking:?}");
    }
}

#[test]
fn what_is_not_subscribed_to_is_not_judged() {
    let pipeline = parts().pipeline();
    let reader = ann(&["read"]);
    let asked = |uris: Vec<String>| {
        let params = json!({"notifications": {"resourceSubscriptions": uris}});
        needed(&pipeline, &reader, "subscriptions/listen", &params)
    };
    let none: [&str; 0] = [];
    let after = |count: usize| {
        let mut uris = vec!["guarded://note".to_owned(); count];
        uris.push("guarded://secret".to_owned());
        uris
    };
    assert_eq!(asked(after(MAX_SUBSCRIBED_URIS - 1)), ["admin"]);
    assert_eq!(asked(after(MAX_SUBSCRIBED_URIS)), none);
    let of_bytes = |bytes: usize| format!("{:x<bytes$}", "guarded://days/");
    assert_eq!(asked(vec![of_bytes(MAX_URI_BYTES)]), ["write"]);
    assert_eq!(asked(vec![of_bytes(MAX_URI_BYTES + 1)]), none);
}

#[test]
fn a_scope_is_that_of_the_thing_by_the_methods_own_kind_of_name() {
    let registry = registry();
    for (method, name, scope) in [
        ("tools/call", "administer", Some("admin")),
        ("tools/call", "command", None),
        ("prompts/get", "command", Some("write")),
        ("prompts/get", "change", None),
        ("resources/read", "guarded://secret", Some("admin")),
        ("resources/subscribe", "guarded://days/x", Some("write")),
        ("resources/unsubscribe", "guarded://note", Some("read")),
        ("resources/read", "change", None),
        ("completion/complete", "command", None),
        ("", "change", None),
    ] {
        let found = registry.scope_of(method, name);
        assert_eq!(found.as_ref().map(Scope::as_str), scope, "{method} {name}");
    }
}

#[test]
fn as_few_words_as_the_hierarchy_allows_are_asked_for() {
    let deep = ScopeHierarchy::default;
    let flat = ScopeHierarchy::empty;
    let call = |name: &str| ("tools/call", json!({"name": name}));
    let both = || {
        let uris = ["guarded://days/monday", "guarded://secret"];
        let wanted = json!({"notifications": {"resourceSubscriptions": uris}});
        ("subscriptions/listen", wanted)
    };
    let around = || {
        ScopeHierarchy::empty()
            .with("admin", ["write"])
            .with("write", ["admin"])
    };
    for (hierarchy, held, (method, params), expected) in [
        (deep(), &[][..], call("look"), &["read"][..]),
        // What is held already is kept, or a token with the new word alone would lose it.
        (deep(), &["read"], call("change"), &["write"]),
        (deep(), &["write"], call("administer"), &["admin"]),
        (flat(), &["read"], call("change"), &["read", "write"]),
        (
            flat(),
            &["read", "write"],
            call("administer"),
            &["admin", "read", "write"],
        ),
        (
            deep(),
            &["read"],
            call("specialise"),
            &["guarded:special", "read"],
        ),
        (deep(), &[], call("specialise"), &["guarded:special"]),
        // A word that nothing here demands is nobody's business.
        (deep(), &["mail"], call("look"), &["read"]),
        (deep(), &[], both(), &["admin"]),
        (flat(), &[], both(), &["admin", "write"]),
        // Of two that contain each other, one is enough, and none would be too few.
        (around(), &[], both(), &["admin"]),
    ] {
        let mut parts = parts();
        let scopes = ScopeSet::granted(held, &hierarchy);
        parts.guards.hierarchy = hierarchy;
        let who = Principal::new("ann", scopes);
        let asked = needed(&parts.pipeline(), &who, method, &params);
        assert_eq!(asked, expected, "{held:?} {params}");
    }
}

#[test]
fn who_may_do_everything_and_who_sees_nothing_are_not_judged() {
    let change = json!({"name": "change"});
    let local = Principal::local();
    let pipeline = parts().pipeline();
    assert!(lacks(&pipeline, &local, "tools/call", &change).is_none());
    let mut hiding = parts();
    hiding.guards.visibility = Visibility::Hide;
    let pipeline = hiding.pipeline();
    assert!(lacks(&pipeline, &ann(&["read"]), "tools/call", &change).is_none());
}

#[tokio::test]
async fn every_refusal_is_recorded_once_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.jsonl");
    let config = AuditConfig {
        to: Some(AuditTarget::File(path.clone())),
        ..AuditConfig::default()
    };
    let mut parts = parts();
    let audit = Audit::open(&config, &AuditTarget::Off, Clock::system()).expect("an audit");
    parts.guards.audit = Arc::new(audit);
    let pipeline = parts.pipeline();
    let who = ann(&["read"]).of_tenant("acme");
    for (method, params) in [
        ("tools/call", json!({"name": "look"})),
        (
            "tools/call",
            json!({"name": "second_change", "arguments": {"token": "hunter2"}}),
        ),
        ("tools/call", json!({"name": "nothing"})),
        (
            "subscriptions/listen",
            json!({"notifications": {"resourceSubscriptions": ["guarded://secret", "guarded://note", "guarded://days/x"]}}),
        ),
        // However much one message asks for, it is one decision.
        (
            "subscriptions/listen",
            json!({"notifications": {"resourceSubscriptions": vec!["guarded://secret"; 10_000]}}),
        ),
        (
            "completion/complete",
            json!({"ref": {"uri": "guarded://secret"}}),
        ),
    ] {
        lacks(&pipeline, &who, method, &params);
    }
    // What never became a call has a record too, without what was not looked up.
    pipeline.refused(&who, &origin(), "tools/call", "look", "invalid_state");
    pipeline.audit().close().await;
    let text = std::fs::read_to_string(&path).expect("a file");
    assert!(!text.contains("hunter2"), "{text}");
    let mut records: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let everywhere = [
        ("event", "refused"),
        ("principal", "ann"),
        ("tenant", "acme"),
        ("transport", "http"),
        ("address", "192.0.2.1"),
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
    ];
    for (record, (key, value)) in records
        .iter()
        .flat_map(|record| everywhere.map(|pair| (record, pair)))
    {
        assert_eq!(record[key], value, "{key} of {record}");
    }
    let last = records.pop().expect("the last");
    assert_eq!(last["outcome"], "invalid_state");
    assert_eq!(
        (&last["method"], &last["name"]),
        (&json!("tools/call"), &json!("look"))
    );
    let told: Vec<_> = records
        .iter()
        .map(|record| ["method", "name", "plugin", "scope"].map(|key| record[key].as_str()))
        .collect();
    let listen = Some("subscriptions/listen");
    assert_eq!(
        told,
        [
            [
                Some("tools/call"),
                Some("second_change"),
                Some("second"),
                Some("write")
            ],
            [listen, Some("guarded://secret"), None, Some("admin")],
            [listen, Some("guarded://secret"), None, Some("admin")],
            [
                Some("completion/complete"),
                Some("guarded://secret"),
                None,
                Some("admin")
            ],
        ]
    );
    for record in &records {
        assert_eq!(record["outcome"], "denied", "{record}");
        assert!(record["arguments"].is_string(), "{record}");
    }
}
