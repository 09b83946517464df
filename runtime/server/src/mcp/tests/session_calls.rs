//! Calls inside a legacy session that take their time, and news that come meanwhile.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use http::Method;
use http_body_util::BodyExt as _;
use mcp_factory_sdk::{Event, StartContext, prelude::*};
use serde_json::json;
use tokio::time::timeout;

use super::{
    client::{Client, call, notice},
    fixture::runtime_of,
};
use crate::{
    config::Visibility, lifecycle::Lifecycle, mount, mount::Mount, protocol::Protocol as _,
    runtime::Runtime,
};

#[derive(Debug, Default)]
struct Slow;

static BEGUN: AtomicUsize = AtomicUsize::new(0);
static ENDED: AtomicUsize = AtomicUsize::new(0);

/// Takes its time.
#[plugin(name = "slow", stateless)]
impl Slow {
    /// Never ends.
    #[tool(scope = "read", read_only)]
    async fn hang(&self) -> String {
        BEGUN.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }

    /// Ends at once.
    #[tool(scope = "read", read_only)]
    async fn run(&self) -> String {
        "ran".to_owned()
    }

    /// Says that the tools changed.
    #[tool(scope = "read", read_only)]
    async fn announce(&self, cx: &Context) -> String {
        cx.publish(Event::ToolsChanged);
        "announced".to_owned()
    }

    /// Ends after a while.
    #[tool(scope = "read", read_only)]
    async fn rest(&self) -> String {
        BEGUN.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(500)).await;
        ENDED.fetch_add(1, Ordering::SeqCst);
        "rested".to_owned()
    }
}

static MOUNTS: &[Mount] = &[mount("slow", &PLUGIN)];

const CHANGED: &str = "notifications/tools/list_changed";

async fn slow(lifecycle: &Lifecycle) -> Runtime {
    let instance = PLUGIN
        .start(json!({}), StartContext::new("slow"))
        .await
        .expect("it starts");
    runtime_of(MOUNTS, instance, Visibility::Show, true, lifecycle)
}

#[tokio::test]
async fn a_call_that_is_taken_back_ends_without_an_answer() {
    let server = slow(&Lifecycle::default()).await;
    let client = Client::in_session(&server).await;
    let hang = call(7, "hang");
    let hangs = client.says(&hang);
    let takes_back = async {
        tokio::task::yield_now().await;
        // Its id is taken meanwhile.
        assert_eq!(client.says(&call(7, "hang")).await.seen.status, 400);
        let notice = json!({
            "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 }
        });
        assert_eq!(client.says(&notice).await.seen.status, 202);
    };
    let both = async { tokio::join!(hangs, takes_back) };
    let (came, ()) = timeout(Duration::from_secs(5), Box::pin(both))
        .await
        .expect("at once");
    assert_eq!((came.seen.status, came.seen.message), (200, json!("")));
    let came = timeout(Duration::from_secs(5), client.says(&call(7, "run"))).await;
    assert!(came.expect("the id is free again").fast);
}

#[tokio::test]
async fn the_end_of_a_session_is_the_end_of_its_calls() {
    let server = slow(&Lifecycle::default()).await;
    let client = Client::in_session(&server).await;
    let hang = call(7, "hang");
    let ends = async {
        tokio::task::yield_now().await;
        client.asks(Method::DELETE).await
    };
    let both = async { tokio::join!(client.says(&hang), ends) };
    let (came, ended) = timeout(Duration::from_secs(5), Box::pin(both))
        .await
        .expect("at once");
    assert_eq!((came.seen.message, ended.seen.status), (json!(""), 200));
}

#[tokio::test]
async fn who_was_ready_hears_of_what_changed_while_it_slept() {
    let server = slow(&Lifecycle::default()).await;
    let (before, asleep, other) = (
        Client::in_session(&server).await,
        Client::in_session(&server).await,
        Client::in_session(&server).await,
    );
    let ready = notice("notifications/initialized");
    assert_eq!(asleep.says(&ready).await.seen.status, 202);
    assert_eq!(other.says(&call(1, "announce")).await.seen.status, 200);
    assert_eq!(before.says(&ready).await.seen.status, 202);
    for (client, told) in [(asleep, true), (before, false)] {
        let request = client.request(Method::GET);
        let mut body = server.protocol.handle(request).await.into_body();
        let mut events = String::new();
        let patience = Duration::from_millis(if told { 5_000 } else { 300 });
        while !events.contains(CHANGED)
            && let Ok(Some(Ok(frame))) = timeout(patience, body.frame()).await
        {
            let data = frame.into_data().unwrap_or_default();
            events.push_str(&String::from_utf8_lossy(&data));
        }
        assert_eq!(events.contains(CHANGED), told, "{events}");
    }
}

#[tokio::test]
async fn who_hangs_up_takes_nothing_back() {
    let lifecycle = Lifecycle::default();
    let server = slow(&lifecycle).await;
    let client = Client::in_session(&server).await;
    for (id, tool) in [(1, "rest"), (2, "hang")] {
        let (call, before) = (call(id, tool), BEGUN.load(Ordering::SeqCst));
        let mut says = Box::pin(client.says(&call));
        while BEGUN.load(Ordering::SeqCst) == before {
            let gone = timeout(Duration::from_millis(5), &mut says).await;
            assert!(gone.is_err(), "it takes longer");
        }
    }
    let ended = async {
        while ENDED.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), ended)
        .await
        .expect("it goes on to its end");
    // The end of the server is the end of what still runs.
    lifecycle.stop();
    lifecycle.tasks().close();
    timeout(Duration::from_secs(5), lifecycle.tasks().wait())
        .await
        .expect("nothing goes on");
}
