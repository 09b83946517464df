//! The issuer is away: whoever is known already is served, nobody is sent to log in for nothing.

use std::time::Duration;

use mcp_factory_tests::{Guarded, Issuer, eventually};
use serde_json::json;

use super::assert_refused;

/// Who asks again and again is no guesser here.
const LIMITS: &str = "[limits]\nfailure_rate = \"off\"\naddress_rate = \"off\"\n";

#[test]
fn an_issuer_that_cannot_be_asked_is_no_reason_to_log_in_again() {
    let issuer = Issuer::start();
    issuer.down();
    let server = Guarded::trusting(issuer.url(), LIMITS);
    issuer.up();
    let token = issuer.token("reader", "read", &server.url());
    issuer.down();
    let response = server.bearer(&token).call("look", &json!({}));
    assert_refused("before the first key", &response, 503, -31503);
    assert_eq!(
        response.header("www-authenticate"),
        None,
        "a challenge would start a login"
    );
    let wait: u64 = response
        .header("retry-after")
        .and_then(|seconds| seconds.parse().ok())
        .expect("it says when to come again");
    assert!((1..=60).contains(&wait), "{wait}");
    // What needs no issuer works.
    assert_eq!(server.anonymous().call("look", &json!({})).status, 401);
    let mut connection = server.connect();
    connection.write("GET", "/readyz", &[], b"");
    assert_eq!(connection.response().status, 200);

    // It is back: so are its clients, within the time that the server said.
    issuer.up();
    let known = eventually(Duration::from_secs(wait + 5), || {
        (server.bearer(&token).call("look", &json!({})).status == 200).then_some(())
    });
    assert!(known.is_some(), "{}", server.process.stderr());
}

#[test]
fn keys_that_are_known_outlive_their_issuer() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), LIMITS);
    let token = issuer.token("reader", "read", &server.url());
    assert_eq!(server.bearer(&token).call("look", &json!({})).status, 200);
    // Keys that are known stay good. An unknown one is bad for as long as the keys were just
    // asked for, and then neither good nor bad.
    issuer.replace();
    let unknown = issuer.token("reader", "read", &server.url());
    issuer.down();
    for _ in 0..20 {
        assert_eq!(server.bearer(&token).call("look", &json!({})).status, 200);
    }
    let response = eventually(Duration::from_secs(35), || {
        let response = server.bearer(&unknown).call("look", &json!({}));
        assert!(matches!(response.status, 401 | 503), "{}", response.text());
        (response.status == 503).then_some(response)
    });
    let response = response.expect("the issuer cannot be asked, and that is nobody's fault");
    assert_refused("an unknown key", &response, 503, -31503);
    assert_eq!(response.header("www-authenticate"), None);
    assert_eq!(server.bearer(&token).call("look", &json!({})).status, 200);
    // A token that is bad without any key is bad.
    assert_eq!(
        server.bearer("nonsense").call("look", &json!({})).status,
        401
    );
}
