//! Who is heard, who is believed, and what a guesser is told.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use mcp_factory_guard::{AuditConfig, AuditTarget};
use mcp_factory_identity::{AuthConfig, Surroundings};
use mcp_factory_sdk::{Rate, ScopeHierarchy};
use serde_json::Value;

use super::*;

const TWICE: Rate = Rate::new(2, Duration::from_mins(1));
const KEY: &str = "key-of-ann";
/// A key whose holder lacks what every request needs.
const LESSER_KEY: &str = "key-of-bob";
// `printf %s KEY | sha256sum` of the two.
const ANN: &str = "ca64daa8b294dc4835d29ca02a6a47427ebc6a225ea3ac2e15f8417fb6601db2";
const BOB: &str = "808a1d81b5de08d72083995df738947d519d230a20c236003268f0f4b65ee475";

fn parts(authenticator: Option<Authenticator>) -> GatekeeperParts {
    GatekeeperParts {
        authenticator,
        trusted_proxies: Vec::new(),
        requests: AddressLimits::new(100, None),
        failures: AddressLimits::new(100, None),
        audit: Arc::new(Audit::off()),
    }
}

fn keys() -> Authenticator {
    authenticator(&format!(
        r#"
        mode = "keys"
        required_scopes = ["read"]
        [[keys]]
        name = "ann"
        sha256 = "{ANN}"
        scopes = ["write"]
        [[keys]]
        name = "bob"
        sha256 = "{BOB}"
        "#
    ))
}

fn authenticator(settings: &str) -> Authenticator {
    let config: AuthConfig = toml::from_str(settings).expect("settings");
    let surroundings = Surroundings {
        resource: "https://mcp.example.com/mcp".to_owned(),
        hierarchy: ScopeHierarchy::default(),
        scopes: Vec::new(),
    };
    Authenticator::new(&config, surroundings, identity::Clock::system()).expect("an authenticator")
}

fn address(text: &str) -> IpAddr {
    text.parse().expect(text)
}

/// What somebody at `from` with these values of `Authorization` is answered.
async fn answer(gatekeeper: &Gatekeeper, from: &str, values: &[&str]) -> Result<String, u16> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(AUTHORIZATION, value.parse().expect("a header"));
    }
    match gatekeeper
        .admit(&headers, address(from), || Some("write"))
        .await
    {
        Ok(principal) => Ok(principal.id().to_owned()),
        Err(refusal) => {
            let response = refusal.into_response();
            let (status, headers) = (response.status().as_u16(), response.headers());
            assert_eq!(headers.contains_key(RETRY_AFTER), status == 429);
            // All but the last can be mended by another credential.
            assert_eq!(headers.contains_key(WWW_AUTHENTICATE), status != 429);
            Err(status)
        }
    }
}

