//! Opaque tokens, which only their issuer can tell good from bad (RFC 7662).

use std::time::Duration;

use mcp_factory_tests::{Guarded, Issuer, eventually};
use serde_json::json;

use super::{assert_denied, assert_invalid, assert_refused};

const ENDPOINT: &str = "/token/introspection";

fn server(issuer: &Issuer, more: &str) -> Guarded {
    let config = format!(
        "[auth]\nmode = \"introspection\"\nissuer = \"{}\"\nclient_id = \"resource-server\"\n\
         client_secret = \"env:MCP_CLIENT_SECRET\"\n{more}\n[limits]\nfailure_rate = \"off\"\nrate = \"off\"\naddress_rate = \"off\"\n",
        issuer.url()
    );
    Guarded::start_with(&config, &[("MCP_CLIENT_SECRET", issuer.secret())])
}

#[test]
fn the_issuer_is_asked_once_for_many_calls() {
    let issuer = Issuer::start();
    let server = server(&issuer, "");
    let token = issuer.token("opaque", "read", &server.url());
    let caller = server.bearer(&token);
    let mut answers = 0;
    for _ in 0..1_000 {
        answers += usize::from(caller.call("look", &json!({})).status == 200);
    }
    assert_eq!(answers, 1_000);
    assert_eq!(issuer.requests(ENDPOINT), 1);
    assert_denied(
        "a scope it lacks",
        &server,
        &caller.call("change", &json!({})),
        &["write"],
    );
    // Two clients are two callers.
    let other = issuer.token("opaque-other", "read", &server.url());
    let names = [&token, &other].map(|token| server.bearer(token).text("whoami", &json!({})));
    assert_ne!(names[0], names[1]);
}

#[test]
fn what_the_issuer_does_not_know_or_knows_of_another_resource_is_refused() {
    let issuer = Issuer::start();
    let server = server(&issuer, "");
    let elsewhere = issuer.token("opaque", "read", "http://127.0.0.1:1/mcp");
    for (what, token) in [
        ("unknown", "nobody-issued-this"),
        ("for another resource", &elsewhere),
    ] {
        assert_invalid(
            what,
            &server,
            &server.bearer(token).call("look", &json!({})),
        );
    }
    let asked = issuer.requests(ENDPOINT);
    for _ in 0..20 {
        assert_eq!(
            server
                .bearer("nobody-issued-this")
                .call("look", &json!({}))
                .status,
            401
        );
    }
    assert_eq!(
        issuer.requests(ENDPOINT),
        asked,
        "a no is remembered for a while"
    );
}

#[test]
fn a_token_that_was_taken_back_is_refused_soon() {
    let issuer = Issuer::start();
    let server = server(&issuer, "cache_ttl = \"2s\"");
    let token = issuer.token("opaque", "read", &server.url());
    assert_eq!(server.bearer(&token).call("look", &json!({})).status, 200);
    issuer.revoke("opaque", &token);
    let refused = eventually(Duration::from_secs(6), || {
        (server.bearer(&token).call("look", &json!({})).status == 401).then_some(())
    });
    assert!(refused.is_some(), "it is still good");
}

#[test]
fn an_issuer_that_is_away_closes_the_door_and_starts_no_login() {
    let issuer = Issuer::start();
    let server = server(&issuer, "");
    let [known, unknown] =
        ["opaque", "opaque-other"].map(|client| issuer.token(client, "read", &server.url()));
    assert_eq!(server.bearer(&known).call("look", &json!({})).status, 200);
    issuer.down();
    assert_eq!(server.bearer(&known).call("look", &json!({})).status, 200);
    for _ in 0..10 {
        let response = server.bearer(&unknown).call("look", &json!({}));
        assert_refused("it cannot be asked", &response, 503, -31503);
        assert!(response.header("retry-after").is_some());
        assert_eq!(response.header("www-authenticate"), None);
    }
    issuer.up();
    let back = eventually(Duration::from_secs(40), || {
        (server.bearer(&unknown).call("look", &json!({})).status == 200).then_some(())
    });
    assert!(back.is_some(), "{}", server.process.stderr());
}
