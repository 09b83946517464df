//! The tools as a client sees them, called in memory.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_units::PLUGIN;
use serde_json::json;

#[tokio::test]
async fn water_boils_at_212() {
    let plugin = TestPlugin::start(&PLUGIN, json!({ "decimals": 1 })).await.unwrap();
    let arguments = json!({ "value": 100, "from": "celsius", "to": "fahrenheit" });
    let converted = plugin.call_json("convert_temperature", arguments).await.unwrap();
    assert_eq!(converted, json!({ "value": 212.0, "scale": "fahrenheit" }));
}

#[tokio::test]
async fn nothing_is_colder_than_absolute_zero() {
    let plugin = TestPlugin::start(&PLUGIN, json!({})).await.unwrap();
    let arguments = json!({ "value": -1, "from": "kelvin", "to": "celsius" });
    let error = plugin.call("convert_temperature", arguments).await.unwrap_err();
    assert!(error.to_string().contains("absolute zero"), "{error}");
}
