//! What may not be reached is not reached: buckets, prefixes, modes, scopes, and nothing is told of secrets.

use serde_json::{Value, json};

use crate::store::{SECRET, Store, failure};

/// The tools that name an object, with the arguments that do.
fn calls(bucket: &str, key: &str) -> Vec<(&'static str, Value)> {
    let fine = json!({ "source_bucket": "team-data", "source_key": "fine" });
    let mut to = fine.clone();
    to["bucket"] = json!(bucket);
    to["key"] = json!(key);
    vec![
        ("get_object", json!({ "bucket": bucket, "key": key })),
        ("head_object", json!({ "bucket": bucket, "key": key })),
        (
            "put_object",
            json!({ "bucket": bucket, "key": key, "text": "x", "overwrite": true }),
        ),
        ("delete_object", json!({ "bucket": bucket, "key": key })),
        ("presign_url", json!({ "bucket": bucket, "key": key })),
        ("copy_object", to),
        (
            "copy_object",
            json!({ "source_bucket": bucket, "source_key": key, "bucket": "team-data", "key": "new" }),
        ),
    ]
}

#[tokio::test]
async fn no_key_leads_out_of_a_prefix() {
    let store = Store::new().await;
    store.file("archive/team-b/secret", "canary-content");
    store.file("other/secret", "canary-content");
    store.file("team-data/fine", "x");
    let buckets = json!([{ "name": "team-data", "mode": "rw" }, { "name": "archive", "prefix": "team-a/", "mode": "rw" }]);
    let plugin = store
        .plugin_with(json!({ "buckets": buckets, "presign": true }))
        .await;
    for key in [
        "team-b/secret",
        "team-a/../team-b/secret",
        "team-a/%2e%2e/team-b/secret",
        "team-a/.%2E/team-b/secret",
        "../other/secret",
        "team-a/../../other/secret",
        "team-a",
        "Team-a/x",
        "/team-a/x",
        "team-a\\..\\..\\secret",
        "team-a/x/../../../other/secret",
        "",
        "team-a/./x",
    ] {
        for (tool, arguments) in calls("archive", key) {
            let said = failure(&plugin, tool, arguments).await;
            let known = said.contains("outside of what can be used")
                || said.contains("`.` or `..`")
                || said.contains("the key is empty");
            assert!(
                known && !said.contains("canary-content"),
                "{tool} {key}: {said}"
            );
        }
    }
    for prefix in ["team-b/", "team", "t", "../", "team-b/../team-a/"] {
        let said = failure(
            &plugin,
            "list_objects",
            json!({ "bucket": "archive", "prefix": prefix }),
        )
        .await;
        assert!(
            said.contains("use keys that begin with \"team-a/\""),
            "{prefix}: {said}"
        );
    }
    assert_eq!(
        std::fs::read_to_string(store.path("archive/team-b/secret")).unwrap(),
        "canary-content"
    );
}

#[tokio::test]
async fn no_other_bucket_is_reached() {
    let store = Store::new().await;
    store.file("other/secret", "canary-content");
    store.file("team-data/fine", "x");
    let plugin = store.plugin_with(json!({ "presign": true })).await;
    for bucket in [
        "other",
        "",
        "team-data/../other",
        "Team-data",
        "team-data/",
        "127.0.0.1:1",
        "x@evil",
        "other?x=team-data",
    ] {
        for (tool, arguments) in calls(bucket, "secret") {
            let said = failure(&plugin, tool, arguments).await;
            assert!(
                said.contains("here; list_buckets names those"),
                "{tool} {bucket}: {said}"
            );
        }
        let said = failure(&plugin, "list_objects", json!({ "bucket": bucket })).await;
        assert!(said.contains("here; list_buckets names those"), "{said}");
    }
}

