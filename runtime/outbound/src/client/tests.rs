//! Real connections on loopback; the guard of the URL has a file of its own.

mod guard;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::testing::{Answer, TestServer, at_once, redirect, reply};
use crate::{Redirects, StatusCode};

fn names_lead_to(addresses: &'static [&'static str]) -> Resolver {
    Resolver::stub(move |_| addresses.iter().map(|text| text.parse().unwrap()).collect())
}

#[tokio::test]
async fn a_request_arrives_as_it_was_built() {
    let server = TestServer::start(|_| reply(201, "X-Answer: yes\r\n", "{\"a\":[1]}")).await;
    let request = Request::post(server.url("/p?q=1#fragment"))
        .json(&serde_json::json!({"b": 2}))
        .header(ACCEPT, HeaderValue::from_static("application/json"));
    let answer = server.client().send(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["x-answer"], "yes");
    assert_eq!(answer.url().path(), "/p");
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["a"][0], 1);
    let seen = server.seen().remove(0).to_lowercase();
    assert!(seen.starts_with("post /p?q=1 http/1.1\r\n"), "{seen}");
    assert!(seen.ends_with("{\"b\":2}"), "{seen}");
    for line in [
        format!("host: 127.0.0.1:{}", server.port),
        "accept: application/json".to_owned(),
        "accept-encoding: identity".to_owned(),
        "content-type: application/json".to_owned(),
        "content-length: 7".to_owned(),
        concat!("user-agent: mcp-factory/", env!("CARGO_PKG_VERSION")).to_owned(),
    ] {
        assert!(
            seen.contains(&format!("\r\n{line}\r\n")),
            "{line} in {seen}"
        );
    }
}

#[tokio::test]
async fn the_environment_names_no_proxy() {
    // Nothing in the crate reads it; this fails the day something does.
    let proxy = TestServer::start(|_| reply(200, "", "proxy")).await;
    let server = TestServer::start(|_| reply(200, "", "direct")).await;
    let this = std::env::current_exe().unwrap();
    if std::env::var_os("HTTP_PROXY").is_none() {
        let url = proxy.url("/").to_string();
        let status = tokio::process::Command::new(this)
            .args(["--exact", "client::tests::the_environment_names_no_proxy"])
            .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, &url)))
            .output();
        assert!(status.await.unwrap().status.success());
        assert!(proxy.seen().is_empty());
    }
    let answer = server.client().send(Request::get(server.url("/"))).await;
    assert_eq!(answer.unwrap().bytes().await.unwrap(), "direct");
}

#[tokio::test]
async fn a_giant_body_is_refused_before_and_while_it_is_read() {
    let claims = |_: &str| at_once("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n");
    // A body without an end: it is stopped by the count alone.
    let flood = |_: &str| -> Answer {
        let mut answer = at_once("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        answer.extend((0..100_000).map(|_| (Duration::ZERO, vec![b'x'; 1024])));
        answer
    };
    for server in [
        TestServer::start(claims).await,
        TestServer::start(flood).await,
    ] {
        let get = || Request::get(server.url("/")).max_body(1000);
        let client = server.client();
        let answer = client.send(get()).await.unwrap();
        let error = answer.bytes().await.unwrap_err();
        assert!(
            matches!(error, OutboundError::TooLarge { limit: 1000 }),
            "{error:?}"
        );
    }
    let server = TestServer::start(flood).await;
    let client = server.client();
    let answer = client.send(Request::get(server.url("/"))).await.unwrap();
    let (start, truncated) = answer.bytes_up_to(1500).await.unwrap();
    assert_eq!((start.len(), truncated), (1500, true));
    let answer = client
        .send(Request::get(server.url("/")).max_body(10))
        .await
        .unwrap();
    assert_eq!(answer.bytes_up_to(1500).await.unwrap().0.len(), 10);
}

#[tokio::test]
async fn a_timeout_may_be_for_ever() {
    let server = TestServer::start(|_| reply(200, "", "ok")).await;
    let request = Request::get(server.url("/")).timeout(Duration::MAX);
    let answer = server.client().send(request).await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), "ok");
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let server = TestServer::start(|_| reply(200, "", "12345")).await;
    let client = server.client();
    let get = |most| client.send(Request::get(server.url("/")).max_body(most));
    assert_eq!(get(5).await.unwrap().bytes().await.unwrap(), "12345");
    assert_eq!(
        get(5).await.unwrap().bytes_up_to(5).await.unwrap(),
        (Bytes::from("12345"), false)
    );
    assert!(get(4).await.unwrap().bytes().await.is_err());
}

