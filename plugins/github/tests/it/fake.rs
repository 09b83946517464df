//! A GitHub of our own, for what no emulator plays: limits, confirmations, redirects and faults.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `GET /path?query`.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: HashMap<String, String>,
    /// `null` when there was none.
    pub(crate) body: Value,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    after: Duration,
}

impl Reply {
    /// A status and a JSON body.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, body.to_string())
    }

    /// A status and a text.
    pub(crate) fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            after: Duration::ZERO,
        }
    }

    /// With a header.
    pub(crate) fn header(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.headers.push((name.to_owned(), format!("{value}")));
        self
    }

    /// After a while.
    pub(crate) fn after(mut self, after: Duration) -> Self {
        self.after = after;
        self
    }
}

type Handler = dyn Fn(&Seen) -> Reply + Send + Sync;

/// A running fake on a loopback port of its own; ends with the test.
pub(crate) struct Fake {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Fake {
    /// Answers as `handler` says; what is known of repositories comes first: every one is private but those
    /// called `public…`.
    pub(crate) async fn start(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let repositories = move |seen: &Seen| match seen.line.strip_prefix("GET /repos/") {
            Some(name)
                if name.matches('/').count() == 1
                    && !name.contains('?')
                    && !name.contains("moved") =>
            {
                let private = !name.contains("/public");
                Reply::json(
                    200,
                    &json!({ "full_name": name, "private": private, "visibility": if private { "private" } else { "public" } }),
                )
            }
            _ => handler(seen),
        };
        Self::bare(repositories).await
    }

    /// Answers as `handler` says, and nothing else.
    pub(crate) async fn bare(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (handler, record): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (handler, record) = (Arc::clone(&handler), Arc::clone(&record));
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        answer(Arc::clone(&handler), Arc::clone(&record), request)
                    });
                    let connection = hyper::server::conn::http1::Builder::new();
                    drop(
                        connection
                            .serve_connection(TokioIo::new(stream), service)
                            .await,
                    );
                });
            }
        });
        Self {
            address,
            seen,
            task,
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked, but for what a repository is.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let seen = self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        seen.into_iter()
            .filter(|seen| {
                let name = seen.line.strip_prefix("GET /repos/").unwrap_or("///");
                name.matches('/').count() != 1
            })
            .collect()
    }

    /// The lines of what was asked.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    handler: Arc<Handler>,
    record: Arc<Mutex<Vec<Seen>>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let seen = Seen {
        line: format!("{} {}", head.method, head.uri),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let reply = handler(&seen);
    record
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(seen);
    tokio::time::sleep(reply.after).await;
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    Ok(response
        .body(Full::new(Bytes::from(reply.body)))
        .expect("a response"))
}

/// An issue as GitHub answers it.
pub(crate) fn issue(repository: &str, number: u64, association: &str, title: &str) -> Value {
    json!({
        "number": number, "title": title, "body": format!("body of {title}"), "state": "open",
        "user": { "login": "someone" }, "author_association": association, "labels": [], "comments": 0,
        "repository_url": format!("https://api.github.com/repos/{repository}"),
        "html_url": format!("https://github.com/{repository}/issues/{number}"),
    })
}

/// A pull request as GitHub answers it.
pub(crate) fn pull(
    repository: &str,
    number: u64,
    association: &str,
    title: &str,
    fork: &str,
) -> Value {
    let sha = "a".repeat(40);
    json!({
        "number": number, "title": title, "body": format!("body of {title}"), "state": "open",
        "user": { "login": "someone" }, "author_association": association,
        "head": { "ref": "topic", "sha": sha, "repo": { "full_name": fork } },
        "base": { "ref": "main", "sha": sha, "repo": { "full_name": repository } },
    })
}
