//! Settings that would not do are refused at start, by the key's name.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_fetch::PLUGIN;
use serde_json::{Value, json};

use crate::site::{Site, fetch, told};

async fn refused(config: Value) -> String {
    let error = TestPlugin::start(&PLUGIN, config.clone()).await;
    error
        .err()
        .unwrap_or_else(|| panic!("{config} was taken"))
        .to_string()
}

#[tokio::test]
async fn each_setting_names_itself() {
    for (config, parts) in [
        (json!({"timeout": "soon"}), ["`timeout`", "no duration"]),
        (json!({"timeout": "0s"}), ["`timeout`", "more than nothing"]),
        (json!({"timeout": "11m"}), ["`timeout`", "at most"]),
        (json!({"max_bytes": 10}), ["`max_bytes`", "1024"]),
        (
            json!({"max_bytes": 1_000_000_000}),
            ["`max_bytes`", "16 MiB"],
        ),
        (json!({"ports": []}), ["`ports`", "at least one"]),
        (json!({"ports": [0]}), ["`ports`", "no 0"]),
        (
            json!({"allow_networks": ["10.0.0.1"]}),
            ["`allow_networks`", "10.0.0.1"],
        ),
        (
            json!({"allow_hosts": ["http://a"]}),
            ["`allow_hosts`", "without http"],
        ),
        (json!({"deny_hosts": ["a:80"]}), ["`deny_hosts`", "a:80"]),
        (
            json!({"user_agent": ""}),
            ["`user_agent`", "begin with a name"],
        ),
        (
            json!({"user_agent": "a\nb/1"}),
            ["`user_agent`", "begin with a name"],
        ),
        (
            json!({"user_agent": "a/1 \u{7}"}),
            ["`user_agent`", "header"],
        ),
        (
            json!({"roots_file": "/nonexistent.pem"}),
            ["`roots_file`", "/nonexistent.pem"],
        ),
        (json!({"robots": true}), ["robots", "unknown"]),
    ] {
        let sentence = refused(config).await;
        for part in parts {
            assert!(sentence.contains(part), "{part} in {sentence}");
        }
    }
}

#[tokio::test]
async fn the_user_agent_is_what_hosts_are_told() {
    let site = Site::start().await;
    site.put("/a", 200, "text/plain", "abc");
    let plugin = site
        .plugin(json!({"user_agent": "acme-fetch/2 (+https://acme.example)"}))
        .await;
    fetch(&plugin, json!({"url": site.url("/a")}))
        .await
        .unwrap();
    for head in site.seen() {
        let head = head.to_lowercase();
        assert!(
            head.contains("user-agent: acme-fetch/2 (+https://acme.example)\r\n"),
            "{head}"
        );
    }
}

#[tokio::test]
async fn hosts_are_kept_to_on_every_hop() {
    let site = Site::start().await;
    site.put("/a", 200, "text/plain", "abc");
    let localhost = site.url("/a").replace("127.0.0.1", "localhost");
    site.redirect("/to-localhost", &localhost);
    let only = site.plugin(json!({"allow_hosts": ["127.0.0.1"]})).await;
    assert!(fetch(&only, json!({"url": site.url("/a")})).await.is_ok());
    let never = site.plugin(json!({"deny_hosts": ["localhost"]})).await;
    for plugin in [only, never] {
        for url in [localhost.clone(), site.url("/to-localhost")] {
            let sentence = told(fetch(&plugin, json!({ "url": url })).await);
            assert!(
                sentence.contains("its configuration lists the hosts"),
                "{sentence}"
            );
        }
    }
    assert_eq!(site.hits("/a"), 1);
}
