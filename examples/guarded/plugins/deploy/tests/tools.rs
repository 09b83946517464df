//! The tools as a client sees them, called in memory. Gates and rates are the server's, and not in their way.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_deploy::PLUGIN;
use serde_json::json;

#[tokio::test]
async fn a_release_is_live_once_it_is_deployed() {
    let plugin = TestPlugin::start(&PLUGIN, json!({})).await.unwrap();
    plugin.call_json("deploy_release", json!({ "release": "1.2.3" })).await.unwrap();
    let live = plugin.call_json("live_release", json!({})).await.unwrap();
    assert_eq!(live, json!({ "release": "1.2.3" }));
}

#[tokio::test]
async fn a_reader_deploys_nothing() {
    let plugin = TestPlugin::start(&PLUGIN, json!({})).await.unwrap().with_scopes(&["read"]);
    assert!(plugin.call("deploy_release", json!({ "release": "1.2.3" })).await.is_err());
}
