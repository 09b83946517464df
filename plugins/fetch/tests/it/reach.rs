//! Nothing but the public internet, whatever the spelling, and no word about what is inside.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_plugin_fetch::PLUGIN;
use serde_json::json;

use crate::site::{Site, fetch, told};

#[tokio::test]
async fn private_addresses_are_out_of_reach() {
    let site = Site::start().await;
    site.put("/", 200, "text/plain", "secret");
    let ports = json!({"ports": [80, 443, site.port]});
    let plugin = TestPlugin::start(&PLUGIN, ports).await.unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::1]",
        "127.0.0.1.",
        "１２７.0.0.1",
        "a.localhost",
    ] {
        let url = format!("http://{host}:{}/", site.port);
        let sentence = told(fetch(&plugin, json!({ "url": url })).await);
        assert!(
            sentence.contains("not on the public internet"),
            "{url}: {sentence}"
        );
    }
    for (url, part) in [
        (
            "http://169.254.169.254/latest/meta-data/",
            "not on the public internet",
        ),
        ("http://[fd00:ec2::254]/", "not on the public internet"),
        ("http://192.168.0.1:22/", "port"),
        ("http://user:pw@example.com/", "user name"),
        ("file:///etc/passwd", "only http and https"),
        ("ftp://example.com/", "only http and https"),
        ("example.com/page", "not a complete web address"),
        ("https://", "not a complete web address"),
    ] {
        let sentence = told(fetch(&plugin, json!({ "url": url })).await);
        assert!(sentence.contains(part), "{url}: {sentence}");
    }
    assert!(site.seen().is_empty(), "{:?}", site.seen());
}

#[tokio::test]
async fn a_redirect_inside_is_refused() {
    let site = Site::start().await;
    for to in [
        "http://169.254.169.254/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
    ] {
        site.redirect("/a", to);
        let sentence = told(site.fetch("/a").await);
        assert!(
            sentence.contains("not on the public internet")
                || sentence.contains("not a web address"),
            "{to}: {sentence}"
        );
        assert!(!sentence.contains("169.254"), "{sentence}");
    }
}

#[tokio::test]
async fn redirects_are_followed_so_far() {
    let site = Site::start().await;
    site.put("/0", 200, "text/plain", "there");
    for hop in 1..=11 {
        site.redirect(&format!("/{hop}"), &format!("/{}", hop - 1));
    }
    let page = site.fetch("/10").await.unwrap();
    assert_eq!(page["content"], "there");
    assert_eq!(page["url"], site.url("/10"));
    assert_eq!(page["final_url"], site.url("/0"));
    let sentence = told(site.fetch("/11").await);
    assert!(sentence.contains("redirects too often"), "{sentence}");
}
