//! The checks of three scenarios that the official conformance repository has on its main branch and no
//! release has yet, each under its own name there: `server-scope-challenge`, `auth-token-audience-validation`
//! and `json-rpc-batch-rejection`. Their words on the wire are ours; what they ask for is theirs.

use std::time::{SystemTime, UNIX_EPOCH};

use mcp_factory_tests::{Caller, Challenge, Guarded, Hostile, Issuer, message};
use serde_json::{Value, json};

use super::metadata_url;

#[test]
fn server_scope_challenge() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let low = issuer.token("stranger", "read", &server.url());
    let full = issuer.token("admin", "read write admin", &server.url());
    // A tool, a static resource, a resource of a template, a prompt.
    let operations = [
        ("tools/call", json!({ "name": "change" }), "write"),
        (
            "resources/read",
            json!({ "uri": "guarded://secret" }),
            "admin",
        ),
        (
            "resources/read",
            json!({ "uri": "guarded://days/123" }),
            "write",
        ),
        (
            "prompts/get",
            json!({ "name": "command", "arguments": { "what": "x" } }),
            "write",
        ),
    ];
    for (method, params, scope) in operations {
        let response = server.bearer(&low).request(method, &params);
        let what = format!("{method} {params}");
        // server-scope-challenge-http-403
        assert_eq!(response.status, 403, "{what}");
        // server-scope-challenge-www-authenticate
        let challenge = Challenge::of(&response);
        assert_eq!(challenge.get("error"), Some("insufficient_scope"), "{what}");
        let url = challenge
            .get("resource_metadata")
            .expect("where the metadata is");
        assert_eq!(
            url,
            metadata_url(&server),
            "{what}: of the same origin, absolute"
        );
        // sep-2350-server-single-challenge
        assert!(challenge.scopes().contains(&scope), "{what}: {challenge:?}");
        // server-scope-challenge-upgraded-retry
        let retried = server.bearer(&full).request(method, &params);
        assert_eq!(retried.status, 200, "{what}");
        let answer = retried.json();
        assert!(
            answer["result"].is_object() && answer["error"].is_null(),
            "{what}: {answer}"
        );
    }
}

/// What the scenario sends: the first request of each era.
fn probe(caller: &Caller<'_>, server: &Guarded, era: &str) -> u16 {
    if era == message::MODERN {
        return caller.request("server/discover", &json!({})).status;
    }
    let mut initialize = message::initialize(1);
    initialize["params"]["protocolVersion"] = json!(era);
    server
        .post(initialize.to_string().as_bytes(), &caller.headers())
        .status
}

#[test]
fn auth_token_audience_validation() {
    let issuer = Hostile::start();
    // Launched before the issuer is asked for anything: its keys are fetched when the first token comes.
    let server = Guarded::trusting(issuer.url(), "[limits]\nfailure_rate = \"off\"\n");
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is right")
        .as_secs();
    // As the scenario mints them: no scope is granted or needed.
    let mint = |claims: Value, more: Value| {
        let mut order =
            json!({ "claims": { "client_id": "mcp-conformance-client", "aud": server.url() } });
        for (name, value) in claims.as_object().expect("an object") {
            order["claims"][name] = value.clone();
        }
        for (name, value) in more.as_object().expect("an object") {
            order[name] = value.clone();
        }
        issuer.token(&order)
    };
    let other = json!({ "aud": "https://other-resource.example.com/mcp" });
    let expired = json!({ "exp": now - 300, "iat": now - 3900 });
    let tokens = [
        (
            "auth-valid-audience-token-accepted",
            mint(json!({}), json!({})),
            200,
        ),
        (
            "auth-wrong-audience-token-rejected",
            mint(other, json!({})),
            401,
        ),
        (
            "auth-missing-audience-token-rejected",
            mint(json!({}), json!({ "without": ["aud"] })),
            401,
        ),
        ("auth-expired-token-rejected", mint(expired, json!({})), 401),
        (
            "auth-untrusted-token-rejected",
            mint(json!({}), json!({ "forged": "stranger" })),
            401,
        ),
    ];
    for era in ["2025-06-18", message::LEGACY, message::MODERN] {
        let anonymous = server.anonymous();
        assert_eq!(
            probe(&anonymous, &server, era),
            401,
            "auth-unauthenticated-request-rejected {era}"
        );
        for (check, token, status) in &tokens {
            assert_eq!(
                probe(&server.bearer(token), &server, era),
                *status,
                "{check} {era}"
            );
        }
    }
}

#[test]
fn json_rpc_batch_rejection() {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    let token = issuer.token("admin", "admin", &server.url());
    let stateless = server.bearer(&token);
    let modern = |id, method| message::modern(id, method, &json!({}));
    let ping = |id| message::legacy(id, "ping", &json!({}));
    let session = server.bearer(&token).in_session();
    for (era, caller, batch) in [
        (
            message::MODERN,
            &stateless,
            json!([modern(1, "server/discover"), modern(2, "tools/list")]),
        ),
        (message::LEGACY, &session, json!([ping(901), ping(902)])),
        ("2025-06-18", &session, json!([ping(901), ping(902)])),
    ] {
        let mut headers = caller.headers();
        headers.push(("mcp-protocol-version", era));
        headers.push(("mcp-method", "server/discover"));
        let response = server.post(batch.to_string().as_bytes(), &headers);
        // json-rpc-batch-rejected: a 4xx, and one JSON-RPC error.
        assert!(
            (400..500).contains(&response.status),
            "{era}: {}",
            response.status
        );
        let answer = response.json();
        assert!(
            answer["error"]["code"].is_i64() && answer["result"].is_null(),
            "{era}: {answer}"
        );
    }
    assert_eq!(stateless.ran("look"), 0);
}