#[tokio::test]
async fn what_is_read_only_stays_as_it_is() {
    let store = Store::new().await;
    store.file("archive/team-a/x", "old");
    store.file("team-data/fine", "x");
    let plugin = store.plugin().await;
    for (tool, arguments) in [
        (
            "put_object",
            json!({ "bucket": "archive", "key": "team-a/x", "text": "new", "overwrite": true }),
        ),
        (
            "copy_object",
            json!({ "source_bucket": "team-data", "source_key": "fine", "bucket": "archive", "key": "team-a/x", "overwrite": true }),
        ),
        (
            "delete_object",
            json!({ "bucket": "archive", "key": "team-a/x" }),
        ),
    ] {
        let said = failure(&plugin, tool, arguments).await;
        assert!(
            said.contains("the bucket \"archive\" is read-only here")
                && said.contains("`mode = \"rw\"`"),
            "{tool}: {said}"
        );
    }
    assert_eq!(
        std::fs::read_to_string(store.path("archive/team-a/x")).unwrap(),
        "old"
    );
    let got = plugin
        .call_json(
            "get_object",
            json!({ "bucket": "archive", "key": "team-a/x" }),
        )
        .await
        .unwrap();
    assert_eq!(got["text"], "old");
}

#[tokio::test]
async fn each_tool_needs_its_scope() {
    let store = Store::new().await;
    let (reader, writer) = (
        store.plugin().await.with_scopes(&["read"]),
        store.plugin().await.with_scopes(&["write"]),
    );
    for tool in ["put_object", "copy_object", "delete_object", "presign_url"] {
        assert!(
            failure(&reader, tool, json!({})).await.contains("scope"),
            "{tool}"
        );
    }
    for tool in ["delete_object", "presign_url"] {
        assert!(
            failure(&writer, tool, json!({})).await.contains("scope"),
            "{tool}"
        );
    }
}

#[tokio::test]
async fn wrong_credentials_are_told_and_not_shown() {
    let store = Store::new().await;
    store.file("team-data/k", "x");
    let plugin = store.plugin().await;
    plugin
        .call_json("get_object", json!({ "bucket": "team-data", "key": "k" }))
        .await
        .unwrap();
    // A file is read anew for each request.
    std::fs::write(store.root.path().join("secret"), "canary-of-another-key").unwrap();
    let said = failure(
        &plugin,
        "get_object",
        json!({ "bucket": "team-data", "key": "k" }),
    )
    .await;
    assert!(
        said.contains("the store does not accept the server's credentials")
            && !said.contains("canary"),
        "{said}"
    );
    let health = plugin.health().await;
    assert!(
        health
            .trouble()
            .is_some_and(|trouble| trouble.contains("does not accept")),
        "{health:?}"
    );
    std::fs::write(store.root.path().join("secret"), SECRET).unwrap();
    plugin
        .call_json("get_object", json!({ "bucket": "team-data", "key": "k" }))
        .await
        .unwrap();
    let health = plugin.health().await;
    assert_eq!(
        (health.trouble(), health.gauges()),
        (
            None,
            &[
                ("requests_in_flight", 0.0),
                ("breaker_open", 0.0),
                ("upstream_failures_total", 0.0),
                ("upstream_retries_total", 0.0),
            ][..]
        )
    );
    std::fs::remove_file(store.root.path().join("secret")).unwrap();
    let error = plugin
        .call("get_object", json!({ "bucket": "team-data", "key": "k" }))
        .await
        .expect_err("it fails");
    assert_eq!(
        error.to_string(),
        "the server's credentials cannot be read; ask its operator"
    );
    std::fs::write(store.root.path().join("secret"), "line\nbreak").unwrap();
    let error = plugin
        .call("get_object", json!({ "bucket": "team-data", "key": "k" }))
        .await
        .expect_err("it fails");
    assert!(!error.log_message().contains("line"), "{error:?}");
}

#[tokio::test]
async fn a_bucket_that_the_store_has_not() {
    let store = Store::new().await;
    std::fs::remove_dir_all(store.path("team-data")).unwrap();
    let plugin = store.plugin().await;
    let said = failure(&plugin, "list_objects", json!({ "bucket": "team-data" })).await;
    assert!(
        said.contains("the store has no bucket \"team-data\"; the server's operator should look"),
        "{said}"
    );
}
