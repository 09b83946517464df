//! Sessions of the older revisions belong to whoever opened them.

use std::time::Duration;

use mcp_factory_tests::{Guarded, Issuer, message};
use serde_json::json;

#[test]
fn a_session_is_nobody_elses() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let token = |client: &str| issuer.token(client, "read", &server.url());
    let ann = token("reader");
    let owner = server.bearer(&ann).in_session();
    let session = owner.session().expect("it has one").to_owned();
    let stranger = format!("Bearer {}", token("stranger"));
    let list = message::legacy(1, "tools/list", &json!({})).to_string();

    let theirs = [
        ("authorization", stranger.as_str()),
        ("mcp-session-id", session.as_str()),
        ("accept", "text/event-stream"),
        ("host", "localhost"),
    ];
    // As if it did not exist: the same answer as for one that does not.
    let other = server.post(list.as_bytes(), &theirs[..2]);
    let missing = server.post(
        list.as_bytes(),
        &[
            ("authorization", &stranger),
            ("mcp-session-id", "00000000-0000-4000-8000-000000000000"),
        ],
    );
    assert_eq!((other.status, other.text()), (404, missing.text()));
    for method in ["GET", "DELETE"] {
        let mut connection = server.connect();
        connection.write(method, "/mcp", &theirs, b"");
        assert_eq!(connection.response().status, 404, "{method}");
    }
    // Without a credential it is a 401, session or not.
    let nobodys = server.post(list.as_bytes(), &[("mcp-session-id", &session)]);
    assert_eq!(nobodys.status, 401, "{}", nobodys.text());

    // It is still its owner's, also with a new token of the same owner.
    assert_eq!(owner.request("tools/list", &json!({})).status, 200);
    let fresh = format!("Bearer {}", token("reader"));
    let again = server.post(
        list.as_bytes(),
        &[
            ("authorization", &fresh),
            ("mcp-session-id", &session),
            ("mcp-protocol-version", message::LEGACY),
        ],
    );
    assert_eq!(again.status, 200, "{}", again.text());
}

#[test]
fn a_session_does_not_outlive_the_rights_of_its_owner() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let strong = issuer.token("admin", "admin", &server.url());
    let owner = server.bearer(&strong).in_session();
    assert_eq!(owner.call("administer", &json!({})).status, 200);
    // The same owner with less in hand.
    let weak = format!("Bearer {}", issuer.token("admin", "read", &server.url()));
    let call = message::legacy(9, "tools/call", &json!({ "name": "administer" })).to_string();
    let headers = [
        ("authorization", weak.as_str()),
        ("mcp-session-id", owner.session().expect("it has one")),
        ("mcp-protocol-version", message::LEGACY),
    ];
    let response = server.post(call.as_bytes(), &headers);
    assert_eq!(response.status, 403, "{}", response.text());
    assert_eq!(owner.ran("administer"), 1);
}

#[test]
fn a_stream_of_events_does_not_outlive_its_credential_for_long() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[http]\nstream_lifetime = \"1s\"\n");
    let token = issuer.token("reader", "read", &server.url());
    let owner = server.bearer(&token).in_session();
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("mcp-session-id", owner.session().expect("it has one")),
        ("accept", "text/event-stream"),
        ("host", "localhost"),
        ("connection", "close"),
    ];
    let mut connection = server.connect();
    connection.write("GET", "/mcp", &headers, b"");
    assert_eq!(connection.head().status, 200);
    assert!(connection.closed_within(Duration::from_secs(10)));
    // Whoever may, opens it again.
    let mut connection = server.connect();
    connection.write("GET", "/mcp", &headers, b"");
    assert_eq!(connection.head().status, 200);
}
