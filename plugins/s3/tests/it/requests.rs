//! What goes over the wire: headers, tokens, and nothing that follows a redirect.

use mcp_factory_sdk::testing::TestPlugin;
use serde_json::json;
use wiremock::matchers::{any, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::store::{SECRET, settings};

#[tokio::test]
async fn requests_are_signed_and_hold_no_secret() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string("0123456789"))
        .mount(&server)
        .await;
    let directory = tempfile::tempdir().unwrap();
    let mut settings = settings(
        &server.uri(),
        directory.path(),
        json!({ "region": "eu-central-1" }),
    );
    settings["session_token"] = settings["access_key"].clone();
    let plugin = TestPlugin::start(&mcp_plugin_s3::PLUGIN, settings)
        .await
        .unwrap();
    plugin
        .call_json(
            "get_object",
            json!({ "bucket": "team-data", "key": "a b//c", "offset": 5, "if_match": "\"e\"" }),
        )
        .await
        .unwrap();
    let requests = server.received_requests().await.unwrap();
    let request = &requests[0];
    assert_eq!(request.url.path(), "/team-data/a%20b//c");
    let header = |name: &str| request.headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(header("range"), "bytes=5-262148");
    assert_eq!(header("if-match"), "\"e\"");
    assert_eq!(header("x-amz-security-token"), "AKIDTEST");
    let authorization = header("authorization");
    assert!(authorization.contains("/eu-central-1/s3/aws4_request,SignedHeaders=host;if-match;range;x-amz-content-sha256;x-amz-date;x-amz-security-token,"), "{authorization}");
    let all = format!("{:?} {:?}", request.headers, request.url);
    assert!(!all.contains(SECRET));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (server, evil) = (MockServer::start().await, MockServer::start().await);
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string("canary"))
        .expect(0)
        .mount(&evil)
        .await;
    let to = ResponseTemplate::new(307).insert_header("location", evil.uri());
    Mock::given(method("GET"))
        .respond_with(to)
        .mount(&server)
        .await;
    let directory = tempfile::tempdir().unwrap();
    let plugin = TestPlugin::start(
        &mcp_plugin_s3::PLUGIN,
        settings(&server.uri(), directory.path(), json!({})),
    )
    .await
    .unwrap();
    let said = crate::store::failure(
        &plugin,
        "get_object",
        json!({ "bucket": "team-data", "key": "k" }),
    )
    .await;
    assert!(
        said.contains("in another region or at another endpoint"),
        "{said}"
    );
}
