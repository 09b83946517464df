//! Legacy sessions: they sleep, they wake once, and nothing that a client sees tells which.

use std::time::Duration;

use http::{Method, StatusCode};
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    client::{Client, asked, call, handshake, notice},
    fixture::{KIT, callers, runtime},
    generate::request,
    lanes::cases,
};
use crate::{config::Visibility, lifecycle::Lifecycle, runtime::Runtime};

async fn everything(fast_lane: bool) -> Runtime {
    runtime(Visibility::Show, fast_lane, &Lifecycle::default()).await
}

#[tokio::test]
async fn what_has_one_answer_wakes_nobody() {
    let server = everything(true).await;
    let client = Client::in_session(&server).await;
    // Also before the client says that it is ready.
    assert!(client.says(&call(1, "list")).await.fast);
    assert_eq!(
        client
            .says(&notice("notifications/initialized"))
            .await
            .seen
            .status,
        202
    );
    for method in ["ping", "tools/list", "resources/list", "prompts/list"] {
        let came = client.says(&asked(2, method)).await;
        assert!(
            came.fast && came.seen.message["result"].is_object(),
            "{method}"
        );
    }
    for (method, params) in [
        ("resources/read", json!({ "uri": "kit://fixed" })),
        (
            "prompts/get",
            json!({ "name": "greet", "arguments": { "name": "Ada" } }),
        ),
    ] {
        let request = json!({ "jsonrpc": "2.0", "id": 2, "method": method, "params": params });
        let came = client.says(&request).await;
        assert!(
            came.fast && came.seen.message["result"].is_object(),
            "{method}"
        );
    }
    let stale = json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 }
    });
    assert_eq!(client.says(&stale).await.seen.status, 202);
    assert_eq!(client.awake().await, 0);
}

#[tokio::test]
async fn an_odd_notification_is_refused_whatever_the_lane() {
    for fast_lane in [true, false] {
        let server = everything(fast_lane).await;
        let client = Client::in_session(&server).await;
        for (method, id) in [
            ("notifications/initialized", Value::Null),
            ("notifications/cancelled", json!(1)),
        ] {
            let params = json!({ "requestId": id, "_meta": 5 });
            let odd = json!({ "jsonrpc": "2.0", "method": method, "params": params });
            let came = client.says(&odd).await;
            assert_eq!(came.seen.status, 400, "{method}, {fast_lane}");
        }
    }
}

#[tokio::test]
async fn what_needs_the_library_wakes_the_session_and_it_stays_awake() {
    for odd in [
        call(1, "report"),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "logging/setLevel", "params": { "level": "error" } }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/subscribe", "params": { "uri": "kit://fixed" } }),
    ] {
        let server = everything(true).await;
        let client = Client::in_session(&server).await;
        let came = client.says(&odd).await;
        assert!(
            !came.fast && came.seen.message["result"].is_object(),
            "{:?}",
            came.seen
        );
        assert_eq!(client.awake().await, 1);
        let came = client.says(&call(1, "list")).await;
        assert!(came.fast && came.seen.message["result"].is_object());
        assert_eq!(
            client
                .says(&notice("notifications/initialized"))
                .await
                .seen
                .status,
            202
        );
        assert_eq!(client.awake().await, 1);
    }
}

