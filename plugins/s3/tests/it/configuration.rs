//! Settings: what is refused at start, and by which sentence.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_s3::PLUGIN;
use serde_json::{Value, json};

use crate::store::{SECRET, settings};

#[tokio::test]
async fn settings_that_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let good = settings("https://store.example", directory.path(), json!({}));
    TestPlugin::start(&PLUGIN, good.clone())
        .await
        .expect("it starts without a store");
    let bucket = |name: &str, prefix: &str| json!([{ "name": name, "prefix": prefix }]);
    for (key, value, words) in [
        (
            "buckets",
            json!([]),
            "`buckets` is empty: name at least one bucket; set it, for example with --set 'plugins.s3.buckets=",
        ),
        (
            "buckets",
            bucket("A", ""),
            "`buckets`: \"A\" is no name of a bucket",
        ),
        ("buckets", bucket("a/b", ""), "is no name of a bucket"),
        ("buckets", bucket("a..b", ""), "is no name of a bucket"),
        ("buckets", bucket("-ab", ""), "is no name of a bucket"),
        ("buckets", bucket("ab", ""), "is no name of a bucket"),
        (
            "buckets",
            json!([{ "name": "abc" }, { "name": "abc", "prefix": "x/" }]),
            "`buckets`: \"abc\" is there twice",
        ),
        (
            "buckets",
            bucket("abc", "team"),
            "the prefix \"team\" does not end in a slash",
        ),
        (
            "buckets",
            bucket("abc", "/team/"),
            "the prefix \"/team/\" begins with a slash",
        ),
        (
            "buckets",
            bucket("abc", "a/../b/"),
            "has a part `.` or `..`",
        ),
        ("buckets", json!([{ "name": "abc", "mode": "all" }]), "all"),
        (
            "endpoint",
            json!("https://store/bucket"),
            "`endpoint` is no URL of a store",
        ),
        (
            "endpoint",
            json!("http://store.example"),
            "`endpoint` is http, so contents would travel in the clear",
        ),
        (
            "region",
            json!("eu/../x"),
            "`region` holds something else than letters",
        ),
        ("region", json!(""), "`region` holds"),
        ("access_key", Value::Null, "`access_key` is missing"),
        ("secret_key", Value::Null, "`secret_key` is missing"),
        (
            "secret_key",
            json!("env:NOT_SET_FOR_SURE"),
            "`secret_key`: the environment variable NOT_SET_FOR_SURE is not set",
        ),
        (
            "session_token",
            json!("env:NOT_SET_FOR_SURE"),
            "`session_token`: ",
        ),
        (
            "secret_key",
            json!(SECRET),
            "a secret is named, not written down",
        ),
        ("max_bytes", json!(0), "`max_bytes` is 0"),
        ("max_write_bytes", json!(0), "`max_write_bytes` is 0"),
        ("timeout", json!("0s"), "`timeout` is 0"),
        ("timeout", json!("soon"), "`timeout`: "),
        ("presign_max", json!("0s"), "`presign_max` is 0"),
        (
            "presign_max",
            json!("169h"),
            "`presign_max` is longer than 7 days",
        ),
        ("roots_file", json!("/nonexistent.pem"), "`roots_file`: "),
        ("surprise", json!(1), "surprise"),
    ] {
        let mut settings = good.clone();
        settings[key] = value;
        let said = match TestPlugin::start(&PLUGIN, settings).await {
            Ok(_) => panic!("{key} should be refused: {words}"),
            Err(error) => error.to_string(),
        };
        assert!(
            said.contains(words) && !said.contains(SECRET),
            "{key}: {said}"
        );
    }
    let mut dotted = good.clone();
    dotted["path_style"] = json!(false);
    dotted["buckets"] = bucket("a.bc", "");
    let said = TestPlugin::start(&PLUGIN, dotted)
        .await
        .expect_err("it is refused")
        .to_string();
    assert!(
        said.contains(
            "\"a.bc\" holds a dot, so no certificate fits its host; set `path_style = true`"
        ),
        "{said}"
    );
    let mut address = good;
    address["path_style"] = json!(false);
    address["endpoint"] = json!("https://10.0.0.1");
    let said = TestPlugin::start(&PLUGIN, address)
        .await
        .expect_err("it is refused")
        .to_string();
    assert!(
        said.contains("`endpoint` is an address, so a bucket cannot be part of its host"),
        "{said}"
    );
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
    let directory = tempfile::tempdir().unwrap();
    let made = settings("https://store.example", directory.path(), json!({}));
    let block = block
        .replace(
            "env:AWS_ACCESS_KEY_ID",
            made["access_key"].as_str().unwrap(),
        )
        .replace("file:/run/secrets/s3", made["secret_key"].as_str().unwrap());
    let settings: toml::Table = toml::from_str(&block).unwrap();
    let settings = serde_json::to_value(&settings["plugins"]["s3"]).unwrap();
    TestPlugin::start(&PLUGIN, settings).await.unwrap();
}
