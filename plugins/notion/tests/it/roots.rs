//! Nothing outside of the roots is reached, by any tool.

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::plugin::Plugin;
use crate::world::{
    GUIDE, HOME, PAYROLL, PAYROLL_SOURCE, PLANS, SECRET, SECRET_BLOCK, SHIP, TASK_SOURCE, World,
    in_page,
};

fn ids(found: &Value, list: &str) -> Vec<String> {
    let all = found[list].as_array().expect("a list");
    all.iter()
        .map(|one| one["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn what_is_outside_does_not_exist_for_any_tool() {
    let fake = Fake::start(World::new()).await;
    let notion = Plugin::start(&fake.uri(), json!({ "mode": "readwrite" })).await;
    let before = fake.world().things.clone();
    let mut calls = Vec::new();
    for page in [SECRET, PLANS] {
        calls.push(("notion_get_page", json!({ "page_id": page })));
        calls.push(("notion_get_block_children", json!({ "block_id": page })));
        calls.push((
            "notion_create_page",
            json!({ "parent_id": page, "title": "a" }),
        ));
        calls.push((
            "notion_append_blocks",
            json!({ "block_id": page, "markdown": "a" }),
        ));
        let change = json!({ "page_id": page, "properties": { "title": "pwned" } });
        calls.push(("notion_update_page_properties", change));
    }
    calls.push((
        "notion_get_block_children",
        json!({ "block_id": SECRET_BLOCK }),
    ));
    calls.push((
        "notion_append_blocks",
        json!({ "block_id": SECRET_BLOCK, "markdown": "a" }),
    ));
    for source in [PAYROLL, PAYROLL_SOURCE] {
        calls.push((
            "notion_get_data_source",
            json!({ "data_source_id": source }),
        ));
        calls.push((
            "notion_query_data_source",
            json!({ "data_source_id": source }),
        ));
        calls.push((
            "notion_create_page",
            json!({ "parent_id": source, "title": "a" }),
        ));
    }
    for (tool, arguments) in calls {
        let outside = notion.message(tool, arguments).await;
        assert!(
            outside.starts_with("there is nothing with the id"),
            "{tool}: {outside}"
        );
        assert!(
            !outside.contains("canary") && !outside.contains("Payroll"),
            "{outside}"
        );
    }
    assert_eq!(fake.world().things, before);
    let requests = fake.requests().await;
    let reads = ["/children", "/query"];
    assert!(
        !requests
            .iter()
            .any(|request| reads.iter().any(|read| request.ends_with(read))),
        "{requests:?}"
    );
    assert!(
        !requests
            .iter()
            .any(|request| request.starts_with("PATCH") || request == "POST /v1/pages")
    );
}

#[tokio::test]
async fn a_search_shows_only_what_is_below_a_root() {
    let fake = Fake::start(World::new()).await;
    let notion = Plugin::start(&fake.uri(), json!({})).await;
    let found = notion.json("notion_search", json!({})).await;
    let found = ids(&found, "items");
    assert!(
        [HOME, GUIDE, SHIP, TASK_SOURCE]
            .iter()
            .all(|id| found.contains(&(*id).to_owned())),
        "{found:?}"
    );
    assert!(
        ![SECRET, PLANS, PAYROLL_SOURCE]
            .iter()
            .any(|id| found.contains(&(*id).to_owned())),
        "{found:?}"
    );
    let sources = notion
        .json("notion_search", json!({ "kind": "data_source" }))
        .await;
    assert_eq!(ids(&sources, "items").len(), 3);
    let all = Plugin::start(&fake.uri(), json!({ "roots": ["*"] })).await;
    let found = all.json("notion_search", json!({ "query": "plans" })).await;
    assert_eq!(ids(&found, "items"), [PLANS]);
}

#[tokio::test]
async fn a_root_may_be_a_data_source_or_a_page_in_the_middle() {
    let fake = Fake::start(World::new()).await;
    for (root, inside, outside) in [
        (TASK_SOURCE, SHIP, GUIDE),
        (GUIDE, GUIDE, HOME),
        (PLANS, PLANS, SECRET),
    ] {
        let root = root.to_uppercase().replace('-', "");
        let notion = Plugin::start(&fake.uri(), json!({ "roots": [root] })).await;
        notion
            .json("notion_get_page", json!({ "page_id": inside }))
            .await;
        let message = notion
            .message("notion_get_page", json!({ "page_id": outside }))
            .await;
        assert!(message.starts_with("there is nothing"), "{message}");
    }
}

/// A chain of pages, each in the one before; the first one at the top.
fn chain(world: &mut World, length: u32) -> Vec<String> {
    let chain: Vec<String> = (0..length)
        .map(|n| format!("0000c{n:03x}-0000-4000-8000-000000000000"))
        .collect();
    let mut parent = json!({ "type": "workspace", "workspace": true });
    for id in &chain {
        world.page(id, parent, json!({}));
        parent = in_page(id);
    }
    chain
}

#[tokio::test]
async fn the_way_up_has_an_end() {
    let mut world = World::new();
    let chain = chain(&mut world, 60);
    // And a knot, which Notion should not have.
    let (one, other) = (
        "0000aaaa-0000-4000-8000-000000000000",
        "0000bbbb-0000-4000-8000-000000000000",
    );
    world.page(one, in_page(other), json!({}));
    world.page(other, in_page(one), json!({}));
    let fake = Fake::start(world).await;
    let notion = Plugin::start(&fake.uri(), json!({ "roots": [chain[0]] })).await;
    notion
        .json("notion_get_page", json!({ "page_id": chain[40] }))
        .await;
    let fresh = Plugin::start(&fake.uri(), json!({ "roots": [chain[0]] })).await;
    for page in [chain[59].as_str(), one] {
        let message = fresh
            .message("notion_get_page", json!({ "page_id": page }))
            .await;
        assert!(message.contains("too deep"), "{message}");
    }
}

#[tokio::test]
async fn a_search_that_costs_too_much_goes_on_with_its_cursor() {
    let mut world = World::default();
    let chain = chain(&mut world, 3);
    // Each of them is in a block of its own, which is one look-up each.
    for n in 0..70 {
        let block = format!("0000d{n:03x}-0000-4000-8000-000000000000");
        world.block(&block, &chain[2], "toggle", json!({}));
        let page = format!("0000e{n:03x}-0000-4000-8000-000000000000");
        world.page(
            &page,
            json!({ "type": "block_id", "block_id": block }),
            json!({}),
        );
    }
    let fake = Fake::start(world).await;
    let notion = Plugin::start(&fake.uri(), json!({ "roots": [chain[2]] })).await;
    let mut arguments = json!({ "kind": "page", "limit": 100 });
    let mut seen = Vec::new();
    let mut before = 0;
    for _ in 0..10 {
        let found = notion.json("notion_search", arguments.clone()).await;
        let requests = fake.requests().await.len();
        assert!(requests - before <= 41, "{}", requests - before);
        before = requests;
        seen.extend(ids(&found, "items"));
        arguments["cursor"] = found["next_cursor"].clone();
        if found["truncated"] == false {
            break;
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 71);
}
