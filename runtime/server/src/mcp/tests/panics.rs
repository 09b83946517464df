//! A plugin that panics where no call runs any more: in what is dropped because its time is over.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::HeaderMap;
use mcp_factory_sdk::{StartContext, prelude::*};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

use super::fixture::{callers, runtime_of};
use crate::{
    config::Visibility,
    frame::{Frame, FrameLimits},
    lifecycle::Lifecycle,
    mount,
    mount::Mount,
    pipeline::Origin,
    protocol::{Incoming, Protocol as _},
    runtime::Runtime,
    stdio,
};

#[derive(Debug, Default)]
struct Mine;

/// Goes off when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "the canary sings");
    }
}

/// Panics late.
#[plugin(name = "mine", stateless)]
impl Mine {
    /// Never ends.
    #[tool(scope = "read", read_only, timeout = "20ms")]
    async fn tick(&self) -> String {
        let _bomb = Bomb;
        std::future::pending().await
    }
}

static MOUNTS: &[Mount] = &[mount("mine", &PLUGIN)];

async fn runtime(lifecycle: &Lifecycle) -> Runtime {
    let instance = PLUGIN
        .start(json!({}), StartContext::new("mine"))
        .await
        .expect("it starts");
    runtime_of(MOUNTS, instance, Visibility::Show, true, lifecycle)
}

fn frame(message: &Value) -> Frame {
    let bytes = Bytes::from(message.to_string());
    Frame::parse(bytes, &FrameLimits::default()).expect("a message")
}

fn call(id: u64) -> Value {
    let params = json!({"name": "tick", "arguments": {}});
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
}

/// An answer that tells of no more than that something went wrong.
fn is_internal(answer: &[u8], id: u64) {
    let answer: Value = serde_json::from_slice(answer).expect("JSON");
    assert_eq!(
        (&answer["id"], &answer["error"]["code"]),
        (&json!(id), &json!(-32603)),
        "{answer}"
    );
    assert!(!answer.to_string().contains("canary"), "{answer}");
}

#[tokio::test]
async fn a_panic_over_http_is_an_answer() {
    let runtime = runtime(&Lifecycle::default()).await;
    let [caller, ..] = callers();
    let origin = Arc::new(Origin::default());
    let (headers, call) = (HeaderMap::new(), frame(&call(7)));
    let answer = runtime.answer(&headers, &call, &caller, &origin);
    let answer = answer.await.expect("this lane takes it");
    assert_eq!(answer.status, 200);
    is_internal(&answer.body, 7);
}

#[tokio::test]
async fn a_panic_on_stdio_is_an_answer_and_the_server_goes_on() {
    let runtime = runtime(&Lifecycle::default()).await;
    let (requests, inbound) = mpsc::channel(4);
    let (outbound, mut answers) = mpsc::channel(4);
    let client = async {
        let mut ask = async |message: Value| {
            let frame = frame(&message);
            let wants_answer = frame.request_id().cloned();
            let slot = match wants_answer.clone() {
                Some(id) => Some(stdio::slot(id).await),
                None => None,
            };
            requests
                .send(Incoming { frame, slot })
                .await
                .expect("it reads");
            let answer = timeout(Duration::from_secs(5), answers.recv());
            match wants_answer {
                Some(_) => answer.await.expect("in time").expect("an answer"),
                None => Bytes::new(),
            }
        };
        let info = json!({"name": "test", "version": "1"});
        let params =
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info});
        ask(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})).await;
        ask(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        let ping = json!({"jsonrpc": "2.0", "id": 2, "method": "ping"});
        ask(ping.clone()).await;
        for _ in 0..2 {
            is_internal(&ask(call(3)).await, 3);
        }
        let answer: Value = serde_json::from_slice(&ask(ping).await).expect("JSON");
        assert_eq!(answer["result"], json!({}));
        drop(requests);
    };
    let server = runtime.connect(inbound, outbound, CancellationToken::new());
    tokio::join!(server, client);
}
