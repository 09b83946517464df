//! The HTTP transport as bytes on a socket, guard by guard.

mod flow;
mod guards;
mod http2;
mod limits;
mod pages;
mod rest;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use mcp_factory_guard::{AddressLimits, Audit};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::double::Double;
use crate::frame::FrameLimits;
use crate::lifecycle::Lifecycle;

fn limits() -> HttpLimits {
    HttpLimits {
        frame: FrameLimits {
            max_bytes: 200_000,
            max_depth: 127,
        },
        connections: 50,
        in_flight: 3,
        body: Duration::from_millis(400),
        patience: Patience {
            header: Duration::from_millis(300),
            idle: Duration::from_millis(700),
            write: Duration::from_millis(500),
        },
        stream: Duration::from_mins(1),
        sessions: false,
    }
}

/// The same bounds with other silences: what ends then was ended by the one that is short.
fn patient(header: u64, idle: u64) -> HttpLimits {
    HttpLimits {
        patience: Patience {
            header: Duration::from_millis(header),
            idle: Duration::from_millis(idle),
            write: Duration::from_secs(30),
        },
        ..limits()
    }
}

struct Server {
    address: SocketAddr,
    double: Double,
    lifecycle: Lifecycle,
    serving: tokio::task::JoinHandle<()>,
}

impl Server {
    fn start(limits: HttpLimits) -> Self {
        Self::sealed(limits, None)
    }

    fn sealed(limits: HttpLimits, tls: Option<Tls>) -> Self {
        let listener = "127.0.0.1:0".parse::<Listen>().unwrap().bind().unwrap();
        let address = listener.local_addr().unwrap();
        let (double, lifecycle) = (Double::default(), Lifecycle::default());
        let service = service(&double, limits, &lifecycle);
        let serving = tokio::spawn(serve(listener, service, tls, lifecycle.clone()));
        Self {
            address,
            double,
            lifecycle,
            serving,
        }
    }

    /// Waits until so many calls have begun.
    async fn begun(&self, calls: usize) {
        self.counted(&self.double.begun, calls, "begun").await;
    }

    /// Waits until so many calls are over.
    async fn ended(&self, calls: usize) {
        self.counted(&self.double.ended, calls, "ended").await;
    }

    async fn counted(&self, count: &AtomicUsize, calls: usize, what: &str) {
        for _ in 0..500 {
            if count.load(SeqCst) == calls {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} calls have {what}, not {calls}", count.load(SeqCst));
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes on a fresh connection, then reads until the server closes it.
    async fn exchange(&self, request: impl AsRef<[u8]>) -> Reply {
        let mut stream = self.connect().await;
        stream.write_all(request.as_ref()).await.unwrap();
        Reply::read(&mut stream).await
    }
}

fn service(double: &Double, limits: HttpLimits, lifecycle: &Lifecycle) -> Arc<Service<Double>> {
    let mut hosts = HostList::loopback();
    hosts.allow("mcp.example.com").unwrap();
    let protocol = Arc::new(double.clone());
    let service = Service::new(
        protocol,
        hosts,
        OriginList::loopback(),
        Gatekeeper::new(GatekeeperParts {
            authenticator: None,
            trusted_proxies: Vec::new(),
            requests: AddressLimits::new(100, None),
            failures: AddressLimits::new(100, None),
            audit: Arc::new(Audit::off()),
        }),
        limits,
        lifecycle.clone(),
    );
    Arc::new(service)
}

#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    /// Reads one response: its head, then as much body as it announces.
    async fn read(stream: &mut TcpStream) -> Self {
        let reading = async {
            let mut bytes = Vec::new();
            loop {
                let read = stream
                    .read_buf(&mut bytes)
                    .await
                    .expect("a response, not a reset");
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let head = head.to_ascii_lowercase();
                    let length = head
                        .split_once("content-length: ")
                        .map(|(_, rest)| rest.lines().next().unwrap().parse::<usize>().unwrap());
                    if read == 0 || length.is_some_and(|length| body.len() >= length) {
                        let status = head[9..12].parse().unwrap();
                        break Self {
                            status,
                            head,
                            body: body.to_owned(),
                        };
                    }
                }
                assert!(read > 0, "closed within a response: {text:?}");
            }
        };
        tokio::time::timeout(Duration::from_secs(5), reading)
            .await
            .expect("a response in time")
    }

    fn code(&self) -> Value {
        let body: Value =
            serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"));
        assert_eq!(body["jsonrpc"], "2.0", "{self:?}");
        assert!(body["error"]["message"].is_string(), "{self:?}");
        json!([body["id"], body["error"]["code"]])
    }
}

fn message(method: &str, arguments: impl Into<Value>) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {"arguments": arguments.into()}})
        .to_string()
}

fn post_with(headers: &str, body: impl AsRef<str>) -> String {
    let body = body.as_ref();
    format!(
        "POST /mcp HTTP/1.1\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

const USUAL: &str = "host: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n";

fn post(body: impl AsRef<str>) -> String {
    post_with(USUAL, body)
}
