//! The document that says where to get a token (RFC 9728), and what is open to everybody.

use mcp_factory_tests::{Guarded, Hostile, Response, guarded};
use serde_json::json;

const ROOT: &str = "/.well-known/oauth-protected-resource";
const AT_MCP: &str = "/.well-known/oauth-protected-resource/mcp";

fn ask(server: &Guarded, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut connection = server.connect();
    connection.write(method, path, headers, b"");
    if method == "HEAD" {
        return connection.head();
    }
    connection.response()
}

#[test]
fn the_metadata_is_there_for_everybody_at_both_places() {
    let issuer = Hostile::start();
    let server = Guarded::trusting(issuer.url(), "");
    let expected = json!({
        "resource": server.url(),
        "authorization_servers": [issuer.url()],
        "scopes_supported": ["admin", "guarded:special", "read", "write"],
        "bearer_methods_supported": ["header"],
    });
    for path in [AT_MCP, ROOT] {
        let response = ask(&server, "GET", path, &[("host", "localhost")]);
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(
            response.header("content-type"),
            Some("application/json"),
            "{path}"
        );
        assert_eq!(
            response.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        assert_eq!(response.json(), expected, "{path}");
        assert_eq!(
            ask(&server, "HEAD", path, &[("host", "localhost")]).status,
            200
        );
        // A browser asks first when the client sends the protocol's version along.
        let preflight = [
            ("host", "localhost"),
            ("origin", "https://client.example"),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "mcp-protocol-version"),
        ];
        let response = ask(&server, "OPTIONS", path, &preflight);
        assert_eq!(response.status, 204, "{path}");
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
        assert!(response.header("access-control-allow-headers").is_some());
        assert_eq!(
            ask(&server, "POST", path, &[("host", "localhost")]).status,
            405
        );
    }
    // Nobody was asked for it, not even the issuer.
    assert_eq!(issuer.requests("/.well-known/openid-configuration"), 0);
}

#[test]
fn nothing_of_a_request_gets_into_the_metadata_or_a_challenge() {
    let issuer = Hostile::start();
    let server = Guarded::trusting(issuer.url(), "");
    let told = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-url", "http://evil.example/mcp"),
    ];
    for path in [
        AT_MCP,
        ROOT,
        "/.well-known/oauth-protected-resource?resource=http://evil.example",
    ] {
        let response = ask(&server, "GET", path, &told);
        let text = response.text();
        assert!(!text.contains("evil"), "{path}: {text}");
        if response.status == 200 {
            assert_eq!(response.json()["resource"], server.url(), "{path}");
        }
    }
    let refused = ask(&server, "POST", "/mcp", &told[1..]);
    let challenge = refused.header("www-authenticate").unwrap_or_default();
    assert!(!challenge.contains("evil"), "{challenge}");
}

#[test]
fn the_resource_is_what_the_operator_says() {
    let issuer = Hostile::start();
    let public = "https://mcp.example.com/team/mcp";
    let config = format!("{}resource = \"{public}\"\n", guarded::trust(issuer.url()));
    let server = Guarded::start(&config);
    let path = "/.well-known/oauth-protected-resource/team/mcp";
    for path in [path, ROOT] {
        let response = ask(&server, "GET", path, &[("host", "localhost")]);
        assert_eq!(response.json()["resource"], public, "{path}");
    }
    let url = format!("resource_metadata=\"https://mcp.example.com{path}\"");
    let refused = server.anonymous().call("look", &json!({}));
    let challenge = refused.header("www-authenticate").unwrap_or_default();
    assert!(challenge.contains(&url), "{challenge}");
    // Tokens are for that resource now, and not for the address.
    let order = |aud: &str| json!({ "claims": { "aud": aud, "scope": "read" } });
    let token = issuer.token(&order(public));
    assert_eq!(server.bearer(&token).call("look", &json!({})).status, 200);
    let token = issuer.token(&order(&server.url()));
    assert_eq!(server.bearer(&token).call("look", &json!({})).status, 401);
}

#[test]
fn nothing_else_is_open_but_the_probes() {
    let issuer = Hostile::start();
    let server = Guarded::trusting(issuer.url(), "");
    for path in ["/livez", "/readyz"] {
        let response = ask(&server, "GET", path, &[]);
        assert_eq!(
            (response.status, response.text().as_str()),
            (200, r#"{"status":"ok"}"#),
            "{path}"
        );
    }
    for path in [
        "/",
        "/mcp/",
        "/MCP",
        "/metrics",
        "/health",
        "/.well-known/oauth-authorization-server",
        "//mcp",
        "/x/../mcp",
    ] {
        let response = ask(&server, "GET", path, &[("host", "localhost")]);
        assert_eq!(response.status, 404, "{path}: {}", response.text());
    }
}

#[test]
fn without_authentication_there_is_no_metadata() {
    let server = Guarded::start("");
    for path in [AT_MCP, ROOT] {
        assert_eq!(
            ask(&server, "GET", path, &[("host", "localhost")]).status,
            404,
            "{path}"
        );
    }
    assert_eq!(server.anonymous().call("change", &json!({})).status, 200);
}
