//! Answers, streams, clients that leave, and the way down.

use super::*;

#[tokio::test]
async fn answers_one_after_the_other_on_one_connection() {
    let server = Server::start(limits());
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
async fn a_body_that_nobody_reads_ends_the_connection_and_that_is_said() {
    let server = Server::start(limits());
    let request = |line: &str, length: usize| {
        format!("{line} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n")
    };
    for line in ["GET /livez", "POST /nope"] {
        let mut stream = server.connect().await;
        for (length, closes) in [(0, false), (0, false), (3, true)] {
            let request = request(line, length);
            stream.write_all(request.as_bytes()).await.unwrap();
            let reply = Reply::read(&mut stream).await;
            assert_eq!(
                reply.head.contains("connection: close"),
                closes,
                "{reply:?}"
            );
        }
    }
}

#[tokio::test]
async fn events_are_sent_as_they_come() {
    let server = Server::start(limits());
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
    // Five events 50 ms apart: kept back, they would come together.
    let span = arrivals[4].saturating_sub(arrivals[0]);
    assert!(span >= Duration::from_millis(150), "{arrivals:?}");
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_call() {
    let server = Server::start(limits());
    let mut stream = server.connect().await;
    stream
        .write_all(post(message("hang", 1)).as_bytes())
        .await
        .unwrap();
    server.begun(1).await;
    assert_eq!(server.double.ended.load(SeqCst), 0);
    drop(stream);
    // It does not go on for nobody.
    server.ended(1).await;
}

#[tokio::test]
async fn a_drain_finishes_calls_and_takes_no_more() {
    // No silence is over in time to be what closes them.
    let server = Server::start(patient(30_000, 30_000));
    let mut slow = server.connect().await;
    slow.write_all(post(message("slow", 1500)).as_bytes())
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
    server.begun(1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;

    server.lifecycle.drain();
    let soon = Duration::from_secs(5);
    for stream in [&mut idle, &mut fresh, &mut partial] {
        let closed = tokio::time::timeout(soon, stream.read(&mut [0; 10])).await;
        assert!(
            matches!(closed, Ok(Ok(0) | Err(_))),
            "not closed: {closed:?}"
        );
    }
    assert_eq!(server.double.ended.load(SeqCst), 0, "closed at once");
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "nobody listens any more"
    );
    let reply = Reply::read(&mut slow).await;
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("connection: close"), "{}", reply.head);
    // All four clients still hold their side open.
    tokio::time::timeout(soon, server.serving)
        .await
        .expect("gone")
        .unwrap();
}

/// A proxy connects, and sends its request when it knows that it is connected: a server that is told to end in between
/// answers. So it does when it had no time to accept the connection.
#[tokio::test]
async fn who_is_connected_when_the_server_drains_is_still_answered() {
    let server = Server::start(patient(30_000, 30_000));
    let mut accepted = server.connect().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    // Without a pause in which the server could accept it.
    let mut waiting = std::net::TcpStream::connect(server.address).unwrap();
    std::io::Write::write_all(&mut waiting, post(message("slow", 1)).as_bytes()).unwrap();
    server.lifecycle.drain();
    tokio::time::sleep(Duration::from_millis(50)).await;
    accepted
        .write_all(post(message("slow", 1)).as_bytes())
        .await
        .unwrap();
    waiting.set_nonblocking(true).unwrap();
    let mut waiting = TcpStream::from_std(waiting).unwrap();
    for stream in [&mut accepted, &mut waiting] {
        let reply = Reply::read(stream).await;
        assert_eq!(reply.status, 200);
        assert!(reply.head.contains("connection: close"), "{}", reply.head);
    }
    // And nobody waits for the next one.
    tokio::time::timeout(Duration::from_secs(5), server.serving)
        .await
        .expect("gone")
        .unwrap();
}

#[tokio::test]
async fn the_stop_ends_hung_calls_slow_bodies_and_streams() {
    let server = Server::start(HttpLimits {
        body: Duration::from_mins(1),
        ..limits()
    });
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
    server.begun(1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.lifecycle.drain();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!server.serving.is_finished(), "they hold the drain");
    server.lifecycle.stop();
    // Sooner than anything of theirs is over.
    tokio::time::timeout(Duration::from_secs(5), server.serving)
        .await
        .expect("gone")
        .unwrap();
}
