//! Each problem, its place and its words.

use super::*;

fn problems(settings: &str) -> Vec<(String, String)> {
    let config: AuthConfig = toml::from_str(settings).expect(settings);
    let problems = config.problems().into_iter();
    problems
        .map(|problem| (problem.path, problem.message))
        .collect()
}

/// Exactly one problem, at this place, in words that hold each of `parts`.
fn one(settings: &str, path: &str, parts: &[&str]) {
    let found = problems(settings);
    let [(at, message)] = found.as_slice() else {
        panic!("{settings}: {found:?}");
    };
    assert_eq!(at, path, "{settings}: {message}");
    for part in parts {
        assert!(message.contains(part), "{settings}: {message}");
    }
}

const JWT: &str = "mode = \"jwt\"\nissuer = \"https://id.example.com/\"\n";
const INTROSPECTION: &str = "mode = \"introspection\"\nissuer = \"https://id.example.com/\"\n";

#[test]
fn what_is_complete_has_no_problem() {
    for settings in ["", "mode = \"none\"", JWT, INTROSPECTION] {
        assert_eq!(problems(settings), [], "{settings}");
    }
    for more in [
        "preset = \"hydra\"",
        "jwks_url = \"https://id.example.com/keys\"",
        "jwks_url = \"http://127.0.0.1:1/keys\"",
        "algorithms = [\"RS256\", \"PS256\", \"ES256\", \"EdDSA\"]",
        "leeway = \"60s\"",
        "jwks_ttl = \"30s\"",
        "tenant_claim = \"org_id\"",
        "challenge_scopes = []",
        "required_scopes = [\"read\"]",
        "resource = \"https://mcp.example.com/mcp\"",
    ] {
        assert_eq!(problems(&format!("{JWT}{more}")), [], "{more}");
    }
    for more in ["audience = []", "cache_ttl = \"0s\"", "cache_ttl = \"1h\""] {
        assert_eq!(problems(&format!("{INTROSPECTION}{more}")), [], "{more}");
    }
}

#[test]
fn the_issuer_is_named_and_safe() {
    one("mode = \"jwt\"", "issuer", &["is missing", "`iss`"]);
    one("mode = \"introspection\"", "issuer", &["is missing"]);
    for (issuer, part) in [
        ("id.example.com", "is not a URL"),
        ("http://id.example.com/", "use https"),
        ("http://localhost.evil.example/", "use https"),
        ("https://id.example.com/?a=b", "?query"),
        ("https://id.example.com/#a", "#fragment"),
        ("https://me:canary@id.example.com/", "user name or password"),
    ] {
        one(
            &format!("mode = \"jwt\"\nissuer = \"{issuer}\""),
            "issuer",
            &[part],
        );
    }
    for issuer in [
        "http://127.0.0.1:9797",
        "http://localhost:1/",
        "http://[::1]:1/",
    ] {
        assert_eq!(
            problems(&format!("mode = \"jwt\"\nissuer = \"{issuer}\"")),
            []
        );
    }
}

#[test]
fn tokens_are_checked_strictly() {
    for (setting, path, parts) in [
        ("preset = \"okta\"", "preset", ["there are auth0", "workos"]),
        (
            "audience = []",
            "audience",
            ["is empty", "leave `audience` out"],
        ),
        ("audience = [\"\"]", "audience[0]", ["is empty", "`aud`"]),
        ("resource = \"mcp\"", "resource", ["is not a URL", "write"]),
        ("leeway = \"61s\"", "leeway", ["longer than 60s", "clock"]),
        (
            "jwks_ttl = \"29s\"",
            "jwks_ttl",
            ["shorter than 30s", "write"],
        ),
        (
            "jwks_url = \"http://id.example.com\"",
            "jwks_url",
            ["https", "loopback"],
        ),
        (
            "scope_claims = []",
            "scope_claims",
            ["names no claim", "leave"],
        ),
        (
            "scope_claims = [\"\"]",
            "scope_claims",
            ["names no claim", "leave"],
        ),
        (
            "tenant_claim = \"\"",
            "tenant_claim",
            ["names no claim", "leave"],
        ),
        (
            "algorithms = []",
            "algorithms",
            ["is empty", "leave it out"],
        ),
        (
            "algorithms = [\"RS256\", \"HS256\"]",
            "algorithms[1]",
            ["symmetric", "use any of RS256"],
        ),
        (
            "algorithms = [\"none\"]",
            "algorithms[0]",
            ["no signature", "use any of"],
        ),
        (
            "algorithms = [\"RS384\"]",
            "algorithms[0]",
            ["supported", "use any of"],
        ),
        (
            "required_scopes = [\"a b\"]",
            "required_scopes[0]",
            ["is no scope", "read"],
        ),
        (
            "challenge_scopes = [\"\", \"read\"]",
            "challenge_scopes[0]",
            ["is no scope", "write"],
        ),
        (
            "challenge_scopes = ['a\"']",
            "challenge_scopes[0]",
            ["is no scope", "write"],
        ),
    ] {
        one(&format!("{JWT}{setting}"), path, &parts);
    }
}

