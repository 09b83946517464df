//! Long answers come in parts, nothing is lost, and a cursor is good for its own call only.

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::plugin::Plugin;
use crate::world::{GUIDE, HOME, SHIP, TASK_SOURCE, World, text};

fn long_page() -> World {
    let mut world = World::new();
    for n in 0..130 {
        let id = format!("0001{n:04x}-0000-4000-8000-000000000000");
        world.block(
            &id,
            HOME,
            "paragraph",
            text(&format!("line {n} {}", "é\"".repeat(100))),
        );
    }
    world
}

#[tokio::test]
async fn a_long_page_comes_in_parts() {
    let fake = Fake::start(long_page()).await;
    let notion = Plugin::start(&fake.uri(), json!({ "max_answer_bytes": 8_000 })).await;
    let mut arguments = json!({ "page_id": HOME });
    let mut whole = String::new();
    let mut parts = 0;
    loop {
        let part = notion.json("notion_get_page", arguments.clone()).await;
        assert!(part.to_string().len() < 9_000, "{}", part.to_string().len());
        whole.push_str(part["markdown"].as_str().expect("a text"));
        parts += 1;
        arguments["cursor"] = part["next_cursor"].clone();
        if part["truncated"] == false {
            break;
        }
    }
    assert!(parts > 4, "{parts}");
    let lines: Vec<&str> = whole
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    let expected: Vec<String> = (0..130).map(|n| n.to_string()).collect();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn blocks_rows_and_users_come_in_pages() {
    let mut world = long_page();
    for n in 0..30 {
        let id = format!("0002{n:04x}-0000-4000-8000-000000000000");
        let parent = json!({ "type": "data_source_id", "data_source_id": TASK_SOURCE });
        let properties = json!({ "Notes": { "type": "rich_text", "rich_text": [{ "plain_text": "x".repeat(5_000) }] } });
        world.page(&id, parent, properties);
    }
    let fake = Fake::start(world).await;
    let notion = Plugin::start(&fake.uri(), json!({ "max_answer_bytes": 8_000 })).await;
    for (tool, mut arguments, list, count) in [
        (
            "notion_get_block_children",
            json!({ "block_id": HOME, "limit": 100 }),
            "blocks",
            130,
        ),
        (
            "notion_query_data_source",
            json!({ "data_source_id": TASK_SOURCE, "limit": 20 }),
            "rows",
            31,
        ),
        ("notion_list_users", json!({ "limit": 2 }), "users", 3),
    ] {
        let mut seen = Vec::new();
        for _ in 0..60 {
            let page = notion.json(tool, arguments.clone()).await;
            assert!(
                page.to_string().len() < 9_000,
                "{tool}: {}",
                page.to_string().len()
            );
            let found = page[list].as_array().expect("a list").iter();
            seen.extend(found.map(|entry| entry["id"].to_string()));
            arguments["cursor"] = page["next_cursor"].clone();
            if page["truncated"] == false {
                break;
            }
        }
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), all), (count, count), "{tool}");
    }
}

#[tokio::test]
async fn nesting_has_an_end_and_says_where_it_goes_on() {
    let mut world = World::new();
    let mut parent = HOME.to_owned();
    for n in 0..8 {
        let id = format!("0003{n:04x}-0000-4000-8000-000000000000");
        world.block(&id, &parent, "toggle", text(&format!("level {n}")));
        parent = id;
    }
    for n in 0..40 {
        let id = format!("0004{n:04x}-0000-4000-8000-000000000000");
        world.block(&id, SHIP, "toggle", text("t"));
        world.block(
            &format!("0005{n:04x}-0000-4000-8000-000000000000"),
            &id,
            "paragraph",
            text("p"),
        );
    }
    let fake = Fake::start(world).await;
    let notion = Plugin::start(&fake.uri(), json!({})).await;
    let deep = notion
        .json("notion_get_page", json!({ "page_id": HOME }))
        .await;
    let markdown = deep["markdown"].as_str().expect("a text");
    assert!(
        markdown.contains("level 4\n") && !markdown.contains("level 5"),
        "{markdown}"
    );
    assert!(
        markdown.contains("[more: notion_get_block_children 00030004-0000-4000-8000-000000000000]"),
        "{markdown}"
    );
    let before = fake.requests().await.len();
    let wide = notion
        .json("notion_get_page", json!({ "page_id": SHIP }))
        .await;
    let markdown = wide["markdown"].as_str().expect("a text");
    assert_eq!(markdown.matches("- t").count(), 40);
    assert_eq!(markdown.matches("  p").count(), 20);
    assert_eq!(markdown.matches("[more: ").count(), 20);
    assert!(fake.requests().await.len() - before < 30);
}

#[tokio::test]
async fn one_block_larger_than_an_answer_is_cut() {
    let mut world = World::default();
    world.page(HOME, json!({ "type": "workspace" }), json!({}));
    world.block(GUIDE, HOME, "paragraph", text(&"é".repeat(20_000)));
    world.block(SHIP, HOME, "paragraph", text("after"));
    let fake = Fake::start(world).await;
    let notion = Plugin::start(&fake.uri(), json!({ "max_answer_bytes": 4_096 })).await;
    let first = notion
        .json("notion_get_page", json!({ "page_id": HOME }))
        .await;
    let markdown = first["markdown"].as_str().expect("a text");
    assert!(
        markdown.ends_with("é… [cut]\n") && markdown.len() < 4_200,
        "{}",
        markdown.len()
    );
    let second = json!({ "page_id": HOME, "cursor": first["next_cursor"] });
    assert_eq!(
        notion.json("notion_get_page", second).await["markdown"],
        "after\n"
    );
    let blocks = notion
        .json("notion_get_block_children", json!({ "block_id": HOME }))
        .await;
    assert_eq!(blocks["blocks"][0]["cut"], true);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_call_only() {
    let fake = Fake::start(long_page()).await;
    let notion = Plugin::start(&fake.uri(), json!({})).await;
    let blocks = json!({ "block_id": HOME, "limit": 3 });
    let cursor = notion.json("notion_get_block_children", blocks).await["next_cursor"].clone();
    assert!(cursor.is_string());
    let with = |mut arguments: Value| {
        arguments["cursor"] = cursor.clone();
        arguments
    };
    notion
        .json(
            "notion_get_block_children",
            with(json!({ "block_id": HOME, "limit": 3 })),
        )
        .await;
    for (tool, arguments) in [
        (
            "notion_get_block_children",
            json!({ "block_id": GUIDE, "limit": 3 }),
        ),
        (
            "notion_get_block_children",
            json!({ "block_id": HOME, "limit": 4 }),
        ),
        ("notion_get_page", json!({ "page_id": HOME })),
        ("notion_search", json!({})),
        (
            "notion_query_data_source",
            json!({ "data_source_id": TASK_SOURCE }),
        ),
        ("notion_list_users", json!({ "limit": 3 })),
    ] {
        let message = notion.message(tool, with(arguments)).await;
        assert!(
            message.contains("does not belong to this call"),
            "{tool}: {message}"
        );
    }
}
