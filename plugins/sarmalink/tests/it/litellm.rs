//! The same failures through `LiteLLM`'s router: where we decide alike, and where we do not and why.
//!
//! Opt-in, since `LiteLLM` is large: `cargo nextest run -p mcp-plugin-sarmalink --run-ignored only litellm`.

use std::{path::PathBuf, process::Stdio};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::{
    fake::{Fake, Say},
    server::{engine, start},
};

/// A Python that has `LiteLLM`.
fn python() -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let python = std::env::var_os("LITELLM_PYTHON").map_or_else(
        || PathBuf::from(root).join("target/litellm/bin/python"),
        PathBuf::from,
    );
    assert!(
        python.exists(),
        "LiteLLM is not there: python3 -m venv target/litellm && target/litellm/bin/pip install litellm==1.106.2, or set LITELLM_PYTHON"
    );
    python
}

fn error(status: u16, code: &str) -> Say {
    let body = json!({ "error": { "code": code, "message": code, "type": "error" } });
    Say::Status(status, vec![], body.to_string())
}

/// What `LiteLLM`'s router makes of each pair.
async fn theirs(pairs: &[(Fake, Fake)]) -> Vec<String> {
    let pairs = pairs
        .iter()
        .map(|(first, second)| json!({ "first": first.base_url(), "second": second.base_url() }));
    let mut child = tokio::process::Command::new(python())
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/rival_router.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let text = Value::from(pairs.collect::<Vec<_>>()).to_string();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .await
        .unwrap();
    let output = child.wait_with_output().await.unwrap();
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    answers
        .iter()
        .map(|answer| answer.as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn ours(first: &Fake, second: &Fake) -> bool {
    let chain = vec![
        engine("a", first, json!({ "context": 1, "stream": false })),
        engine("b", second, json!({ "context": 2, "stream": false })),
    ];
    let plugin = start(chain, json!({ "silence_timeout": "1s" })).await;
    plugin
        .call("ai_chat", json!({ "prompt": "hello" }))
        .await
        .is_ok()
}

#[tokio::test]
#[ignore = "needs LiteLLM"]
async fn the_same_failures_go_to_the_next_engine() {
    // Whether the second engine is asked: by us, by LiteLLM.
    let cases = [
        (error(429, "rate_limit_exceeded"), true, true),
        (error(500, "server_error"), true, true),
        (error(503, "overloaded"), true, true),
        (error(408, "timeout"), true, true),
        (Say::Hang, true, true),
        (error(401, "invalid_api_key"), true, true),
        (error(403, "forbidden"), true, true),
        (error(404, "model_not_found"), true, true),
        (error(400, "context_length_exceeded"), true, true),
        (Say::Status(200, vec![], "<html>".to_owned()), true, true),
        // A request that is wrong is wrong everywhere: we ask nobody else to find that out, LiteLLM does.
        (error(400, "invalid_value"), false, true),
        (error(422, "invalid_value"), false, true),
        // What one filter stopped is not offered to a laxer one.
        (error(400, "content_filter"), false, true),
    ];
    let mut pairs = Vec::new();
    for (say, _, _) in &cases {
        pairs.push((Fake::says(say.clone()).await, Fake::answers("second").await));
    }
    let theirs = theirs(&pairs).await;
    let mut table = Vec::new();
    for (((say, _, _), (first, second)), told) in cases.iter().zip(&pairs).zip(theirs) {
        table.push((
            say.clone(),
            ours(first, second).await,
            told == "second",
            told,
        ));
    }
    for ((say, we, they), (_, we_did, they_did, told)) in cases.iter().zip(&table) {
        assert_eq!((we, they), (we_did, they_did), "{say:?}: {told}");
    }
}
