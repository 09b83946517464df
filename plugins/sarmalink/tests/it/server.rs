//! The plugin behind its definition, as a server holds it, with engines of this process.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use mcp_factory_sdk::{ToolError, testing::TestPlugin};
use mcp_plugin_sarmalink::PLUGIN;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fake::Fake;

/// The section of an engine that wants no key, with changes.
pub(crate) fn engine(name: &str, fake: &Fake, changes: Value) -> Value {
    let mut engine = json!({
        "name": name,
        "base_url": fake.base_url(),
        "model": format!("{name}-model"),
        "keyless": true,
    });
    lay_over(&mut engine, changes);
    engine
}

/// The same with keys, which are files.
pub(crate) fn keyed(name: &str, fake: &Fake, keys: &[&Keyfile], changes: Value) -> Value {
    let keys: Vec<String> = keys.iter().map(|key| key.reference()).collect();
    let mut engine = engine(name, fake, json!({ "keyless": false, "keys": keys }));
    lay_over(&mut engine, changes);
    engine
}

fn lay_over(below: &mut Value, changes: Value) {
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (key, value) in changes {
        below[key] = value;
    }
}

/// A key in a file.
pub(crate) struct Keyfile {
    _folder: TempDir,
    path: PathBuf,
}

impl Keyfile {
    pub(crate) fn new(key: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, key).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        Self {
            _folder: folder,
            path,
        }
    }

    fn reference(&self) -> String {
        format!("file:{}", self.path.display())
    }
}

/// Starts a chain with other settings beside it.
pub(crate) async fn start(chain: Vec<Value>, settings: Value) -> TestPlugin {
    try_start(chain, settings).await.unwrap()
}

/// As [`start`], or the sentence for the operator.
pub(crate) async fn try_start(chain: Vec<Value>, settings: Value) -> Result<TestPlugin, String> {
    let mut config = json!({ "chain": chain });
    lay_over(&mut config, settings);
    TestPlugin::start(&PLUGIN, config)
        .await
        .map_err(|error| error.to_string())
}

/// Asks `hello`, and must get an answer.
pub(crate) async fn hello(plugin: &TestPlugin) -> Value {
    plugin
        .call_json("ai_chat", json!({ "prompt": "hello" }))
        .await
        .unwrap()
}

/// Asks `hello`, and must get none.
pub(crate) async fn no_hello(plugin: &TestPlugin) -> ToolError {
    plugin
        .call("ai_chat", json!({ "prompt": "hello" }))
        .await
        .expect_err("no engine answers")
}

/// The engine and reason of each attempt.
pub(crate) fn story(value: &Value) -> Vec<String> {
    let attempts = value["attempts"].as_array().unwrap();
    let words = |attempt: &Value| {
        format!(
            "{} {}",
            attempt["engine"].as_str().unwrap(),
            attempt["reason"].as_str().unwrap()
        )
    };
    attempts.iter().map(words).collect()
}

/// The same of an error.
pub(crate) fn story_of(error: &ToolError) -> Vec<String> {
    story(error.data().unwrap())
}
