//! How often: per caller and tool, per address, and for those who guess.

use std::{collections::BTreeMap, thread, time::Duration};

use mcp_factory_tests::{Guarded, Issuer, Response, message};
use serde_json::json;

/// A 429 in both protocols' words, with a time to come back within `limit` seconds.
fn assert_limited(what: &str, response: &Response, limit: u64) {
    assert_eq!(response.status, 429, "{what}: {}", response.text());
    let wait = response
        .header("retry-after")
        .and_then(|wait| wait.parse().ok());
    assert!(
        wait.is_some_and(|wait: u64| (1..=limit).contains(&wait)),
        "{what}: {wait:?}"
    );
    assert_eq!(
        response.json()["error"]["code"],
        -31429,
        "{what}: {}",
        response.text()
    );
}

#[test]
fn one_call_more_than_the_rate_is_refused_for_this_caller_and_this_tool() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[limits.tools.look]\nrate = \"3/m\"\n");
    let token = |client: &str| issuer.token(client, "read", &server.url());
    let caller = server.bearer(&token("reader"));
    // The author's rate is 2/m, the operator's for another tool 3/m.
    for (tool, count) in [("hurry", 2), ("look", 3)] {
        for _ in 0..count {
            assert_eq!(caller.call(tool, &json!({})).status, 200, "{tool}");
        }
        for _ in 0..3 {
            assert_limited(tool, &caller.call(tool, &json!({})), 60);
        }
        assert_eq!(caller.ran(tool), count);
        let answer = caller.call(tool, &json!({})).json();
        assert!(answer["id"].is_i64(), "whose answer is it? {answer}");
    }
    // A new token and a session are still the same caller, and in a session it is the same refusal.
    let again = server.bearer(&token("reader")).in_session();
    let answer = again.call("hurry", &json!({})).json();
    assert_eq!(answer["error"]["code"], -31429, "{answer}");
    // Somebody else is somebody else.
    let other = server.bearer(&token("stranger"));
    assert_eq!(other.call("hurry", &json!({})).status, 200);
    // A call that is not allowed costs nothing and says so first.
    assert_eq!(caller.call("change", &json!({})).status, 403);
}

#[test]
fn the_rate_of_everything_holds_for_what_has_none_of_its_own() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[limits]\nrate = \"2/m\"\n");
    let token = issuer.token("reader", "read", &server.url());
    let caller = server.bearer(&token);
    let read = || caller.request("resources/read", &json!({ "uri": "guarded://note" }));
    let ask = || caller.request("prompts/get", &json!({ "name": "ask" }));
    for _ in 0..2 {
        for response in [caller.call("look", &json!({})), read(), ask()] {
            assert_eq!(response.status, 200, "{}", response.text());
        }
    }
    for (what, response) in [
        ("tool", caller.call("look", &json!({}))),
        ("resource", read()),
        ("prompt", ask()),
    ] {
        assert_limited(what, &response, 60);
    }
    // Lists are no calls.
    assert_eq!(caller.request("tools/list", &json!({})).status, 200);
}

#[test]
fn who_guesses_is_stopped_and_who_is_known_is_not() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[limits]\nfailure_rate = \"5/m\"\n");
    let token = issuer.token("reader", "read", &server.url());
    let known = server.bearer(&token);
    assert_eq!(known.call("look", &json!({})).status, 200);
    // To have no token is no guess.
    for _ in 0..20 {
        assert_eq!(server.anonymous().call("look", &json!({})).status, 401);
    }
    let guess = |number: u32| {
        server
            .bearer(&format!("guess-{number}"))
            .call("look", &json!({}))
    };
    for number in 0..5 {
        assert_eq!(guess(number).status, 401, "{number}");
    }
    for number in 5..10 {
        assert_limited("a guess", &guess(number), 60);
    }
    assert_eq!(known.call("look", &json!({})).status, 200);
}

#[test]
fn an_address_is_limited_before_anybody_is_asked_who_is_there() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[limits]\naddress_rate = \"5/m\"\n");
    let token = issuer.token("reader", "read", &server.url());
    for _ in 0..5 {
        assert_eq!(server.bearer(&token).call("look", &json!({})).status, 200);
    }
    assert_limited(
        "the sixth",
        &server.bearer(&token).call("look", &json!({})),
        60,
    );
    assert_limited(
        "without a token",
        &server.anonymous().call("look", &json!({})),
        60,
    );
    // What a client says of its address is not believed.
    let request = message::call(1, "look", &json!({}));
    let mut connection = server.connect();
    connection.request_with(&request, &[("x-forwarded-for", "203.0.113.9")]);
    assert_limited("with another address", &connection.response(), 60);
    // Probes are not counted.
    let mut connection = server.connect();
    connection.write("GET", "/readyz", &[], b"");
    assert_eq!(connection.response().status, 200);
}

#[test]
fn behind_a_trusted_proxy_each_client_has_an_address() {
    let issuer = Issuer::start();
    let config = "[http]\ntrusted_proxies = [\"127.0.0.0/8\"]\n[limits]\naddress_rate = \"2/m\"\n";
    let server = Guarded::trusting(issuer.url(), config);
    let from = |forwarded: &str| {
        let mut connection = server.connect();
        let request = message::call(1, "look", &json!({}));
        connection.request_with(&request, &[("x-forwarded-for", forwarded)]);
        connection.response()
    };
    for address in ["203.0.113.9", "198.51.100.7, 203.0.113.10", "2001:db8:1::1"] {
        for _ in 0..2 {
            assert_eq!(from(address).status, 401, "{address}");
        }
        assert_limited(address, &from(address), 60);
    }
    // One household, one address.
    assert_limited("a neighbour in the same /64", &from("2001:db8:1::2"), 60);
    assert_limited("behind a lie", &from("192.0.2.77, 203.0.113.10"), 60);
    assert_eq!(from("2001:db8:2::1").status, 401);
}

#[test]
fn a_tool_has_as_many_places_as_it_is_given() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "[limits.tools.wait]\nconcurrency = 2\n");
    let token = issuer.token("reader", "read", &server.url());
    let statuses: Vec<u16> = thread::scope(|scope| {
        let calls: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let response = server
                        .bearer(&token)
                        .call("wait", &json!({ "milliseconds": 5_000 }));
                    if response.status == 503 {
                        assert_eq!(
                            response.json()["error"]["code"],
                            -31503,
                            "{}",
                            response.text()
                        );
                        assert!(response.header("retry-after").is_some());
                    }
                    response.status
                })
            })
            .collect();
        // Others are not held up meanwhile.
        thread::sleep(Duration::from_millis(600));
        assert_eq!(server.bearer(&token).call("look", &json!({})).status, 200);
        calls
            .into_iter()
            .map(|call| call.join().expect("it ends"))
            .collect()
    });
    let mut counts = BTreeMap::new();
    for status in statuses {
        *counts.entry(status).or_insert(0) += 1;
    }
    assert_eq!(counts, BTreeMap::from([(200, 2), (503, 4)]));
}
