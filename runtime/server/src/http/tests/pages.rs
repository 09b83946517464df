//! The listener that has pages: whom it lets wait, and whom it does not believe.

use http::{Method, Response, StatusCode};
use mcp_factory_sdk::BoxFuture;
use tokio::sync::Semaphore;

use super::super::pages::{CONNECTIONS, IN_FLIGHT};
use super::*;
use crate::response_body::ResponseBody;

/// A page that costs nothing, one that is written to, and one that waits until it may go on.
struct Desk {
    gate: Arc<Semaphore>,
}

impl Pages for Desk {
    fn is_free(&self, path: &str) -> bool {
        path == "/alive"
    }

    fn takes_body(&self, method: &Method, path: &str) -> bool {
        path == "/word" && method == Method::PUT
    }

    fn answer(&self, asked: Asked) -> BoxFuture<'_, Response<ResponseBody>> {
        Box::pin(async move {
            if asked.path == "/wait" {
                drop(self.gate.acquire().await);
            }
            let body = String::from_utf8_lossy(&asked.body).into_owned();
            let told = json!({ "is_local": asked.is_local, "body": body });
            page(StatusCode::OK, told.to_string())
        })
    }
}

struct Port {
    address: SocketAddr,
    gate: Arc<Semaphore>,
}

impl Port {
    fn open() -> Self {
        let listener = "127.0.0.1:0".parse::<Listen>().unwrap().bind().unwrap();
        let address = listener.local_addr().unwrap();
        let (double, lifecycle) = (Double::default(), Lifecycle::default());
        let gatekeeper = Gatekeeper::new(GatekeeperParts {
            authenticator: None,
            trusted_proxies: Vec::new(),
            requests: AddressLimits::new(100, None),
            failures: AddressLimits::new(100, None),
            audit: Arc::new(Audit::off()),
        });
        let gate = Arc::new(Semaphore::new(0));
        let pages = Desk {
            gate: Arc::clone(&gate),
        };
        let service = Service::of_pages(
            Arc::new(double),
            HostList::loopback(),
            gatekeeper,
            Arc::new(pages),
            lifecycle.clone(),
        );
        tokio::spawn(serve(listener, Arc::new(service), None, lifecycle));
        Self { address, gate }
    }

    /// A connection on which this was sent.
    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn ask(&self, request: &str) -> Reply {
        Reply::read(&mut self.send(request).await).await
    }
}

const ALIVE: &str = "GET /alive HTTP/1.1\r\nhost: localhost\r\n\r\n";
const OTHER: &str = "GET /other HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn whoever_is_slow_with_a_body_keeps_nobody_out() {
    let port = Port::open();
    let mut slow = Vec::new();
    for _ in 0..=IN_FLIGHT {
        let head = "PUT /word HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nx";
        slow.push(port.send(head).await);
    }
    // All of them are read up to here.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(port.ask(OTHER).await.status, 200);
    let mut first = slow.remove(0);
    first.write_all(b"12345678").await.unwrap();
    let reply = Reply::read(&mut first).await;
    assert!(reply.body.contains("x12345678"), "{reply:?}");
}

/// Whoever takes all the connections with bodies that do not come gets no more than those who say nothing.
#[tokio::test]
async fn slow_bodies_make_room_and_what_is_being_answered_does_not() {
    let port = Port::open();
    let mut asking = port
        .send("GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut slow = Vec::new();
    for _ in 1..CONNECTIONS {
        let head = "PUT /word HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nx";
        slow.push(port.send(head).await);
    }
    // All of them are read up to here.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let began = Instant::now();
    let reply = tokio::time::timeout(Duration::from_secs(2), port.ask(ALIVE)).await;
    assert_eq!(reply.expect("there is room").status, 200);
    let end = tokio::time::timeout(Duration::from_secs(1), slow[0].read(&mut [0])).await;
    assert_eq!(end.expect("it made room").unwrap_or_default(), 0);
    assert!(began.elapsed() < Duration::from_secs(3), "bodies end in 5");
    port.gate.close();
    assert_eq!(Reply::read(&mut asking).await.status, 200);
}

#[tokio::test]
async fn a_page_that_costs_nothing_is_answered_however_many_others_are() {
    let port = Port::open();
    let mut waiting = Vec::new();
    for _ in 0..IN_FLIGHT {
        let head = "GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n";
        waiting.push(port.send(head).await);
    }
    let full = async {
        while port.ask(OTHER).await.status != 503 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), full)
        .await
        .expect("all places are taken");
    assert_eq!(port.ask(ALIVE).await.status, 200);
    port.gate.close();
    for stream in &mut waiting {
        assert_eq!(Reply::read(stream).await.status, 200);
    }
}

