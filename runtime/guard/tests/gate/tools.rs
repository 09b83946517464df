//! The tools, called as a server calls them.

use std::sync::Arc;

use mcp_factory_guard::{GATE_PLUGIN, GatePlugin, Gates};
use mcp_factory_sdk::{
    Arguments, BoxFuture, Call, Capability, Event, Instance, LogRecord, Peer, Principal, Progress,
    Question, ScopeHierarchy, ScopeSet, StartContext, ToolError, ToolErrorKind, authorize,
};
use serde_json::{Map, Value, json};

use crate::place::{NOW, Place, SHELL, code, wrong};

struct Tools {
    instance: Instance,
    gates: Arc<Gates>,
}

impl Tools {
    fn new(place: &Place) -> Self {
        let gates = Arc::new(place.gates());
        let instance = Instance::new(GatePlugin::new(Arc::clone(&gates)));
        Self { instance, gates }
    }

    async fn call(&self, scope: &str, tool: &str, arguments: Value) -> Result<Value, ToolError> {
        let scopes = ScopeSet::granted([scope], &ScopeHierarchy::default());
        let principal = Arc::new(Principal::new("ann", scopes).of_tenant("acme"));
        let tools = GATE_PLUGIN.tools();
        let definition = tools.iter().find(|definition| definition.name() == tool);
        let permit = authorize(&principal, definition.expect(tool)).expect("the scope is enough");
        let arguments = arguments.to_string();
        let output = permit
            .invoke(&self.instance, Arguments::new(&arguments), call())
            .await?;
        Ok(serde_json::from_str(output.structured_json().expect("an object")).expect("JSON"))
    }
}

/// A client that is told nothing and can be asked nothing: the tools need none.
struct Nobody;

impl Peer for Nobody {
    fn progress(&self, _: Progress) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn log(&self, _: LogRecord) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn publish(&self, _: Event) {}

    fn supports(&self, _: Capability) -> bool {
        false
    }

    fn ask<'a>(
        &'a self,
        _: &'a [(String, Question)],
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, ToolError>> {
        Box::pin(async { Ok(None) })
    }
}

fn call() -> Call {
    Call {
        peer: Arc::new(Nobody),
        plugin: "gate".into(),
        cancelled: None,
        deadline: None,
        answers: Map::new(),
        hold: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_unlocks_looks_and_locks() {
    let place = Place::here();
    let tools = Tools::new(&place);
    let status = tools
        .call("read", "gate_status", json!({}))
        .await
        .expect("it tells");
    let locked = json!({ "groups": [{ "name": "git", "unlocked": false }, { "name": "shell", "unlocked": false }] });
    assert_eq!(status, locked);
    let arguments = json!({ "group": "shell", "code": code(SHELL, NOW) });
    let unlocked = tools
        .call("read", "gate_unlock", arguments)
        .await
        .expect("it opens");
    assert_eq!(
        unlocked,
        json!({ "group": "shell", "locks_after_seconds": 4 })
    );
    let status = tools
        .call("read", "gate_status", json!({}))
        .await
        .expect("it tells");
    assert_eq!(
        status["groups"][1],
        json!({ "name": "shell", "unlocked": true, "locks_after_seconds": 4 })
    );
    // Kept for the caller and its tenant, as everything is.
    assert!(tools.gates.pass("4:acme:ann", "shell").await.is_ok());
    assert!(tools.gates.pass("-:ann", "shell").await.is_err());
    let locked = tools
        .call("read", "gate_lock", json!({ "group": "shell" }))
        .await
        .expect("it locks");
    assert_eq!(locked, json!({ "group": "shell", "everyone": false }));
    assert!(tools.gates.pass("4:acme:ann", "shell").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_to_the_model() {
    let place = Place::here();
    let tools = Tools::new(&place);
    for words in [
        "4 tries",
        "3 tries",
        "2 tries",
        "1 try",
        "last try",
        "too many wrong codes",
    ] {
        let arguments = json!({ "group": "shell", "code": wrong(SHELL) });
        let error = tools
            .call("read", "gate_unlock", arguments)
            .await
            .expect_err("it is wrong");
        assert_eq!(error.kind(), ToolErrorKind::Failed);
        assert!(error.to_string().contains(words), "{error}");
    }
    let status = tools
        .call("read", "gate_status", json!({}))
        .await
        .expect("it tells");
    assert_eq!(status["groups"][1]["no_code_for_seconds"], 4);
    for (tool, arguments, words) in [
        (
            "gate_unlock",
            json!({ "group": "rope", "code": "000000" }),
            "no such group",
        ),
        (
            "gate_unlock",
            json!({ "group": "git", "code": "00000" }),
            "6 digits",
        ),
        ("gate_lock", json!({ "group": "rope" }), "no such group"),
    ] {
        let error = tools.call("read", tool, arguments).await.expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_code_that_is_no_text_is_not_repeated() {
    let tools = Tools::new(&Place::here());
    let arguments = json!({ "group": "shell", "code": 424_242 });
    let error = tools
        .call("read", "gate_unlock", arguments)
        .await
        .expect_err("it is a number");
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments);
    assert!(
        !error.log_message().contains("424242"),
        "{}",
        error.log_message()
    );
}

#[tokio::test]
async fn only_an_administrator_locks_everyone() {
    let place = Place::here();
    let tools = Tools::new(&place);
    assert!(
        tools
            .gates
            .unlock("bob", "shell", &code(SHELL, NOW))
            .await
            .is_ok()
    );
    for scope in ["read", "write"] {
        let error = tools
            .call(scope, "gate_lock", json!({ "everyone": true }))
            .await;
        let error = error.expect_err("it is refused").to_string();
        assert!(error.contains("scope `admin`"), "{error}");
        assert!(tools.call(scope, "gate_lock", json!({})).await.is_ok());
        assert!(tools.gates.pass("bob", "shell").await.is_ok());
    }
    let both = json!({ "everyone": true, "group": "shell" });
    let error = tools
        .call("admin", "gate_lock", both)
        .await
        .expect_err("one or the other");
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments);
    assert!(tools.gates.pass("bob", "shell").await.is_ok());
    let everyone = tools
        .call("admin", "gate_lock", json!({ "everyone": true }))
        .await;
    assert_eq!(
        everyone.expect("it locks"),
        json!({ "group": null, "everyone": true })
    );
    assert!(tools.gates.pass("bob", "shell").await.is_err());
}

#[tokio::test]
async fn the_definition_is_what_clients_are_told() {
    let tools = GATE_PLUGIN.tools();
    let names: Vec<_> = tools
        .iter()
        .map(mcp_factory_sdk::ToolDefinition::name)
        .collect();
    assert_eq!(names, ["gate_unlock", "gate_lock", "gate_status"]);
    for tool in tools {
        assert_eq!((tool.scope().as_str(), tool.gate()), ("read", None));
        assert_eq!(tool.hints().read_only, tool.name() == "gate_status");
        assert!(!tool.hints().destructive && !tool.hints().open_world);
    }
    assert!(!tools[0].hints().idempotent);
    assert_eq!(
        tools[0].input_schema()["required"],
        json!(["group", "code"])
    );
    assert_eq!(
        tools[0].input_schema()["properties"]["code"]["type"],
        "string"
    );
    assert_eq!(tools[1].input_schema().get("required"), None);
    let start = GATE_PLUGIN
        .start(json!({}), StartContext::new("gate"))
        .await;
    assert!(
        start
            .expect_err("it is made by the server")
            .to_string()
            .contains("[gate.groups.NAME]")
    );
}
