//! Hosts that send too much, too slowly, or not all.

use std::time::{Duration, Instant};

use mcp_factory_sdk::ToolErrorKind;
use serde_json::json;

use crate::site::{Site, fetch, told};

#[tokio::test]
async fn a_giant_page_is_cut() {
    let site = Site::start().await;
    let kind = "text/plain; charset=utf-8";
    site.put("/a", 200, kind, "ä".repeat(3 * 1024 * 1024));
    let plugin = site.plugin(json!({})).await;
    let last = json!({"url": site.url("/a"), "start_index": 2_621_000, "max_length": 900_000});
    let page = fetch(&plugin, last).await.unwrap();
    let length = page["content"].as_str().unwrap().chars().count();
    assert_eq!(2_621_000 + length, 5 * 1024 * 1024 / 2, "5 MiB of it");
    assert_eq!(page["truncated"], true, "there was more");
    assert!(
        page.get("next_start_index").is_none(),
        "and it cannot be had"
    );
    let small = site.plugin(json!({"max_bytes": 1025})).await;
    let page = fetch(&small, json!({"url": site.url("/a")})).await.unwrap();
    assert!(page["content"].as_str().unwrap().starts_with("ää"));
}

#[tokio::test]
async fn a_page_cannot_overflow_the_stack() {
    let site = Site::start().await;
    let deep = format!(
        "{}deep{}",
        "<div><b>".repeat(300_000),
        "</b></div>".repeat(300_000)
    );
    site.put("/a", 200, "text/html", deep);
    let page = site.fetch("/a").await.unwrap();
    assert!(page["content"].as_str().unwrap().contains("deep"));
}

#[tokio::test]
async fn a_slow_host_is_given_up_on() {
    let site = Site::start().await;
    site.put_raw("/a", Duration::from_secs(30), "");
    site.put_raw("/robots.txt", Duration::from_secs(30), "");
    for config in [
        json!({"timeout": "300ms"}),
        json!({"timeout": "300ms", "ignore_robots": true}),
    ] {
        let plugin = site.plugin(config).await;
        let start = Instant::now();
        let error = fetch(&plugin, json!({"url": site.url("/a")}))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ToolErrorKind::TimedOut);
        assert!(
            error.public_message().unwrap().contains("time"),
            "{error:?}"
        );
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_page_that_breaks_off_is_an_error() {
    let site = Site::start().await;
    let short = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nabc";
    site.put_raw("/a", Duration::ZERO, short);
    let sentence = told(site.fetch("/a").await);
    assert!(sentence.contains("broke off"), "{sentence}");
}

#[tokio::test]
async fn many_pages_at_once_are_all_read() {
    let site = Site::start().await;
    site.put("/a", 200, "text/html", "<p>x".repeat(10_000));
    let plugin = site.plugin(json!({})).await;
    let calls = (0..20).map(|_| fetch(&plugin, json!({"url": site.url("/a"), "max_length": 10})));
    for page in futures_util::future::join_all(calls).await {
        let page = page.unwrap();
        assert_eq!(page["content"].as_str().unwrap().chars().count(), 10);
    }
    let idle = plugin.health().await;
    assert!(idle.gauges().contains(&("conversions", 0.0)), "{idle:?}");
}

#[tokio::test]
async fn a_redirect_to_an_endless_address_is_not_followed() {
    let site = Site::start().await;
    let long = format!("/{}", "x".repeat(9_000));
    site.redirect("/a", &long);
    site.put(&long, 200, "text/plain", "there");
    let sentence = told(site.fetch("/a").await);
    assert!(sentence.contains("too long to follow"), "{sentence}");
}

#[tokio::test]
async fn each_of_several_codings_counts() {
    let site = Site::start().await;
    for (codings, is_read) in [
        (vec![], true),
        (vec!["identity"], true),
        (vec!["Identity", ""], true),
        (vec!["gzip"], false),
        (vec!["identity", "gzip"], false),
        (vec!["\u{e9}"], false),
    ] {
        let codings = codings
            .iter()
            .map(|coding| ["Content-Encoding: ", coding, "\r\n"].concat())
            .collect::<Vec<_>>()
            .concat();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{codings}Content-Length: 1\r\nConnection: close\r\n\r\na"
        );
        site.put_raw("/a", Duration::ZERO, head);
        match site.fetch("/a").await {
            Ok(_) => assert!(is_read, "{codings}"),
            Err(error) => {
                assert!(!is_read, "{codings}");
                let sentence = error.public_message().unwrap_or_default().to_owned();
                assert!(sentence.contains("compressed"), "{codings}: {sentence}");
            }
        }
    }
}
