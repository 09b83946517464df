//! What stands between a scope and a turn: tenants, gates, rates, validators, and the size of results.

use std::{collections::HashMap, sync::Arc, sync::atomic::Ordering, time::Duration};

use mcp_factory_guard::{Clock, GateConfig, Gates, GroupConfig};
use mcp_factory_sdk::{Content, Output, Rate, Resource, ScopeSet, Variables};

use super::guarded::{Guarded, Parts, Verdict, ann, answer, call, over_http, tenant};
use crate::{
    config::{Limit, ToolLimits},
    pipeline::{
        CallFailure, Caller, Pipeline, Tenants, Transport,
        checks::{output_size, resource_size},
    },
};

const ONCE: Rate = Rate::new(1, Duration::from_mins(1));

/// The caller at the other end of stdio.
fn local() -> Caller {
    super::caller(ScopeSet::All)
}

fn reader() -> Caller {
    over_http(ann(&["read"]))
}

fn writer() -> Caller {
    over_http(ann(&["write"]))
}

fn of_tenant(name: &str) -> Caller {
    over_http(ann(&["write"]).of_tenant(name))
}

fn two_tenants(a: &Guarded, b: &Guarded) -> Tenants {
    let second = Guarded::default();
    Tenants {
        nobodys: None,
        named: HashMap::from([
            ("a".to_owned(), tenant(a, &second)),
            ("b".to_owned(), tenant(b, &second)),
        ]),
    }
}

async fn is_limited(pipeline: &Pipeline, tool: &str, caller: Caller) -> bool {
    match call(pipeline, tool, caller).await {
        Ok(_) => false,
        Err(CallFailure::RateLimited { retry_after }) => {
            assert!(retry_after > Duration::ZERO);
            true
        }
        other => panic!("{tool}: {other:?}"),
    }
}

#[tokio::test]
async fn each_tenant_has_its_own_plugins_and_others_have_none() {
    let (a, b) = (Guarded::called("of a"), Guarded::called("of b"));
    let pipeline = Parts::new(two_tenants(&a, &b)).pipeline();
    assert_eq!(
        call(&pipeline, "look", of_tenant("a")).await.expect("a"),
        "of a"
    );
    assert_eq!(
        call(&pipeline, "look", of_tenant("b")).await.expect("b"),
        "of b"
    );
    assert_eq!((a.ran(), b.ran()), (1, 1));
    for caller in [of_tenant("c"), of_tenant(""), of_tenant("A"), writer()] {
        assert!(!pipeline.serves(&caller.principal));
        let variables = || Variables::from_iter([("what".to_owned(), "x".to_owned())]);
        let refusals = [
            call(&pipeline, "look", caller.clone()).await.err(),
            pipeline
                .read_resource("guarded://note", caller.clone())
                .await
                .err(),
            pipeline
                .get_prompt("command", variables(), caller.clone())
                .await
                .err(),
            pipeline
                .complete(true, "command", "what", String::new(), variables(), caller)
                .await
                .err(),
        ];
        for refusal in refusals {
            assert!(
                matches!(refusal, Some(CallFailure::NoTenant)),
                "{refusal:?}"
            );
        }
    }
    assert_eq!((a.ran(), b.ran()), (1, 1));
    assert!(pipeline.serves(&of_tenant("a").principal));
    let pipeline = Parts::of(&a, &b).pipeline();
    assert!(pipeline.serves(&writer().principal));
    assert!(!pipeline.serves(&of_tenant("a").principal));
}

#[tokio::test]
async fn the_plugins_of_all_tenants_stop_the_last_first() {
    let first = Guarded::called("first");
    let second = Guarded {
        label: "second",
        ..first.clone()
    };
    let tenants = Tenants {
        nobodys: Some(tenant(&first, &second)),
        named: HashMap::from([("a".to_owned(), tenant(&first, &second))]),
    };
    Parts::new(tenants).pipeline().stop().await;
    let stopped = first.stopped.lock().expect("no panic");
    assert_eq!(*stopped, ["second", "first", "second", "first"]);
}

