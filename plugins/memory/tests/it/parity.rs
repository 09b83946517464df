//! What a client of the reference memory server relies on: arguments, results and their corner cases.

use mcp_factory_sdk::{Event, ResourceBody};
use serde_json::{Value, json};

use crate::fixture::{Desk, names};

#[tokio::test]
async fn entities_are_made_once() {
    let desk = Desk::open().await;
    desk.remember().await;
    let again = json!([
        { "name": "Ada", "entityType": "robot", "observations": ["is new"] },
        { "name": "Cleo", "entityType": "cat", "observations": ["sleeps", "sleeps"] },
        { "name": "Cleo", "entityType": "dog", "observations": [] },
    ]);
    let made = desk
        .json("create_entities", json!({ "entities": again }))
        .await;
    assert_eq!(
        made,
        json!({
            "entities": [{ "name": "Cleo", "entityType": "cat", "observations": ["sleeps"] }],
            "existing": ["Ada", "Cleo"]
        })
    );
    let ada = desk.json("open_nodes", json!({ "names": ["Ada"] })).await;
    assert_eq!(
        ada["entities"],
        json!([{ "name": "Ada", "entityType": "person", "observations": ["likes tea", "lives in Rome"] }])
    );
}

#[tokio::test]
async fn relations_are_made_once_and_need_no_ends() {
    let desk = Desk::open().await;
    desk.remember().await;
    let relations = json!([
        { "from": "Ada", "to": "Bob", "relationType": "knows" },
        { "from": "Ada", "to": "Bob", "relationType": "likes" },
        { "from": "Ada", "to": "Nobody", "relationType": "knows" },
    ]);
    let made = desk
        .json("create_relations", json!({ "relations": relations }))
        .await;
    assert_eq!(made["relations"], json!([relations[1], relations[2]]));
}

#[tokio::test]
async fn observations_are_added_once_and_all_or_none() {
    let desk = Desk::open().await;
    desk.remember().await;
    let added = json!([{ "entityName": "Ada", "contents": ["likes tea", "plays chess"] }, { "entityName": "Bob", "contents": [] }]);
    let added = desk
        .json("add_observations", json!({ "observations": added }))
        .await;
    assert_eq!(
        added,
        json!({ "results": [
            { "entityName": "Ada", "addedObservations": ["plays chess"] },
            { "entityName": "Bob", "addedObservations": [] },
        ] })
    );
    let half = json!([{ "entityName": "Ada", "contents": ["flies"] }, { "entityName": "Eve", "contents": ["x"] }]);
    let refusal = desk
        .refusal("add_observations", json!({ "observations": half }))
        .await;
    assert!(
        refusal.starts_with("there is no entity \"Eve\"") && refusal.ends_with("nothing was added"),
        "{refusal}"
    );
    let flying = desk.json("search_nodes", json!({ "query": "flies" })).await;
    assert_eq!(flying["entities"], json!([]));
}

#[tokio::test]
async fn deleting_an_entity_deletes_what_hangs_on_it() {
    let desk = Desk::open().await;
    desk.remember().await;
    let deleted = desk
        .json(
            "delete_entities",
            json!({ "entityNames": ["Bob", "Nobody"] }),
        )
        .await;
    assert_eq!(
        deleted,
        json!({ "success": true, "message": "1 entity and 2 relations deleted" })
    );
    let graph = desk.json("read_graph", json!({})).await;
    assert_eq!(
        (names(&graph), &graph["relations"]),
        (vec!["Ada", "Acme"], &json!([]))
    );
    // Relations whose entity is gone can be deleted by its name.
    let relation = json!([{ "from": "Ghost", "to": "Ada", "relationType": "haunts" }]);
    desk.json("create_relations", json!({ "relations": relation }))
        .await;
    let deleted = desk
        .json("delete_entities", json!({ "entityNames": ["Ghost"] }))
        .await;
    assert_eq!(deleted["message"], "0 entities and 1 relation deleted");
}

