//! Limits: each refuses in words, and nothing of the call is kept.

use serde_json::{Value, json};

use crate::fixture::{Desk, names};

#[tokio::test]
async fn a_graph_that_is_full_says_so_and_keeps_nothing_of_the_call() {
    let desk = Desk::with(json!({ "max_entities": 3, "max_relations": 2, "max_observations": 3, "max_observation_chars": 10 })).await;
    desk.json(
        "create_entities",
        json!({ "entities": [{ "name": "a", "entityType": "x", "observations": ["1", "2"] }] }),
    )
    .await;
    let entity = |name: &str, kind: &str, observations: Value| json!({ "entities": [{ "name": name, "entityType": kind, "observations": observations }] });
    let relation = |from: &str, to: &str, kind: &str| json!({ "relations": [{ "from": from, "to": to, "relationType": kind }] });
    let observe =
        |contents: Value| json!({ "observations": [{ "entityName": "a", "contents": contents }] });
    let many = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|n| json!({ "name": format!("m{n}"), "entityType": "x", "observations": [] }))
            .collect()
    };
    let links = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|n| json!({ "from": "a", "to": format!("{n}"), "relationType": "x" }))
            .collect()
    };
    for (tool, arguments, told) in [
        (
            "create_entities",
            json!({ "entities": many(3) }),
            "more than 3 entities, its limit; delete some first; nothing was changed",
        ),
        (
            "create_relations",
            json!({ "relations": links(3) }),
            "more than 2 relations",
        ),
        (
            "add_observations",
            observe(json!(["3", "4"])),
            "\"a\" would have more than 3 observations",
        ),
        (
            "create_entities",
            entity("b", "x", json!(["1", "2", "3", "4"])),
            "\"b\" would have more than 3 observations",
        ),
        (
            "add_observations",
            observe(json!(["12345678901"])),
            "an observation has 11 characters and the limit is 10",
        ),
        (
            "create_entities",
            entity("", "x", json!([])),
            "the name of an entity is empty",
        ),
        (
            "create_entities",
            entity("b", "", json!([])),
            "the type of an entity is empty",
        ),
        (
            "create_entities",
            entity(&"é".repeat(501), "x", json!([])),
            "the name of an entity has 501 characters and the limit is 500",
        ),
        (
            "create_relations",
            relation("", "b", "x"),
            "`from` of a relation is empty",
        ),
        (
            "create_relations",
            relation("a", "", "x"),
            "`to` of a relation is empty",
        ),
        (
            "create_relations",
            relation("a", "b", ""),
            "the type of a relation is empty",
        ),
        ("create_entities", json!({ "entities": many(1001) }), "1000"),
        (
            "create_entities",
            json!({ "entities": [{ "name": "a", "type": "x", "observations": [] }] }),
            "type",
        ),
        (
            "create_relations",
            json!({ "relations": [{ "from": "a" }] }),
            "to",
        ),
    ] {
        let refusal = desk.refusal(tool, arguments).await;
        assert!(refusal.contains(told), "{tool}: {refusal}");
    }
    let graph = desk.json("read_graph", json!({})).await;
    assert_eq!(
        (names(&graph), &graph["relations"]),
        (vec!["a"], &json!([]))
    );
    assert_eq!(graph["entities"][0]["observations"], json!(["1", "2"]));
}

#[tokio::test]
async fn text_is_kept_as_it_is() {
    let desk = Desk::open().await;
    let odd = "'; DROP TABLE entity; -- \u{0} \u{1F600} \"\\ %_ \u{202E}";
    let entities = json!([{ "name": odd, "entityType": odd, "observations": [odd] }]);
    desk.json("create_entities", json!({ "entities": entities }))
        .await;
    let found = desk.json("open_nodes", json!({ "names": [odd] })).await;
    assert_eq!(found["entities"], entities);
    let found = desk
        .json("search_nodes", json!({ "query": "drop table" }))
        .await;
    assert_eq!(found["entities"], entities);
}
