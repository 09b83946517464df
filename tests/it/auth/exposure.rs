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