#[tokio::test]
async fn observations_and_relations_are_deleted_word_for_word() {
    let desk = Desk::open().await;
    desk.remember().await;
    let deletions = json!([
        { "entityName": "Ada", "observations": ["likes tea", "likes"] },
        { "entityName": "Nobody", "observations": ["x"] },
    ]);
    let deleted = desk
        .json("delete_observations", json!({ "deletions": deletions }))
        .await;
    assert_eq!(deleted["message"], "1 observation deleted");
    let relations = json!([
        { "from": "Ada", "to": "Bob", "relationType": "knows" },
        { "from": "Bob", "to": "Ada", "relationType": "knows" },
    ]);
    let deleted = desk
        .json("delete_relations", json!({ "relations": relations }))
        .await;
    assert_eq!(
        deleted,
        json!({ "success": true, "message": "1 relation deleted" })
    );
    let graph = desk.json("read_graph", json!({})).await;
    assert_eq!(
        graph["entities"][0]["observations"],
        json!(["lives in Rome"])
    );
    assert_eq!(graph["relations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_whole_graph_is_read() {
    let desk = Desk::open().await;
    let empty = desk.json("read_graph", json!({})).await;
    assert_eq!(
        empty,
        json!({ "entities": [], "relations": [], "truncated": false })
    );
    desk.remember().await;
    let graph = desk.json("read_graph", json!({})).await;
    let expected = json!({
        "entities": [
            { "name": "Ada", "entityType": "person", "observations": ["likes tea", "lives in Rome"] },
            { "name": "Bob", "entityType": "person", "observations": [] },
            { "name": "Acme", "entityType": "company", "observations": ["makes anvils"] },
        ],
        "relations": [
            { "from": "Ada", "to": "Bob", "relationType": "knows" },
            { "from": "Bob", "to": "Acme", "relationType": "works_at" },
        ],
        "truncated": false,
    });
    assert_eq!(graph, expected);
    let resource = desk.plugin.read("memory://knowledge-graph").await.unwrap();
    let ResourceBody::Text(text) = &resource.parts[0].body else {
        panic!("text");
    };
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected);
}

#[tokio::test]
async fn searching_looks_at_names_types_and_observations_in_any_case() {
    let desk = Desk::open().await;
    desk.remember().await;
    let umlaut =
        json!([{ "name": "ÖBB", "entityType": "Railway", "observations": ["100% on_time"] }]);
    desk.json("create_entities", json!({ "entities": umlaut }))
        .await;
    for (query, found) in [
        ("ada", vec!["Ada"]),
        ("COMPANY", vec!["Acme"]),
        ("Tea", vec!["Ada"]),
        ("person", vec!["Ada", "Bob"]),
        ("öbb", vec!["ÖBB"]),
        ("100%", vec!["ÖBB"]),
        ("on_time", vec!["ÖBB"]),
        ("on%time", vec![]),
        ("", vec!["Ada", "Bob", "Acme", "ÖBB"]),
    ] {
        let graph = desk.json("search_nodes", json!({ "query": query })).await;
        assert_eq!(names(&graph), found, "{query}");
    }
    // Relations with one end among what was found.
    let graph = desk
        .json("search_nodes", json!({ "query": "anvils" }))
        .await;
    assert_eq!(
        graph["relations"],
        json!([{ "from": "Bob", "to": "Acme", "relationType": "works_at" }])
    );
    let graph = desk
        .json("search_nodes", json!({ "query": "no such thing" }))
        .await;
    assert_eq!(graph["relations"], json!([]));
}

#[tokio::test]
async fn nodes_are_opened_by_their_exact_names() {
    let desk = Desk::open().await;
    desk.remember().await;
    let graph = desk
        .json(
            "open_nodes",
            json!({ "names": ["Acme", "Ada", "ada", "Nobody"] }),
        )
        .await;
    assert_eq!(names(&graph), ["Ada", "Acme"]);
    assert_eq!(graph["relations"].as_array().unwrap().len(), 2);
    let none = desk.json("open_nodes", json!({ "names": [] })).await;
    assert_eq!(
        (&none["entities"], &none["relations"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn changes_are_announced() {
    let desk = Desk::open().await;
    desk.remember().await;
    let event = Event::ResourceUpdated("memory://knowledge-graph".to_owned());
    assert_eq!(desk.plugin.record().events, [event.clone(), event]);
    desk.refusal(
        "add_observations",
        json!({ "observations": [{ "entityName": "x", "contents": [] }] }),
    )
    .await;
    assert_eq!(desk.plugin.record().events.len(), 2);
}
