//! How the plugin says it is doing, and that a call that is given up leaves nothing behind.

use std::time::Duration;

use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::plugin::Plugin;

fn gauge(health: &mcp_factory_sdk::Health, name: &str) -> Option<f64> {
    let found = health.gauges().iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value)
}

#[tokio::test]
async fn a_refused_token_is_trouble_until_one_is_accepted() {
    let server = MockServer::start().await;
    let refused = ResponseTemplate::new(401);
    Mock::given(any())
        .respond_with(refused)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let accepted = ResponseTemplate::new(200)
        .insert_header("x-ratelimit-requests-remaining", "41")
        .insert_header("x-ratelimit-complexity-remaining", "9000")
        .set_body_json(
            json!({ "data": { "users": { "nodes": [], "pageInfo": { "hasNextPage": false } } } }),
        );
    Mock::given(any())
        .respond_with(accepted)
        .mount(&server)
        .await;
    let started = Plugin::start(&server.uri(), json!({})).await;
    assert_eq!(started.plugin.health().await.trouble(), None);
    started.error("linear_list_users", json!({})).await;
    let health = started.plugin.health().await;
    let trouble = health.trouble().expect("it is refused");
    assert!(
        trouble.contains("Linear does not accept the token"),
        "{trouble}"
    );
    started.json("linear_list_users", json!({})).await;
    let health = started.plugin.health().await;
    assert_eq!(health.trouble(), None);
    assert_eq!(gauge(&health, "requests_in_flight"), Some(0.0));
    assert_eq!(gauge(&health, "requests_left"), Some(41.0));
    assert_eq!(gauge(&health, "complexity_left"), Some(9000.0));
}

#[tokio::test]
async fn a_call_that_is_given_up_frees_its_place() {
    let server = MockServer::start().await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(30));
    Mock::given(any()).respond_with(slow).mount(&server).await;
    let started = Plugin::start(&server.uri(), json!({})).await;
    let call = started.plugin.call("linear_list_users", json!({}));
    let mut call = Box::pin(call);
    let waited = tokio::time::timeout(Duration::from_millis(500), &mut call).await;
    assert!(waited.is_err(), "it waits");
    let health = started.plugin.health().await;
    assert_eq!(gauge(&health, "requests_in_flight"), Some(1.0));
    drop(call);
    let health = started.plugin.health().await;
    assert_eq!(gauge(&health, "requests_in_flight"), Some(0.0));
}
