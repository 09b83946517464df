//! `robots.txt` is obeyed when a model asks, and not when a person does.

use std::time::Duration;

use serde_json::json;

use crate::site::{Site, fetch, told};

async fn site() -> Site {
    let site = Site::start().await;
    for path in ["/a", "/private/a"] {
        site.put(path, 200, "text/plain", "abc");
    }
    let robots = "User-agent: *\nDisallow: /\n\nUser-agent: mcp-factory\nDisallow: /private/\n";
    site.put("/robots.txt", 200, "text/plain", robots);
    site
}

#[tokio::test]
async fn the_rules_for_this_robot_are_obeyed() {
    let site = site().await;
    let plugin = site.plugin(json!({})).await;
    assert!(fetch(&plugin, json!({"url": site.url("/a")})).await.is_ok());
    let sentence = told(fetch(&plugin, json!({"url": site.url("/private/a")})).await);
    assert!(
        sentence.contains("robots.txt asks robots not to fetch"),
        "{sentence}"
    );
    assert_eq!(site.hits("/private/a"), 0);
    assert_eq!(site.hits("/robots.txt"), 1, "asked for once");
    let other = site.plugin(json!({"user_agent": "other/1"})).await;
    assert!(fetch(&other, json!({"url": site.url("/a")})).await.is_err());
}

#[tokio::test]
async fn a_redirect_does_not_lead_around_them() {
    let site = site().await;
    site.redirect("/b", "/private/a");
    let sentence = told(site.fetch("/b").await);
    assert!(sentence.contains("robots.txt"), "{sentence}");
    assert_eq!(site.hits("/private/a"), 0);
}

#[tokio::test]
async fn an_operator_may_set_them_aside_and_a_person_too() {
    let site = site().await;
    let plugin = site.plugin(json!({"ignore_robots": true})).await;
    assert!(
        fetch(&plugin, json!({"url": site.url("/private/a")}))
            .await
            .is_ok()
    );
    let plugin = site.plugin(json!({})).await;
    let prompt = plugin
        .prompt("fetch", &[("url", &site.url("/private/a"))])
        .await
        .unwrap();
    let text = format!("{:?}", prompt.messages);
    assert!(
        text.contains("abc") && text.contains("/private/a"),
        "{text}"
    );
    assert_eq!(site.hits("/robots.txt"), 0);
}

#[tokio::test]
async fn without_the_file_there_are_no_rules_and_without_an_answer_no_page() {
    for (status, sentence) in [
        (404, None),
        (410, None),
        (401, Some("asks robots not to fetch")),
        (403, Some("asks robots not to fetch")),
        (429, Some("cannot be read now")),
        (500, Some("cannot be read now")),
        (503, Some("cannot be read now")),
    ] {
        let site = site().await;
        site.put(
            "/robots.txt",
            status,
            "text/plain",
            "User-agent: *\nDisallow: /\n",
        );
        let result = site.fetch("/a").await;
        match sentence {
            None => assert!(result.is_ok(), "{status}"),
            Some(sentence) => assert!(told(result).contains(sentence), "{status}"),
        }
    }
    let site = site().await;
    site.put_raw("/robots.txt", Duration::ZERO, "");
    let plugin = site.plugin(json!({})).await;
    for _ in 0..2 {
        let sentence = told(fetch(&plugin, json!({"url": site.url("/a")})).await);
        assert!(sentence.contains("cannot be read now"), "{sentence}");
    }
    assert_eq!(site.hits("/robots.txt"), 1, "not asked for at every call");
}

#[tokio::test]
async fn the_file_may_be_elsewhere_but_not_inside() {
    let site = site().await;
    site.redirect("/robots.txt", "/real-robots.txt");
    site.put(
        "/real-robots.txt",
        200,
        "text/plain",
        "User-agent: *\nDisallow: /\n",
    );
    assert!(told(site.fetch("/a").await).contains("robots.txt asks"));
    site.redirect("/robots.txt", "/robots.txt");
    assert!(
        site.fetch("/a").await.is_ok(),
        "it leads nowhere, which is no file"
    );
    site.redirect("/robots.txt", "http://169.254.169.254/");
    assert!(told(site.fetch("/a").await).contains("cannot be read now"));
}
