//! Questions to a real issuer on loopback, which counts them and can be made to fail.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use mcp_factory_sdk::ScopeHierarchy;
use serde_json::{Value, json};

use super::*;
use crate::testing::{Answer, TestServer, jump};

const NOW: u64 = 1_000_000;
const PATH: &str = "/introspect";
const METADATA: &str = "/.well-known/oauth-authorization-server";

struct Setup {
    server: TestServer,
    introspection: Introspection,
}

fn introspection(place: Place, client: Option<Client>, cache_ttl: Duration) -> Introspection {
    let expected = Expected {
        issuer: "https://id.example.com/".to_owned(),
        audience: vec!["mcp".to_owned()],
        audience_may_lack: false,
        leeway: Duration::from_secs(30),
    };
    let grants = Grants {
        scope_claims: vec!["scope".to_owned()],
        tenant_claim: None,
        required_scopes: vec!["read".to_owned()],
        hierarchy: ScopeHierarchy::default(),
    };
    let (clock, fetcher) = (Clock::following(NOW), Arc::default());
    Introspection::new(place, client, expected, grants, clock, fetcher, cache_ttl)
}

fn fixed(server: &TestServer) -> Place {
    Place::Fixed(Endpoint::parse(&server.url(PATH)).expect("a URL"))
}

async fn setup(cache_ttl: u64) -> Setup {
    let server = TestServer::start().await;
    let introspection = introspection(fixed(&server), None, Duration::from_secs(cache_ttl));
    server.json(PATH, &good());
    Setup {
        server,
        introspection,
    }
}

fn good() -> Value {
    json!({"active": true, "sub": "ann", "aud": "mcp", "scope": "write", "exp": NOW + 3_600})
}

impl Setup {
    async fn ask(&self, token: &str) -> Outcome {
        self.introspection.authenticate(Presented::of(token)).await
    }

    fn hits(&self) -> usize {
        self.server.hits(PATH)
    }
}

fn is_unavailable(outcome: &Outcome) -> bool {
    matches!(outcome, Err(Refusal::Unavailable { .. }))
}

#[tokio::test]
async fn the_question_is_that_of_the_specification() {
    let server = TestServer::start().await;
    server.json(PATH, &good());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret");
    let write = |secret: &str| {
        fs::write(&path, secret).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
    };
    write("s:e+c\n");
    let client = Client {
        id: "mcp server".to_owned(),
        secret: SecretReference::File(path.clone()),
    };
    let asked = introspection(fixed(&server), Some(client), Duration::ZERO);
    let principal = asked.authenticate(Presented::of("a+/=")).await;
    assert_eq!(principal.expect("good").id(), "https://id.example.com/|ann");
    write("rotated");
    assert!(asked.authenticate(Presented::of("a+/=")).await.is_ok());
    fs::remove_file(&path).expect("removed");
    assert!(is_unavailable(
        &asked.authenticate(Presented::of("b")).await
    ));

    let [first, second] = &server.seen()[..] else {
        panic!("two questions, none without the secret");
    };
    assert!(
        first.head.starts_with("POST /introspect HTTP/1.1"),
        "{}",
        first.head
    );
    assert_eq!(first.body, "token=a%2B%2F%3D&token_type_hint=access_token");
    // base64("mcp+server:s%3Ae%2Bc"), base64("mcp+server:rotated")
    let head = first.head.to_lowercase();
    assert!(
        head.contains("content-type: application/x-www-form-urlencoded"),
        "{head}"
    );
    assert!(
        first.head.contains("Basic bWNwK3NlcnZlcjpzJTNBZSUyQmM="),
        "{}",
        first.head
    );
    assert!(
        second.head.contains("Basic bWNwK3NlcnZlcjpyb3RhdGVk"),
        "{}",
        second.head
    );
}

#[tokio::test]
async fn a_thousand_calls_with_one_token_are_one_question() {
    let setup = Arc::new(setup(60).await);
    setup.server.delay(Duration::from_millis(100));
    let calls: Vec<_> = (0..1_000)
        .map(|_| {
            let setup = Arc::clone(&setup);
            tokio::spawn(async move { setup.ask("token").await })
        })
        .collect();
    for call in calls {
        assert!(call.await.expect("no panic").is_ok());
    }
    assert_eq!(setup.hits(), 1);
    // A refusal is shared like a principal.
    setup.server.json(PATH, &json!({"active": false}));
    let others = futures(&setup, 100).await;
    assert!(others.iter().all(|one| *one == Err(Refusal::InvalidToken)));
    assert_eq!(setup.hits(), 2);
}

