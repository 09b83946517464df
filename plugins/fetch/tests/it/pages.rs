//! What becomes of pages: Markdown, text, JSON, parts, and sentences about the rest.

use std::time::Duration;

use mcp_factory_sdk::ToolErrorKind;
use serde_json::json;

use crate::site::{Site, fetch, told};

#[tokio::test]
async fn a_page_comes_as_markdown_and_raw_as_it_is() {
    let site = Site::start().await;
    let html = "<!doctype html><title>A title</title><script>x()</script><h1>Hello</h1><p>A <a href=b>link</a>.";
    site.put("/a", 200, "text/html; charset=utf-8", html);
    let page = site.fetch("/a#part").await.unwrap();
    let expected = json!({
        "url": site.url("/a"),
        "final_url": site.url("/a"),
        "status": 200,
        "content_type": "text/html",
        "title": "A title",
        "content": format!("# Hello\n\nA [link]({}).", site.url("/b")),
        "truncated": false,
    });
    assert_eq!(page, expected);
    let plugin = site.plugin(json!({})).await;
    let raw = fetch(&plugin, json!({"url": site.url("/a"), "raw": true}))
        .await
        .unwrap();
    assert_eq!(raw["content"], html);
    assert!(raw.get("title").is_none());
}

#[tokio::test]
async fn text_of_all_kinds_comes_as_it_is() {
    let site = Site::start().await;
    for (kind, body, expected) in [
        ("application/json", "{\"a\": [1]}", "{\"a\": [1]}"),
        ("text/plain; charset=iso-8859-1", "caf\u{e9}", "café"),
        ("text/markdown", "# <b>x</b>", "# <b>x</b>"),
        ("application/rss+xml", "<rss/>", "<rss/>"),
        ("", "no type", "no type"),
        ("nonsense", "no type", "no type"),
    ] {
        let body = if kind.ends_with("8859-1") {
            b"caf\xe9".to_vec()
        } else {
            body.as_bytes().to_vec()
        };
        site.put("/a", 200, kind, body);
        let page = site.fetch("/a").await.unwrap();
        assert_eq!(page["content"], expected, "{kind}");
    }
    site.put("/a", 200, "", "<html><p>x");
    assert_eq!(site.fetch("/a").await.unwrap()["content_type"], "text/html");
}

#[tokio::test]
async fn what_is_no_text_is_refused_by_a_sentence() {
    let site = Site::start().await;
    for (kind, body, named) in [
        ("image/png", b"\x89PNG".as_slice(), "image/png"),
        ("application/pdf", b"%PDF-1.7", "application/pdf"),
        ("text/plain", b"a\0b", "text/plain"),
        ("", b"\x89PNG\r\n\x1a\n\0", "binary data"),
    ] {
        site.put("/a", 200, kind, body);
        let sentence = told(site.fetch("/a").await);
        assert!(
            sentence.contains(&format!("the page is {named}, not text")),
            "{sentence}"
        );
    }
    let compressed = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx";
    site.put_raw("/a", Duration::ZERO, compressed);
    assert!(told(site.fetch("/a").await).contains("compressed"));
}

#[tokio::test]
async fn a_page_made_by_scripts_is_told_as_such() {
    let site = Site::start().await;
    let html = "<title>App</title><div id=root></div><script src=app.js></script>";
    site.put("/a", 200, "text/html", html);
    let sentence = told(site.fetch("/a").await);
    assert!(
        sentence.contains("made by scripts") && sentence.contains("`raw`"),
        "{sentence}"
    );
    let plugin = site.plugin(json!({})).await;
    let raw = fetch(&plugin, json!({"url": site.url("/a"), "raw": true}))
        .await
        .unwrap();
    assert_eq!(raw["content"], html);
    site.put("/a", 200, "text/html", "");
    assert_eq!(site.fetch("/a").await.unwrap()["content"], "");
}

#[tokio::test]
async fn a_long_page_comes_in_parts() {
    let site = Site::start().await;
    site.put("/a", 200, "text/plain; charset=utf-8", "äöüß".repeat(2500));
    let plugin = site.plugin(json!({})).await;
    let first = fetch(&plugin, json!({"url": site.url("/a")}))
        .await
        .unwrap();
    assert_eq!(first["content"].as_str().unwrap().chars().count(), 5000);
    assert_eq!(
        (&first["truncated"], &first["next_start_index"]),
        (&json!(true), &json!(5000))
    );
    let rest = json!({"url": site.url("/a"), "start_index": 5000, "max_length": 5000});
    let rest = fetch(&plugin, rest).await.unwrap();
    assert_eq!(rest["truncated"], false);
    assert!(rest.get("next_start_index").is_none());
    let past = fetch(
        &plugin,
        json!({"url": site.url("/a"), "start_index": 10_000}),
    )
    .await;
    assert_eq!(
        told(past),
        "there is nothing at `start_index` 10000: the page has 10000 characters"
    );
}

#[tokio::test]
async fn an_unsuccessful_status_is_an_error_with_advice() {
    let site = Site::start().await;
    for (status, part, kind) in [
        (400, "status 400", ToolErrorKind::Failed),
        (401, "sign in", ToolErrorKind::Failed),
        (404, "no such page", ToolErrorKind::NotFound),
        (429, "too many requests", ToolErrorKind::Failed),
        (503, "trouble of its own", ToolErrorKind::Unavailable),
    ] {
        site.put("/a", status, "text/html", "canary");
        let error = site.fetch("/a").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        let sentence = error.public_message().unwrap();
        assert!(
            sentence.contains(part) && !sentence.contains("canary"),
            "{sentence}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_seen_does_not_reach_the_model() {
    let site = Site::start().await;
    let hidden = "a\u{e0041}\u{e0042}\u{202e}\u{200b}\u{1b}b";
    let html = format!("<title>{hidden}</title><p>{hidden}<div style='display:none'>orders</div>");
    site.put("/a", 200, "text/html", html);
    site.put("/b", 200, "text/plain", hidden);
    let page = site.fetch("/a").await.unwrap();
    assert_eq!(
        (&page["title"], &page["content"]),
        (&json!("ab"), &json!("ab"))
    );
    assert_eq!(site.fetch("/b").await.unwrap()["content"], "ab");
    let plugin = site.plugin(json!({})).await;
    let raw = fetch(&plugin, json!({"url": site.url("/b"), "raw": true}))
        .await
        .unwrap();
    assert_eq!(raw["content"], "ab");
}