#[tokio::test]
async fn a_gate_that_nobody_could_open_is_closed() {
    let plugin = Guarded::default();
    let pipeline = Parts::of(&plugin, &plugin).pipeline();
    match call(&pipeline, "shell", local()).await {
        Err(CallFailure::Gated(error)) => {
            assert_eq!(
                error.to_string(),
                mcp_factory_guard::Closed::Unavailable.to_string()
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(plugin.ran(), 0);
    assert!(call(&pipeline, "change", local()).await.is_ok());
}

/// The example of RFC 6238: the app with this secret shows this code 59 seconds after 1970 began.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const CODE: &str = "287082";

#[tokio::test]
async fn a_gate_opens_for_the_one_who_knows_the_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret");
    std::fs::write(&path, SECRET).expect("a file");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, private).expect("permissions");
    let group = GroupConfig {
        secret: format!("file:{}", path.display()).parse().expect("a place"),
        inactivity: Duration::from_mins(1),
    };
    let mut config = GateConfig::default();
    config.groups.insert("shell".to_owned(), group);
    let clock = Clock::following(59);
    let gates = Gates::new("test", &config, &["shell"], None, clock).expect("gates");
    let gates = Arc::new(gates);
    let plugin = Guarded::default();
    let mut parts = Parts::of(&plugin, &plugin);
    parts.guards.gates = Some(Arc::clone(&gates));
    let pipeline = parts.pipeline();
    match call(&pipeline, "shell", writer()).await {
        Err(CallFailure::Gated(error)) => assert!(error.to_string().contains("shell"), "{error}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(plugin.ran(), 0);
    let opened = gates.unlock(writer().principal.key(), "shell", CODE).await;
    assert!(opened.is_ok(), "{opened:?}");
    assert!(call(&pipeline, "shell", writer()).await.is_ok());
    // Neither for another caller, nor for the one with the scope missing.
    let other = call(&pipeline, "shell", local()).await;
    assert!(matches!(other, Err(CallFailure::Gated(_))), "{other:?}");
    let lesser = call(&pipeline, "shell", reader()).await;
    assert!(
        matches!(lesser, Err(CallFailure::Denied { .. })),
        "{lesser:?}"
    );
    assert_eq!(plugin.ran(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_servers_rate_is_for_each_caller_tool_and_door() {
    let plugin = Guarded::default();
    let mut parts = Parts::of(&plugin, &plugin);
    parts.limits.rate = Some(ONCE);
    let pipeline = parts.pipeline();
    assert!(!is_limited(&pipeline, "look", reader()).await);
    assert!(is_limited(&pipeline, "look", reader()).await);
    assert_eq!(plugin.ran(), 1);
    // Another tool; another caller; the local user.
    assert!(!is_limited(&pipeline, "answer", reader()).await);
    let bob = || over_http(mcp_factory_sdk::Principal::new("bob", ScopeSet::All));
    assert!(!is_limited(&pipeline, "look", bob()).await);
    assert_eq!(local().origin.transport, Transport::Stdio);
    for _ in 0..3 {
        assert!(!is_limited(&pipeline, "look", local()).await);
    }
    tokio::time::advance(Duration::from_mins(1)).await;
    assert!(!is_limited(&pipeline, "look", reader()).await);
}

#[tokio::test(start_paused = true)]
async fn resources_prompts_and_completions_have_the_servers_rate() {
    let plugin = Guarded::default();
    let mut parts = Parts::of(&plugin, &plugin);
    parts.limits.rate = Some(ONCE);
    let pipeline = parts.pipeline();
    let mut refused = Vec::new();
    for _ in 0..2 {
        let variables = || Variables::from_iter([("what".to_owned(), "x".to_owned())]);
        let completing = || ("command", "what", String::new());
        let (target, argument, typed) = completing();
        // Neither of a prompt's two uses has a name of its own, so a rate of one is used up by the first.
        refused = vec![
            pipeline
                .read_resource("guarded://note", writer())
                .await
                .err(),
            pipeline
                .get_prompt("ask", Variables::default(), writer())
                .await
                .err(),
            pipeline
                .complete(true, target, argument, typed, variables(), writer())
                .await
                .err(),
        ];
    }
    for refusal in refused {
        assert!(
            matches!(refusal, Some(CallFailure::RateLimited { .. })),
            "{refusal:?}"
        );
    }
    assert_eq!(plugin.ran(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_tenants_rate_replaces_the_servers() {
    let plugin = Guarded::default();
    let mut tenants = two_tenants(&plugin, &plugin);
    let rate = |name: &str, tenants: &mut Tenants, limit| {
        tenants.named.get_mut(name).expect("it is there").rate = Some(limit);
    };
    rate("a", &mut tenants, Limit(None));
    rate(
        "b",
        &mut tenants,
        Limit(Some(Rate::new(2, Duration::from_mins(1)))),
    );
    tenants.nobodys = Some(tenant(&plugin, &plugin));
    let mut parts = Parts::new(tenants);
    parts.limits.rate = Some(ONCE);
    let pipeline = parts.pipeline();
    let mut let_through = Vec::new();
    for caller in [of_tenant("a"), of_tenant("b"), writer()] {
        let before = plugin.ran();
        for _ in 0..5 {
            is_limited(&pipeline, "look", caller.clone()).await;
        }
        let_through.push(plugin.ran() - before);
    }
    assert_eq!(let_through, [5, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn an_authors_rate_holds_for_the_local_user_too_unless_the_operator_says_otherwise() {
    let plugin = Guarded::default();
    for (operators, let_through) in [
        (None, 2),
        (Some(Limit(Some(ONCE))), 1),
        (Some(Limit(None)), 5),
    ] {
        let mut parts = Parts::of(&plugin, &plugin);
        let limits = ToolLimits {
            rate: operators,
            ..ToolLimits::default()
        };
        parts.tool_limits.insert("hurry".to_owned(), limits);
        let pipeline = parts.pipeline();
        let before = plugin.ran();
        for _ in 0..5 {
            is_limited(&pipeline, "hurry", local()).await;
        }
        assert_eq!(plugin.ran() - before, let_through, "{operators:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_plugin_says_against_a_call_is_its_answer() {
    for verdict in [
        Verdict::Pass,
        Verdict::Refuse,
        Verdict::Fail,
        Verdict::Panic,
        Verdict::Hang,
    ] {
        let plugin = Guarded::saying(verdict);
        let pipeline = Parts::of(&plugin, &Guarded::default()).pipeline();
        let answer = call(&pipeline, "look", reader()).await;
        match (verdict, answer) {
            (Verdict::Pass, Ok(_)) => {}
            (Verdict::Refuse, Err(CallFailure::Tool(error))) => {
                assert_eq!(error.to_string(), "not on a Sunday");
            }
            (Verdict::Fail, Err(failure @ CallFailure::Internal { .. })) => {
                assert!(!format!("{failure:?}").contains("hunter2"));
            }
            (Verdict::Panic, Err(CallFailure::Panicked { error_id })) => {
                assert_eq!(error_id.len(), 8);
            }
            (Verdict::Hang, Err(CallFailure::Tool(error))) => assert_eq!(
                error.to_string(),
                "the call did not end within 30s and was stopped"
            ),
            other => panic!("{other:?}"),
        }
        assert_eq!(plugin.ran(), usize::from(matches!(verdict, Verdict::Pass)));
        assert_eq!(plugin.judged.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_judged_can_be_cancelled() {
    let plugin = Guarded::saying(Verdict::Hang);
    let pipeline = Parts::of(&plugin, &Guarded::default()).pipeline();
    let caller = reader();
    let cancel = caller.cancelled.clone().expect("the test gave one");
    let (ended, ()) = tokio::join!(call(&pipeline, "look", caller), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        cancel.cancel();
    });
    assert!(matches!(ended, Err(CallFailure::Cancelled)), "{ended:?}");
    assert_eq!(plugin.ran(), 0);
}

#[tokio::test]
async fn a_validator_judges_the_calls_of_all_and_is_asked_once() {
    let (own, judge) = (Guarded::default(), Guarded::saying(Verdict::Refuse));
    let asked = |plugin: &Guarded| plugin.judged.swap(0, Ordering::SeqCst);
    for (validators, tool, runs, by_own, by_judge) in [
        // Nobody made it a judge of others; of its own calls it is one.
        (vec![], "look", true, 1, 0),
        (vec![], "second_look", false, 0, 1),
        (vec![1], "look", false, 0, 1),
        (vec![1], "second_look", false, 0, 1),
        (vec![0], "second_look", false, 1, 1),
        (vec![0], "look", true, 1, 0),
    ] {
        let mut parts = Parts::of(&own, &judge);
        parts.guards.validators.clone_from(&validators);
        let before = own.ran() + judge.ran();
        let answer = call(&parts.pipeline(), tool, reader()).await;
        assert_eq!(answer.is_ok(), runs, "{validators:?} {tool}: {answer:?}");
        assert_eq!(own.ran() + judge.ran() - before, usize::from(runs));
        assert_eq!(
            (asked(&own), asked(&judge)),
            (by_own, by_judge),
            "{validators:?} {tool}"
        );
    }
}

#[test]
fn a_result_is_as_large_as_all_that_is_in_it() {
    let all = answer().expect("an answer");
    // Five blocks of 10 bytes, a pointer, which has none of its own, and `{"key":123}`.
    assert!(output_size(&all, 61).is_ok());
    match output_size(&all, 60) {
        Err(CallFailure::Tool(error)) => assert_eq!(
            error.to_string(),
            "the result has 61 bytes and a caller gets at most 60: ask for less"
        ),
        other => panic!("{other:?}"),
    }
    for block in all.blocks() {
        let bytes = if matches!(block, Content::Link(_)) {
            0
        } else {
            10
        };
        let output = Output::new().content(block.clone());
        assert!(output_size(&output, bytes).is_ok(), "{block:?}");
        assert_eq!(
            output_size(&output, bytes.saturating_sub(1)).is_err(),
            bytes > 0
        );
    }
    let mut both = Resource::text("0123456789");
    both.parts.extend(Resource::blob([0; 10]).parts);
    assert!(resource_size(&both, 20).is_ok());
    assert!(resource_size(&both, 19).is_err());
}

#[tokio::test]
async fn a_result_that_is_too_large_is_not_sent() {
    let plugin = Guarded::default();
    let pipeline = |bytes| {
        let mut parts = Parts::of(&plugin, &plugin);
        parts.limits.max_result = bytes;
        parts
    };
    let too_large = |failure| matches!(failure, Some(CallFailure::Tool(_)));
    let note = |pipeline: Pipeline| async move {
        let read = pipeline.read_resource("guarded://note", reader()).await;
        read.err()
    };
    assert!(note(pipeline(20).pipeline()).await.is_none());
    assert!(too_large(note(pipeline(19).pipeline()).await));
    let answer =
        |parts: Parts| async move { call(&parts.pipeline(), "answer", reader()).await.err() };
    assert!(answer(pipeline(61)).await.is_none());
    assert!(too_large(answer(pipeline(60)).await));
    // What the operator says of the one tool goes before.
    let mut more = pipeline(1);
    let limits = ToolLimits {
        max_result: Some(61),
        ..ToolLimits::default()
    };
    more.tool_limits.insert("answer".to_owned(), limits);
    assert!(answer(more).await.is_none());
}
