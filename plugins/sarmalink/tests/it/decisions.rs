//! Chains made at random, against a second reading of the rules.

use std::time::Duration;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::{
    fake::{End, Fake, Say, delta},
    server::{engine, start, story},
};

/// What an engine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Answer,
    Limit,
    Fail,
    Break,
    Garble,
    BadKey,
    Window,
    Filter,
    Reject,
    NoKey,
}

const ALL: [Does; 10] = [
    Does::Answer,
    Does::Limit,
    Does::Fail,
    Does::Break,
    Does::Garble,
    Does::BadKey,
    Does::Window,
    Does::Filter,
    Does::Reject,
    Does::NoKey,
];

fn say(does: Does) -> Say {
    let error = |status, code: &str| {
        Say::Status(
            status,
            vec![],
            json!({ "error": { "code": code } }).to_string(),
        )
    };
    match does {
        Does::Answer | Does::NoKey => Say::Text("hi".to_owned()),
        Does::Limit => error(429, "slow"),
        Does::Fail => error(500, "oops"),
        Does::Break => Say::Events(vec![(Duration::ZERO, delta("h"))], End::Broken),
        Does::Garble => Say::Status(200, vec![], "garble".to_owned()),
        Does::BadKey => error(401, "who"),
        Does::Window => error(400, "context_length_exceeded"),
        Does::Filter => error(400, "content_filter"),
        Does::Reject => error(400, "no"),
    }
}

/// The rules, read a second time: the reasons in order.
fn expected(chain: &[(Does, Option<u64>)]) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    let mut above = None;
    for (does, window) in chain {
        if *does == Does::NoKey {
            reasons.push("skipped_no_key");
            continue;
        }
        if let Some(above) = above
            && window.unwrap_or(0) <= above
        {
            reasons.push("skipped_window");
            continue;
        }
        let (reason, stops) = match does {
            Does::Answer => ("answered", true),
            Does::Limit => ("rate_limited", false),
            Does::Fail => ("server_error", false),
            Does::Break => ("truncated", false),
            Does::Garble => ("malformed", false),
            Does::BadKey => ("bad_key", false),
            Does::Window => ("context_length", false),
            Does::Filter => ("content_filter", true),
            Does::Reject => ("rejected", true),
            Does::NoKey => unreachable!("seen above"),
        };
        reasons.push(reason);
        if stops {
            break;
        }
        if *does == Does::Window {
            above = above.max(Some(window.unwrap_or(0)));
        }
    }
    reasons
}

async fn reasons(fakes: &[(Does, Fake)], chain: &[(Does, Option<u64>)]) -> Option<Vec<String>> {
    let engines = chain.iter().enumerate().map(|(number, (does, window))| {
        let (_, fake) = fakes
            .iter()
            .find(|(known, _)| known == does)
            .expect("all are there");
        let mut changes = json!({ "context": window });
        if *does == Does::NoKey {
            changes["keyless"] = json!(false);
            changes["keys"] = json!(["env:MCP_FACTORY_NOT_SET"]);
        }
        engine(&format!("e{number}"), fake, changes)
    });
    let config = json!({ "chain": engines.collect::<Vec<Value>>() });
    if chain.iter().all(|(does, _)| *does == Does::NoKey) {
        return None;
    }
    let plugin = start(config["chain"].as_array().unwrap().clone(), json!({})).await;
    let told = match plugin.call("ai_chat", json!({ "prompt": "hello" })).await {
        Ok(output) => serde_json::from_str(output.structured_json().unwrap()).unwrap(),
        Err(error) => error.data().unwrap().clone(),
    };
    let reason = |word: &String| word.split_once(' ').unwrap().1.to_owned();
    Some(story(&told).iter().map(reason).collect())
}

#[test]
fn every_chain_goes_the_way_the_rules_say() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fakes: Vec<(Does, Fake)> = runtime.block_on(async {
        let mut fakes = Vec::new();
        for does in ALL {
            fakes.push((does, Fake::says(say(does)).await));
        }
        fakes
    });
    let window = prop_oneof![Just(None), (1_u64..4).prop_map(Some)];
    let chains = prop::collection::vec((prop::sample::select(ALL.to_vec()), window), 1..7);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&chains, |chain| {
            if let Some(reasons) = runtime.block_on(reasons(&fakes, &chain)) {
                prop_assert_eq!(reasons, expected(&chain));
            }
            Ok(())
        })
        .unwrap();
}
