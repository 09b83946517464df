//! Large graphs come in pages that together are the graph.

use serde_json::{Value, json};

use crate::fixture::{Desk, names};

async fn large(desk: &Desk, entities: usize) {
    let all: Vec<Value> = (0..entities)
        .map(|n| json!({ "name": format!("n{n}"), "entityType": if n % 2 == 0 { "even" } else { "odd" }, "observations": [format!("is {n}"), "x".repeat(50)] }))
        .collect();
    for part in all.chunks(500) {
        desk.json("create_entities", json!({ "entities": part }))
            .await;
    }
    let relations: Vec<Value> = (1..entities)
        .map(|n| json!({ "from": format!("n{}", n - 1), "to": format!("n{n}"), "relationType": "before" }))
        .collect();
    for part in relations.chunks(500) {
        desk.json("create_relations", json!({ "relations": part }))
            .await;
    }
}

async fn all_pages(
    desk: &Desk,
    tool: &str,
    mut arguments: Value,
    most_bytes: usize,
) -> (Vec<Value>, Vec<Value>, usize) {
    let (mut entities, mut relations, mut pages) = (Vec::new(), Vec::new(), 0);
    loop {
        let page = desk.json(tool, arguments.clone()).await;
        assert!(
            page.to_string().len() <= most_bytes,
            "{}",
            page.to_string().len()
        );
        entities.extend(page["entities"].as_array().unwrap().clone());
        relations.extend(page["relations"].as_array().unwrap().clone());
        pages += 1;
        let Some(cursor) = page["next_cursor"].as_str() else {
            assert_eq!(page["truncated"], false);
            return (entities, relations, pages);
        };
        assert_eq!(page["truncated"], true);
        arguments["cursor"] = json!(cursor);
    }
}

#[tokio::test]
async fn pages_add_up_to_the_graph() {
    let desk = Desk::with(json!({ "max_bytes": 16_384 })).await;
    large(&desk, 700).await;
    let (entities, relations, pages) = all_pages(&desk, "read_graph", json!({}), 16_500).await;
    assert!(pages > 4, "{pages}");
    assert_eq!((entities.len(), relations.len()), (700, 699));
    assert_eq!(entities[699]["observations"][0], "is 699");
    let (entities, relations, pages) =
        all_pages(&desk, "read_graph", json!({ "limit": 100 }), 16_500).await;
    assert!(pages >= 14, "{pages}");
    assert_eq!((entities.len(), relations.len()), (700, 699));
    // Every relation touches an odd one; none is repeated.
    let (entities, relations, _) = all_pages(
        &desk,
        "search_nodes",
        json!({ "query": "ODD", "limit": 90 }),
        16_500,
    )
    .await;
    assert_eq!((entities.len(), relations.len()), (350, 699));
    let names: Vec<String> = (0..300).map(|n| format!("n{n}")).collect();
    let (entities, relations, pages) =
        all_pages(&desk, "open_nodes", json!({ "names": names }), 16_500).await;
    assert!(pages > 1);
    assert_eq!((entities.len(), relations.len()), (300, 300));
}

#[tokio::test]
async fn what_comes_and_goes_between_pages_moves_nothing() {
    let desk = Desk::open().await;
    large(&desk, 30).await;
    let first = desk.json("read_graph", json!({ "limit": 10 })).await;
    assert_eq!(names(&first).len(), 10);
    desk.json(
        "delete_entities",
        json!({ "entityNames": ["n3", "n9", "n29"] }),
    )
    .await;
    let new = json!([{ "name": "late", "entityType": "x", "observations": [] }]);
    desk.json("create_entities", json!({ "entities": new }))
        .await;
    let arguments = json!({ "limit": 20, "cursor": first["next_cursor"] });
    let second = desk.json("read_graph", arguments).await;
    assert_eq!(names(&second)[0], "n10");
    assert_eq!(names(&second).last(), Some(&"late"));
}

#[tokio::test]
async fn a_cursor_of_another_call_is_refused() {
    let desk = Desk::open().await;
    large(&desk, 30).await;
    let page = desk
        .json("search_nodes", json!({ "query": "even", "limit": 5 }))
        .await;
    let cursor = page["next_cursor"].as_str().unwrap();
    for (tool, arguments) in [
        ("search_nodes", json!({ "query": "odd", "cursor": cursor })),
        ("read_graph", json!({ "cursor": cursor })),
        ("open_nodes", json!({ "names": ["even"], "cursor": cursor })),
        ("read_graph", json!({ "cursor": "AAAA" })),
    ] {
        let refusal = desk.refusal(tool, arguments).await;
        assert!(
            refusal.contains("`cursor` does not belong to this call"),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn an_entity_larger_than_an_answer_is_cut_and_says_so() {
    let desk = Desk::with(json!({ "max_bytes": 4096 })).await;
    let observations: Vec<String> = (0..100)
        .map(|n| format!("{n} {}", "y".repeat(100)))
        .collect();
    let entities = json!([
        { "name": "giant", "entityType": "x", "observations": observations },
        { "name": "after", "entityType": "x", "observations": [] },
    ]);
    desk.json("create_entities", json!({ "entities": entities }))
        .await;
    let page = desk.json("read_graph", json!({})).await;
    assert!(page.to_string().len() <= 4200);
    let giant = &page["entities"][0];
    let kept = giant["observations"].as_array().unwrap().len();
    assert_eq!(giant["observationsOmitted"], 100 - kept);
    assert_eq!(page["truncated"], true);
    let rest = desk
        .json("read_graph", json!({ "cursor": page["next_cursor"] }))
        .await;
    assert_eq!(names(&rest), ["after"]);
}