#[tokio::test]
async fn a_second_handshake_is_refused_asleep_or_awake() {
    let server = everything(true).await;
    let client = Client::in_session(&server).await;
    for _ in 0..2 {
        let error = client.says(&handshake()).await.seen.message;
        let text = error["error"]["message"].as_str().unwrap_or_default();
        assert!(text.contains("initialized already"), "{error}");
    }
    assert_eq!(client.awake().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_while_a_session_wakes_waits_for_it() {
    let server = everything(true).await;
    for _ in 0..200 {
        let client = Client::in_session(&server).await;
        let calls = (1..=4).map(|id| {
            let client = &client;
            async move { client.says(&call(id, "report")).await.seen }
        });
        for seen in futures_util::future::join_all(calls).await {
            assert_eq!(
                seen.message["result"]["content"][0]["text"], "reported",
                "{seen:?}"
            );
        }
        assert_eq!(client.awake().await, 1);
        assert_eq!(client.asks(Method::DELETE).await.seen.status, 200);
        assert_eq!(client.awake().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_a_session_that_ends_while_it_wakes() {
    let server = everything(true).await;
    for round in 0..200 {
        let client = Client::in_session(&server).await;
        let (call, notice) = (
            call(1, "report"),
            notice("notifications/roots/list_changed"),
        );
        let wakes = async {
            // A client that goes away in between, too.
            let patience = Duration::from_micros(round * 5);
            timeout(patience, client.says(&call)).await.ok();
            client.says(&notice).await;
        };
        let ends = async {
            tokio::time::sleep(Duration::from_micros(round * 7)).await;
            client.asks(Method::DELETE).await
        };
        let ((), ended) = tokio::join!(wakes, ends);
        assert_eq!(ended.seen.status, 200);
        assert_eq!(client.says(&asked(2, "ping")).await.seen.status, 404);
        // The task that wakes it may be at its last step.
        let gone = async {
            while client.awake().await > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(5), gone)
            .await
            .expect("it is gone");
    }
}

#[tokio::test]
async fn half_a_session_is_left_by_nobody() {
    let server = everything(true).await;
    for polls in 0..12 {
        let client = Client::in_session(&server).await;
        let call = call(1, "report");
        let mut wakes = Box::pin(client.says(&call));
        for _ in 0..polls {
            if futures_util::poll!(&mut wakes).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(wakes);
        let came = client.says(&super::client::call(2, "report")).await;
        assert_eq!(
            came.seen.message["result"]["content"][0]["text"], "reported",
            "{:?}",
            came.seen
        );
        assert_eq!(client.asks(Method::DELETE).await.seen.status, 200);
    }
}

#[tokio::test]
async fn a_session_that_has_ended_is_unknown() {
    let server = everything(true).await;
    let client = Client::in_session(&server).await;
    let [_, stranger, _] = callers();
    let other = Client {
        session: client.session.clone(),
        ..Client::of(&server, &stranger)
    };
    for method in [Method::DELETE, Method::GET] {
        assert_eq!(other.asks(method).await.seen.status, 404);
    }
    assert_eq!(other.says(&asked(1, "ping")).await.seen.status, 404);
    assert_eq!(client.says(&asked(1, "ping")).await.seen.status, 200);
    let unknown = [("mcp-protocol-version", "1999-01-01".to_owned())];
    let odd = client.sends(&asked(1, "ping").to_string(), &unknown).await;
    assert_eq!(odd.expect("a message").seen.status, 400);
    assert_eq!(client.asks(Method::DELETE).await.seen.status, 200);
    for method in [Method::DELETE, Method::GET] {
        assert_eq!(client.asks(method).await.seen.status, 404);
    }
    let gone = client.says(&asked(1, "ping")).await.seen;
    assert_eq!((gone.status, &gone.message["id"]), (404, &json!(1)));
}

#[tokio::test(start_paused = true)]
async fn idle_sessions_end_awake_or_asleep_and_used_ones_do_not() {
    for wakes in [false, true] {
        let server = everything(true).await;
        let (idle, used) = (
            Client::in_session(&server).await,
            Client::in_session(&server).await,
        );
        let first = if wakes { "report" } else { "list" };
        for client in [&idle, &used] {
            assert_eq!(client.says(&call(1, first)).await.seen.status, 200);
        }
        for id in 2..8 {
            tokio::time::sleep(Duration::from_secs(100)).await;
            assert_eq!(used.says(&call(id, "list")).await.seen.status, 200);
        }
        assert_eq!(idle.says(&call(1, "list")).await.seen.status, 404);
        // Its place is free, and what the library had of it is gone.
        assert_eq!(used.awake().await, usize::from(wakes));
        tokio::time::sleep(Duration::from_mins(10)).await;
        assert_eq!(used.awake().await, 0);
        assert_eq!(used.says(&call(1, "report")).await.seen.status, 404);
    }
}

#[tokio::test]
async fn a_handshake_that_is_none_opens_nothing() {
    let server = everything(true).await;
    let [caller, ..] = callers();
    let client = Client::of(&server, &caller);
    let mut broken = handshake();
    broken["params"]["protocolVersion"] = json!(7);
    let came = client.says(&broken).await;
    assert_eq!(came.seen.status, 400, "{:?}", came.seen);
    assert!(!came.headers.contains_key("mcp-session-id"));
    let mut large = handshake();
    large["params"]["clientInfo"]["title"] = "x".repeat(64 << 10).into();
    let came = client.says(&large).await;
    assert_eq!(came.seen.status, StatusCode::PAYLOAD_TOO_LARGE.as_u16());
    // Four have a place, and one that is not quite so large wakes as any other.
    large["params"]["clientInfo"]["title"] = "x".repeat(60 << 10).into();
    for _ in 0..4 {
        let came = client.says(&large).await;
        let session = came.headers.get("mcp-session-id").cloned();
        let client = Client {
            session: Some(session.expect("there is room")),
            ..Client::of(&server, &caller)
        };
        let came = client.says(&call(1, "report")).await.seen;
        assert!(came.message["result"].is_object(), "{came:?}");
    }
    let came = client.says(&handshake()).await;
    assert_eq!(came.seen.status, 200);
    assert!(!came.headers.contains_key("mcp-session-id"));
}

/// Compares what clients of both kinds of server see in their sessions.
#[test]
fn inside_a_session_both_lanes_give_one_answer() {
    let executor = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("threads");
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    // Made once: its patterns take their time.
    let requests = request(KIT);
    let (mut taken, mut all) = (0, 0);
    executor.block_on(async {
        let servers = [everything(true).await, everything(false).await];
        let [caller, ..] = callers();
        let mut clients = servers.each_ref().map(|server| Client::of(server, &caller));
        for round in 0..cases() / 25 {
            if round % 100 == 0 {
                for client in &mut clients {
                    if client.session.is_some() {
                        client.asks(Method::DELETE).await;
                    }
                    client.open().await;
                }
            }
            let case = requests.new_tree(&mut runner).expect("a case").current();
            let [fast, slow] = &clients;
            let fast = fast.sends(&case.body, &case.headers).await;
            let slow = slow.sends(&case.body, &case.headers).await;
            assert_eq!(fast.is_some(), slow.is_some(), "{case:?}");
            if let (Some(fast), Some(slow)) = (fast, slow) {
                assert_eq!(fast.seen, slow.seen, "{case:?}");
                assert!(!slow.fast);
                all += 1;
                taken += u32::from(fast.fast);
            }
        }
    });
    executor.shutdown_background();
    assert!(taken * 4 > all, "{taken} of {all}");
}
