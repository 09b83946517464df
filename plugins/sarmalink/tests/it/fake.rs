//! An engine on the loopback that says what a test tells it to, over real connections.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::{Request, Response, body::Frame, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the engine does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Say {
    /// A good answer, as a stream or as a body, whichever was asked for; 10 tokens in, 5 out.
    Text(String),
    /// A good answer that ended for this reason.
    Ended(String, &'static str),
    /// Any status, headers and body.
    Status(u16, Vec<(&'static str, String)>, String),
    /// Events, each after a pause, and then an end.
    Events(Vec<(Duration, String)>, End),
    /// A status, and then nothing more.
    StatusAndHang(u16),
    /// Nothing, for as long as anybody waits.
    Hang,
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As it should.
    Clean,
    /// The connection breaks.
    Broken,
    /// Silence.
    Hang,
}

/// What the engine was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Value,
}

/// The engine.
#[derive(Clone)]
pub(crate) struct Fake {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Requests that are being answered.
    open: Arc<AtomicUsize>,
}

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

impl Fake {
    /// Answers the request of number `0`, `1`, … with what `script` says.
    pub(crate) async fn start(
        script: impl Fn(usize, &Asked) -> Say + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            port: listener.local_addr().unwrap().port(),
            asked: Arc::default(),
            open: Arc::default(),
        };
        let script = Arc::new(script);
        let engine = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // As engines do: small parts of an answer do not wait for each other.
                stream.set_nodelay(true).unwrap();
                let (engine, script) = (engine.clone(), Arc::clone(&script));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (engine, script) = (engine.clone(), Arc::clone(&script));
                    async move { Ok::<_, Infallible>(engine.answer(request, &*script).await) }
                });
                tokio::spawn(async move {
                    let connection = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service);
                    // A client that goes away is part of the tests.
                    drop(connection.await);
                });
            }
        });
        fake
    }

    /// Always says the same.
    pub(crate) async fn says(say: Say) -> Self {
        Self::start(move |_, _| say.clone()).await
    }

    /// Always answers with this text.
    pub(crate) async fn answers(text: &str) -> Self {
        Self::says(Say::Text(text.to_owned())).await
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        script: &(impl Fn(usize, &Asked) -> Say + Send + Sync),
    ) -> Response<Body> {
        let guard = Open::new(&self.open);
        let path = request.uri().path().to_owned();
        let authorization = request.headers().get("authorization");
        let authorization = authorization.map(|value| value.to_str().unwrap().to_owned());
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let asked = Asked {
            path,
            authorization,
            body,
        };
        let number = {
            let mut all = self.asked.lock().unwrap();
            all.push(asked.clone());
            all.len() - 1
        };
        match script(number, &asked) {
            Say::Text(text) => good(&asked, &text, "stop", guard),
            Say::Ended(text, reason) => good(&asked, &text, reason, guard),
            Say::Status(status, headers, text) => {
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response
                    .body(body_of(vec![(Duration::ZERO, text)], End::Clean, guard))
                    .unwrap()
            }
            Say::Events(events, end) => {
                let events = events
                    .into_iter()
                    .map(|(pause, data)| (pause, format!("data: {data}\n\n")));
                event_stream(events.collect(), end, guard)
            }
            Say::StatusAndHang(status) => {
                let body = body_of(vec![(Duration::ZERO, "{".to_owned())], End::Hang, guard);
                Response::builder().status(status).body(body).unwrap()
            }
            Say::Hang => {
                let _guard = guard;
                std::future::pending().await
            }
        }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// All it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// The content of message `index` of request `number`.
    pub(crate) fn message(&self, number: usize, index: usize) -> String {
        self.asked()[number].body["messages"][index]["content"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Waits until so many requests are open; fails after five seconds.
    pub(crate) async fn until_open(&self, count: usize) {
        let wait = async {
            while self.open.load(Ordering::SeqCst) != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), wait)
            .await
            .unwrap();
    }
}

/// One piece of an answer in a stream.
pub(crate) fn delta(text: &str) -> String {
    json!({ "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": null }] })
        .to_string()
}

/// The end of an answer in a stream.
pub(crate) fn finish(reason: &str) -> String {
    let usage = json!({ "prompt_tokens": 10, "completion_tokens": 5 });
    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }], "usage": usage })
        .to_string()
}

fn good(asked: &Asked, text: &str, reason: &str, guard: Open) -> Response<Body> {
    if asked.body["stream"] == true {
        let events = [delta(text), finish(reason), "[DONE]".to_owned()];
        let events = events.map(|data| (Duration::ZERO, format!("data: {data}\n\n")));
        return event_stream(events.into(), End::Clean, guard);
    }
    let body = json!({
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": reason }],
        "usage": { "prompt_tokens": 10, "completion_tokens": 5 }
    });
    let body = body_of(vec![(Duration::ZERO, body.to_string())], End::Clean, guard);
    Response::builder()
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

fn event_stream(events: Vec<(Duration, String)>, end: End, guard: Open) -> Response<Body> {
    let response = Response::builder().header("content-type", "text/event-stream; charset=utf-8");
    response.body(body_of(events, end, guard)).unwrap()
}

fn body_of(parts: Vec<(Duration, String)>, end: End, guard: Open) -> Body {
    let parts = parts
        .into_iter()
        .map(Some)
        .chain([None])
        .collect::<Vec<_>>()
        .into_iter();
    let frames = stream::unfold((parts, guard), move |(mut parts, guard)| async move {
        match parts.next()? {
            Some((pause, text)) => {
                tokio::time::sleep(pause).await;
                Some((Ok(Frame::data(Bytes::from(text))), (parts, guard)))
            }
            None => match end {
                End::Clean => None,
                End::Broken => {
                    // What was said is on its way first.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Some((Err(std::io::Error::other("broken")), (parts, guard)))
                }
                End::Hang => std::future::pending().await,
            },
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

/// Counts a request as open for as long as it lives.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
