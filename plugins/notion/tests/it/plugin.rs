//! The plugin behind its definition, as a server holds it.

use mcp_factory_sdk::ToolError;
use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_notion::PLUGIN;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// The token in tests; no message may hold it.
pub(crate) const TOKEN: &str = "ntn_canary4711";

/// The plugin, and the file with its token.
pub(crate) struct Plugin {
    pub(crate) plugin: TestPlugin,
    pub(crate) token: NamedTempFile,
}

impl Plugin {
    /// Starts it for the API at `base`, with `more` settings.
    pub(crate) async fn start(base: &str, more: Value) -> Self {
        let token = token_file(TOKEN);
        let plugin = TestPlugin::start(&PLUGIN, config(&token, base, &more))
            .await
            .expect("it starts");
        Self { plugin, token }
    }

    /// The structured content, which must be what the output schema promises.
    pub(crate) async fn json(&self, tool: &str, arguments: Value) -> Value {
        let value = self.plugin.call_json(tool, arguments).await;
        let value = value.unwrap_or_else(|error| panic!("{tool}: {error:?}"));
        let definition = PLUGIN.tools().iter().find(|known| known.name() == tool);
        let schema = definition.expect("a tool").output_schema().expect("typed");
        conforms(&value, &schema, tool);
        value
    }

    /// The error, whose message never holds the token.
    pub(crate) async fn error(&self, tool: &str, arguments: Value) -> ToolError {
        let error = self.plugin.call(tool, arguments).await;
        let error = error.expect_err("it is refused");
        let message = error.public_message().expect("errors are for the model");
        assert!(!message.contains(TOKEN), "{message}");
        assert!(!error.log_message().contains(TOKEN), "{error:?}");
        error
    }

    /// The message of the error.
    pub(crate) async fn message(&self, tool: &str, arguments: Value) -> String {
        self.error(tool, arguments).await.to_string()
    }
}

/// A file that holds a token and that nobody else may read.
pub(crate) fn token_file(token: &str) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), token).expect("a token");
    file
}

/// The settings: one root, and `more`.
pub(crate) fn config(token: &NamedTempFile, base: &str, more: &Value) -> Value {
    let mut config = json!({
        "token": format!("file:{}", token.path().display()),
        "roots": [crate::world::HOME],
        "api_base": base,
        "rate_wait_max": "5s",
    });
    for (key, value) in more.as_object().expect("settings") {
        config[key] = value.clone();
    }
    config
}

/// Checks the part of JSON Schema that the outputs use, and that nothing comes unannounced.
fn conforms(value: &Value, schema: &Value, at: &str) {
    match schema["type"].as_str().unwrap_or_default() {
        "object" => {
            let object = value.as_object().unwrap_or_else(|| panic!("{at}: {value}"));
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().expect("a name");
                assert!(
                    object.contains_key(name),
                    "{at}: {name} is missing in {value}"
                );
            }
            for (name, value) in object {
                let property = schema["properties"].get(name);
                let property = property.or_else(|| schema.get("additionalProperties"));
                let property = property.unwrap_or_else(|| panic!("{at}: {name} is not announced"));
                conforms(value, property, &format!("{at}.{name}"));
            }
        }
        "array" => {
            for item in value.as_array().unwrap_or_else(|| panic!("{at}: {value}")) {
                conforms(item, &schema["items"], &format!("{at}[]"));
            }
        }
        "string" => assert!(value.is_string(), "{at}: {value}"),
        "integer" => assert!(value.is_u64(), "{at}: {value}"),
        "boolean" => assert!(value.is_boolean(), "{at}: {value}"),
        other => panic!("{at}: {other:?} is not used by this plugin"),
    }
}
