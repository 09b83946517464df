//! How much, how many, and how long.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::*;

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_sent_and_while() {
    let server = Server::start(limits());
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
async fn too_many_or_too_large_headers_are_431() {
    let server = Server::start(limits());
    let many = "x-header: 1\r\n".repeat(200);
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

/// Each has one patience that is short, so that no other can have ended it.
#[tokio::test]
async fn slow_headers_slow_bodies_and_idle_connections_are_closed() {
    let millis = Duration::from_millis;
    let long = patient(30_000, 30_000);
    let slow_body = HttpLimits {
        body: millis(400),
        ..long
    };
    let others = |limits| HttpLimits {
        body: Duration::from_secs(30),
        ..limits
    };
    let head = "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
    for (name, limits, start, drip, least, answer) in [
        (
            "no byte at all",
            others(patient(300, 30_000)),
            "",
            "",
            300,
            "",
        ),
        (
            "header drip",
            others(patient(300, 30_000)),
            "POST /mcp HTTP/1.1\r\nhost: localhost\r\nx: ",
            "y",
            300,
            "",
        ),
        ("body drip", slow_body, head, " ", 400, "HTTP/1.1 408"),
        (
            "idle",
            others(patient(30_000, 700)),
            "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n",
            "",
            700,
            "HTTP/1.1 200",
        ),
    ] {
        let server = Server::start(limits);
        // Before there is a connection whose time could run.
        let began = Instant::now();
        let mut stream = server.connect().await;
        stream.write_all(start.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let took = loop {
            let read = tokio::time::timeout(millis(50), stream.read_buf(&mut bytes)).await;
            match read {
                Ok(Ok(0) | Err(_)) => break began.elapsed(),
                Ok(Ok(_)) => {}
                Err(_) => {
                    stream.write_all(drip.as_bytes()).await.ok();
                }
            }
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "{name}: still open"
            );
        };
        assert!(took >= millis(least), "{name}: {took:?}");
        let reply = String::from_utf8(bytes).unwrap();
        assert!(reply.starts_with(answer), "{name}: {reply}");
    }
}

#[tokio::test]
async fn a_long_call_is_not_an_idle_connection() {
    let server = Server::start(limits());
    let reply = server.exchange(post(message("slow", 1500))).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn more_requests_than_places_are_turned_away_at_once() {
    let server = Server::start(limits());
    let mut slow = Vec::new();
    for _ in 0..3 {
        let mut stream = server.connect().await;
        stream
            .write_all(post(message("slow", 3_000)).as_bytes())
            .await
            .unwrap();
        slow.push(stream);
    }
    server.begun(3).await;
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
    assert_eq!(server.double.ended.load(SeqCst), 0, "at once");
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
    });
    let held = [server.connect().await, server.connect().await];
    // Connections are taken in the order in which they came.
    let mut third = server.connect().await;
    let reply = Reply::read(&mut third).await;
    assert_eq!(reply.status, 503);
    drop(held);
    let mut tries = 0;
    while server.exchange(post(message("echo", 1))).await.status != 200 {
        tries += 1;
        assert!(tries < 100, "the places are free again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn large_bodies_have_places_of_their_own() {
    let server = Server::start(HttpLimits {
        body: Duration::from_secs(30),
        ..patient(30_000, 30_000)
    });
    let head = format!("POST /mcp HTTP/1.1\r\n{USUAL}content-length: 150000\r\n\r\n");
    let mut waiting = FuturesUnordered::new();
    for _ in 0..=body::LARGE_AT_ONCE {
        let mut stream = server.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        waiting.push(async move { Reply::read(&mut stream).await });
    }
    // Whichever came last; the others wait for their bodies.
    let first = waiting.next().await.expect("there are some");
    assert_eq!(first.status, 503);
    assert_eq!(server.exchange(&head).await.status, 503);
    assert_eq!(
        server.exchange(post(message("echo", 1))).await.status,
        200,
        "a small one passes"
    );
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let server = Server::start(limits());
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

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_byte_by_byte_is_cut_off() {
    for (name, bytes, whole) in [("a drip", 1, false), ("2 KiB a second", 819, true)] {
        let (double, lifecycle) = (Double::default(), Lifecycle::default());
        let service = service(&double, limits(), &lifecycle);
        let (mut stream, far) = tokio::io::duplex(4000);
        let began = tokio::time::Instant::now();
        let serving = tokio::spawn(async move {
            http1::serve(far, began, [127, 0, 0, 1].into(), service, &lifecycle).await;
        });
        let (mut output, mut input) = tokio::io::split(&mut stream);
        let request = post(message("echo", "x".repeat(190_000)));
        let sending = input.write_all(request.as_bytes());
        let reading = async {
            let (mut taken, mut buffer) = (0, vec![0; bytes]);
            // What was on its way when the server was done is still there to be read.
            while taken < 190_000 && (whole || !serving.is_finished()) {
                let read = output.read(&mut buffer).await.unwrap();
                assert!(read > 0, "{name}: closed after {taken} bytes");
                taken += read;
                // Less than the patience of a write.
                tokio::time::sleep(Duration::from_millis(400)).await;
                assert!(began.elapsed() < Duration::from_mins(3), "{name}");
            }
            taken
        };
        let (sent, taken) = tokio::join!(sending, reading);
        sent.unwrap();
        assert_eq!(taken >= 190_000, whole, "{name}: {taken} bytes");
        // 500 ms, and a second for each of 64 KiB; or as long as it takes.
        let took = began.elapsed().as_secs();
        let expected = if whole { 90..=100 } else { 64..=66 };
        assert!(expected.contains(&took), "{name}: {took} s");
    }
}

#[tokio::test]
async fn a_connection_takes_little_memory() {
    let server = Server::start(limits());
    let listener = "127.0.0.1:0".parse::<Listen>().unwrap().bind().unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let shared = connection::Shared::new(
        service(&server.double, limits(), &server.lifecycle),
        None,
        server.lifecycle.clone(),
    );
    let task = connection::serve(stream, peer.ip(), Arc::new(shared));
    assert!(size_of_val(&task) < 3 << 10, "{} bytes", size_of_val(&task));
}
