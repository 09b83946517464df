//! Who is let in over HTTP, and what those are told who are not.

mod conformance;
mod credentials;
mod exposure;
mod introspection;
mod keys;
mod lists;
mod metadata;
mod outage;
mod scopes;
mod sessions;
mod stdio;
mod tokens;

use mcp_factory_tests::{Challenge, Guarded, Response};

/// The place of the metadata of `server`.
fn metadata_url(server: &Guarded) -> String {
    format!(
        "http://{}/.well-known/oauth-protected-resource/mcp",
        server.address()
    )
}

/// A refusal in both protocols' words: the status, and a JSON-RPC error with this code.
fn assert_refused(what: &str, response: &Response, status: u16, code: i64) {
    assert_eq!(response.status, status, "{what}: {}", response.text());
    assert_eq!(
        response.header("content-type"),
        Some("application/json"),
        "{what}"
    );
    let answer = response.json();
    assert_eq!(answer["jsonrpc"], "2.0", "{what}: {answer}");
    assert_eq!(answer["error"]["code"], code, "{what}: {answer}");
}

/// A 401 to somebody whose credential is no good, in one generic sentence.
fn assert_invalid(what: &str, server: &Guarded, response: &Response) {
    assert_refused(what, response, 401, -31401);
    let url = metadata_url(server);
    let description =
        "the credential is invalid, expired or not meant for this server: get a new one";
    let expected = format!(
        "Bearer error=\"invalid_token\", scope=\"read\", resource_metadata=\"{url}\", \
         error_description=\"{description}\""
    );
    assert_eq!(
        response.header("www-authenticate"),
        Some(expected.as_str()),
        "{what}"
    );
    assert_eq!(
        response.text(),
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{{\"code\":-31401,\"message\":\"{description}\"}}}}"
        ),
        "{what}"
    );
}

/// A 403 that says what to ask the issuer for.
fn assert_denied(what: &str, server: &Guarded, response: &Response, scopes: &[&str]) {
    assert_refused(what, response, 403, -31403);
    let challenge = Challenge::of(response);
    assert_eq!(challenge.get("error"), Some("insufficient_scope"), "{what}");
    assert_eq!(challenge.scopes(), scopes, "{what}");
    assert_eq!(
        challenge.get("resource_metadata"),
        Some(metadata_url(server).as_str()),
        "{what}"
    );
    assert!(challenge.get("error_description").is_some(), "{what}");
}
