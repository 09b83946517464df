//! Every refusal of our own, but for the roots.

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::plugin::Plugin;
use crate::world::{GUIDE, HOME, SHIP, TASK_SOURCE, World};

fn writes() -> [(&'static str, Value); 3] {
    [
        (
            "notion_create_page",
            json!({ "parent_id": HOME, "title": "a" }),
        ),
        (
            "notion_append_blocks",
            json!({ "block_id": GUIDE, "markdown": "a" }),
        ),
        (
            "notion_update_page_properties",
            json!({ "page_id": SHIP, "properties": { "Done": true } }),
        ),
    ]
}

fn is_write(request: &str) -> bool {
    request.starts_with("PATCH") || request == "POST /v1/pages"
}

#[tokio::test]
async fn nothing_is_changed_unless_the_settings_say_so() {
    let fake = Fake::start(World::new()).await;
    let notion = Plugin::start(&fake.uri(), json!({})).await;
    for (tool, arguments) in writes() {
        let message = notion.message(tool, arguments).await;
        assert!(message.contains("`mode = \"readwrite\"`"), "{message}");
    }
    assert!(fake.requests().await.is_empty());
}

#[tokio::test]
async fn scopes_are_needed() {
    let fake = Fake::start(World::new()).await;
    let started = Plugin::start(&fake.uri(), json!({ "mode": "readwrite" })).await;
    let Plugin {
        plugin,
        token: _token,
    } = started;
    let plugin = plugin.with_scopes(&["read"]);
    assert!(plugin.call("notion_list_users", json!({})).await.is_ok());
    for (tool, arguments) in writes() {
        let error = plugin.call(tool, arguments).await.expect_err("no scope");
        assert!(error.to_string().contains("write"), "{error}");
    }
    assert_eq!(fake.requests().await.len(), 1);
    let plugin = plugin.with_scopes(&["write"]);
    for (tool, arguments) in writes() {
        plugin.call(tool, arguments).await.expect("it may");
    }
}

#[tokio::test]
async fn what_is_wrong_does_not_go_out() {
    let fake = Fake::start(World::new()).await;
    let notion = Plugin::start(&fake.uri(), json!({ "mode": "readwrite" })).await;
    let many = "a\n\n".repeat(101);
    for (tool, arguments, words) in [
        (
            "notion_get_page",
            json!({ "page_id": "../users" }),
            "`page_id` must be an id",
        ),
        (
            "notion_get_block_children",
            json!({ "block_id": "x" }),
            "`block_id` must be an id",
        ),
        (
            "notion_get_data_source",
            json!({ "data_source_id": "x" }),
            "`data_source_id` must be an id",
        ),
        (
            "notion_query_data_source",
            json!({ "data_source_id": "x" }),
            "`data_source_id` must be an id",
        ),
        (
            "notion_create_page",
            json!({ "parent_id": "x", "title": "a" }),
            "`parent_id` must be an id",
        ),
        (
            "notion_create_page",
            json!({ "parent_id": HOME, "title": "\u{200b}" }),
            "`title` is empty",
        ),
        (
            "notion_create_page",
            json!({ "parent_id": HOME, "title": "a", "markdown": many }),
            "101 blocks",
        ),
        (
            "notion_append_blocks",
            json!({ "block_id": HOME, "markdown": "\u{200b}" }),
            "`markdown` is empty",
        ),
        (
            "notion_append_blocks",
            json!({ "block_id": HOME, "markdown": "a", "after": "x" }),
            "`after` must be an id",
        ),
        (
            "notion_update_page_properties",
            json!({ "page_id": SHIP, "properties": {} }),
            "nothing is to be changed",
        ),
        ("notion_search", json!({ "limit": 101 }), "at most 100"),
        (
            "notion_search",
            json!({ "kind": "database" }),
            "unknown variant",
        ),
        (
            "notion_search",
            json!({ "cursor": HOME }),
            "`cursor` does not belong",
        ),
        (
            "notion_query_data_source",
            json!({ "data_source_id": TASK_SOURCE, "filter": { "property": "x".repeat(17_000) } }),
            "`filter` is larger than 16384 bytes",
        ),
    ] {
        let message = notion.message(tool, arguments).await;
        assert!(message.contains(words), "{tool}: {message}");
    }
    assert!(fake.requests().await.is_empty());
}

#[tokio::test]
async fn properties_that_do_not_fit_are_refused_before_anything_is_written() {
    let fake = Fake::start(World::new()).await;
    let notion = Plugin::start(&fake.uri(), json!({ "mode": "readwrite" })).await;
    for (properties, words) in [
        (
            json!({ "Nope": 1 }),
            "there is no property \"Nope\"; there are \"Task\", \"Done\"",
        ),
        (
            json!({ "Points": "three" }),
            "the property \"Points\" must be a number or null",
        ),
        (json!({ "Sum": 1 }), "\"formula\", which cannot be written"),
    ] {
        for (tool, mut arguments) in [
            ("notion_update_page_properties", json!({ "page_id": SHIP })),
            (
                "notion_create_page",
                json!({ "parent_id": TASK_SOURCE, "title": "a" }),
            ),
        ] {
            arguments["properties"] = properties.clone();
            let message = notion.message(tool, arguments).await;
            assert!(message.contains(words), "{tool}: {message}");
        }
    }
    let below = json!({ "parent_id": HOME, "title": "a", "properties": { "Done": true } });
    let message = notion.message("notion_create_page", below).await;
    assert!(message.contains("no properties but its title"), "{message}");
    assert!(
        !fake
            .requests()
            .await
            .iter()
            .any(|request| is_write(request))
    );
}

#[tokio::test]
async fn what_notion_refuses_becomes_a_sentence() {
    let fake = Fake::start(World::new()).await;
    let notion = Plugin::start(&fake.uri(), json!({ "mode": "readwrite", "roots": ["*"] })).await;
    let gone = "0000dead-0000-4000-8000-000000000000";
    for (tool, arguments, words) in [
        (
            "notion_get_page",
            json!({ "page_id": gone }),
            "ask the user to share it",
        ),
        (
            "notion_get_data_source",
            json!({ "data_source_id": gone }),
            "there is nothing with the id",
        ),
        (
            "notion_create_page",
            json!({ "parent_id": gone, "title": "a" }),
            "there is nothing with the id",
        ),
        (
            "notion_append_blocks",
            json!({ "block_id": HOME, "markdown": "a", "after": gone }),
            "is not a child",
        ),
        (
            "notion_query_data_source",
            json!({ "data_source_id": TASK_SOURCE, "filter": { "nonsense": 1 } }),
            "Notion refused this: \"body.filter.nonsense should be not present\"",
        ),
    ] {
        let message = notion.message(tool, arguments).await;
        assert!(message.contains(words), "{tool}: {message}");
    }
    std::fs::write(notion.token.path(), "ntn_other").expect("another token");
    let message = notion.message("notion_list_users", json!({})).await;
    assert!(
        message.contains("does not accept the server's token"),
        "{message}"
    );
}
