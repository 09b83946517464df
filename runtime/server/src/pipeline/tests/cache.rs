//! Answers that are given again: to whom, for how long, and what is never kept.

mod counter;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use mcp_factory_sdk::{Peer, ToolErrorKind};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, advance, sleep};
use tokio_util::sync::CancellationToken;

use super::{NoPeer, guarded::over_http};
use crate::{
    config::ToolLimits,
    pipeline::{CallFailure, CallLimits, Caller},
};
use counter::{
    Client, ann, call, call_as, kept, page, pipeline, pipeline_of, principal, roots, runs,
};

#[tokio::test(start_paused = true)]
async fn an_answer_is_given_again_until_its_time_is_over() {
    let pipeline = pipeline();
    assert_eq!(runs(&pipeline, "count", "{}").await, 1);
    advance(Duration::from_millis(59_999)).await;
    assert_eq!(runs(&pipeline, "count", "{}").await, 1);
    advance(Duration::from_millis(1)).await;
    assert_eq!(runs(&pipeline, "count", "{}").await, 2);
    advance(Duration::from_secs(59)).await;
    assert_eq!(runs(&pipeline, "count", "{}").await, 2, "a new one is new");
    // What nobody asked to keep runs each time.
    let plain = runs(&pipeline, "plain", "{}").await;
    assert_eq!(runs(&pipeline, "plain", "{}").await, plain + 1);
}

#[tokio::test]
async fn equal_is_what_differs_in_order_and_blanks_alone() {
    let pipeline = pipeline();
    let one = runs(
        &pipeline,
        "count",
        r#"{"first":{"a":1,"b":[2]},"second":3}"#,
    )
    .await;
    let turned = "{ \"second\": 3,\n\"first\": { \"b\":[ 2 ], \"a\":1 } }";
    assert_eq!(runs(&pipeline, "count", turned).await, one);
    let others = [
        "{}",
        r#"{"first":{"a":1,"b":[2]}}"#,
        r#"{"first":{"a":1,"b":[2]},"second":3.0}"#,
        r#"{"first":{"a":1,"b":[2]},"second":"3"}"#,
        r#"{"second":{"a":1,"b":[2]},"first":3}"#,
    ];
    for (at, other) in others.iter().enumerate() {
        assert_eq!(
            runs(&pipeline, "count", other).await,
            one + 1 + at,
            "{other}"
        );
    }
}

