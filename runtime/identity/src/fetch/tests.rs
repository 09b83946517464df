mod tls;

use std::time::Duration;

use super::{BasicCredentials, Endpoint, FetchError, Fetcher, MAX_BODY};
use crate::testing::{Answer, TestServer};

#[test]
fn only_https_and_this_machine_are_fetched() {
    for good in [
        "https://id.example.com/jwks",
        "http://localhost:8080/jwks",
        "http://LOCALHOST/",
        "http://127.0.0.1/",
        "http://127.9.9.9/",
        "http://0x7f.1/",
        "http://[::1]:9/",
    ] {
        assert!(Endpoint::parse(good).is_ok(), "{good}");
    }
    for (bad, part) in [
        ("http://localhost.evil.example/jwks", "not safe"),
        ("http://localhost@evil.example/", "user name"),
        ("http://127.0.0.1.evil.example/", "not safe"),
        ("http://evil.example/?http://localhost", "not safe"),
        ("http://10.0.0.1/", "not safe"),
        ("http://[::ffff:10.0.0.1]/", "not safe"),
        ("http://id.example.com/", "not safe"),
        ("https://user:secret@id.example.com/", "user name"),
        ("https://id.example.com/#x", "#fragment"),
        ("ftp://127.0.0.1/", "not safe"),
        ("file:///etc/passwd", "not safe"),
        ("id.example.com", "not a URL"),
    ] {
        let error = Endpoint::parse(bad).unwrap_err();
        assert!(error.contains(part), "{bad}: {error}");
    }
}

#[tokio::test]
async fn reads_one_object() {
    let server = TestServer::start().await;
    server.json("/a", &serde_json::json!({"keys": []}));
    let read = get(&server, "/a").await.unwrap();
    assert!(read.contains_key("keys"));
    let head = &server.seen()[0].head.to_lowercase();
    assert!(head.contains("accept: application/json"), "{head}");
}

#[tokio::test]
async fn localhost_is_this_machine_without_a_resolver() {
    let server = TestServer::start().await;
    server.json("/a", &serde_json::json!({}));
    let url = server.url("/a").replace("127.0.0.1", "localhost");
    let endpoint = Endpoint::parse(&url).unwrap();
    assert!(Fetcher::new().get_json(&endpoint).await.is_ok());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = TestServer::start().await;
    server.answer("/a", Answer::Status(302, "Location: /b\r\n"));
    server.json("/b", &serde_json::json!({}));
    let error = get(&server, "/a").await.unwrap_err();
    assert!(matches!(error, FetchError::Status(status) if status == 302));
    assert_eq!(server.hits("/b"), 0);
}

#[tokio::test]
async fn answers_that_are_no_object_are_refused() {
    let server = TestServer::start().await;
    for (path, body) in [("/1", "[]"), ("/2", "<html>"), ("/3", r#"{"a":1,"a":2}"#)] {
        server.answer(path, Answer::Json(body.to_owned()));
        assert_eq!(get(&server, path).await, Err(FetchError::NotJson), "{body}");
    }
    server.answer("/4", Answer::Status(503, ""));
    assert!(matches!(
        get(&server, "/4").await,
        Err(FetchError::Status(_))
    ));
}

#[tokio::test]
async fn a_body_is_read_up_to_the_limit() {
    let server = TestServer::start().await;
    let filler = |total: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(total - 8));
    server.answer("/full", Answer::Json(filler(MAX_BODY)));
    server.answer("/over", Answer::Json(filler(MAX_BODY + 1)));
    assert!(get(&server, "/full").await.is_ok());
    assert_eq!(get(&server, "/over").await, Err(FetchError::TooLarge));
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_on() {
    let server = TestServer::start().await;
    server.answer("/a", Answer::Hang);
    let endpoint = Endpoint::parse(&server.url("/a")).unwrap();
    let limit = Duration::from_millis(50);
    let posted = Fetcher::new().post_form(&endpoint, &[], None, limit).await;
    assert_eq!(posted, Err(FetchError::Timeout));
}

#[tokio::test]
async fn a_failure_never_names_the_query() {
    // Bound and not listening: nobody else gets the port, and every connection is refused.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let endpoint = Endpoint::parse(&format!("http://127.0.0.1:{port}/?key=CANARY")).unwrap();
    let error = Fetcher::new().get_json(&endpoint).await.unwrap_err();
    assert!(
        matches!(&error, FetchError::Connect(cause) if cause.contains("refused")),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?}").contains("CANARY"));
}

#[tokio::test]
async fn a_form_and_credentials_are_encoded() {
    let server = TestServer::start().await;
    server.json("/a", &serde_json::json!({"active": false}));
    let endpoint = Endpoint::parse(&server.url("/a")).unwrap();
    let credentials = BasicCredentials {
        client_id: "mcp:1",
        client_secret: "a&b=",
    };
    Fetcher::new()
        .post_form(
            &endpoint,
            &[("token", "a+b/c="), ("hint", "ü")],
            Some(credentials),
            Duration::from_secs(2),
        )
        .await
        .unwrap();
    let seen = server.seen().remove(0);
    assert_eq!(seen.body, "token=a%2Bb%2Fc%3D&hint=%C3%BC");
    // "mcp%3A1:a%26b%3D"
    assert!(
        seen.head.contains("Basic bWNwJTNBMTphJTI2YiUzRA=="),
        "{}",
        seen.head
    );
}

async fn get(
    server: &TestServer,
    path: &str,
) -> Result<serde_json::Map<String, serde_json::Value>, FetchError> {
    let endpoint = Endpoint::parse(&server.url(path)).unwrap();
    Fetcher::new().get_json(&endpoint).await
}