#[tokio::test]
async fn a_body_that_no_page_wants_is_not_waited_for() {
    let port = Port::open();
    for line in ["GET /alive", "POST /word", "PUT /other"] {
        let head = format!("{line} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nx");
        let began = Instant::now();
        let reply = port.ask(&head).await;
        assert!(began.elapsed() < Duration::from_secs(2), "{line}");
        assert_eq!(reply.status, 200, "{line}: {reply:?}");
        assert!(reply.body.contains(r#""body":"""#), "{line}: {reply:?}");
        assert!(reply.head.contains("connection: close"), "{reply:?}");
    }
}

#[tokio::test]
async fn connections_that_ask_nothing_more_make_room() {
    let port = Port::open();
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = port.send(ALIVE).await;
        assert_eq!(Reply::read(&mut stream).await.status, 200);
        idle.push(stream);
    }
    // The one that came first, at once; in seconds, all of them.
    assert_eq!(port.ask(ALIVE).await.status, 200);
    let gone = async |stream: &mut TcpStream| stream.read(&mut [0]).await.unwrap_or_default();
    assert_eq!(gone(&mut idle[0]).await, 0);
    let pause = Duration::from_millis(100);
    let still = tokio::time::timeout(pause, gone(&mut idle[1])).await;
    assert!(still.is_err(), "the second is there");
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(gone(&mut idle[1]).await, 0);
}

#[tokio::test]
async fn one_host_is_named_and_it_is_a_machine() {
    let port = Port::open();
    for (request, status) in [
        ("GET /other HTTP/1.0\r\n\r\n", 200),
        ("GET /other HTTP/1.1\r\nhost: server:9090\r\n\r\n", 200),
        (
            "GET /other HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n",
            400,
        ),
        (
            "GET /other HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n",
            400,
        ),
        ("GET /alive HTTP/1.1\r\nhost: evil.example\r\n\r\n", 403),
        ("GET /other HTTP/1.1\r\nhost: \u{e9}\r\n\r\n", 403),
        (
            "GET http://evil.example/other HTTP/1.1\r\nhost: localhost\r\n\r\n",
            403,
        ),
    ] {
        let reply = port.ask(request).await;
        assert_eq!(reply.status, status, "{request}: {reply:?}");
    }
}

#[tokio::test]
async fn a_request_that_a_proxy_sent_on_is_not_from_this_machine() {
    let port = Port::open();
    let with = |header: &str| {
        format!("PUT /word HTTP/1.1\r\nhost: localhost\r\n{header}content-length: 4\r\n\r\nword")
    };
    let reply = port.ask(&with("")).await;
    assert_eq!(reply.body, r#"{"is_local":true,"body":"word"}"#);
    for header in [
        "X-Forwarded-For: 10.0.0.7\r\n",
        "Forwarded: for=10.0.0.7\r\n",
        "Via: 1.1 proxy\r\n",
        "X-Real-IP: 10.0.0.7\r\n",
        "Origin: http://localhost\r\n",
    ] {
        // And what it says is not even read.
        let reply = port.ask(&with(header)).await;
        assert_eq!(
            reply.body, r#"{"is_local":false,"body":""}"#,
            "{header}: {reply:?}"
        );
        assert!(reply.head.contains("connection: close"), "{reply:?}");
    }
}
