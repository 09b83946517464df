//! Links: made only where the operator says so, short-lived, for one object; the store checks them.

use mcp_factory_outbound::{Client, Reach, Request, Url};
use serde_json::json;

use crate::store::{SECRET, Store, failure};

#[tokio::test]
async fn a_link_works_without_credentials_and_for_one_object() {
    let store = Store::new().await;
    store.file("team-data/a b/ü+&.txt", "by link");
    store.file("team-data/other", "canary-content");
    let plugin = store.plugin_with(json!({ "presign": true })).await;
    let link = plugin
        .call_json(
            "presign_url",
            json!({ "bucket": "team-data", "key": "a b/ü+&.txt", "expires_in": 60 }),
        )
        .await
        .unwrap();
    assert_eq!(link["expires_in"], 60);
    let url = link["url"].as_str().unwrap();
    assert!(!url.contains(SECRET));
    let client = Client::builder(Reach::operator()).build().unwrap();
    let get = |url: &str| client.send(Request::get(url.parse::<Url>().unwrap()));
    let response = get(url).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.bytes().await.unwrap(), "by link");
    for broken in [
        url.replace("a%20b/%C3%BC%2B%26.txt", "other"),
        url.replace("Expires=60", "Expires=600"),
        format!("{}0", &url[..url.len() - 1]),
    ] {
        assert_ne!(broken, url);
        assert!(
            get(&broken).await.unwrap().status().is_client_error(),
            "{broken}"
        );
    }
    let gone = url.replace("X-Amz-Date=20", "X-Amz-Date=19");
    assert!(get(&gone).await.unwrap().status().is_client_error());
}

#[tokio::test]
async fn links_are_off_and_bounded() {
    let store = Store::new().await;
    let arguments = json!({ "bucket": "team-data", "key": "k", "expires_in": 601 });
    let said = failure(&store.plugin().await, "presign_url", arguments.clone()).await;
    assert!(
        said.contains("links are not made here; the server's operator can set `presign = true`"),
        "{said}"
    );
    let plugin = store
        .plugin_with(json!({ "presign": true, "presign_max": "10m" }))
        .await;
    let said = failure(&plugin, "presign_url", arguments).await;
    assert!(
        said.contains("a link may last 600 seconds at most here"),
        "{said}"
    );
    let said = failure(
        &plugin.with_scopes(&["write"]),
        "presign_url",
        json!({ "bucket": "team-data", "key": "k" }),
    )
    .await;
    assert!(said.contains("scope"), "{said}");
}
