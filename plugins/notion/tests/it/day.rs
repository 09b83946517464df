//! A day of an agent.

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::plugin::Plugin;
use crate::world::{BOTH, GUIDE, HOME, SHIP, TASK_SOURCE, TASKS, TOGGLE, World};

async fn writable() -> (Fake, Plugin) {
    let fake = Fake::start(World::new()).await;
    let plugin = Plugin::start(&fake.uri(), json!({ "mode": "readwrite" })).await;
    (fake, plugin)
}

#[tokio::test]
async fn pages_are_found_and_read() {
    let (_fake, notion) = writable().await;
    let found = notion
        .json("notion_search", json!({ "query": "ide" }))
        .await;
    assert_eq!(found["items"][0]["id"], GUIDE);
    assert_eq!(found["items"][0]["title"], "The guide");
    let page = notion
        .json(
            "notion_get_page",
            json!({ "page_id": GUIDE.replace('-', "") }),
        )
        .await;
    assert_eq!(page["title"], "The guide");
    assert_eq!(
        page["markdown"],
        "# Welcome\n- More\n  - deep\n    deeper\n- [ ] in a column\n[page 00000108-0000-4000-8000-000000000000] Other\n"
    );
    assert_eq!(page["truncated"], false);
    let blocks = notion
        .json("notion_get_block_children", json!({ "block_id": GUIDE }))
        .await;
    assert_eq!(
        blocks["blocks"][1],
        json!({ "id": TOGGLE, "type": "toggle", "text": "More", "has_children": true })
    );
    let inside = notion
        .json("notion_get_block_children", json!({ "block_id": TOGGLE }))
        .await;
    assert_eq!(inside["blocks"][0]["text"], "deep");
    let users = notion.json("notion_list_users", json!({})).await;
    assert_eq!(
        users["users"][0],
        json!({ "id": "u1", "name": "Ada", "email": "ada@example.com", "bot": false })
    );
    assert_eq!(users["users"][1]["bot"], true);
}

#[tokio::test]
async fn a_data_source_is_described_and_queried() {
    let (_fake, notion) = writable().await;
    let described = notion
        .json("notion_get_data_source", json!({ "data_source_id": TASKS }))
        .await;
    assert_eq!(described["id"], TASK_SOURCE);
    let stage = json!({ "name": "Stage", "type": "select", "options": ["Now", "Later"] });
    assert!(
        described["properties"]
            .as_array()
            .expect("a list")
            .contains(&stage),
        "{described}"
    );
    for (filter, count) in [(Value::Null, 1), (done(false), 1), (done(true), 0)] {
        let query = json!({ "data_source_id": TASK_SOURCE, "filter": filter });
        let rows = notion.json("notion_query_data_source", query).await;
        assert_eq!(rows["rows"].as_array().map(Vec::len), Some(count));
    }
    let rows = notion
        .json(
            "notion_query_data_source",
            json!({ "data_source_id": TASKS }),
        )
        .await;
    assert_eq!(rows["data_source_id"], TASK_SOURCE);
    assert_eq!(
        rows["rows"][0],
        json!({ "id": SHIP, "title": "Ship it", "properties": {
            "Done": "false", "Points": "3", "Due": "2026-12-01", "Sum": "1",
        } })
    );
    let message = notion
        .message("notion_get_data_source", json!({ "data_source_id": BOTH }))
        .await;
    assert!(
        message.contains("(\"Left\"), ") && message.contains("(\"Right\")"),
        "{message}"
    );
}

fn done(done: bool) -> Value {
    json!({ "property": "Done", "checkbox": { "equals": done } })
}

#[tokio::test]
async fn pages_are_created_and_changed() {
    let (fake, notion) = writable().await;
    let text = "# Notes\n\nfirst **bold**\n\n- [x] done\n```js\nlet a;\n```\n---";
    let page = json!({ "parent_id": HOME, "title": "Notes\u{200b}", "markdown": text });
    let created = notion.json("notion_create_page", page).await;
    assert_eq!(created["title"], "Notes");
    let read = notion
        .json("notion_get_page", json!({ "page_id": created["id"] }))
        .await;
    assert_eq!(
        read["markdown"],
        "# Notes\nfirst **bold**\n- [x] done\n```javascript\nlet a;\n```\n---\n"
    );

    // At the end, and after a block.
    let append = json!({ "block_id": created["id"], "markdown": "last" });
    let last = notion.json("notion_append_blocks", append).await;
    assert_eq!(last["block_ids"].as_array().map(Vec::len), Some(1));
    let blocks = notion
        .json(
            "notion_get_block_children",
            json!({ "block_id": created["id"] }),
        )
        .await;
    let first = &blocks["blocks"][0]["id"];
    let append =
        json!({ "block_id": created["id"], "markdown": "second\n\nthird", "after": first });
    let added = notion.json("notion_append_blocks", append).await;
    let blocks = notion
        .json(
            "notion_get_block_children",
            json!({ "block_id": created["id"] }),
        )
        .await;
    let texts: Vec<&Value> = blocks["blocks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|block| &block["text"])
        .collect();
    assert_eq!(
        texts,
        [
            "Notes",
            "second",
            "third",
            "first **bold**",
            "done",
            "let a;",
            "",
            "last"
        ]
    );
    assert_eq!(
        added["block_ids"],
        json!([blocks["blocks"][1]["id"], blocks["blocks"][2]["id"]])
    );

    // In a data source, by the id of its database.
    let row = json!({
        "parent_id": TASKS, "title": "Write",
        "properties": { "Done": true, "Points": 5, "Stage": "Now", "Tags": ["a", "b"], "Due": "2026-12-24" },
    });
    let row = notion.json("notion_create_page", row).await;
    let read = notion
        .json("notion_get_page", json!({ "page_id": row["id"] }))
        .await;
    assert_eq!(read["title"], "Write");
    assert_eq!(
        read["properties"],
        json!({ "Done": "true", "Points": "5", "Stage": "Now", "Tags": "a, b", "Due": "2026-12-24" })
    );
    let change = json!({ "page_id": row["id"], "properties": { "Task": "Written", "Points": null, "Stage": "Later" } });
    assert_eq!(
        notion.json("notion_update_page_properties", change).await["title"],
        "Written"
    );
    let read = notion
        .json("notion_get_page", json!({ "page_id": row["id"] }))
        .await;
    assert_eq!(read["properties"]["Stage"], "Later");
    assert_eq!(read["properties"].get("Points"), None);
    assert_eq!(read["properties"]["Done"], "true");
    let requests = fake.requests().await;
    assert!(
        requests.iter().all(|request| request.contains(" /v1/")),
        "{requests:?}"
    );
}
