//! How much, how many, and how long.

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

#[tokio::test]
async fn slow_headers_slow_bodies_and_idle_connections_are_closed() {
    let server = Server::start(limits());
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
    });
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
    });
    let head = format!("POST /mcp HTTP/1.1\r\n{USUAL}content-length: 150000\r\n\r\n");
    let mut waiting = Vec::new();
    for _ in 0..body::LARGE_AT_ONCE {
        let mut stream = server.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        waiting.push(stream);
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
