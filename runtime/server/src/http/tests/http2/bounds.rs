//! How much, how many, and how long.

use tokio::net::TcpSocket;

use super::*;

#[tokio::test]
async fn headers_have_a_size_and_a_number() {
    let server = Server::start(limits());
    let mut client = Client::connect(&server).await;
    let large = usual().header("x-large", "x".repeat(40 << 10));
    let (response, _) = client.send(large, true).await.unwrap();
    assert_eq!(Head::of(response).await.unwrap().status, 431);
    let many = (0..120).fold(usual(), |request, at| {
        request.header(format!("x-{at}"), "1")
    });
    let (response, _) = client.send(many, true).await.unwrap();
    assert_eq!(Head::of(response).await.unwrap().status, 431);
    let fine = (0..80).fold(usual(), |request, at| {
        request.header(format!("x-{at}"), "1")
    });
    let head = client.begin(fine, message("echo", 1)).await.unwrap();
    assert_eq!(head.status, 200);
}

#[tokio::test]
async fn a_connection_runs_a_hundred_and_all_together_a_few_times_their_number() {
    let server = Server::start(roomy());
    let mut bytes = [PREFACE, &frame(SETTINGS, 0, 0, b"")].concat();
    for at in 0..101 {
        bytes.extend(frame(HEADERS, END_HEADERS, at * 2 + 1, &head_of_a_post()));
    }
    let mut stream = server.connect().await;
    stream.write_all(&bytes).await.unwrap();
    let (reset, refused, mut heard) = (3, 7, Vec::new());
    while !kinds(&heard).contains(&(reset, refused)) {
        let reading = stream.read_buf(&mut heard);
        let read = tokio::time::timeout(Duration::from_secs(5), reading).await;
        assert!(read.expect("in time").unwrap() > 0, "{:?}", kinds(&heard));
    }
    let resets = kinds(&heard)
        .iter()
        .filter(|(kind, _)| *kind == reset)
        .count();
    assert_eq!(resets, 1, "the last one alone");
    drop(stream);

    let server = Server::start(HttpLimits {
        connections: 2,
        ..roomy()
    });
    let mut client = Client::connect(&server).await;
    let mut held = Vec::new();
    // Four of its own, and all eight that the two may share.
    for _ in 0..12 {
        let (response, mut stream) = client.send(usual(), false).await.unwrap();
        stream
            .send_data(message("slow", 2000).into(), true)
            .unwrap();
        held.push(response);
    }
    server.begun(12).await;
    let refused = client.post(message("echo", 1)).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.headers["retry-after"], "1");
    let mut other = Client::connect(&server).await;
    for _ in 0..4 {
        let answer = other.post(message("echo", 1)).await;
        assert_eq!(
            answer.status, 200,
            "the first few of a connection are its own"
        );
    }
    for response in held {
        assert_eq!(Head::of(response).await.unwrap().status, 200);
    }
    assert_eq!(client.post(message("echo", 1)).await.status, 200);
}

