//! Requests with no credential, with two, and with one that cannot be read: no token is looked at for them.

use mcp_factory_tests::{Connection, Guarded, Issuer, Response, message};
use serde_json::json;

use super::{assert_invalid, assert_refused, metadata_url};

fn list() -> Vec<u8> {
    message::modern(1, "tools/list", &json!({}))
        .to_string()
        .into_bytes()
}

/// `tools/list` at `path` with just these headers about the caller.
fn listed(server: &Guarded, path: &str, more: &[(&str, &str)]) -> Response {
    let host = server.address().to_string();
    let common = [
        ("host", host.as_str()),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", message::MODERN),
        ("mcp-method", "tools/list"),
    ];
    let mut connection: Connection = server.connect();
    connection.write("POST", path, &[&common[..], more].concat(), &list());
    connection.response()
}

/// Nobody is known: a challenge without an error, since nothing was wrong with what was not sent.
fn assert_asked(what: &str, server: &Guarded, response: &Response, scope: &str) {
    assert_refused(what, response, 401, -31401);
    let expected = format!(
        "Bearer resource_metadata=\"{}\", scope=\"{scope}\"",
        metadata_url(server)
    );
    assert_eq!(
        response.header("www-authenticate"),
        Some(expected.as_str()),
        "{what}"
    );
    assert_eq!(response.json()["id"], json!(null), "{what}");
}

#[test]
fn without_a_credential_there_is_a_challenge_and_nothing_else() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[limits]\nfailure_rate = \"off\"\n");
    let token = issuer.token("reader", "read", &server.url());
    for (what, path, headers) in [
        ("nothing", "/mcp", vec![]),
        (
            "another scheme",
            "/mcp",
            vec![("authorization", "Basic YTpi")],
        ),
        (
            "an API key where there are none",
            "/mcp",
            vec![("x-api-key", &*token)],
        ),
        ("a token in a cookie", "/mcp", vec![("cookie", &*token)]),
        (
            "a token of the query",
            &*format!("/mcp?access_token={token}"),
            vec![],
        ),
    ] {
        assert_asked(what, &server, &listed(&server, path, &headers), "read");
    }
    // With the token it is the same request, and an answer.
    let bearer = format!("Bearer {token}");
    let response = listed(&server, "/mcp", &[("authorization", &bearer)]);
    assert_eq!(response.status, 200, "{}", response.text());

    // Every way in is shut, in both eras, whatever the body says.
    let anonymous = server.anonymous();
    for (what, response) in [
        ("discover", anonymous.request("server/discover", &json!({}))),
        ("a tool", anonymous.call("look", &json!({}))),
        ("no message", server.post(b"{", &[])),
        (
            "a handshake",
            server.post(message::initialize(1).to_string().as_bytes(), &[]),
        ),
        (
            "a legacy call",
            server.post(
                message::legacy(1, "tools/list", &json!({}))
                    .to_string()
                    .as_bytes(),
                &[],
            ),
        ),
        (
            "a session",
            server.post(&list(), &[("mcp-session-id", "abc")]),
        ),
    ] {
        assert_asked(what, &server, &response, "read");
    }
    for method in ["GET", "DELETE"] {
        let mut connection = server.connect();
        let headers = [
            ("host", "localhost"),
            ("accept", "text/event-stream"),
            ("mcp-session-id", "abc"),
        ];
        connection.write(method, "/mcp", &headers, b"");
        assert_asked(method, &server, &connection.response(), "read");
    }
    // Whoever says what it wants is told what that takes.
    assert_asked(
        "a tool for writers",
        &server,
        &anonymous.call("change", &json!({})),
        "write",
    );
    let secret = json!({ "uri": "guarded://secret" });
    assert_asked(
        "a resource for few",
        &server,
        &anonymous.request("resources/read", &secret),
        "admin",
    );
    // None of it reached the issuer or the plugin.
    assert_eq!(server.bearer(&token).ran("look"), 0);
}

#[test]
fn the_body_is_not_read_before_the_caller_is_known() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let mut connection = server.connect();
    connection.send(
        b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
          accept: application/json, text/event-stream\r\ncontent-length: 1000000\r\n\r\n",
    );
    // Not a byte of the body was sent.
    assert_eq!(connection.response().status, 401);
    assert_eq!(issuer.requests("/jwks"), 0, "nobody had a token to look at");
}

#[test]
fn a_credential_that_cannot_be_read_in_one_way_is_a_bad_request() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[limits]\nfailure_rate = \"off\"\n");
    let token = issuer.token("reader", "read", &server.url());
    let good = format!("Bearer {token}");
    let long = format!("Bearer {}", "a".repeat(8193));
    let two = format!("{good}, {good}");
    let tab = format!("Bearer\t{token}");
    let spaced = format!("{good} x");
    for (what, headers) in [
        (
            "twice the same",
            vec![("authorization", &*good), ("authorization", &*good)],
        ),
        (
            "two kinds",
            vec![("authorization", &*good), ("authorization", "Basic YTpi")],
        ),
        ("two in one", vec![("authorization", &*two)]),
        ("no token", vec![("authorization", "Bearer")]),
        ("only a space", vec![("authorization", "Bearer ")]),
        ("a tab", vec![("authorization", &*tab)]),
        ("more words", vec![("authorization", &*spaced)]),
        ("quoted", vec![("authorization", "Bearer \"abc\"")]),
        ("nothing", vec![("authorization", "")]),
        ("too long", vec![("authorization", &*long)]),
    ] {
        let response = listed(&server, "/mcp", &headers);
        assert_refused(what, &response, 400, -32600);
        let challenge = response.header("www-authenticate").unwrap_or_default();
        assert!(
            challenge.starts_with("Bearer error=\"invalid_request\", "),
            "{what}: {challenge}"
        );
        assert!(
            !response.text().contains(&token) && !challenge.contains(&token),
            "{what}"
        );
    }
    // One of them is no bad request for the case of its letters, or for a second space.
    for scheme in ["bearer", "BEARER", "Bearer "] {
        let header = format!("{scheme} {token}");
        let response = listed(&server, "/mcp", &[("authorization", &header)]);
        assert_eq!(response.status, 200, "{scheme}: {}", response.text());
    }
    assert_invalid(
        "nonsense",
        &server,
        &listed(&server, "/mcp", &[("authorization", "Bearer nonsense")]),
    );
}

#[test]
fn no_plugin_and_no_answer_sees_the_credential() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let token = issuer.token("reader", "read", &server.url());
    let caller = server.bearer(&token);
    assert_eq!(
        caller.text("whoami", &json!({})),
        format!("- {}|reader", issuer.url())
    );
    for text in [
        caller.call("look", &json!({})).text(),
        server.process.stderr(),
    ] {
        assert!(!text.contains(&token), "{text}");
    }
}