async fn futures(setup: &Arc<Setup>, count: usize) -> Vec<Outcome> {
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..count {
        let setup = Arc::clone(setup);
        calls.spawn(async move { setup.ask("other").await });
    }
    calls.join_all().await
}

#[tokio::test]
async fn a_good_token_is_remembered_for_the_ttl_and_then_its_revocation_is_seen() {
    let setup = setup(60).await;
    assert!(
        setup
            .introspection
            .verified(Presented::of("token"))
            .is_none()
    );
    assert!(setup.ask("token").await.is_ok());
    assert!(
        setup
            .introspection
            .verified(Presented::of("token"))
            .is_some()
    );
    setup.server.json(PATH, &json!({"active": false}));
    jump(Duration::from_secs(59)).await;
    assert!(setup.ask("token").await.is_ok());
    assert_eq!(setup.hits(), 1);
    jump(Duration::from_secs(1)).await;
    assert!(
        setup
            .introspection
            .verified(Presented::of("token"))
            .is_none()
    );
    assert_eq!(setup.ask("token").await, Err(Refusal::InvalidToken));
    assert_eq!(setup.hits(), 2);
}

#[tokio::test]
async fn a_refusal_is_remembered_for_ten_seconds() {
    let setup = setup(60).await;
    for answer in [
        json!({"active": false}),
        json!({"active": true, "sub": "ann", "aud": "mcp"}),
    ] {
        setup.server.json(PATH, &answer);
        let hits = setup.hits();
        let refusal = setup.ask("token").await.expect_err("refused");
        jump(Duration::from_secs(9)).await;
        assert_eq!(setup.ask("token").await, Err(refusal));
        assert_eq!(setup.hits(), hits + 1);
        jump(Duration::from_secs(1)).await;
    }
    setup.server.json(PATH, &good());
    assert!(setup.ask("token").await.is_ok());
}

#[tokio::test]
async fn nothing_is_remembered_past_its_expiry() {
    let setup = setup(60).await;
    let mut answer = good();
    answer["exp"] = json!(NOW + 20);
    setup.server.json(PATH, &answer);
    assert!(setup.ask("token").await.is_ok());
    jump(Duration::from_secs(19)).await;
    assert!(setup.ask("token").await.is_ok());
    assert_eq!(setup.hits(), 1);
    jump(Duration::from_secs(2)).await;
    assert!(
        setup
            .introspection
            .verified(Presented::of("token"))
            .is_none()
    );
    // Within the leeway the issuer decides; it is asked every time.
    assert!(setup.ask("token").await.is_ok());
    assert!(setup.ask("token").await.is_ok());
    assert_eq!(setup.hits(), 3);
    jump(Duration::from_secs(30)).await;
    assert_eq!(setup.ask("token").await, Err(Refusal::InvalidToken));
}

#[tokio::test]
async fn without_a_ttl_every_call_asks() {
    let setup = setup(0).await;
    assert!(setup.ask("token").await.is_ok());
    assert!(
        setup
            .introspection
            .verified(Presented::of("token"))
            .is_none()
    );
    setup.server.json(PATH, &json!({"active": false}));
    assert_eq!(setup.ask("token").await, Err(Refusal::InvalidToken));
    setup.server.json(PATH, &good());
    assert!(setup.ask("token").await.is_ok());
    assert_eq!(setup.hits(), 3);
}

#[tokio::test]
async fn an_issuer_that_fails_is_no_reason_to_log_in() {
    for answer in [
        Answer::Status(500, ""),
        Answer::Status(503, ""),
        Answer::Status(401, ""),
        Answer::Status(404, ""),
        Answer::Status(400, ""),
        Answer::Status(302, "Location: http://127.0.0.1:1/\r\n"),
        Answer::Json("[true]".to_owned()),
        Answer::Json("{\"error\":\"invalid_client\"}".to_owned()),
        Answer::Close,
    ] {
        let setup = setup(60).await;
        setup.server.answer(PATH, answer.clone());
        assert!(is_unavailable(&setup.ask("token").await), "{answer:?}");
        setup.server.json(PATH, &good());
        assert!(
            setup.ask("token").await.is_ok(),
            "nothing is remembered of a failure"
        );
    }
}

