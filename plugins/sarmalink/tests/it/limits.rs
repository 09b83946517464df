//! Arguments, sizes, places and time.

use std::time::{Duration, Instant};

use mcp_factory_sdk::ToolErrorKind;
use serde_json::json;

use crate::{
    fake::{Fake, Say},
    server::{engine, hello, no_hello, start, story_of, try_start},
};

#[tokio::test]
async fn engines_are_chosen_by_mode_and_by_model() {
    let (fast, smart) = (Fake::answers("fast").await, Fake::answers("smart").await);
    let chain = vec![
        engine("quick", &fast, json!({ "modes": ["fast"] })),
        engine("deep", &smart, json!({ "modes": ["smart", "code"] })),
    ];
    let plugin = start(chain, json!({})).await;
    for (arguments, text) in [
        (json!({ "prompt": "x" }), "fast"),
        (json!({ "prompt": "x", "mode": "auto" }), "fast"),
        (json!({ "prompt": "x", "mode": "smart" }), "smart"),
        (json!({ "prompt": "x", "model": "deep" }), "smart"),
        (json!({ "prompt": "x", "model": "deep-model" }), "smart"),
        (
            json!({ "prompt": "x", "model": "quick", "mode": "fast" }),
            "fast",
        ),
    ] {
        assert_eq!(
            plugin.call_json("ai_chat", arguments).await.unwrap()["text"],
            text
        );
    }
    for (arguments, words) in [
        (
            json!({ "prompt": "x", "mode": "cheap" }),
            "no engine has the mode `cheap`; known: auto, code, fast, smart",
        ),
        (
            json!({ "prompt": "x", "model": "gone" }),
            "is called `gone` or runs it; list_engines",
        ),
        (
            json!({ "prompt": "x", "model": "deep", "mode": "fast" }),
            "is called `deep`",
        ),
        (json!({}), "give either `prompt` or `messages`"),
        (
            json!({ "prompt": "x", "messages": [{ "role": "user", "content": "y" }] }),
            "not both",
        ),
        (
            json!({ "messages": [{ "role": "assistant", "content": "y" }] }),
            "must be of role `user`",
        ),
        (
            json!({ "messages": [{ "role": "tool", "content": "y" }] }),
            "unknown variant `tool`",
        ),
        (
            json!({ "prompt": "x", "json_schema": { "pattern": "a" } }),
            "`json_schema` cannot be used: `pattern` cannot be checked",
        ),
        (
            json!({ "prompt": "x", "temperature": 3.0 }),
            "must be at most 2",
        ),
        (
            json!({ "prompt": "x", "max_tokens": 0 }),
            "must be at least 1",
        ),
        (
            json!({ "prompt": "x", "timeout_ms": 999 }),
            "must be at least 1000",
        ),
        (
            json!({ "prompt": "x", "base_url": "http://evil" }),
            "unknown argument",
        ),
    ] {
        let error = plugin.call("ai_chat", arguments).await.unwrap_err();
        assert_eq!(error.kind(), ToolErrorKind::InvalidArguments, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    assert_eq!(fast.count() + smart.count(), 6);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_not_sent() {
    let fake = Fake::answers("hi").await;
    let plugin = start(
        vec![engine("a", &fake, json!({}))],
        json!({ "max_prompt_bytes": 10 }),
    )
    .await;
    let error = plugin
        .call("ai_chat", json!({ "prompt": "12345678901" }))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("has 11 bytes and the limit is 10"),
        "{error}"
    );
    assert_eq!(fake.count(), 0);
    assert!(
        plugin
            .call("ai_chat", json!({ "prompt": "1234567890" }))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn calls_beyond_the_places_are_told_to_come_back() {
    let fake = Fake::says(Say::Hang).await;
    let plugin = start(
        vec![engine("a", &fake, json!({}))],
        json!({ "max_in_flight": 2 }),
    )
    .await;
    let call = || plugin.call("ai_chat", json!({ "prompt": "hello", "timeout_ms": 1_000 }));
    let results = futures_util::future::join_all([call(), call(), call()]).await;
    let error = results[2].as_ref().unwrap_err();
    assert_eq!(error.kind(), ToolErrorKind::Unavailable);
    assert!(
        error.to_string().contains("2 calls are running already"),
        "{error}"
    );
    assert_eq!(fake.count(), 2);
    // The places are free again.
    let error = no_hello_in(&plugin, 1_000).await;
    assert_eq!(error.kind(), ToolErrorKind::TimedOut);
}

async fn no_hello_in(
    plugin: &mcp_factory_sdk::testing::TestPlugin,
    timeout_ms: u64,
) -> mcp_factory_sdk::ToolError {
    let arguments = json!({ "prompt": "hello", "timeout_ms": timeout_ms });
    plugin.call("ai_chat", arguments).await.unwrap_err()
}

#[tokio::test]
async fn one_deadline_covers_all_engines() {
    let (first, second) = (Fake::says(Say::Hang).await, Fake::says(Say::Hang).await);
    let chain = vec![
        engine("a", &first, json!({})),
        engine("b", &second, json!({})),
    ];
    let plugin = start(chain, json!({ "silence_timeout": "2s" })).await;
    let started = Instant::now();
    let error = no_hello_in(&plugin, 3_000).await;
    let took = started.elapsed();
    assert!(
        (Duration::from_millis(2_950)..Duration::from_secs(15)).contains(&took),
        "{took:?}"
    );
    assert_eq!(error.kind(), ToolErrorKind::TimedOut);
    assert!(
        error
            .to_string()
            .starts_with("the time is up before an engine answered. `a` was silent for too long"),
        "{error}"
    );
    assert_eq!(story_of(&error), ["a timed_out", "b timed_out"]);
}

#[tokio::test]
async fn the_deadline_of_the_call_is_kept_too() {
    let fake = Fake::says(Say::Hang).await;
    let plugin = start(vec![engine("a", &fake, json!({}))], json!({})).await;
    let plugin = plugin.with_timeout(Duration::from_secs(2));
    let started = Instant::now();
    let error = no_hello(&plugin).await;
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "before the engine's silence is too long"
    );
    assert_eq!(error.kind(), ToolErrorKind::TimedOut);
    fake.until_open(0).await;
}

#[tokio::test]
async fn sizes_in_the_settings_are_checked() {
    let fake = Fake::answers("hi").await;
    for key in ["max_prompt_bytes", "max_answer_bytes", "max_in_flight"] {
        for size in [0, 1 << 30] {
            let error = try_start(vec![engine("a", &fake, json!({}))], json!({ key: size }))
                .await
                .err()
                .unwrap();
            assert!(
                error.contains(&format!("`{key}` must be from 1")),
                "{error}"
            );
        }
    }
    let roots = json!({ "roots_file": "/no/such/file.pem" });
    let error = try_start(vec![engine("a", &fake, json!({}))], roots)
        .await
        .err()
        .unwrap();
    assert!(error.contains("`roots_file` cannot be used"), "{error}");
    let error = try_start(vec![], json!({})).await.err().unwrap();
    assert!(error.contains("`chain` names no engine"), "{error}");
    hello(&start(vec![engine("a", &fake, json!({}))], json!({})).await).await;
}
