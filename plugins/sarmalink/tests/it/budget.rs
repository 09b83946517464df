//! The day's money: set aside, settled, kept, and never spent twice.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    fake::{End, Fake, Say, delta},
    server::{engine, hello, no_hello, start, story, story_of, try_start},
};

/// A dollar for a token sent, and so 10 dollars for what the fake counts.
const DEAR: f64 = 1e6;

fn dear() -> Value {
    json!({ "price_in": DEAR, "price_out": 0.0 })
}

async fn spent(plugin: &mcp_factory_sdk::testing::TestPlugin) -> (f64, f64) {
    let health = plugin.call_json("engine_health", json!({})).await.unwrap();
    let usd = |key: &str| health["budget"][key].as_f64().unwrap();
    (usd("spent_usd"), usd("reserved_usd"))
}

#[tokio::test]
async fn when_the_money_is_spent_no_engine_is_asked() {
    let fake = Fake::answers("hi").await;
    let plugin = start(
        vec![engine("a", &fake, dear())],
        json!({ "daily_budget_usd": 31.0 }),
    )
    .await;
    // 11 dollars (3 tokens and 8 for the message) are set aside each time, and 10 are paid.
    assert_eq!(hello(&plugin).await["cost_usd"], 10.0);
    hello(&plugin).await;
    assert_eq!(spent(&plugin).await, (20.0, 0.0));
    hello(&plugin).await;
    let error = no_hello(&plugin).await;
    assert!(
        error
            .to_string()
            .starts_with("the budget of this server for today is used up; it begins anew in "),
        "{error}"
    );
    assert_eq!(story_of(&error), ["a skipped_budget"]);
    assert_eq!(fake.count(), 3);
}

#[tokio::test]
async fn a_free_engine_answers_when_the_money_is_spent() {
    let (dear_one, free) = (Fake::answers("dear").await, Fake::answers("free").await);
    let chain = vec![
        engine("a", &dear_one, dear()),
        engine("b", &free, json!({ "price_in": 0.0, "price_out": 0.0 })),
    ];
    let plugin = start(chain, json!({ "daily_budget_usd": 12.0 })).await;
    assert_eq!(hello(&plugin).await["engine"], "a");
    assert_eq!(
        story(&hello(&plugin).await),
        ["a skipped_budget", "b answered"]
    );
}

#[tokio::test]
async fn one_caller_does_not_spend_what_is_anothers() {
    let fake = Fake::answers("hi").await;
    let plugin = start(
        vec![engine("a", &fake, dear())],
        json!({ "caller_daily_budget_usd": 12.0 }),
    )
    .await;
    hello(&plugin).await;
    let error = no_hello(&plugin).await.to_string();
    assert!(
        error.contains("the budget of this caller for today"),
        "{error}"
    );
    let plugin = plugin.with_scopes(&["write"]);
    hello(&plugin).await;
    assert!(no_hello(&plugin).await.to_string().contains("this caller"));
}

#[tokio::test]
async fn calls_at_once_do_not_spend_the_same_dollar() {
    let slow = Fake::says(Say::Events(
        vec![
            (Duration::from_millis(200), delta("hi")),
            (Duration::ZERO, crate::fake::finish("stop")),
        ],
        End::Clean,
    ))
    .await;
    let plugin = start(
        vec![engine("a", &slow, dear())],
        json!({ "daily_budget_usd": 35.0 }),
    )
    .await;
    let call = || plugin.call("ai_chat", json!({ "prompt": "hello" }));
    let results = futures_util::future::join_all((0..10).map(|_| call())).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
    assert_eq!((spent(&plugin).await, slow.count()), ((30.0, 0.0), 3));
}

#[tokio::test]
async fn what_broke_off_is_booked_by_a_guess_and_what_was_refused_is_not() {
    let broken = Fake::says(Say::Events(
        vec![(Duration::ZERO, delta("12345678"))],
        End::Broken,
    ))
    .await;
    let plugin = start(
        vec![engine(
            "a",
            &broken,
            json!({ "price_in": DEAR, "price_out": DEAR }),
        )],
        json!({}),
    )
    .await;
    let error = no_hello(&plugin).await;
    // Two tokens each way.
    assert_eq!(error.data().unwrap()["cost_usd"], 4.0);
    assert_eq!(spent(&plugin).await, (4.0, 0.0));

    let refusing = Fake::says(Say::Status(500, vec![], String::new())).await;
    let plugin = start(vec![engine("a", &refusing, dear())], json!({})).await;
    no_hello(&plugin).await;
    assert_eq!(spent(&plugin).await, (0.0, 0.0));
}