#[test]
fn a_preset_knows_its_provider() {
    assert_eq!(problems("mode = \"jwt\"\npreset = \"google\""), []);
    one(
        "mode = \"jwt\"\npreset = \"auth0\"",
        "issuer",
        &["is missing"],
    );
    one(
        "mode = \"jwt\"\npreset = \"auth0\"\nissuer = \"https://acme.auth0.com\"",
        "issuer",
        &["auth0", "slash"],
    );
    one(
        &format!("{INTROSPECTION}preset = \"auth0\""),
        "mode",
        &["auth0 does not offer", "set mode = \"jwt\""],
    );
}

#[test]
fn introspection_has_both_halves_of_its_credentials() {
    for (setting, path, parts) in [
        (
            "client_id = \"mcp\"",
            "client_secret",
            ["is missing", "env:NAME"],
        ),
        (
            "client_secret = \"env:PATH\"",
            "client_id",
            ["is missing", "client_secret"],
        ),
        (
            "client_id = \"mcp\"\nclient_secret = \"env:MCP_FACTORY_NOT_SET\"",
            "client_secret",
            ["cannot be had", "MCP_FACTORY_NOT_SET is not set"],
        ),
        (
            "client_id = \"\"\nclient_secret = \"env:PATH\"",
            "client_id",
            ["is empty", "write"],
        ),
        (
            "cache_ttl = \"61m\"",
            "cache_ttl",
            ["longer than 1h", "revoked"],
        ),
        (
            "introspection_url = \"x\"",
            "introspection_url",
            ["is not a URL", "write"],
        ),
    ] {
        one(&format!("{INTROSPECTION}{setting}"), path, &parts);
    }
    assert_eq!(
        problems(&format!(
            "{INTROSPECTION}client_id = \"mcp\"\nclient_secret = \"env:PATH\""
        )),
        []
    );
}

#[test]
fn keys_need_keys() {
    one(
        "mode = \"keys\"",
        "keys",
        &["are missing", "[[auth.keys]]", "keys_file"],
    );
    one(
        "mode = \"keys\"\nkeys_file = \"/nowhere/at/all\"",
        "keys_file",
        &["/nowhere/at/all"],
    );
}

#[test]
fn settings_of_another_mode_are_told() {
    let settings = [
        ("preset = \"auth0\"", "preset", "jwt introspection"),
        (
            "issuer = \"https://id.example.com/\"",
            "issuer",
            "jwt introspection",
        ),
        ("audience = [\"a\"]", "audience", "jwt introspection"),
        (
            "resource = \"https://a.example\"",
            "resource",
            "jwt introspection",
        ),
        (
            "resource_name = \"a\"",
            "resource_name",
            "jwt introspection",
        ),
        ("jwks_url = \"https://a.example\"", "jwks_url", "jwt"),
        ("algorithms = [\"RS256\"]", "algorithms", "jwt"),
        ("jwks_ttl = \"15m\"", "jwks_ttl", "jwt"),
        ("leeway = \"1s\"", "leeway", "jwt introspection"),
        (
            "scope_claims = [\"a\"]",
            "scope_claims",
            "jwt introspection",
        ),
        ("tenant_claim = \"a\"", "tenant_claim", "jwt introspection"),
        (
            "challenge_scopes = [\"a\"]",
            "challenge_scopes",
            "jwt introspection",
        ),
        (
            "required_scopes = [\"a\"]",
            "required_scopes",
            "jwt introspection keys",
        ),
        (
            "introspection_url = \"https://a.example\"",
            "introspection_url",
            "introspection",
        ),
        ("cache_ttl = \"1s\"", "cache_ttl", "introspection"),
        ("keys_file = \"/dev/null/a\"", "keys_file", "keys"),
        ("keys = [{ name = \"a\" }]", "keys", "keys"),
        ("client_id = \"a\"", "client_id", "introspection"),
        (
            "client_secret = \"env:PATH\"",
            "client_secret",
            "introspection",
        ),
    ];
    for mode in ["none", "jwt", "introspection", "keys"] {
        for (setting, path, modes) in settings {
            let found = problems(&format!("mode = \"{mode}\"\n{setting}"));
            let told = found
                .iter()
                .any(|(at, message)| at == path && message.contains("does nothing in mode"));
            let belongs = modes.split(' ').any(|other| other == mode);
            assert_eq!(told, !belongs, "{mode}: {setting}: {found:?}");
        }
    }
    one(
        "issuer = \"https://id.example.com/\"",
        "issuer",
        &[
            "does nothing in mode \"none\"",
            "set mode = \"jwt\" or mode = \"introspection\"",
        ],
    );
}
