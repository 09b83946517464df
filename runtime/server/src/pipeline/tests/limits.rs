//! Whose word counts for what a call may take: the operator's, the author's, the tenant's, the server's.

use std::{collections::BTreeMap, collections::HashMap, time::Duration};

use mcp_factory_sdk::Rate;

use super::guarded::{Guarded, Parts, ann, call, over_http, registry, tenant};
use crate::{
    config::{Limit, ToolLimits},
    pipeline::{CallFailure, CallLimits, Caller, Tenant, Tenants, limits::budgets, limits::places},
};

const SERVERS: Rate = Rate::new(3, Duration::from_mins(1));
const AUTHORS: Rate = Rate::new(2, Duration::from_mins(1));
const OPERATORS: Rate = Rate::new(1, Duration::from_mins(1));

#[test]
fn the_operators_word_is_first_then_the_authors_then_the_servers() {
    let registry = registry();
    let limits = CallLimits {
        timeout: Duration::from_secs(7),
        max_result: 100,
        ..CallLimits::default()
    };
    let written = ToolLimits {
        rate: Some(Limit(Some(OPERATORS))),
        concurrency: Some(4),
        timeout: Some(Duration::from_secs(1)),
        max_result: Some(10),
        cache: None,
    };
    let unlimited = ToolLimits {
        rate: Some(Limit(None)),
        ..ToolLimits::default()
    };
    let configured = BTreeMap::from([
        ("look".to_owned(), written.clone()),
        ("hurry".to_owned(), written),
        ("second_look".to_owned(), ToolLimits::default()),
        ("second_hurry".to_owned(), unlimited),
    ]);
    let with = budgets(&registry, &limits, &configured);
    let without = budgets(&registry, &limits, &BTreeMap::new());
    assert_eq!(with.len(), registry.tools().len());
    // By the name that clients see: timeout in seconds, bytes, rate by default and where there is none, places.
    let (servers, authors, operators) = (Some(SERVERS), Some(AUTHORS), Some(OPERATORS));
    for (budgets, name, seconds, bytes, rates, at_once) in [
        (&without, "look", 7, 100, (servers, None), None),
        (&without, "hurry", 5, 100, (authors, authors), None),
        (&with, "look", 1, 10, (operators, operators), Some(4)),
        (&with, "hurry", 1, 10, (operators, operators), Some(4)),
        (&with, "second_look", 7, 100, (servers, None), None),
        (&with, "second_hurry", 5, 100, (None, None), None),
        (&with, "change", 7, 100, (servers, None), None),
    ] {
        let budget = &budgets[registry.tool(name).expect(name).index];
        assert_eq!(budget.timeout, Duration::from_secs(seconds), "{name}");
        assert_eq!(budget.max_result, bytes, "{name}");
        assert_eq!((budget.rate(servers), budget.rate(None)), rates, "{name}");
        let places = budget.places.as_ref().map(|all| all.available_permits());
        assert_eq!(places, at_once, "{name}");
    }
}

#[test]
fn any_number_of_places_can_be_written() {
    assert_eq!(places(0).available_permits(), 0);
    assert_eq!(places(3).available_permits(), 3);
    let most = tokio::sync::Semaphore::MAX_PERMITS;
    assert_eq!(places(usize::MAX).available_permits(), most);
}

fn of_tenant(name: &str) -> Caller {
    over_http(ann(&["write"]).of_tenant(name))
}

/// Whether `caller` finds a place for a call of `tool` while one of `wait` by `waiting` runs.
async fn finds_a_place(parts: Parts, waiting: Caller, tool: &str, caller: Caller) -> bool {
    let pipeline = parts.pipeline();
    tokio::select! {
        biased;
        ended = call(&pipeline, "wait", waiting) => panic!("it never ends: {ended:?}"),
        answer = call(&pipeline, tool, caller) => match answer {
            Ok(_) => true,
            Err(CallFailure::Overloaded) => false,
            other => panic!("{other:?}"),
        },
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_tool_or_tenant_is_no_trouble_for_others() {
    let plugin = Guarded::default();
    let one_at_once = || {
        let alone = tenant(&plugin, &plugin);
        Tenant::new(alone.instances, None, Some(1))
    };
    let tenants = || Tenants {
        nobodys: None,
        named: HashMap::from([
            ("a".to_owned(), one_at_once()),
            ("b".to_owned(), tenant(&plugin, &plugin)),
        ]),
    };
    for (waiting, tool, by, found) in [
        ("a", "look", "a", false),
        ("a", "look", "b", true),
        ("b", "look", "b", true),
        ("b", "wait", "b", false),
        ("b", "wait", "a", false),
    ] {
        let mut parts = Parts::new(tenants());
        let limits = ToolLimits {
            concurrency: Some(1),
            ..ToolLimits::default()
        };
        parts.tool_limits.insert("wait".to_owned(), limits);
        let found_one = finds_a_place(parts, of_tenant(waiting), tool, of_tenant(by)).await;
        assert_eq!(found_one, found, "{waiting} waits, {by} calls {tool}");
    }
}
