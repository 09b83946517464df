//! Engines and keys that are left alone for a while.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::{
    fake::{Fake, Say},
    server::{Keyfile, engine, hello, keyed, no_hello, start, story, story_of},
};

fn failing(status: u16, headers: &[(&'static str, &str)]) -> Say {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    Say::Status(status, headers.collect(), "{}".to_owned())
}

#[tokio::test]
async fn retry_after_is_kept_by_the_one_key_and_ends() {
    let first = Fake::start(|number, _| match number {
        0 => failing(429, &[("retry-after", "2")]),
        _ => Say::Text("first".to_owned()),
    })
    .await;
    let second = Fake::answers("second").await;
    let chain = vec![
        engine("a", &first, json!({})),
        engine("b", &second, json!({})),
    ];
    let plugin = start(chain, json!({})).await;
    assert_eq!(
        story(&hello(&plugin).await),
        ["a rate_limited", "b answered"]
    );
    assert_eq!(
        story(&hello(&plugin).await),
        ["a skipped_resting", "b answered"]
    );
    assert_eq!(first.count(), 1);
    sleep(Duration::from_millis(2_050)).await;
    assert_eq!(hello(&plugin).await["text"], "first");
}

#[tokio::test]
async fn a_limit_of_one_key_is_none_of_the_other() {
    let fake = Fake::start(|_, asked| match asked.authorization.as_deref() {
        Some("Bearer key-number-0") => failing(429, &[("retry-after", "60")]),
        _ => Say::Text("hi".to_owned()),
    })
    .await;
    let keys = [Keyfile::new("key-number-0"), Keyfile::new("key-number-1")];
    let plugin = start(
        vec![keyed("a", &fake, &keys.each_ref(), json!({}))],
        json!({}),
    )
    .await;
    assert_eq!(
        story(&hello(&plugin).await),
        ["a rate_limited", "a answered"]
    );
    for _ in 0..3 {
        assert_eq!(story(&hello(&plugin).await), ["a answered"]);
    }
}

#[tokio::test]
async fn used_up_credit_benches_the_key_whatever_the_header_says() {
    let body = r#"{"error":{"code":"insufficient_quota"}}"#.to_owned();
    let fake = Fake::says(Say::Status(
        429,
        vec![("retry-after", "1".to_owned())],
        body,
    ))
    .await;
    let plugin = start(
        vec![engine("a", &fake, json!({}))],
        json!({ "key_bench": "1h" }),
    )
    .await;
    let error = no_hello(&plugin).await.to_string();
    assert!(error.contains("try again in 60 min"), "{error}");
}

#[tokio::test]
async fn three_failures_make_an_engine_rest_and_one_call_tries_it_out() {
    let first = Fake::start(|number, _| match number {
        0..=3 => failing(500, &[]),
        _ => Say::Text("first".to_owned()),
    })
    .await;
    let second = Fake::answers("second").await;
    let chain = vec![
        engine("a", &first, json!({})),
        engine("b", &second, json!({})),
    ];
    let plugin = start(chain, json!({ "cooldown": "2s" })).await;
    for _ in 0..5 {
        assert_eq!(hello(&plugin).await["engine"], "b");
    }
    assert_eq!(first.count(), 3, "the fourth and fifth call did not ask it");
    let health = plugin.call_json("engine_health", json!({})).await.unwrap();
    assert_eq!(health["engines"][0]["state"], "resting");
    assert!(health["engines"][0]["ready_in_ms"].as_u64().unwrap() <= 2_000);
    assert_eq!(
        (
            &health["engines"][0]["failed"],
            &health["engines"][1]["answered"]
        ),
        (&json!(3), &json!(5))
    );
    sleep(Duration::from_millis(2_020)).await;
    // Ten at once: one tries it out (and fails), nobody else waits for that.
    let calls = futures_util::future::join_all((0..10).map(|_| hello(&plugin))).await;
    assert!(calls.iter().all(|reply| reply["engine"] == "b"));
    assert_eq!(first.count(), 4);
    sleep(Duration::from_millis(2_020)).await;
    assert_eq!(hello(&plugin).await["engine"], "a");
    assert_eq!(hello(&plugin).await["engine"], "a");
}

#[tokio::test]
async fn while_one_call_tries_an_engine_out_the_others_are_told() {
    let fake = Fake::start(|number, _| match number {
        0 => failing(503, &[("retry-after", "0")]),
        _ => Say::Hang,
    })
    .await;
    let plugin = start(vec![engine("a", &fake, json!({}))], json!({})).await;
    no_hello(&plugin).await;
    let probe = plugin.call("ai_chat", json!({ "prompt": "hello" }));
    let others = async {
        fake.until_open(1).await;
        let health = plugin.call_json("engine_health", json!({})).await.unwrap();
        assert_eq!(health["engines"][0]["state"], "probing");
        assert_eq!(
            (
                plugin.health().await.trouble(),
                health["in_flight"].as_u64()
            ),
            (None, Some(1))
        );
        assert_eq!(story_of(&no_hello(&plugin).await), ["a skipped_resting"]);
    };
    tokio::select! {
        _ = probe => panic!("it hangs"),
        () = others => {}
    }
    // The one that tried was cancelled: the next may try.
    let list = plugin.call_json("list_engines", json!({})).await.unwrap();
    assert_eq!(list["engines"][0]["state"], "ready");
}

#[tokio::test]
async fn an_engine_that_says_how_long_rests_that_long_at_once() {
    let fake = Fake::says(failing(503, &[("retry-after", "120")])).await;
    let plugin = start(vec![engine("a", &fake, json!({}))], json!({})).await;
    let error = no_hello(&plugin).await.to_string();
    assert_eq!(
        error,
        "no engine answered. `a` failed (503); try again in 2 min"
    );
    let error = no_hello(&plugin).await;
    assert_eq!(story_of(&error), ["a skipped_resting"]);
    assert_eq!(fake.count(), 1);
}

#[tokio::test]
async fn good_answers_between_failures_keep_an_engine_in_use() {
    let first = Fake::start(|number, _| match number % 3 {
        2 => Say::Text("first".to_owned()),
        _ => failing(500, &[]),
    })
    .await;
    let second = Fake::answers("second").await;
    let chain = vec![
        engine("a", &first, json!({})),
        engine("b", &second, json!({})),
    ];
    let plugin = start(chain, json!({})).await;
    for _ in 0..9 {
        hello(&plugin).await;
    }
    assert_eq!(first.count(), 9);
}

#[tokio::test]
async fn a_caller_in_a_hurry_does_not_make_an_engine_rest() {
    let fake = Fake::start(|number, _| match number {
        0..=3 => Say::Hang,
        _ => Say::Text("hi".to_owned()),
    })
    .await;
    let plugin = start(vec![engine("a", &fake, json!({}))], json!({})).await;
    let hurry = || plugin.call("ai_chat", json!({ "prompt": "hello", "timeout_ms": 1_000 }));
    for result in futures_util::future::join_all((0..4).map(|_| hurry())).await {
        assert!(result.is_err());
    }
    assert_eq!(hello(&plugin).await["text"], "hi");
}
