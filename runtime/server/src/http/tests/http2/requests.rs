//! What is asked is answered, as it is over HTTP/1.1.

use super::*;

#[tokio::test]
async fn many_run_at_once_on_one_connection() {
    let server = Server::start(roomy());
    let mut client = Client::connect(&server).await;
    let mut waiting = Vec::new();
    for _ in 0..50 {
        let (response, mut stream) = client.send(usual(), false).await.unwrap();
        stream
            .send_data(message("slow", 3_000).into(), true)
            .unwrap();
        waiting.push(response);
    }
    server.begun(50).await;
    assert_eq!(server.double.ended.load(SeqCst), 0, "one after the other");
    for response in waiting {
        let answer = Head::of(response).await.unwrap().whole().await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.contains("3000"), "{answer:?}");
    }
}

#[tokio::test]
async fn the_first_bytes_may_come_one_by_one() {
    let server = Server::start(patient(30_000, 30_000));
    let mut stream = server.connect().await;
    stream.set_nodelay(true).unwrap();
    for byte in PREFACE {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    stream.write_all(&frame(SETTINGS, 0, 0, b"")).await.unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[3], SETTINGS, "{answer:?}");

    // What begins in the same way is still HTTP/1.1.
    for start in ["POST", "PRI * HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
        let request = post(message("echo", 1)).replace("POST", start);
        let mut stream = server.connect().await;
        stream.set_nodelay(true).unwrap();
        for byte in &request.as_bytes()[..20] {
            stream.write_all(&[*byte]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stream.write_all(&request.as_bytes()[20..]).await.unwrap();
        let expected = if start == "POST" { 200 } else { 404 };
        assert_eq!(Reply::read(&mut stream).await.status, expected, "{start}");
    }
}

#[tokio::test]
async fn the_name_that_was_asked_for_is_checked_wherever_it_stands() {
    let server = Server::start(limits());
    let mut client = Client::connect(&server).await;
    for (authority, host, status) in [
        ("localhost:99", None, 200),
        ("mcp.example.com", None, 200),
        ("localhost", Some("localhost"), 200),
        ("evil.example", None, 403),
        ("localhost@evil.example", None, 403),
        ("evil.example", Some("localhost"), 403),
        ("localhost", Some("evil.example"), 403),
    ] {
        let mut request = usual().uri(format!("http://{authority}/mcp"));
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let head = client.begin(request, message("echo", 1)).await.unwrap();
        assert_eq!(head.status, status, "{authority} {host:?}");
    }
    assert_eq!(server.double.begun.load(SeqCst), 3, "nothing else ran");
    // No name at all, which only bytes of one's own can say.
    let nameless = block(&[(":method", "GET"), (":scheme", "http"), (":path", "/mcp")]);
    let mut stream = server.connect().await;
    let request = [
        PREFACE,
        &frame(SETTINGS, 0, 0, b""),
        &frame(HEADERS, END_HEADERS | END_STREAM, 1, &nameless),
    ];
    stream.write_all(&request.concat()).await.unwrap();
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("exactly one Host header") {
        let read = stream.read_buf(&mut heard).await.unwrap();
        assert!(read > 0, "{heard:?}");
    }
}

#[tokio::test]
async fn a_refusal_ends_the_request_and_not_the_connection() {
    let server = Server::start(limits());
    let mut client = Client::connect(&server).await;
    let foreign = usual().header("origin", "https://evil.example");
    let head = client.begin(foreign, message("echo", 1)).await.unwrap();
    assert_eq!(head.status, 403);
    assert!(
        !head.headers.contains_key("connection"),
        "{:?}",
        head.headers
    );
    let refusal = head.whole().await.unwrap();
    assert!(refusal.body.contains("-32600"), "{refusal:?}");
    // Not even all of the body of this one is read.
    let head = client.begin(usual(), "x".repeat(300_000)).await.unwrap();
    assert_eq!(head.status, 413);
    for _ in 0..3 {
        let answer = client.post(message("echo", "again")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers.contains_key("date"), "{answer:?}");
        let length = answer.headers["content-length"].to_str().unwrap();
        assert_eq!(length, answer.body.len().to_string());
    }
    let live = client.ask(Request::head("http://10.0.0.7/livez")).await;
    assert_eq!((live.status, live.body.as_str()), (200, ""));
    assert_eq!(live.headers["content-length"], "15");
    let connect = client.ask(Request::connect("localhost:1")).await;
    assert_eq!(connect.status, 404, "nobody is led anywhere");
}

#[tokio::test]
async fn what_is_larger_than_a_window_goes_both_ways() {
    let server = Server::start(limits());
    let mut client = Client::connect(&server).await;
    let text = "x".repeat(199_000);
    let (response, mut stream) = client.send(usual(), false).await.unwrap();
    let mut body = Bytes::from(message("echo", text.clone()));
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        let room = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await;
        let piece = body.split_to(room.unwrap().unwrap().min(body.len()));
        stream.send_data(piece, body.is_empty()).unwrap();
    }
    let answer = Head::of(response).await.unwrap().whole().await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains(&text));
}

/// By a clock that stands still while anything can be done: to the millisecond.
#[tokio::test(start_paused = true)]
async fn events_are_sent_as_they_come() {
    let (double, lifecycle) = (Double::default(), Lifecycle::default());
    let service = service(&double, limits(), &lifecycle);
    let shared = Arc::new(connection::Shared::new(service, None, lifecycle));
    let (near, far) = tokio::io::duplex(1 << 20);
    let began = tokio::time::Instant::now();
    let serving = crate::http::http2::serve(far, began, [127, 0, 0, 1].into(), shared);
    tokio::spawn(serving);
    let (requests, connection) = h2::client::handshake(near).await.unwrap();
    let mut client = Client {
        requests,
        connection: tokio::spawn(connection),
    };
    let began = tokio::time::Instant::now();
    let mut head = client.begin(usual(), message("stream", 1)).await.unwrap();
    for event in 0..4 {
        let data = head.body.data().await.unwrap().unwrap();
        assert_eq!(data, format!("data: {event}\n\n"));
        let (took, due) = (began.elapsed().as_millis(), 50 * (event + 1));
        assert!((due..due + 5).contains(&took), "{event}: {took} ms");
    }
}

#[tokio::test]
async fn a_request_that_is_taken_back_ends() {
    let server = Server::start(limits());
    let mut client = Client::connect(&server).await;
    let (response, mut stream) = client.send(usual(), false).await.unwrap();
    stream.send_data(message("hang", 1).into(), true).unwrap();
    server.begun(1).await;
    stream.send_reset(Reason::CANCEL);
    drop(response);
    // It does not go on for nobody.
    server.ended(1).await;
    assert_eq!(client.post(message("echo", 1)).await.status, 200);

    let (_response, mut stream) = client.send(usual(), false).await.unwrap();
    stream.send_data(message("hang", 1).into(), true).unwrap();
    server.begun(3).await;
    client.connection.abort();
    // Nor after its connection.
    server.ended(3).await;
}