#[tokio::test]
async fn nobody_is_given_what_another_caller_was() {
    let pipeline = pipeline();
    let callers = [
        principal("ann", &["read"]),
        principal("bob", &["read"]),
        principal("ann", &["write"]),
        principal("ann", &["read"]).of_tenant("acme"),
        principal("ann", &["read"]).of_tenant("umbrella"),
    ];
    let mut ran = [0; 5];
    for round in 0..2 {
        for (at, principal) in callers.iter().enumerate() {
            let caller = over_http(principal.clone());
            let answer = call_as(&pipeline, "count", "{}", caller).await;
            let answer: usize = answer.expect("it answers").parse().expect("a number");
            if round == 0 {
                ran[at] = answer;
            }
            assert_eq!(answer, ran[at], "{principal:?}");
        }
    }
    // Three of no tenant, and one of each of two, whose plugins are their own.
    assert_eq!(ran, [1, 2, 3, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn of_ten_at_once_one_runs() {
    let pipeline = pipeline();
    let begun = Instant::now();
    let ten = join_all((0..10).map(|_| runs(&pipeline, "slow", "{}"))).await;
    assert_eq!(ten, [1; 10]);
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_that_of_one_and_is_not_kept() {
    let pipeline = pipeline();
    let three = (0..3).map(|_| call(&pipeline, "stumble", r#"{"failures":1,"seconds":1}"#));
    let three = join_all(three).await;
    let failed = three.iter().filter(|answer| answer.is_err()).count();
    assert_eq!(failed, 1, "{three:?}");
    assert!(
        three.iter().flatten().all(|answer| answer == "2"),
        "{three:?}"
    );
    // One after the other.
    let again = r#"{"failures":3,"seconds":0}"#;
    assert!(call(&pipeline, "stumble", again).await.is_err());
    assert_eq!(runs(&pipeline, "stumble", again).await, 4);
    assert_eq!(runs(&pipeline, "stumble", again).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_that_of_one() {
    let pipeline = pipeline();
    let (one, other) = tokio::join!(
        call(&pipeline, "panic", "{}"),
        call(&pipeline, "panic", "{}")
    );
    assert!(matches!(one, Err(CallFailure::Panicked { .. })), "{one:?}");
    assert_eq!(other.expect("it ran"), "2");
}

#[tokio::test(start_paused = true)]
async fn when_the_one_that_runs_is_taken_back_another_runs() {
    let pipeline = pipeline();
    let leader = ann();
    let cancel = leader.cancelled.clone().expect("it has one");
    let (taken_back, answers, ()) = tokio::join!(
        call_as(&pipeline, "slow", "{}", leader),
        join_all((0..3).map(|_| runs(&pipeline, "slow", "{}"))),
        async {
            sleep(Duration::from_millis(500)).await;
            cancel.cancel();
        }
    );
    assert!(matches!(taken_back, Err(CallFailure::Cancelled)));
    assert_eq!(answers, [2; 3]);
    // And where taking back means that the call is dropped.
    let dropped = tokio::time::timeout(
        Duration::from_millis(500),
        call(&pipeline, "stumble", r#"{"failures":0,"seconds":1}"#),
    );
    let other = runs(&pipeline, "stumble", r#"{"failures":0,"seconds":1}"#);
    let (dropped, other) = tokio::join!(dropped, other);
    assert!(dropped.is_err());
    assert_eq!(other, 4);
}

#[tokio::test(start_paused = true)]
async fn who_waits_can_leave_and_does_not_wait_for_ever() {
    let pipeline = pipeline();
    let follower = ann();
    let cancel = CancellationToken::clone(follower.cancelled.as_ref().expect("it has one"));
    let (leader, follower, ()) = tokio::join!(
        runs(&pipeline, "slow", "{}"),
        call_as(&pipeline, "slow", "{}", follower),
        async {
            sleep(Duration::from_millis(500)).await;
            cancel.cancel();
        }
    );
    assert!(matches!(follower, Err(CallFailure::Cancelled)));
    assert_eq!(leader, 1);
    // Each takes four seconds and fails, and nobody may take longer than five: the second is stopped after one,
    // and the third does not get to run.
    let begun = Instant::now();
    let three = (0..3).map(|_| call(&pipeline, "stumble", r#"{"failures":9,"seconds":4}"#));
    let three = join_all(three).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
    let mut told: Vec<_> = three
        .into_iter()
        .map(|answer| match answer {
            Err(CallFailure::Tool(error)) => (error.kind(), error.to_string()),
            other => panic!("{other:?}"),
        })
        .collect();
    told.sort_by(|one, other| one.1.cmp(&other.1));
    let told = told.iter().map(|(kind, words)| (*kind, &**words));
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [
            (
                ToolErrorKind::TimedOut,
                "an equal call was waited for and did not end in time; call again"
            ),
            (ToolErrorKind::Failed, "not yet"),
            (
                ToolErrorKind::TimedOut,
                "the call did not end within 1s and was stopped"
            ),
        ]
    );
    assert_eq!(runs(&pipeline, "count", "{}").await, 4);
}

#[tokio::test]
async fn what_a_client_was_asked_is_its_own() {
    let pipeline = pipeline();
    let greet = async |what: &str, peer: Arc<dyn Peer>, answers: Map<String, Value>| {
        let caller = Caller {
            peer,
            answers,
            ..ann()
        };
        let arguments = json!({ "what": what }).to_string();
        call_as(&pipeline, "greet", &arguments, caller).await
    };
    let client = |waits| Arc::new(Client { waits }) as Arc<dyn Peer>;
    let mut ran = 0;
    for what in ["ask", "look", "publish"] {
        for _ in 0..2 {
            ran += 1;
            let answer = greet(what, client(true), Map::new()).await;
            assert_eq!(answer.expect("it answers"), ran.to_string(), "{what}");
        }
    }
    // Where the client answers in another call, the questions are not kept, nor is what comes of them.
    for _ in 0..2 {
        ran += 1;
        let asked = greet("ask", client(false), Map::new()).await;
        assert!(
            matches!(&asked, Err(CallFailure::Tool(error)) if error.questions().is_some()),
            "{asked:?}"
        );
        ran += 1;
        let answers = Map::from_iter([("name".to_owned(), roots())]);
        let answer = greet("ask", client(false), answers).await;
        assert_eq!(answer.expect("it answers"), ran.to_string());
    }
    // Reports of progress are no part of the answer. A call that brings answers runs.
    ran += 1;
    let some = Map::from_iter([("name".to_owned(), roots())]);
    for (peer, answers, expected) in [
        (client(true), Map::new(), ran),
        (Arc::new(NoPeer) as Arc<dyn Peer>, Map::new(), ran),
        (client(true), some, ran + 1),
    ] {
        let told = greet("tell", peer, answers).await;
        assert_eq!(told.expect("it answers"), expected.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn the_operator_has_the_last_word() {
    let minute = Some(Duration::from_mins(1));
    let limits = [
        ("count", kept(None)),
        ("slow", kept(Some(Duration::from_secs(30)))),
        ("plain", kept(minute)),
        ("change", kept(minute)),
    ];
    let pipeline = pipeline_of(CallLimits::default(), &limits);
    assert_eq!(runs(&pipeline, "count", "{}").await, 1);
    assert_eq!(runs(&pipeline, "count", "{}").await, 2, "off");
    assert_eq!(runs(&pipeline, "slow", "{}").await, 3);
    advance(Duration::from_secs(30)).await;
    assert_eq!(runs(&pipeline, "slow", "{}").await, 4, "shorter");
    assert_eq!(runs(&pipeline, "plain", "{}").await, 5);
    assert_eq!(runs(&pipeline, "plain", "{}").await, 5, "on");
    for ran in [6, 7] {
        let caller = over_http(principal("ann", &["write"]));
        let answer = call_as(&pipeline, "change", "{}", caller).await;
        assert_eq!(
            answer.expect("it ran"),
            ran.to_string(),
            "it changes something"
        );
    }
    let none = CallLimits {
        cache: 0,
        ..CallLimits::default()
    };
    let pipeline = pipeline_of(none, &[]);
    assert_eq!(runs(&pipeline, "count", "{}").await, 1);
    assert_eq!(runs(&pipeline, "count", "{}").await, 2);
    assert_eq!(page(&pipeline, "counter://pages/a").await.1, Duration::ZERO);
}

#[tokio::test]
async fn an_answer_that_is_kept_passes_every_guard() {
    let limits = ToolLimits {
        rate: Some("2/m".parse().expect("it is a rate")),
        ..ToolLimits::default()
    };
    let pipeline = pipeline_of(CallLimits::default(), &[("count", limits)]);
    assert_eq!(runs(&pipeline, "count", "{}").await, 1);
    let revoked = over_http(principal("ann", &[]));
    let answer = call_as(&pipeline, "count", "{}", revoked).await;
    assert!(
        matches!(answer, Err(CallFailure::Denied { .. })),
        "{answer:?}"
    );
    assert_eq!(runs(&pipeline, "count", "{}").await, 1);
    let answer = call(&pipeline, "count", "{}").await;
    assert!(
        matches!(answer, Err(CallFailure::RateLimited { .. })),
        "{answer:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_kept_needs_no_place() {
    let limits = CallLimits {
        concurrency: 1,
        ..CallLimits::default()
    };
    let pipeline = pipeline_of(limits, &[]);
    assert_eq!(runs(&pipeline, "count", "{}").await, 1);
    let busy = tokio::time::timeout(Duration::from_secs(5), call(&pipeline, "wait", "{}"));
    let others = async {
        sleep(Duration::from_secs(1)).await;
        assert_eq!(runs(&pipeline, "count", "{}").await, 1);
        let other = call(&pipeline, "count", r#"{"first":1}"#).await;
        assert!(matches!(other, Err(CallFailure::Overloaded)), "{other:?}");
    };
    let (busy, ()) = tokio::join!(busy, others);
    assert!(busy.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_given_to_those_who_wait_and_not_kept() {
    let limits = CallLimits {
        cache: 1 << 20,
        ..CallLimits::default()
    };
    let pipeline = pipeline_of(limits, &[]);
    let long = r#"{"bytes":100000}"#;
    let begun = Instant::now();
    let ten = join_all((0..10).map(|_| call(&pipeline, "long", long))).await;
    assert!(ten.iter().flatten().all(|text| text.len() == 100_000));
    assert_eq!((ten.len(), begun.elapsed()), (10, Duration::from_secs(1)));
    call(&pipeline, "long", long).await.expect("it answers");
    assert_eq!(runs(&pipeline, "count", "{}").await, 3, "it ran twice");
}

#[tokio::test(start_paused = true)]
async fn a_resource_says_how_long_it_is_fresh() {
    let pipeline = pipeline();
    let (one, other) = ("counter://pages/a", "counter://pages/b");
    let seconds = Duration::from_secs;
    assert_eq!(page(&pipeline, one).await, ("a 1".to_owned(), seconds(60)));
    advance(seconds(20)).await;
    assert_eq!(page(&pipeline, one).await, ("a 1".to_owned(), seconds(40)));
    assert_eq!(
        page(&pipeline, other).await,
        ("b 2".to_owned(), seconds(60))
    );
    advance(seconds(40)).await;
    assert_eq!(page(&pipeline, one).await, ("a 3".to_owned(), seconds(60)));
    for ran in 4..6 {
        let new = page(&pipeline, "counter://fresh").await;
        assert_eq!(new, (ran.to_string(), Duration::ZERO));
    }
}
