//! Where a server may listen: beyond this machine only when it asks who is there.

use std::process::Output;

use mcp_factory_tests::{Hostile, guarded};

fn started_on(address: &str, config: &str, more: &[&str]) -> Output {
    let (mut command, _folder) = guarded::command(config);
    // `check` says what `serve` would, and does not listen.
    command.args(["check", "--http", address]).args(more);
    command.output().expect("it runs")
}

#[test]
fn without_authentication_it_listens_to_this_machine_alone() {
    for address in [
        "0.0.0.0:8080",
        "[::]:8080",
        "192.0.2.1:8080",
        "[::ffff:192.0.2.1]:8080",
    ] {
        let output = started_on(address, "", &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{address}: {said}");
        assert!(
            said.contains("--insecure") && said.contains("authentication"),
            "{address}: {said}"
        );
        assert!(
            started_on(address, "", &["--insecure"]).status.success(),
            "{address}"
        );
    }
    for address in ["127.0.0.1:8080", "[::1]:8080"] {
        let output = started_on(address, "", &[]);
        assert!(output.status.success(), "{address}: {output:?}");
    }
}

#[test]
fn with_authentication_it_may_listen_anywhere() {
    let issuer = Hostile::start();
    let config = format!(
        "{}[http]\npublic_url = \"https://mcp.example.com\"\n",
        guarded::trust(issuer.url())
    );
    let output = started_on("0.0.0.0:8080", &config, &[]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(issuer.requests("/jwks"), 0, "checking asks nobody");
}

#[test]
fn settings_for_callers_without_a_mode_are_no_open_door() {
    let key = "[[auth.keys]]\nname = \"me\"\nscopes = [\"read\"]\nsha256 = \"3b5d5c3712955042212316173ccf37be800a3d4f1e3e1e5a2ff2aa6e5d5d0a3c\"\n";
    let issuer = "[auth]\nissuer = \"https://id.example.com\"\n";
    let off = format!("[auth]\nmode = \"none\"\n{key}");
    for config in [key, issuer, &off] {
        let output = started_on("127.0.0.1:8080", config, &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{config}: {said}");
        assert!(said.contains("`auth.mode`"), "{config}: {said}");
    }
    // Nor does an operator turn it off by one word.
    let keys = format!("[auth]\nmode = \"keys\"\n{key}");
    assert!(started_on("127.0.0.1:8080", &keys, &[]).status.success());
    let output = started_on("127.0.0.1:8080", &keys, &["--set", "auth.mode=none"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn a_public_url_without_authentication_is_an_exposure() {
    let config = "[http]\npublic_url = \"https://mcp.example.com\"\n";
    let output = started_on("127.0.0.1:8080", config, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("https://mcp.example.com leads here") && said.contains("--insecure"),
        "{said}"
    );
    let insecure = started_on("127.0.0.1:8080", config, &["--insecure"]);
    assert!(insecure.status.success(), "{insecure:?}");
}
