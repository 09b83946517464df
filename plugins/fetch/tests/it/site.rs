//! A web site on loopback, and the plugin set up to reach it and nothing else that is private.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mcp_factory_sdk::ToolError;
use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_fetch::PLUGIN;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

type Pages = Arc<Mutex<HashMap<String, Answer>>>;

/// What a path is answered with, byte for byte, after a wait.
#[derive(Clone, Default)]
struct Answer {
    wait: Duration,
    bytes: Vec<u8>,
}

pub(crate) struct Site {
    pub(crate) port: u16,
    pages: Pages,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Site {
    /// Without a page; every path is 404.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self {
            port: listener.local_addr().unwrap().port(),
            pages: Pages::default(),
            seen: Arc::default(),
        };
        let (pages, seen) = (Arc::clone(&site.pages), Arc::clone(&site.seen));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (pages, seen) = (Arc::clone(&pages), Arc::clone(&seen));
                tokio::spawn(async move {
                    let mut bytes = Vec::new();
                    while !bytes.ends_with(b"\r\n\r\n") {
                        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                            return;
                        }
                    }
                    let head = String::from_utf8_lossy(&bytes).into_owned();
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    seen.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(head);
                    let answer = pages
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .get(&path)
                        .cloned()
                        .unwrap_or_else(|| Answer {
                            wait: Duration::ZERO,
                            bytes: whole(404, "text/html", b"<h1>no such page</h1>"),
                        });
                    tokio::time::sleep(answer.wait).await;
                    drop(stream.write_all(&answer.bytes).await);
                    drop(stream.shutdown().await);
                });
            }
        });
        site
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A page with this status, type and body.
    pub(crate) fn put(&self, path: &str, status: u16, kind: &str, body: impl AsRef<[u8]>) {
        self.put_raw(path, Duration::ZERO, whole(status, kind, body.as_ref()));
    }

    pub(crate) fn put_raw(&self, path: &str, wait: Duration, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.insert(path.to_owned(), Answer { wait, bytes });
    }

    pub(crate) fn redirect(&self, path: &str, to: &str) {
        let head = format!(
            "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        self.put_raw(path, Duration::ZERO, head);
    }

    /// The heads of all requests, in order.
    pub(crate) fn seen(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }

    /// How often a path was asked for.
    pub(crate) fn hits(&self, path: &str) -> usize {
        let start = format!("GET {path} ");
        self.seen()
            .iter()
            .filter(|head| head.starts_with(&start))
            .count()
    }

    /// The plugin, which may reach this machine at this site's port.
    pub(crate) async fn plugin(&self, more: Value) -> TestPlugin {
        let mut config =
            json!({ "allow_networks": ["127.0.0.1/32"], "ports": [80, 443, self.port] });
        let more = more.as_object().unwrap().clone();
        config.as_object_mut().unwrap().extend(more);
        TestPlugin::start(&PLUGIN, config).await.unwrap()
    }

    pub(crate) async fn fetch(&self, path: &str) -> Result<Value, ToolError> {
        let plugin = self.plugin(json!({})).await;
        fetch(&plugin, json!({ "url": self.url(path) })).await
    }
}

fn whole(status: u16, kind: &str, body: &[u8]) -> Vec<u8> {
    let kind = if kind.is_empty() {
        String::new()
    } else {
        format!("Content-Type: {kind}\r\n")
    };
    let mut answer = format!(
        "HTTP/1.1 {status} X\r\n{kind}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend(body);
    answer
}

pub(crate) async fn fetch(plugin: &TestPlugin, arguments: Value) -> Result<Value, ToolError> {
    plugin.call_json("fetch", arguments).await
}

/// The sentence that the model reads of a failure.
pub(crate) fn told(result: Result<Value, ToolError>) -> String {
    let error = result.unwrap_err();
    error.public_message().unwrap_or("(internal)").to_owned()
}