#[tokio::test]
async fn an_issuer_that_hangs_costs_two_seconds() {
    let setup = setup(60).await;
    setup.server.answer(PATH, Answer::Hang);
    let start = std::time::Instant::now();
    assert!(is_unavailable(&setup.ask("token").await));
    let took = start.elapsed();
    assert!(
        took > Duration::from_millis(1_900) && took < Duration::from_secs(4),
        "{took:?}"
    );
}

#[tokio::test]
async fn five_failures_leave_the_issuer_alone() {
    let setup = setup(60).await;
    assert!(setup.ask("known").await.is_ok());
    setup.server.answer(PATH, Answer::Status(500, ""));
    for number in 0..5 {
        assert!(is_unavailable(&setup.ask(&format!("t{number}")).await));
    }
    assert_eq!(setup.hits(), 6);
    let Err(Refusal::Unavailable { retry_after }) = setup.ask("another").await else {
        panic!("open");
    };
    assert!(retry_after > Duration::from_secs(8) && retry_after <= Duration::from_secs(10));
    assert_eq!(setup.hits(), 6, "nobody asked");
    assert!(
        setup.ask("known").await.is_ok(),
        "what is remembered still holds"
    );
    setup.server.json(PATH, &good());
    jump(Duration::from_secs(10)).await;
    assert!(setup.ask("another").await.is_ok());
}

#[tokio::test]
async fn nobody_opens_the_breaker_with_tokens_the_issuer_declines() {
    let setup = setup(60).await;
    setup.server.answer(PATH, Answer::Status(400, ""));
    for number in 0..20 {
        assert!(is_unavailable(&setup.ask(&format!("t{number}")).await));
    }
    setup.server.json(PATH, &good());
    assert!(setup.ask("token").await.is_ok());
}

#[tokio::test]
async fn a_caller_who_hangs_up_leaves_the_others_an_answer() {
    let setup = Arc::new(setup(60).await);
    setup.server.delay(Duration::from_secs(1));
    let asking = Arc::clone(&setup);
    let first = tokio::spawn(async move { asking.ask("token").await });
    while setup.hits() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let waiting = Arc::clone(&setup);
    let second = tokio::spawn(async move { waiting.ask("token").await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    first.abort();
    assert!(second.await.expect("no panic").is_ok());
    assert_eq!(setup.hits(), 2);
}

#[tokio::test]
async fn invented_tokens_are_no_flood_at_the_issuer() {
    let setup = Arc::new(setup(60).await);
    setup.server.answer(PATH, Answer::Hang);
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..200 {
        let setup = Arc::clone(&setup);
        calls.spawn(async move { setup.ask(&format!("t{number}")).await });
    }
    let outcomes = calls.join_all().await;
    assert!(outcomes.iter().all(is_unavailable));
    // On a busy machine the last ones may come when the first have given up and made room.
    let hits = setup.hits();
    assert!((64..=80).contains(&hits), "{hits} of 200 were asked for");
}

#[tokio::test]
async fn the_place_is_discovered_or_guessed() {
    for discovered in [true, false] {
        let server = TestServer::start().await;
        if discovered {
            let document = json!({
                "issuer": server.url(""),
                "introspection_endpoint": server.url("/oauth/check"),
            });
            server.json(METADATA, &document);
        }
        let path = if discovered { "/oauth/check" } else { PATH };
        server.json(path, &good());
        let hour = Duration::from_hours(1);
        let place = Place::Discovered {
            discovery: Discovery::new(&server.url(""), Arc::default(), hour),
            otherwise: Endpoint::parse(&server.url(PATH)).expect("a URL"),
        };
        let asked = introspection(place, None, hour);
        assert!(asked.authenticate(Presented::of("token")).await.is_ok());
        assert_eq!(server.hits(path), 1);
        assert!(server.hits(METADATA) == 1);
    }
}
