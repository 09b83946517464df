//! A protocol small enough to see through, for the tests of the transports.
//!
//! `echo` answers its params, `slow` after `params.arguments` milliseconds,
//! `hang` never, `stream` with events every 50 ms, anything else with an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::HeaderMap;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame as BodyFrame;
use mcp_factory_sdk::Principal;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::frame::{Frame, FrameKind, error_message};
use crate::pipeline::Origin;
use crate::protocol::{BoxedBody, Incoming, Lacking, Protocol};

#[derive(Debug, Default, Clone)]
pub(crate) struct Double {
    /// Calls that have begun, and calls that ended, however they ended.
    pub(crate) begun: Arc<AtomicUsize>,
    pub(crate) ended: Arc<AtomicUsize>,
}

struct Count(Arc<AtomicUsize>);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Double {
    async fn answer(self, frame: Arc<Frame>) -> Option<Bytes> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let _count = Count(Arc::clone(&self.ended));
        match frame.method() {
            "echo" => {}
            "slow" => {
                let wait = frame
                    .arguments()
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(100);
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            "hang" => std::future::pending().await,
            _ => {
                let FrameKind::Request(id) = frame.kind() else {
                    return None;
                };
                return Some(error_message(Some(id), -32601, "no such method"));
            }
        }
        let id = frame.id()?;
        let result = frame.params().unwrap_or("{}");
        Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#).into())
    }
}

impl Protocol for Double {
    async fn handle(&self, request: http::Request<Full<Bytes>>) -> http::Response<BoxedBody> {
        let (parts, body) = request.into_parts();
        let Some(frame) = parts.extensions.get::<Arc<Frame>>().cloned() else {
            return http::Response::new(Full::from(parts.method.to_string()).boxed());
        };
        let body = body
            .collect()
            .await
            .expect("a full body never fails")
            .to_bytes();
        assert_eq!(&body, frame.bytes(), "the body is what was checked");
        if frame.method() == "stream" {
            let ticks = futures_util::stream::iter(0..).then(|tick| async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok(BodyFrame::data(Bytes::from(format!("data: {tick}\n\n"))))
            });
            return http::Response::builder()
                .header("content-type", "text/event-stream")
                .body(BodyExt::boxed(StreamBody::new(ticks)))
                .expect("the head is valid");
        }
        let answer = self.clone().answer(frame).await.unwrap_or_default();
        http::Response::builder()
            .header("content-type", "application/json")
            .body(Full::new(answer).boxed())
            .expect("the head is valid")
    }

    async fn answer(
        &self,
        _headers: &HeaderMap,
        _frame: &Frame,
        _principal: &Arc<Principal>,
        _origin: &Arc<Origin>,
    ) -> Option<crate::protocol::Answer> {
        None
    }

    fn serves(&self, _principal: &Principal) -> bool {
        true
    }

    fn lacks(
        &self,
        _principal: &Arc<Principal>,
        _origin: &Arc<Origin>,
        _frame: &Frame,
    ) -> Option<Lacking> {
        None
    }

    fn demanded(&self, _method: &str, _name: &str) -> Option<&'static str> {
        None
    }

    async fn connect(
        &self,
        mut inbound: mpsc::Receiver<Incoming>,
        outbound: mpsc::Sender<Bytes>,
        cancel: CancellationToken,
    ) {
        let calls = TaskTracker::new();
        while let Some(Some(incoming)) = cancel.run_until_cancelled(inbound.recv()).await {
            let (double, outbound, cancel) = (self.clone(), outbound.clone(), cancel.clone());
            calls.spawn(async move {
                let answer = double.answer(Arc::new(incoming.frame));
                if let Some(Some(answer)) = cancel.run_until_cancelled(answer).await {
                    outbound.send(answer).await.ok();
                }
                drop(incoming.slot);
            });
        }
        calls.close();
        calls.wait().await;
    }
}
