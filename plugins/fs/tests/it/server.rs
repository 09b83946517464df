//! The plugin behind its definition, as a server holds it.

use std::fs;

use mcp_factory_sdk::Output;
use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_fs::PLUGIN;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A started plugin with one writable root called `root`.
pub(crate) struct Server {
    pub(crate) plugin: TestPlugin,
    pub(crate) directory: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("root")).unwrap();
        let config = json!({ "roots": [{ "path": directory.path().join("root"), "mode": "rw" }] });
        let plugin = TestPlugin::start(&PLUGIN, config).await.unwrap();
        Self { plugin, directory }
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.directory.path().join("root").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The structured content, which must be what the output schema promises.
    pub(crate) async fn json(&self, tool: &str, arguments: Value) -> Value {
        let value = self.plugin.call_json(tool, arguments).await.unwrap();
        let definition = PLUGIN
            .tools()
            .iter()
            .find(|definition| definition.name() == tool)
            .unwrap();
        let schema = definition.output_schema().unwrap();
        conforms(&value, &schema, &schema, tool);
        value
    }

    pub(crate) async fn output(&self, tool: &str, arguments: Value) -> Output {
        self.plugin.call(tool, arguments).await.unwrap()
    }

    /// The message the model reads.
    pub(crate) async fn error(&self, tool: &str, arguments: Value) -> String {
        let error = self.plugin.call(tool, arguments).await.unwrap_err();
        error
            .public_message()
            .expect("errors are for the model")
            .to_owned()
    }
}

/// Checks the part of JSON Schema that the plugin's outputs use, and that nothing comes unannounced.
fn conforms(value: &Value, schema: &Value, whole: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = whole.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        return conforms(value, target, whole, at);
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(
            words.contains(value),
            "{at}: {value} is not one of {words:?}"
        );
    }
    match schema["type"]
        .as_str()
        .unwrap_or_else(|| panic!("{at}: no type in {schema}"))
    {
        "object" => {
            let object = value.as_object().unwrap_or_else(|| panic!("{at}: {value}"));
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(
                    object.contains_key(name.as_str().unwrap()),
                    "{at}: {name} is required and not in {value}"
                );
            }
            for (name, value) in object {
                let property = schema["properties"].get(name);
                let property = property.unwrap_or_else(|| panic!("{at}: {name} is not announced"));
                conforms(value, property, whole, &format!("{at}.{name}"));
            }
        }
        "array" => {
            for item in value.as_array().unwrap_or_else(|| panic!("{at}: {value}")) {
                conforms(item, &schema["items"], whole, &format!("{at}[]"));
            }
        }
        "string" => assert!(value.is_string(), "{at}: {value}"),
        "integer" => assert!(value.is_u64(), "{at}: {value}"),
        "boolean" => assert!(value.is_boolean(), "{at}: {value}"),
        other => panic!("{at}: {other} is not used by this plugin"),
    }
}
