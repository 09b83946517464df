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