#[tokio::test]
async fn a_cancelled_call_stops_the_engine_and_is_booked() {
    let fake = Fake::says(Say::Events(
        vec![(Duration::ZERO, delta("12345678"))],
        End::Hang,
    ))
    .await;
    let plugin = start(vec![engine("a", &fake, dear())], json!({})).await;
    {
        let call = plugin.call("ai_chat", json!({ "prompt": "hello" }));
        tokio::select! {
            _ = call => panic!("it hangs"),
            () = fake.until_open(1) => {}
        }
    }
    fake.until_open(0).await;
    assert_eq!(spent(&plugin).await, (2.0, 0.0), "nothing stays set aside");
}

#[tokio::test]
async fn a_restart_remembers_what_the_state_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let settings = json!({ "daily_budget_usd": 12.0, "state": folder.path().join("spent") });
    let fake = Fake::answers("hi").await;
    let chain = || vec![engine("a", &fake, dear())];
    let plugin = start(chain(), settings.clone()).await;
    hello(&plugin).await;
    let taken = try_start(chain(), settings.clone()).await.err().unwrap();
    assert!(
        taken.contains("`state` is in use by another server or another tenant"),
        "{taken}"
    );
    plugin.stop().await;
    let plugin = start(chain(), settings).await;
    assert_eq!(spent(&plugin).await, (10.0, 0.0));
    no_hello(&plugin).await;
    assert_eq!(fake.count(), 1);
}

#[tokio::test]
async fn settings_of_money_are_checked() {
    let fake = Fake::answers("hi").await;
    let folder = tempfile::tempdir().unwrap();
    let diary = folder.path().join("diary");
    std::fs::write(&diary, "dear diary").unwrap();
    for (engine_settings, settings, words) in [
        (
            json!({}),
            json!({ "daily_budget_usd": 1.0 }),
            "no budget can hold",
        ),
        (
            dear(),
            json!({ "daily_budget_usd": 0.0 }),
            "`daily_budget_usd` must be more than 0",
        ),
        (
            dear(),
            json!({ "daily_budget_usd": -1.0 }),
            "`daily_budget_usd` must be more than 0",
        ),
        (
            dear(),
            json!({ "caller_daily_budget_usd": 1e9 }),
            "`caller_daily_budget_usd` must be",
        ),
        (
            dear(),
            json!({ "state": diary }),
            "not written by this plugin",
        ),
        (
            dear(),
            json!({ "state": "/no/such/place/spent" }),
            "`state` cannot be used",
        ),
    ] {
        let error = try_start(vec![engine("a", &fake, engine_settings)], settings)
            .await
            .err()
            .unwrap();
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&diary).unwrap(), "dear diary");
}

#[tokio::test]
async fn one_absurd_count_does_not_use_up_the_day_and_none_is_not_free() {
    let usages = [
        json!({ "prompt_tokens": u64::MAX, "completion_tokens": u64::MAX }),
        json!({ "prompt_tokens": 0, "completion_tokens": 0 }),
        json!({ "prompt_tokens": 2 }),
    ];
    for usage in usages {
        let body = json!({
            "choices": [{ "message": { "content": "12345678" }, "finish_reason": "stop" }],
            "usage": usage,
        });
        let fake = Fake::says(Say::Status(200, vec![], body.to_string())).await;
        let prices = json!({ "price_in": DEAR, "price_out": DEAR });
        let plugin = start(
            vec![engine("a", &fake, prices)],
            json!({ "daily_budget_usd": 1e6 }),
        )
        .await;
        // Two tokens each way.
        let answer = hello(&plugin).await;
        assert_eq!(answer["cost_usd"], 4.0, "{usage}");
        assert_eq!(answer["usage"]["estimated"], true, "{usage}");
        assert_eq!(spent(&plugin).await, (4.0, 0.0), "{usage}");
    }
}
