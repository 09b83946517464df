//! API keys, for servers without an authorization server.

use mcp_factory_tests::{Guarded, Response};
use serde_json::json;

use super::assert_refused;

/// SHA-256 of `the-key-of-ci`, by `sha256sum`.
const CI: &str = "973096256ae8f1951db6e6a7c8a0722515b1989d5a8cb8366781dc03f39c92e2";

fn call(server: &Guarded, tool: &str, headers: &[(&str, &str)]) -> Response {
    let request = mcp_factory_tests::message::call(1, tool, &json!({}));
    let mut connection = server.connect();
    connection.request_with(&request, headers);
    connection.response()
}

fn config() -> String {
    format!(
        "[auth]\nmode = \"keys\"\n\n\
         [[auth.keys]]\nname = \"ci\"\nsha256 = \"{CI}\"\nscopes = [\"read\"]\n\n\
         [[auth.keys]]\nname = \"ops\"\nsecret = \"env:OPS_KEY\"\nscopes = [\"admin\"]\n\n\
         [[auth.keys]]\nname = \"old\"\nsecret = \"env:OLD_KEY\"\nscopes = [\"admin\"]\nexpires = \"2020-01-31\"\n\n\
         [limits]\nfailure_rate = \"off\"\n"
    )
}

#[test]
fn a_key_is_a_caller_with_its_scopes() {
    let keys = [
        ("OPS_KEY", "the-key-of-operations-0123456789"),
        ("OLD_KEY", "an-old-key-0123456789-0123456789"),
    ];
    let server = Guarded::start_with(&config(), &keys);
    let bearer = ("authorization", "Bearer the-key-of-ci");
    let header = ("x-api-key", "the-key-of-ci");
    for how in [bearer, header] {
        assert_eq!(call(&server, "look", &[how]).status, 200, "{how:?}");
        assert_refused(
            "a key of less",
            &call(&server, "change", &[how]),
            403,
            -31403,
        );
    }
    let whoami = call(&server, "whoami", &[header]).json();
    assert_eq!(mcp_factory_tests::message::text(&whoami), "- key|ci");
    assert_eq!(
        call(&server, "administer", &[("x-api-key", keys[0].1)]).status,
        200
    );

    assert_refused(
        "both ways at once",
        &call(&server, "look", &[bearer, header]),
        400,
        -32600,
    );
    for (what, headers) in [
        ("an unknown key", vec![("x-api-key", "the-key-of-cj")]),
        ("the digest itself", vec![("x-api-key", CI)]),
        ("an expired key", vec![("x-api-key", keys[1].1)]),
        ("a beginning", vec![("x-api-key", "the-key-of-c")]),
        ("no key", vec![]),
    ] {
        let response = call(&server, "look", &headers);
        assert_refused(what, &response, 401, -31401);
        let challenge = response.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains("realm=\"mcp\""), "{what}: {challenge}");
        assert!(
            !challenge.contains("resource_metadata") && !challenge.contains("scope="),
            "{challenge}"
        );
    }
    let mut connection = server.connect();
    connection.write(
        "GET",
        "/.well-known/oauth-protected-resource/mcp",
        &[("host", "localhost")],
        b"",
    );
    assert_eq!(
        connection.response().status,
        404,
        "there is no issuer to point to"
    );
}

#[test]
fn a_file_of_keys_is_read_again_when_it_changes() {
    let config = "[auth]\nmode = \"keys\"\nkeys_file = \"FOLDER/keys.toml\"\n[limits]\nfailure_rate = \"off\"\n";
    let entry = |name: &str| {
        format!("[[key]]\nname = \"{name}\"\nsha256 = \"{CI}\"\nscopes = [\"read\"]\n")
    };
    let server = Guarded::start_after(config, &[], |folder| {
        let path = folder.join("keys.toml");
        std::fs::write(&path, entry("ci")).expect("there is room");
        private(&path);
    });
    let key = [("x-api-key", "the-key-of-ci")];
    assert_eq!(call(&server, "look", &key).status, 200);
    // Another key takes its place: written beside it and renamed over it.
    let other = entry("ci").replace(CI, &"0".repeat(64));
    let fresh = server.folder().join("keys.new");
    std::fs::write(&fresh, other).expect("there is room");
    private(&fresh);
    std::fs::rename(&fresh, server.folder().join("keys.toml")).expect("it is ours");
    let gone = mcp_factory_tests::eventually(std::time::Duration::from_secs(20), || {
        (call(&server, "look", &key).status == 401).then_some(())
    });
    assert!(
        gone.is_some(),
        "the old key is still good; {}",
        server.process.stderr()
    );
}

fn private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
}