#[tokio::test]
async fn one_deadline_covers_head_and_body() {
    let slow = |_: &str| -> Answer {
        let mut answer = at_once("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        answer.extend((0..200).map(|_| (Duration::from_millis(50), b"x".to_vec())));
        answer
    };
    let silent = |_: &str| vec![(Duration::from_mins(1), Vec::new())];
    for server in [
        TestServer::start(slow).await,
        TestServer::start(silent).await,
    ] {
        let started = Instant::now();
        let request = Request::get(server.url("/")).timeout(Duration::from_millis(300));
        let error = match server.client().send(request).await {
            Ok(answer) => answer.bytes().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error, OutboundError::Timeout), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

/// An address that listens and takes no connection: its queue is full as long as the rest is kept.
async fn black_hole() -> (SocketAddr, impl Sized) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let filling: Vec<_> = (0..8)
        .map(|_| tokio::spawn(tokio::net::TcpStream::connect(address)))
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    (address, (listener, filling))
}

#[tokio::test]
async fn a_connection_that_does_not_open_is_given_up_on() {
    let (address, _full) = black_hole().await;
    let client = Client::builder(Reach::operator())
        .connect_timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let url = format!("http://{address}/").parse().unwrap();
    let error = client.send(Request::get(url)).await.unwrap_err();
    assert!(matches!(error, OutboundError::Connect(_)), "{error:?}");
}

#[tokio::test]
async fn an_address_that_is_silent_does_not_hold_up_the_next() {
    let (silent, _full) = black_hole().await;
    let server = TestServer::start(|_| reply(200, "", "")).await;
    let open = SocketAddr::from(([127, 0, 0, 1], server.port));
    let client = Client::builder(Reach::public())
        .resolver(names_lead_to(&["1.1.1.1", "8.8.8.8"]))
        .dialler(Dialler::Recorded(Arc::new(move |address| {
            let is_first = address.ip().to_string() == "1.1.1.1";
            (Duration::ZERO, Ok(if is_first { silent } else { open }))
        })))
        .build()
        .unwrap();
    let started = Instant::now();
    let url: Url = "http://a.example/".parse().unwrap();
    assert!(client.send(Request::get(url)).await.is_ok());
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn what_breaks_off_or_is_no_http_is_an_error() {
    let short = |_: &str| at_once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    let chunked =
        |_: &str| at_once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc");
    let nothing = |_: &str| at_once("");
    let other = |_: &str| at_once("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    let head = |_: &str| {
        at_once(format!(
            "HTTP/1.1 200 OK\r\nX: {}\r\n\r\n",
            "x".repeat(4 * MAX_HEAD)
        ))
    };
    for server in [
        TestServer::start(short).await,
        TestServer::start(chunked).await,
        TestServer::start(nothing).await,
        TestServer::start(other).await,
        TestServer::start(head).await,
    ] {
        let error = match server.client().send(Request::get(server.url("/"))).await {
            Ok(answer) => answer.bytes().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error, OutboundError::Broken(_)), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_not_json_is_an_error_that_does_not_quote_it() {
    let server = TestServer::start(|_| reply(200, "", "\"canary\"")).await;
    let answer = server
        .client()
        .send(Request::get(server.url("/")))
        .await
        .unwrap();
    let error = answer.json::<u8>().await.unwrap_err();
    assert!(matches!(error, OutboundError::Json(_)));
    assert!(!error.to_string().contains("canary"), "{error}");
}

#[tokio::test]
async fn redirects_are_followed_as_often_as_allowed() {
    let server = TestServer::start(|request| match request.split(' ').nth(1).unwrap() {
        "/0" => reply(200, "", "there"),
        "/1" => redirect(302, "/0"),
        "/2" => redirect(301, "/1"),
        _ => redirect(307, "/3"),
    })
    .await;
    let client = server.client();
    let get = |path, redirects| client.send(Request::get(server.url(path)).follow(redirects));
    let answer = get("/2", Redirects::up_to(2)).await.unwrap();
    assert_eq!(answer.url().path(), "/0");
    assert_eq!(answer.bytes().await.unwrap(), "there");
    for (path, most) in [("/2", 1), ("/3", 20)] {
        let error = get(path, Redirects::up_to(most)).await.unwrap_err();
        assert!(error.to_string().contains("redirects too often"), "{error}");
    }
    let answer = get("/2", Redirects::none()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::MOVED_PERMANENTLY);
    assert_eq!(answer.redirect().unwrap().unwrap().path(), "/1");
}

#[tokio::test]
async fn credentials_do_not_reach_another_origin() {
    let other = TestServer::start(|_| reply(200, "", "")).await;
    let to = other.url("/").to_string();
    let server = TestServer::start(move |_| redirect(302, &to)).await;
    let reach = Reach::public()
        .allow("127.0.0.1/32".parse().unwrap())
        .any_port();
    let client = Client::builder(reach).build().unwrap();
    let token = mcp_factory_sdk::Secret::new("canary".to_owned());
    let request = Request::get(server.url("/"))
        .bearer(&token)
        .follow(Redirects::up_to(1));
    client.send(request).await.unwrap();
    assert!(server.seen()[0].contains("Bearer canary"));
    assert!(!other.seen()[0].contains("canary"));
}

#[tokio::test]
async fn a_redirect_is_vetted_like_the_first_request() {
    for to in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://10.0.0.1/",
        "http://user:pw@127.0.0.1/",
        "http://127.0.0.1:22/",
        "http://localhost:1/",
    ] {
        let server = TestServer::start(move |_| redirect(302, to)).await;
        let request = Request::get(server.url("/")).follow(Redirects::up_to(5));
        let error = server.client().send(request).await.unwrap_err();
        assert!(
            matches!(error, OutboundError::Refused(_)),
            "{to}: {error:?}"
        );
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_fails() {
    let server = TestServer::start(|_| reply(200, "", "")).await;
    let listener = SocketAddr::from(([127, 0, 0, 1], server.port));
    let dialled = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&dialled);
    let client = Client::builder(Reach::public())
        .resolver(names_lead_to(&[
            "10.0.0.1",
            "198.51.100.1",
            "1.1.1.1",
            "2606:4700::1",
            "8.8.8.8",
        ]))
        .dialler(Dialler::Recorded(Arc::new(move |address| {
            record.lock().unwrap().push(address.to_string());
            let end = match address.ip().to_string().as_str() {
                "8.8.8.8" => Ok(listener),
                _ => Err(io::ErrorKind::NetworkUnreachable.into()),
            };
            (Duration::ZERO, end)
        })))
        .build()
        .unwrap();
    let url: Url = "http://a.example/".parse().unwrap();
    assert!(client.send(Request::get(url)).await.is_ok());
    assert_eq!(
        *dialled.lock().unwrap(),
        ["[2606:4700::1]:80", "1.1.1.1:80", "8.8.8.8:80"]
    );
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request_and_there_are_only_so_many() {
    // Answers every request on a connection, and never closes one.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let opened = Arc::new(Mutex::new(0));
    let count = Arc::clone(&opened);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            *count.lock().unwrap() += 1;
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    // "/more" promises more than comes.
                    let length = if buffer.starts_with(b"GET /more") {
                        3
                    } else {
                        2
                    };
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nok");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    let client = Client::builder(Reach::operator())
        .max_connections(2)
        .connect_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    assert_eq!(client.open_connections(), 0);
    let get = || client.send(Request::get(url.clone()));
    for _ in 0..10 {
        assert_eq!(get().await.unwrap().bytes().await.unwrap(), "ok");
    }
    assert_eq!((*opened.lock().unwrap(), client.open_connections()), (1, 1));
    // Two are in use as long as their bodies are not read; the third waits in vain.
    let more = || client.send(Request::get(url.join("more").unwrap()));
    let (one, two) = (more().await.unwrap(), more().await.unwrap());
    assert_eq!(client.open_connections(), 2);
    let error = get().await.unwrap_err();
    assert!(matches!(error, OutboundError::Connect(_)), "{error:?}");
    drop((one, two));
    assert!(get().await.is_ok(), "a place is given back");
}

#[tokio::test]
async fn a_request_that_is_given_up_closes_its_connection() {
    let server = TestServer::start(|_| vec![(Duration::from_mins(1), Vec::new())]).await;
    let client = server.client();
    let request = client.send(Request::get(server.url("/")));
    let given_up = tokio::time::timeout(Duration::from_millis(200), request).await;
    assert!(given_up.is_err());
    assert_eq!(server.seen().len(), 1, "it was on its way");
    for _ in 0..100 {
        if client.open_connections() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} connections are open", client.open_connections());
}

#[tokio::test]
async fn an_address_that_fails_does_not_end_the_one_that_is_on_its_way() {
    let server = TestServer::start(|_| reply(200, "", "")).await;
    let open = SocketAddr::from(([127, 0, 0, 1], server.port));
    let client = Client::builder(Reach::public())
        .resolver(names_lead_to(&["1.1.1.1", "8.8.8.8"]))
        .dialler(Dialler::Recorded(Arc::new(move |address| {
            let refused = io::ErrorKind::ConnectionRefused.into();
            match address.ip().to_string().as_str() {
                "1.1.1.1" => (Duration::from_millis(400), Err(refused)),
                _ => (Duration::from_millis(600), Ok(open)),
            }
        })))
        .build()
        .unwrap();
    let url: Url = "http://a.example/".parse().unwrap();
    assert!(client.send(Request::get(url)).await.is_ok());
}

#[tokio::test]
async fn nothing_is_printed_that_the_other_side_should_not_know() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let closed: Url = format!("http://127.0.0.1:{port}/?key=CANARY")
        .parse()
        .unwrap();
    let client = Client::builder(Reach::operator()).build().unwrap();
    let error = client.send(Request::get(closed)).await.unwrap_err();
    assert!(matches!(error, OutboundError::Connect(_)), "{error:?}");
    assert_eq!(error.to_string(), "no connection to the host could be made");
    assert!(error.innermost().contains("refused"), "{error:?}");
    assert!(!format!("{error:?}").contains("CANARY"));
}

#[test]
fn a_user_agent_must_fit_a_header() {
    let error = Client::builder(Reach::public()).user_agent("a\nb").build();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("user agent"), "{error}");
}

#[test]
fn a_url_that_http_cannot_carry_is_refused() {
    let url: Url = "http://a.example/".parse().unwrap();
    assert!(uri(&url).is_ok());
    let long = format!("http://a.example/{}", "x".repeat(70_000))
        .parse()
        .unwrap();
    assert!(matches!(uri(&long), Err(OutboundError::Request(_))));
}
