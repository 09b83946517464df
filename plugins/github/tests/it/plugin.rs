//! The started plugin, and what tests ask of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use mcp_factory_sdk::{StartError, testing::TestPlugin};
use mcp_plugin_github::PLUGIN;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A plugin, and the folder of its secrets.
pub(crate) struct Started {
    pub(crate) plugin: TestPlugin,
    pub(crate) folder: TempDir,
}

/// Starts the plugin with a token in a file. `more` is laid over the settings.
pub(crate) async fn start(url: &str, token: &str, more: Value) -> Started {
    let folder = tempfile::tempdir().expect("a folder");
    secret(&folder, "token", token);
    let mut config = json!({
        "token": format!("file:{}", folder.path().join("token").display()),
        "api_base": url,
        "repos": ["acme/*"],
    });
    lay(&mut config, &more);
    let plugin = TestPlugin::start(&PLUGIN, config)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    Started { plugin, folder }
}

/// What starting with these settings alone is refused with.
pub(crate) async fn refused(config: Value) -> String {
    let started: Result<TestPlugin, StartError> = TestPlugin::start(&PLUGIN, config).await;
    started.expect_err("it is refused").to_string()
}

/// Lays members over an object; `null` takes one out.
pub(crate) fn lay(config: &mut Value, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        if value.is_null() {
            config.as_object_mut().expect("an object").remove(name);
        } else {
            config[name] = value.clone();
        }
    }
}

/// Writes a file that nobody else may read.
pub(crate) fn secret(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
    format!("file:{}", path.display())
}

impl Started {
    /// The structured answer of a tool.
    pub(crate) async fn ok(&self, tool: &str, arguments: Value) -> Value {
        let answer = self.plugin.call_json(tool, arguments.clone()).await;
        answer.unwrap_or_else(|error| panic!("{tool} {arguments}: {error:?}"))
    }

    /// What a tool refuses with: always a sentence for the model.
    pub(crate) async fn error(&self, tool: &str, arguments: Value) -> String {
        match self.plugin.call_json(tool, arguments.clone()).await {
            Ok(answer) => panic!("{tool} {arguments} answers {answer}"),
            Err(error) => error
                .public_message()
                .unwrap_or_else(|| panic!("{tool}: {}", error.log_message()))
                .to_owned(),
        }
    }
}

/// The arguments of a tool for `acme/tool`, or another repository of `acme`.
pub(crate) fn at(repo: &str, more: Value) -> Value {
    let mut arguments = json!({ "owner": "acme", "repo": repo });
    if let (Value::Object(arguments), Value::Object(more)) = (&mut arguments, more) {
        arguments.extend(more);
    }
    arguments
}
