//! A server that runs takes what is new in its stores, and goes on with what it has when there is none.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mcp_factory_tests::{Guarded, Management, eventually, message};
use serde_json::json;

use super::stand_in;

const OLD: &str = "the-old-key-0123456789-0123456789-canary";
const NEW: &str = "the-new-key-0123456789-0123456789-canary";

/// What is in Vault; nothing while it is sealed.
type Held = Arc<Mutex<Option<&'static str>>>;

fn vault() -> (String, Held) {
    let held: Held = Arc::new(Mutex::new(Some(OLD)));
    let shown = Arc::clone(&held);
    let address = stand_in(move |_, _| {
        let (status, body) = match *shown.lock().expect("nobody panicked") {
            Some(key) => (200, json!({"data": {"data": {"key": key}}})),
            None => (503, json!({"errors": ["Vault is sealed"]})),
        };
        (status, body.to_string())
    });
    (address, held)
}

#[test]
fn a_new_secret_counts_without_a_restart_and_a_store_that_is_away_locks_nobody_out() {
    let (address, held) = vault();
    let config = format!(
        "[auth]\nmode = \"keys\"\n\n\
         [[auth.keys]]\nname = \"ops\"\nsecret = \"vault:secret/app#key\"\nscopes = [\"read\"]\n\n\
         [limits]\nfailure_rate = \"off\"\n\n[management]\nlisten = \"127.0.0.1:0\"\n\n\
         [secrets]\nrefresh = \"1s\"\ntimeout = \"300ms\"\nvault.address = {address:?}\n"
    );
    let mut server = Guarded::start_with(&config, &[("VAULT_TOKEN", "t-canary")]);
    let port = Management::of(&server.process);
    let status = |key: &str| {
        let mut connection = server.connect();
        let request = message::call(1, "look", &json!({}));
        connection.request_with(&request, &[("x-api-key", key)]);
        connection.response().status
    };
    let set = |value| *held.lock().expect("nobody panicked") = value;
    let soon = Duration::from_secs(20);
    assert_eq!((status(OLD), status(NEW)), (200, 401));

    set(Some(NEW));
    let taken = eventually(soon, || (status(NEW) == 200).then_some(()));
    assert!(taken.is_some(), "{}", server.process.stderr());
    assert_eq!(status(OLD), 401);
    assert_eq!(port.metric("mcp_secrets_replaced_total"), Some(1.0));
    assert_eq!(port.metric("mcp_secrets_stale"), Some(0.0));

    set(None);
    let failures = || port.metric("mcp_secret_refreshes_total{outcome=\"error\"}");
    let noticed = eventually(soon, || failures().filter(|count| *count >= 3.0));
    assert!(noticed.is_some(), "{}", port.metrics());
    assert_eq!(port.metric("mcp_secrets_stale"), Some(1.0));
    assert_eq!(status(NEW), 200);
    assert_eq!(port.get("/readyz").status, 200);
    set(Some(NEW));
    let over = eventually(soon, || {
        (port.metric("mcp_secrets_stale") == Some(0.0)).then_some(())
    });
    assert!(over.is_some(), "{}", port.metrics());

    server.process.terminate();
    let (status, took) = server
        .process
        .ended_within(Duration::from_secs(20))
        .expect("it ends");
    assert!(
        status.success() && took < Duration::from_secs(10),
        "{status} {took:?}"
    );
    let said = server.process.stderr();
    for words in [
        "there is a new secret in its store",
        "a secret could not be fetched again, the one of before stays",
        "a secret can be fetched again",
    ] {
        assert_eq!(said.matches(words).count(), 1, "{words}\n{said}");
    }
    assert!(!said.contains("canary"), "{said}");
}
