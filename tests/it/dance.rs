//! Other people's clients, another people's authorization server, and one of our servers between them: from
//! a 401 to a token, from a 403 to a better one, as a person at a client would go through it.

use std::process::Command;

use mcp_factory_tests::{Guarded, Issuer, Tools};
use serde_json::{Value, json};

/// How a client asks for more: with what it has, or for the new scope alone.
#[derive(Clone, Copy)]
enum Asks {
    Together,
    Alone,
}

fn check(mut client: Command, who: &str, asks: Asks) {
    let issuer = Issuer::start();
    let server = Guarded::trusting(issuer.url(), "");
    client.args([who, &server.url()]);
    let output = client.output().expect("the client is installed");
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let stderr = server.process.stderr();
    assert!(
        output.status.success(),
        "{client:?}: {said} {complained} {stderr}"
    );
    let seen: Value =
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said} {complained}"));
    let scopes = match asks {
        Asks::Together => ["read", "read write", "read write admin"],
        Asks::Alone => ["read", "write", "admin"],
    };
    let after = |count: usize| {
        let asked: Vec<Value> = scopes[..count]
            .iter()
            .map(|scope| json!([scope, server.url()]))
            .collect();
        json!([asked, &scopes[..count]])
    };
    let expected = json!({
        "after_first": after(1),
        "look": "",
        "whoami": format!("- {}|ann", issuer.url()),
        "change": "change 1",
        "after_step_up": after(2),
        "administer": "administer 1",
        "after_second_step_up": after(3),
    });
    assert_eq!(seen, expected, "{client:?}");
    // It went the whole way: discovery and keys once, a consent and a token each time.
    assert_eq!(issuer.requests("/token"), 3);
    assert_eq!(issuer.requests("/jwks"), 1);
    assert_eq!(issuer.requests("/reg"), u64::from(who == "register"));
}

fn typescript(package: &str, who: &str, asks: Asks) {
    let mut client = Tools::installed().node_client("typescript_dance.mjs");
    client.arg(package);
    check(client, who, asks);
}

fn python(who: &str) {
    check(
        Tools::installed().python_client("python_dance.py"),
        who,
        Asks::Together,
    );
}

#[test]
fn typescript_client_registers_and_steps_up() {
    typescript("client", "register", Asks::Together);
}

#[test]
fn typescript_client_is_known_and_steps_up() {
    typescript("client", "desktop", Asks::Together);
}

#[test]
fn typescript_sdk_registers_and_steps_up() {
    typescript("sdk", "register", Asks::Alone);
}

#[test]
fn typescript_sdk_is_known_and_steps_up() {
    typescript("sdk", "desktop", Asks::Alone);
}

#[test]
fn python_registers_and_steps_up() {
    python("register");
}

#[test]
fn python_is_known_and_steps_up() {
    python("desktop");
}
