//! The HTTP transport as bytes on a socket, guard by guard.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

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
        sessions: false,
    }
}

struct Server {
    address: SocketAddr,
    double: Double,
    lifecycle: Lifecycle,
    serving: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(limits: HttpLimits) -> Self {
        let listener = "127.0.0.1:0".parse::<Listen>().unwrap().bind().unwrap();
        let address = listener.local_addr().unwrap();
        let (double, lifecycle) = (Double::default(), Lifecycle::default());
        let mut hosts = HostList::loopback();
        hosts.allow("mcp.example.com").unwrap();
        let protocol = Arc::new(double.clone());
        let service = Service::new(
            protocol,
            hosts,
            OriginList::loopback(),
            limits,
            lifecycle.clone(),
        );
        let serving = tokio::spawn(serve(listener, Arc::new(service), lifecycle.clone()));
        Self {
            address,
            double,
            lifecycle,
            serving,
        }
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

#[tokio::test]
async fn answers_one_after_the_other_on_one_connection() {
    let server = Server::start(limits()).await;
    let mut stream = server.connect().await;
    for text in ["one", "two"] {
        stream
            .write_all(post(message("echo", text)).as_bytes())
            .await
            .unwrap();
        let reply = Reply::read(&mut stream).await;
        assert_eq!(reply.status, 200);
        assert!(reply.body.contains(text));
    }
}

#[tokio::test]
async fn a_foreign_host_or_origin_is_refused() {
    let server = Server::start(limits()).await;
    let echo = message("echo", 1);
    for (headers, status) in [
        (
            "host: localhost:1\r\norigin: http://localhost:5173\r\n",
            200,
        ),
        ("host: mcp.example.com\r\n", 200),
        ("host: evil.example\r\n", 403),
        ("host: localhost\r\norigin: https://evil.example\r\n", 403),
        ("host: localhost\r\norigin: null\r\n", 403),
        (
            "host: localhost\r\norigin: http://localhost\r\norigin: https://evil.example\r\n",
            403,
        ),
        ("host: localhost\r\nhost: localhost\r\n", 400),
        ("", 400),
    ] {
        let headers = format!("content-type: application/json\r\n{headers}");
        let reply = server.exchange(post_with(&headers, &echo)).await;
        assert_eq!(reply.status, status, "{headers}");
        if status != 200 {
            assert_eq!(reply.code(), json!([null, -32600]));
        }
    }
    let absolute = post(&echo).replace("POST /mcp", "POST http://evil.example/mcp");
    assert_eq!(
        server.exchange(absolute).await.status,
        403,
        "the target's authority counts too"
    );
    assert_eq!(
        server.double.begun.load(SeqCst),
        2,
        "nothing else was dispatched"
    );
}

#[tokio::test]
async fn routes_and_methods() {
    let server = Server::start(limits()).await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: 10.0.0.7\r\n\r\n");
    let live = server.exchange(get("/livez")).await;
    assert_eq!(
        (live.status, live.body.as_str()),
        (200, r#"{"status":"ok"}"#)
    );
    assert_eq!(server.exchange(get("/readyz")).await.status, 200);
    for path in ["/", "/mcp/", "/mcpx", "/MCP", "/livez/x", "/../mcp"] {
        assert_eq!(server.exchange(get(path)).await.status, 404, "{path}");
    }
    for method in ["GET", "DELETE", "PUT", "OPTIONS", "PATCH"] {
        let reply = server
            .exchange(format!("{method} /mcp HTTP/1.1\r\n{USUAL}\r\n"))
            .await;
        assert_eq!(reply.status, 405, "{method}");
        assert!(reply.head.contains("\r\nallow: post\r\n"), "{}", reply.head);
    }
    assert_eq!(
        server
            .exchange("POST /livez HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .status,
        405
    );

    let server = Server::start(HttpLimits {
        sessions: true,
        ..limits()
    })
    .await;
    for method in ["GET", "DELETE"] {
        let reply = server
            .exchange(format!("{method} /mcp HTTP/1.1\r\n{USUAL}\r\n"))
            .await;
        assert_eq!((reply.status, reply.body.as_str()), (200, method));
    }
    let reply = server
        .exchange("GET /mcp HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n\r\n")
        .await;
    assert_eq!(reply.status, 406);
    let reply = server
        .exchange(format!("PUT /mcp HTTP/1.1\r\n{USUAL}\r\n"))
        .await;
    assert!(
        reply.head.contains("\r\nallow: post, get, delete\r\n"),
        "{}",
        reply.head
    );
}

#[tokio::test]
async fn content_type_and_accept() {
    let server = Server::start(limits()).await;
    let echo = message("echo", 1);
    for (headers, status) in [
        ("content-type: text/plain\r\n", 415),
        ("", 415),
        (
            "content-type: application/json\r\ncontent-type: application/json\r\n",
            415,
        ),
        (
            "content-type: application/json\r\naccept: application/json\r\n",
            406,
        ),
        (
            "content-type: application/json\r\naccept: text/html\r\n",
            406,
        ),
        ("content-type: application/json\r\naccept: */*\r\n", 200),
    ] {
        let reply = server
            .exchange(post_with(&format!("host: localhost\r\n{headers}"), &echo))
            .await;
        assert_eq!(reply.status, status, "{headers}");
    }
}

#[tokio::test]
async fn what_is_no_message_is_400_with_a_json_rpc_error() {
    let server = Server::start(limits()).await;
    for (body, code) in [
        ("{", json!([null, -32700])),
        ("", json!([null, -32700])),
        (
            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}]",
            json!([null, -32600]),
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"echo\"}",
            json!([null, -32600]),
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"echo\",\"params\":[]}",
            json!([8, -32602]),
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":[]}",
            json!([null, -32602]),
        ),
    ] {
        let mut stream = server.connect().await;
        stream.write_all(post(body).as_bytes()).await.unwrap();
        let reply = Reply::read(&mut stream).await;
        assert_eq!((reply.status, reply.code()), (400, code), "{body}");
        stream
            .write_all(post(message("echo", 1)).as_bytes())
            .await
            .unwrap();
        assert_eq!(
            Reply::read(&mut stream).await.status,
            200,
            "the connection goes on"
        );
    }
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_sent_and_while() {
    let server = Server::start(limits()).await;
    let head = format!("POST /mcp HTTP/1.1\r\n{USUAL}content-length: 1073741824\r\n\r\n");
    let reply = server.exchange(&head).await;
    assert_eq!((reply.status, reply.code()), (413, json!([null, -32600])));
    assert!(reply.head.contains("connection: close"));

    let mut stream = server.connect().await;
    let head = format!("POST /mcp HTTP/1.1\r\n{USUAL}transfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    for _ in 0..20 {
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    assert_eq!(Reply::read(&mut stream).await.status, 413);

    let text = "x".repeat(150_000);
    assert_eq!(
        server.exchange(post(message("echo", text))).await.status,
        200,
        "below the limit it is fine"
    );
}

#[tokio::test]
async fn a_chunked_body_is_read_like_any_other() {
    let server = Server::start(limits()).await;
    let body = message("echo", "é".repeat(50_000));
    let mut request =
        format!("POST /mcp HTTP/1.1\r\n{USUAL}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for piece in body.as_bytes().chunks(777) {
        request.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        request.extend_from_slice(piece);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let reply = server.exchange(request).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body.matches('é').count(), 50_000);
}

#[tokio::test]
async fn too_many_or_too_large_headers_are_431() {
    let server = Server::start(limits()).await;
    let many: String = (0..200)
        .map(|number| format!("x-{number}: 1\r\n"))
        .collect();
    assert_eq!(
        server
            .exchange(post_with(&format!("{USUAL}{many}"), "{}"))
            .await
            .status,
        431
    );
    let large = format!("{USUAL}x-large: {}\r\n", "x".repeat(512 << 10));
    assert_eq!(server.exchange(post_with(&large, "{}")).await.status, 431);
}

#[tokio::test]
async fn slow_headers_slow_bodies_and_idle_connections_are_closed() {
    let server = Server::start(limits()).await;
    let closed_after = |start: &'static str, drip: &'static [u8]| {
        let stream = server.connect();
        async move {
            let mut stream = stream.await;
            let began = Instant::now();
            stream.write_all(start.as_bytes()).await.unwrap();
            let mut bytes = Vec::new();
            loop {
                let read =
                    tokio::time::timeout(Duration::from_millis(50), stream.read_buf(&mut bytes))
                        .await;
                match read {
                    Ok(Ok(0) | Err(_)) => {
                        break (String::from_utf8(bytes).unwrap(), began.elapsed());
                    }
                    Ok(Ok(_)) => {}
                    Err(_) => {
                        stream.write_all(drip).await.ok();
                    }
                }
                assert!(began.elapsed() < Duration::from_secs(4), "still open");
            }
        }
    };
    let millis = Duration::from_millis;
    let (_, took) = closed_after("", b"").await;
    assert!(
        (millis(250)..millis(600)).contains(&took),
        "no byte at all: {took:?}"
    );
    let (_, took) = closed_after("POST /mcp HTTP/1.1\r\nhost: localhost\r\nx: ", b"y").await;
    assert!(
        (millis(250)..millis(600)).contains(&took),
        "header drip: {took:?}"
    );
    let head = "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
    let (reply, took) = closed_after(head, b" ").await;
    assert!(reply.starts_with("HTTP/1.1 408"), "{reply}");
    assert!(
        (millis(350)..millis(1200)).contains(&took),
        "body drip: {took:?}"
    );
    let (reply, took) = closed_after("GET /livez HTTP/1.1\r\nhost: a\r\n\r\n", b"").await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert!(
        (millis(650)..millis(1500)).contains(&took),
        "idle: {took:?}"
    );
}

#[tokio::test]
async fn a_long_call_is_not_an_idle_connection() {
    let server = Server::start(limits()).await;
    let reply = server.exchange(post(message("slow", 1500))).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn more_requests_than_places_are_turned_away_at_once() {
    let server = Server::start(limits()).await;
    let mut slow = Vec::new();
    for _ in 0..3 {
        let mut stream = server.connect().await;
        stream
            .write_all(post(message("slow", 600)).as_bytes())
            .await
            .unwrap();
        slow.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    let reply = server.exchange(post(message("echo", 1))).await;
    assert_eq!(
        (reply.status, reply.code()),
        (503, json!([1, crate::protocol::OVERLOADED]))
    );
    assert!(
        reply.head.contains("\r\nretry-after: 1\r\n"),
        "{}",
        reply.head
    );
    assert!(began.elapsed() < Duration::from_millis(200));
    for stream in &mut slow {
        assert_eq!(
            Reply::read(stream).await.status,
            200,
            "who was in is answered"
        );
    }
    assert_eq!(
        server.exchange(post(message("echo", 1))).await.status,
        200,
        "the places are free again"
    );
}

#[tokio::test]
async fn more_connections_than_places_are_turned_away() {
    let server = Server::start(HttpLimits {
        connections: 2,
        ..limits()
    })
    .await;
    let held = [server.connect().await, server.connect().await];
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut third = server.connect().await;
    let reply = Reply::read(&mut third).await;
    assert_eq!(reply.status, 503);
    drop(held);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.exchange(post(message("echo", 1))).await.status, 200);
}

#[tokio::test]
async fn large_bodies_have_places_of_their_own() {
    let server = Server::start(HttpLimits {
        body: Duration::from_secs(3),
        ..limits()
    })
    .await;
    let head = format!("POST /mcp HTTP/1.1\r\n{USUAL}content-length: 150000\r\n\r\n");
    let mut held = Vec::new();
    for _ in 0..body::LARGE_AT_ONCE {
        let mut stream = server.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.exchange(&head).await.status, 503);
    assert_eq!(
        server.exchange(post(message("echo", 1))).await.status,
        200,
        "a small one passes"
    );
}

#[tokio::test]
async fn events_are_sent_as_they_come() {
    let server = Server::start(limits()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(post(message("stream", 1)).as_bytes())
        .await
        .unwrap();
    let (began, mut arrivals, mut seen) = (Instant::now(), Vec::new(), String::new());
    while arrivals.len() < 5 {
        let mut bytes = [0; 1000];
        let read = stream.read(&mut bytes).await.unwrap();
        seen.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        if seen.matches("data: ").count() > arrivals.len() {
            arrivals.push(began.elapsed());
        }
    }
    for (at, arrival) in arrivals.iter().enumerate() {
        let due = Duration::from_millis(50 * (at as u64 + 1));
        assert!(
            (due..due + Duration::from_millis(45)).contains(arrival),
            "{at}: {arrivals:?}"
        );
    }
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_call() {
    let server = Server::start(limits()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(post(message("hang", 1)).as_bytes())
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(
        (
            server.double.begun.load(SeqCst),
            server.double.ended.load(SeqCst)
        ),
        (1, 0)
    );
    drop(stream);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        server.double.ended.load(SeqCst),
        1,
        "the call goes on for nobody"
    );
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let server = Server::start(limits()).await;
    let mut stream = server.connect().await;
    let request = post(message("echo", "x".repeat(190_000)));
    let began = Instant::now();
    // Answers pile up until our writes block; then the server's do, and it gives up.
    let flood = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(5), flood)
        .await
        .expect("the server cut it off");
    assert!(began.elapsed() > Duration::from_millis(450));
}

#[tokio::test]
async fn a_drain_finishes_calls_and_takes_no_more() {
    let server = Server::start(limits()).await;
    let mut slow = server.connect().await;
    slow.write_all(post(message("slow", 300)).as_bytes())
        .await
        .unwrap();
    let mut idle = server.connect().await;
    idle.write_all(b"GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(Reply::read(&mut idle).await.status, 200);
    let mut fresh = server.connect().await;
    let mut partial = server.connect().await;
    partial.write_all(b"POST /mcp HT").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;

    let began = Instant::now();
    server.lifecycle.drain();
    for stream in [&mut idle, &mut fresh, &mut partial] {
        let closed =
            tokio::time::timeout(Duration::from_millis(150), stream.read(&mut [0; 10])).await;
        assert!(
            matches!(closed, Ok(Ok(0) | Err(_))),
            "not closed at once: {closed:?}"
        );
    }
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "nobody listens any more"
    );
    let reply = Reply::read(&mut slow).await;
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("connection: close"), "{}", reply.head);
    drop((slow, idle, fresh, partial));
    tokio::time::timeout(Duration::from_secs(1), server.serving)
        .await
        .expect("gone")
        .unwrap();
    assert!(
        began.elapsed() < Duration::from_millis(600),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn the_stop_ends_hung_calls_slow_bodies_and_streams() {
    let server = Server::start(HttpLimits {
        body: Duration::from_secs(60),
        ..limits()
    })
    .await;
    let mut held = Vec::new();
    let unfinished = format!("POST /mcp HTTP/1.1\r\n{USUAL}content-length: 99\r\n\r\n{{");
    for request in [
        post(message("hang", 1)),
        post(message("stream", 1)),
        unfinished,
    ] {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.lifecycle.drain();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!server.serving.is_finished(), "they hold the drain");
    server.lifecycle.stop();
    tokio::time::timeout(Duration::from_millis(300), server.serving)
        .await
        .expect("gone")
        .unwrap();
}
