//! A key goes to its engine and nowhere else: not into answers, errors, logs or states.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use mcp_factory_sdk::testing::TestPlugin;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    fake::{End, Fake, Say, delta, finish},
    server::{Keyfile, keyed, start},
};

const CANARY: &str = "sk-canary-0123456789";

/// A key as some engines have them: also a word in lower case.
const HEX: &str = "0123456789abcdef0f1e2d3c4b5a6978";

/// All that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What everybody can see after one question.
async fn seen(plugin: &TestPlugin) -> String {
    let mut seen = match plugin.call("ai_chat", json!({ "prompt": "hello" })).await {
        Ok(output) => format!("{output:?} {:?}", output.structured_json()),
        Err(error) => format!(
            "{error} {error:?} {} {:?}",
            error.log_message(),
            error.data()
        ),
    };
    for tool in ["list_engines", "engine_health"] {
        seen.push_str(&plugin.call_json(tool, json!({})).await.unwrap().to_string());
    }
    format!("{seen}{:?}", plugin.record())
}

#[tokio::test]
async fn an_engine_that_sends_the_key_back_does_not_spread_it() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let echo = format!("your key is {CANARY}");
    let error =
        json!({ "error": { "message": echo, "code": CANARY, "type": CANARY, "param": CANARY } });
    let said = |status| {
        Say::Status(
            status,
            vec![("x-key", CANARY.to_owned())],
            error.to_string(),
        )
    };
    let halves = CANARY.split_at(9);
    let split = vec![
        (Duration::ZERO, delta(halves.0)),
        (Duration::ZERO, delta(halves.1)),
        (Duration::ZERO, finish(CANARY)),
    ];
    for say in [
        said(200),
        said(400),
        said(401),
        said(429),
        said(500),
        Say::Status(
            302,
            vec![("location", format!("http://{CANARY}.example/"))],
            String::new(),
        ),
        Say::Status(200, vec![], echo.clone()),
        Say::Text(echo.clone()),
        Say::Events(split, End::Clean),
        Say::Events(vec![(Duration::ZERO, error.to_string())], End::Clean),
    ] {
        let fake = Fake::says(say.clone()).await;
        let key = Keyfile::new(CANARY);
        let plugin = start(vec![keyed("a", &fake, &[&key], json!({}))], json!({})).await;
        let seen = seen(&plugin).await;
        assert!(!seen.contains(CANARY), "{say:?}: {seen}");
        let expected = format!("Bearer {CANARY}");
        assert_eq!(
            fake.asked()[0].authorization.as_deref(),
            Some(expected.as_str()),
            "it was sent"
        );
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("an engine did not answer"),
        "the log was heard: {log}"
    );
    assert!(!log.contains(CANARY), "{log}");
}

/// Says it, and returns all that is seen of the answer, in the log too.
async fn told(key: &str, say: Say, settings: serde_json::Value) -> String {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let fake = Fake::says(say).await;
    let key = Keyfile::new(key);
    let plugin = start(vec![keyed("a", &fake, &[&key], json!({}))], settings).await;
    let seen = seen(&plugin).await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    format!("{seen}{log}")
}

/// Whether eight characters in a row of the key are there.
fn leaks(seen: &str, key: &str) -> bool {
    (0..key.len() - 7).any(|at| seen.contains(&key[at..at + 8]))
}

#[tokio::test]
async fn a_key_that_is_cut_in_the_middle_is_not_passed_on() {
    // At 32 bytes, where the reason of an end is cut.
    for before in ["", "it is ", "it is, as far as is known "] {
        let reason = format!("{before}{HEX}");
        let events = vec![
            (Duration::ZERO, delta("hi")),
            (Duration::ZERO, finish(&reason)),
        ];
        let seen = told(HEX, Say::Events(events, End::Clean), json!({})).await;
        assert!(seen.contains("hi") && !leaks(&seen, HEX), "{seen}");
    }
    // At the most that is kept of an answer, and where the engine itself ends.
    let text = format!("{}{HEX}", "x".repeat(1_000));
    let settings = json!({ "max_answer_bytes": 1_024 });
    let seen = told(HEX, Say::Text(text), settings).await;
    assert!(seen.contains("xxxx") && !leaks(&seen, HEX), "{seen}");
    let text = format!("it is {}", &HEX[..20]);
    let seen = told(HEX, Say::Ended(text, "length"), json!({})).await;
    assert!(seen.contains("it is [key]") && !leaks(&seen, HEX), "{seen}");
}

#[tokio::test]
async fn a_key_that_is_a_word_is_no_code_of_an_error() {
    let part = format!("bad_{}", &HEX[5..20]);
    for word in [HEX, &part] {
        for error in [
            json!({ "error": { "code": word, "param": word } }),
            json!({ "error": { "type": word, "param": word } }),
        ] {
            for status in [400, 401, 429, 500] {
                let say = Say::Status(status, vec![], error.to_string());
                let seen = told(HEX, say, json!({})).await;
                assert!(seen.contains("an engine did not answer"), "{seen}");
                assert!(!leaks(&seen, HEX), "{status}: {seen}");
            }
            let events = vec![(Duration::ZERO, error.to_string())];
            let seen = told(HEX, Say::Events(events, End::Clean), json!({})).await;
            assert!(!leaks(&seen, HEX), "{seen}");
        }
    }
}

#[tokio::test]
async fn a_key_that_no_header_can_hold_is_a_bad_key() {
    let fake = Fake::answers("hi").await;
    let key = Keyfile::new("sk-canary\u{1}bell");
    let plugin = start(vec![keyed("a", &fake, &[&key], json!({}))], json!({})).await;
    let seen = seen(&plugin).await;
    assert!(
        seen.contains("did not accept its key") && !seen.contains("canary"),
        "{seen}"
    );
    assert_eq!(fake.count(), 0);
}
