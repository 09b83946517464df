//! Settings: what is refused at start, and by which sentence.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_git::PLUGIN;
use serde_json::{Value, json};

use crate::repo::Repo;

async fn refusal(settings: Value) -> String {
    match TestPlugin::start(&PLUGIN, settings.clone()).await {
        Ok(_) => panic!("{settings} should not start"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn settings_that_are_refused() {
    let repo = Repo::new();
    let path = repo.path();
    let with = |more: Value| {
        let mut settings = json!({ "repositories": [{ "name": "a", "path": path }] });
        settings
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        settings
    };
    for (settings, words) in [
        (
            json!({}),
            "`repositories` is empty: name at least one repository; set it, for example with --set 'plugins.git.repositories=",
        ),
        (
            json!({ "repositories": [{ "name": "a b", "path": path }] }),
            "the name \"a b\" is not one of letters",
        ),
        (
            json!({ "repositories": [{ "name": "", "path": path }] }),
            "the name \"\" is not",
        ),
        (
            json!({ "repositories": [{ "name": "a", "path": path }, { "name": "a", "path": path }] }),
            "two are called \"a\"",
        ),
        (
            json!({ "repositories": [{ "name": "a", "path": "relative" }] }),
            "the path relative of \"a\" is not absolute",
        ),
        (
            json!({ "repositories": [{ "name": "a", "path": "/nonexistent-for-sure" }] }),
            "\"a\" at /nonexistent-for-sure: there is no git repository",
        ),
        (json!({ "repositories": [{ "path": path }] }), "name"),
        (with(json!({ "max_bytes": 0 })), "`max_bytes` is 0"),
        (
            with(json!({ "max_object_bytes": 0 })),
            "`max_object_bytes` is 0",
        ),
        (with(json!({ "max_entries": 0 })), "`max_entries` is 0"),
        (with(json!({ "max_running": 0 })), "`max_running` is 0"),
        (with(json!({ "timeout": "soon" })), "`timeout`: "),
        (with(json!({ "confine": "maybe" })), "maybe"),
        (with(json!({ "surprise": 1 })), "surprise"),
    ] {
        let said = refusal(settings).await;
        assert!(said.contains(words), "{said}");
    }
    for confine in ["auto", "required", "off"] {
        let plugin = TestPlugin::start(&PLUGIN, with(json!({ "confine": confine })))
            .await
            .expect("this kernel has Landlock");
        let confined = f64::from(u8::from(confine != "off"));
        assert_eq!(
            plugin.health().await.gauges(),
            [("running", 0.0), ("confined", confined)]
        );
    }
}

#[tokio::test]
async fn the_documented_example_is_valid() {
    let readme = include_str!("../../README.md");
    let block = readme
        .split("```toml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let repo = Repo::new();
    let block = block
        .replace("/srv/app", repo.path().to_str().unwrap())
        .replace("/srv/site.git", repo.path().join(".git").to_str().unwrap());
    let settings: toml::Table = toml::from_str(&block).unwrap();
    let settings = serde_json::to_value(&settings["plugins"]["git"]).unwrap();
    TestPlugin::start(&PLUGIN, settings).await.unwrap();
}
