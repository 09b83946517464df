//! The memo.

use mcp_factory_sdk::{Event, ResourceBody};
use serde_json::json;

use crate::fixture::Shop;

async fn memo(shop: &Shop) -> String {
    match &shop.plugin.read("memo://insights").await.unwrap().parts[0].body {
        ResourceBody::Text(text) => text.clone(),
        ResourceBody::Blob(_) => panic!("text"),
    }
}

#[tokio::test]
async fn insights_are_collected_and_announced() {
    let shop = Shop::open().await;
    let before = shop.fingerprint();
    assert!(memo(&shop).await.starts_with("No insights yet"));
    let added = shop
        .json("append_insight", json!({ "insight": "Rome buys most" }))
        .await;
    assert_eq!(added, json!({ "count": 1, "dropped_oldest": false }));
    assert!(memo(&shop).await.ends_with("- Rome buys most\n"));
    let event = Event::ResourceUpdated("memo://insights".to_owned());
    assert_eq!(shop.plugin.record().events, [event]);
    let refusal = shop
        .refusal("append_insight", json!({ "insight": "  " }))
        .await;
    assert!(refusal.contains("empty"), "{refusal}");
    // It is kept beside the database, not in it.
    assert_eq!(shop.fingerprint(), before);
}

#[tokio::test]
async fn each_caller_has_a_memo() {
    let shop = Shop::open().await;
    shop.json("append_insight", json!({ "insight": "mine" }))
        .await;
    let plugin = shop.plugin.with_scopes(&["write"]);
    let resource = plugin.read("memo://insights").await.unwrap();
    assert!(
        matches!(&resource.parts[0].body, ResourceBody::Text(text) if text.starts_with("No insights"))
    );
}

#[tokio::test]
async fn the_memo_can_be_turned_off() {
    let shop = Shop::with(json!({ "max_insights": 0 })).await;
    let refusal = shop
        .refusal("append_insight", json!({ "insight": "x" }))
        .await;
    assert!(refusal.contains("`max_insights`"), "{refusal}");
}
