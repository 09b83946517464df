//! Who may ask what, and in which form.

use super::*;

#[tokio::test]
async fn a_foreign_host_or_origin_is_refused() {
    let server = Server::start(limits());
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
    let server = Server::start(limits());
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
    });
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
    let server = Server::start(limits());
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
        (
            "content-type: application/json\r\ncontent-encoding: gzip\r\naccept: */*\r\n",
            415,
        ),
        (
            "content-type: application/json\r\ncontent-encoding: identity\r\naccept: */*\r\n",
            200,
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
    let server = Server::start(limits());
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
async fn a_chunked_body_is_read_like_any_other() {
    let server = Server::start(limits());
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