#[tokio::test]
async fn refusals_that_nobody_takes_keep_nobody_out() {
    let server = Server::start(HttpLimits {
        connections: 2,
        in_flight: 500,
        ..patient(30_000, 30_000)
    });
    let mut shut = h2::client::Builder::new();
    shut.initial_window_size(0);
    let mut deaf = Client::with(&server, &shut).await;
    let mut lying = Vec::new();
    for at in 0..90 {
        let request = if at % 2 == 0 {
            usual().header("origin", "https://evil.example")
        } else {
            Request::get("http://localhost/readyz")
        };
        let (response, _) = deaf.send(request, true).await.unwrap();
        let head = Head::of(response).await.unwrap();
        assert_eq!(head.status, [403, 200][at % 2], "{at}");
        lying.push(head.body);
    }
    let mut client = Client::connect(&server).await;
    let mut waiting = Vec::new();
    for _ in 0..12 {
        let (response, mut stream) = client.send(usual(), false).await.unwrap();
        stream.send_data(message("slow", 200).into(), true).unwrap();
        waiting.push(response);
    }
    for response in waiting {
        assert_eq!(Head::of(response).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_slow_body_ends_alone() {
    // Nothing but the time of a body is short.
    let server = Server::start(patient(30_000, 30_000));
    let mut client = Client::connect(&server).await;
    let began = Instant::now();
    let (response, mut stream) = client.send(usual(), false).await.unwrap();
    stream.send_data("{".into(), false).unwrap();
    assert_eq!(client.post(message("echo", 1)).await.status, 200);
    let head = Head::of(response).await.unwrap();
    let took = began.elapsed();
    assert_eq!(head.status, 408);
    assert!(took >= limits().body, "{took:?}");
    assert_eq!(client.post(message("echo", 1)).await.status, 200);
}

#[tokio::test]
async fn an_answer_that_is_not_read_ends_alone() {
    let write = Duration::from_secs(2);
    let server = Server::start(HttpLimits {
        patience: Patience {
            write,
            ..patient(30_000, 30_000).patience
        },
        ..limits()
    });
    let mut narrow = h2::client::Builder::new();
    narrow
        .initial_window_size(1000)
        .initial_connection_window_size(1 << 20);
    let mut client = Client::with(&server, &narrow).await;
    let mut lying = Vec::new();
    let began = Instant::now();
    // Three are all that may run.
    for _ in 0..3 {
        let body = message("echo", "x".repeat(60_000));
        lying.push(client.begin(usual(), body).await.unwrap());
    }
    assert_eq!(client.post(message("echo", 1)).await.status, 503);
    while client.post(message("echo", 1)).await.status != 200 {
        assert!(began.elapsed() < 5 * write, "they keep their places");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(began.elapsed() >= write, "{:?}", began.elapsed());
    // The other two may have been begun a little later.
    tokio::time::sleep(write).await;
    for head in lying {
        let error = head.whole().await.expect_err("it was given up");
        assert_eq!(error.reason(), Some(Reason::CANCEL));
    }
    assert_eq!(client.post(message("echo", 1)).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_taken_byte_by_byte_ends_alone() {
    let (double, lifecycle) = (Double::default(), Lifecycle::default());
    let service = service(&double, limits(), &lifecycle);
    let shared = Arc::new(connection::Shared::new(service, None, lifecycle));
    let (mut stream, far) = tokio::io::duplex(1 << 20);
    let began = tokio::time::Instant::now();
    let serving = crate::http::http2::serve(far, began, [127, 0, 0, 1].into(), shared);
    let serving = tokio::spawn(serving);
    let body = message("echo", "x".repeat(4000));
    let shut = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let post = block(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/mcp"),
        (":authority", "localhost"),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
    ]);
    let request = [
        PREFACE,
        &shut,
        &frame(HEADERS, END_HEADERS, 1, &post),
        &frame(0, END_STREAM, 1, body.as_bytes()),
    ];
    stream.write_all(&request.concat()).await.unwrap();
    let (window, reset, cancel) = (frame(8, 0, 1, &[0, 0, 0, 1]), 3, 8);
    let mut heard = Vec::new();
    // Less than the patience of a write, each time.
    while !kinds(&heard).contains(&(reset, cancel)) {
        stream.write_all(&window).await.unwrap();
        let pause = Duration::from_millis(400);
        let _over = tokio::time::timeout(pause, async {
            while stream.read_buf(&mut heard).await.unwrap() > 0 {}
        })
        .await;
        assert!(began.elapsed() < Duration::from_mins(1), "it goes on");
    }
    let data = kinds(&heard).iter().filter(|(kind, _)| *kind == 0).count();
    assert!(data > 5, "it was on its way: {data}");
    // 500 ms, and a second for each KiB.
    let took = began.elapsed().as_secs();
    assert!((4..=6).contains(&took), "{took}");
    assert!(!serving.is_finished(), "the connection goes on");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let server = Server::start(roomy());
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let mut stream = socket.connect(server.address).await.unwrap();
    // Windows that are never in the way, so that it is the socket that fills up.
    let most = 0x3fff_0000_u32.to_be_bytes();
    let settings = frame(SETTINGS, 0, 0, &[&[0, 4], &most[..]].concat());
    let hello = [PREFACE, &settings, &frame(8, 0, 0, &most)].concat();
    stream.write_all(&hello).await.unwrap();
    let body = message("echo", "x".repeat(50_000));
    let (began, mut id) = (Instant::now(), 1);
    let flood = async {
        loop {
            let mut request = frame(HEADERS, END_HEADERS, id, &head_of_a_post());
            for piece in body.as_bytes().chunks(16_000) {
                request.extend(frame(0, 0, id, piece));
            }
            request.extend(frame(0, END_STREAM, id, b""));
            if stream.write_all(&request).await.is_err() {
                break;
            }
            // Time for the server to read: its own windows are kept to.
            tokio::time::sleep(Duration::from_millis(3)).await;
            id += 2;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), flood)
        .await
        .expect("the server cut it off");
    assert!(began.elapsed() > Duration::from_millis(450));
    assert!(id > 40, "cut off for something else, at {id}");
}

#[tokio::test]
async fn a_client_that_is_gone_without_a_word_is_asked_and_cut_off() {
    let server = Server::start(limits());
    let body = message("hang", 1);
    let bytes = [
        PREFACE,
        &frame(SETTINGS, 0, 0, b""),
        &frame(HEADERS, END_HEADERS, 1, &head_of_a_post()),
        &frame(0, END_STREAM, 1, body.as_bytes()),
    ];
    let (heard, took) = say(&server, &bytes.concat()).await;
    let ping = 6;
    assert!(kinds(&heard).iter().any(|(kind, _)| *kind == ping));
    // Not at the first silence: it was asked, and had its time to answer.
    assert!(took > limits().patience.idle, "{took:?}");
    assert_eq!(server.double.ended.load(SeqCst), 1);

    // Who answers may wait for as long as it takes.
    let mut client = Client::connect(&server).await;
    let answer = client.post(message("slow", 2000)).await;
    assert_eq!(answer.status, 200);
}