#[test]
fn only_a_trusted_proxy_is_believed() {
    let gatekeeper = Gatekeeper::new(GatekeeperParts {
        trusted_proxies: ["10.0.0.0/8", "::1/128"]
            .map(|network| network.parse().unwrap())
            .into(),
        ..parts(None)
    });
    let address = |peer: &str, told: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in told {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        gatekeeper
            .address(peer.parse().unwrap(), &headers)
            .to_string()
    };
    assert_eq!(address("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
    assert_eq!(address("10.1.2.3", &["203.0.113.9"]), "203.0.113.9");
    assert_eq!(address("::ffff:10.1.2.3", &["203.0.113.9"]), "203.0.113.9");
    // What the client itself put in front is not reached.
    assert_eq!(
        address("10.1.2.3", &["198.51.100.7, 203.0.113.9, 10.9.9.9"]),
        "203.0.113.9"
    );
    assert_eq!(
        address("10.1.2.3", &["198.51.100.7", "203.0.113.9"]),
        "203.0.113.9"
    );
    // Some proxies add the port.
    assert_eq!(address("10.1.2.3", &["203.0.113.9:4711"]), "203.0.113.9");
    for told in ["[2001:db8::1]:4711", "[2001:db8::1]", " 2001:db8::1 "] {
        assert_eq!(address("10.1.2.3", &[told]), "2001:db8::1");
    }
    assert_eq!(address("10.1.2.3", &["203.0.113.9, nonsense"]), "10.1.2.3");
    assert_eq!(address("10.1.2.3", &["203.0.113.9, "]), "10.1.2.3");
    assert_eq!(address("10.1.2.3", &[]), "10.1.2.3");
    assert_eq!(address("::1", &["2001:db8::1"]), "2001:db8::1");
}

#[tokio::test]
async fn where_nobody_is_asked_callers_are_told_apart_by_their_address() {
    let gatekeeper = Gatekeeper::new(parts(None));
    assert!(gatekeeper.authenticator().is_none());
    for (from, id) in [
        ("127.0.0.1", "anonymous@localhost"),
        ("127.1.2.3", "anonymous@localhost"),
        ("::1", "anonymous@localhost"),
        ("192.0.2.1", "anonymous@192.0.2.1"),
        ("2001:db8::1", "anonymous@2001:db8::/64"),
        ("2001:db8::2:3", "anonymous@2001:db8::/64"),
        ("2001:db8:0:1::1", "anonymous@2001:db8:0:1::/64"),
    ] {
        // Whatever they say of themselves.
        let answer = answer(&gatekeeper, from, &["Bearer x"]).await;
        assert_eq!(answer.as_deref(), Ok(id));
    }
    let headers = HeaderMap::new();
    let anyone = gatekeeper.admit(&headers, address("::1"), || None).await;
    assert_eq!(*anyone.expect("anyone").scopes(), ScopeSet::All);
}

#[tokio::test(start_paused = true)]
async fn one_address_is_heard_so_often_whoever_it_is() {
    for authenticator in [None, Some(keys())] {
        let gatekeeper = Gatekeeper::new(GatekeeperParts {
            requests: AddressLimits::new(100, Some(TWICE)),
            ..parts(authenticator)
        });
        let good = format!("Bearer {KEY}");
        for expected in [true, true, false, false] {
            let answer = answer(&gatekeeper, "192.0.2.1", &[&good]).await;
            assert_eq!(answer.is_ok(), expected, "{answer:?}");
            assert!(matches!(answer, Ok(_) | Err(429)));
        }
        assert!(answer(&gatekeeper, "192.0.2.2", &[&good]).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn who_guesses_is_not_heard_any_more_and_who_is_known_is() {
    let good = format!("Bearer {KEY}");
    for wrong in [
        &["Bearer wrong"][..],
        &["Bearer a", "Bearer b"],
        &["Bearer \"\""],
    ] {
        let gatekeeper = Gatekeeper::new(GatekeeperParts {
            failures: AddressLimits::new(100, Some(TWICE)),
            ..parts(Some(keys()))
        });
        assert!(gatekeeper.authenticator().is_some());
        let status = if wrong == ["Bearer wrong"] { 401 } else { 400 };
        let from = "192.0.2.1";
        for expected in [status, status, 429, 429] {
            assert_eq!(answer(&gatekeeper, from, wrong).await, Err(expected));
        }
        assert_eq!(answer(&gatekeeper, from, &[]).await, Err(429));
        let known = answer(&gatekeeper, from, &[&good]).await;
        assert_eq!(known.as_deref(), Ok("key|ann"));
        assert_eq!(answer(&gatekeeper, "192.0.2.2", wrong).await, Err(status));
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(answer(&gatekeeper, from, wrong).await, Err(status));
    }
}

/// Also at the first request that comes when the keys are due to be read again: it waits for them.
#[tokio::test]
async fn a_key_that_was_taken_out_of_its_file_is_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.toml");
    let entry = |name: &str, hash: &str| {
        let text =
            format!("[[key]]\nname = \"{name}\"\nsha256 = \"{hash}\"\nscopes = [\"read\"]\n");
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("ours");
    };
    let wait = async || tokio::time::sleep(Duration::from_millis(1_200)).await;
    entry("ann", ANN);
    let settings = format!("mode = \"keys\"\nkeys_file = \"{}\"\n", path.display());
    let gatekeeper = Gatekeeper::new(parts(Some(authenticator(&settings))));
    let (ann, bob) = (format!("Bearer {KEY}"), format!("Bearer {LESSER_KEY}"));
    let from = "192.0.2.1";
    // Only a reading that takes half a second is not waited for to its end.
    loop {
        while answer(&gatekeeper, from, &[&ann]).await.is_err() {
            wait().await;
        }
        entry("bob", BOB);
        wait().await;
        let asked = Instant::now();
        let refused = answer(&gatekeeper, from, &[&ann]).await;
        if refused == Err(401) {
            break;
        }
        assert!(asked.elapsed() >= Duration::from_millis(500), "{refused:?}");
        entry("ann", ANN);
    }
    let known = answer(&gatekeeper, from, &[&bob]).await;
    assert_eq!(known.as_deref(), Ok("key|bob"));
}

#[tokio::test]
async fn to_have_no_credential_or_too_few_scopes_is_no_guess() {
    let gatekeeper = Gatekeeper::new(GatekeeperParts {
        failures: AddressLimits::new(100, Some(TWICE)),
        ..parts(Some(keys()))
    });
    let lesser = format!("Bearer {LESSER_KEY}");
    for _ in 0..3 {
        assert_eq!(answer(&gatekeeper, "192.0.2.1", &[]).await, Err(401));
        assert_eq!(
            answer(&gatekeeper, "192.0.2.1", &["Basic x"]).await,
            Err(401)
        );
        assert_eq!(answer(&gatekeeper, "192.0.2.1", &[&lesser]).await, Err(403));
    }
    let retry_after = Duration::from_secs(1);
    for blameless in [
        identity::Refusal::NoTenant,
        identity::Refusal::Unavailable { retry_after },
    ] {
        assert!(!is_failed_attempt(&blameless), "{blameless}");
    }
}

/// A gatekeeper with a record, and where that is.
fn recording(parts: GatekeeperParts) -> (Gatekeeper, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = AuditConfig {
        to: Some(AuditTarget::File(folder.path().join("audit.jsonl"))),
        ..AuditConfig::default()
    };
    let clock = mcp_factory_guard::Clock::system();
    let audit = Audit::open(&config, &AuditTarget::Off, clock).expect("an audit");
    let audit = Arc::new(audit);
    (Gatekeeper::new(GatekeeperParts { audit, ..parts }), folder)
}

/// All that was recorded: who, of which tenant, and how it ended.
async fn records(gatekeeper: &Gatekeeper, folder: &tempfile::TempDir) -> Vec<[String; 3]> {
    gatekeeper.audit.close().await;
    let text = std::fs::read_to_string(folder.path().join("audit.jsonl")).expect("a file");
    assert!(
        !text.contains("wrong") && !text.contains("key-of"),
        "{text}"
    );
    let lines = text.lines().map(|line| {
        let record: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(record["event"], "refused");
        assert_eq!(record["transport"], "http");
        assert_eq!(record["address"], "192.0.2.1");
        ["principal", "tenant", "outcome"]
            .map(|key| record[key].as_str().unwrap_or_default().to_owned())
    });
    lines.collect()
}

#[tokio::test]
async fn whoever_is_refused_is_on_record() {
    let (gatekeeper, folder) = recording(parts(Some(keys())));
    let (good, lesser) = (format!("Bearer {KEY}"), format!("Bearer {LESSER_KEY}"));
    for value in [&*good, "Bearer wrong", "Bearer \"\"", "Basic x", &lesser] {
        answer(&gatekeeper, "192.0.2.1", &[value]).await.ok();
    }
    let known = Principal::new("ann", ScopeSet::All).of_tenant("acme");
    gatekeeper.note("denied", Some(&known), address("192.0.2.1"));
    let nobody = ["", "", "unauthenticated"];
    assert_eq!(
        records(&gatekeeper, &folder).await,
        [
            nobody,
            nobody,
            nobody,
            ["", "", "denied"],
            ["ann", "acme", "denied"]
        ]
    );
    assert_eq!(outcome(&identity::Refusal::NoTenant), "denied");
    let retry_after = Duration::from_secs(1);
    let unsure = identity::Refusal::Unavailable { retry_after };
    assert_eq!(outcome(&unsure), "unavailable");
}

#[tokio::test]
async fn whoever_is_too_many_is_on_record() {
    let often = || AddressLimits::new(100, Some(TWICE));
    let requests = GatekeeperParts {
        requests: often(),
        ..parts(None)
    };
    let guesses = GatekeeperParts {
        failures: often(),
        ..parts(Some(keys()))
    };
    for (parts, before) in [(requests, 0), (guesses, 2)] {
        let (gatekeeper, folder) = recording(parts);
        for _ in 0..3 {
            let wrong = &["Bearer wrong"];
            answer(&gatekeeper, "192.0.2.1", wrong).await.ok();
        }
        let mut expected = vec![["", "", "unauthenticated"]; before];
        expected.push(["", "", "rate_limited"]);
        assert_eq!(records(&gatekeeper, &folder).await, expected);
    }
}

#[tokio::test]
async fn a_flood_of_requests_is_no_flood_of_records() {
    let (gatekeeper, folder) = recording(GatekeeperParts {
        requests: AddressLimits::new(100, Some(TWICE)),
        ..parts(None)
    });
    tokio::time::pause();
    for _ in 0..3 {
        for _ in 0..10 {
            answer(&gatekeeper, "192.0.2.1", &[]).await.ok();
        }
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    // The thread that writes has a clock of its own.
    tokio::time::resume();
    let told = records(&gatekeeper, &folder).await;
    assert_eq!(told, [["", "", "rate_limited"]; 3]);
}
