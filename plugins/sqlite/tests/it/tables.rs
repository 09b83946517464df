//! What is in the database: lists, descriptions, the resource and its completion.

use mcp_factory_sdk::{CompletionTarget, ResourceBody};
use serde_json::json;

use crate::fixture::Shop;

#[tokio::test]
async fn tables_are_listed_in_pages() {
    let shop = Shop::open().await;
    let all = shop.json("list_tables", json!({})).await;
    let names: Vec<&str> = all["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| table["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "boxes",
            "docs",
            "items",
            "log",
            "numbers",
            "odd",
            "old_docs",
            "orders",
            "people",
            "rich",
            "we/ird name"
        ]
    );
    assert_eq!(
        all["tables"][8],
        json!({ "name": "people", "type": "table", "columns": 10 })
    );
    assert_eq!(
        (&all["tables"][0]["type"], &all["tables"][9]["type"]),
        (&json!("virtual"), &json!("view"))
    );
    assert_eq!(all["truncated"], false);
    let mut found = Vec::new();
    let mut arguments = json!({ "limit": 4 });
    loop {
        let page = shop.json("list_tables", arguments).await;
        found.extend(
            page["tables"]
                .as_array()
                .unwrap()
                .iter()
                .map(|table| table["name"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        arguments = json!({ "limit": 4, "cursor": cursor });
    }
    assert_eq!(found, names);
    let refusal = shop
        .refusal("list_tables", json!({ "cursor": "bm8" }))
        .await;
    assert!(
        refusal.contains("`cursor` does not belong to this call"),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_table_is_described_in_full() {
    let shop = Shop::open().await;
    let people = shop
        .json("describe_table", json!({ "table_name": "PEOPLE" }))
        .await;
    assert_eq!(
        (&people["name"], &people["type"]),
        (&json!("people"), &json!("table"))
    );
    assert_eq!(
        people["columns"][0],
        json!({ "name": "id", "type": "INTEGER", "not_null": false, "primary_key": 1, "generated": false })
    );
    assert_eq!(people["columns"][3]["default"], "'Rome'");
    assert_eq!(people["columns"][9]["generated"], true);
    assert_eq!(
        people["foreign_keys"],
        json!([{ "columns": ["manager"], "table": "people", "references": ["id"], "on_delete": "NO ACTION" }])
    );
    let lower = &people["indexes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|index| index["name"] == "lower_name")
        .unwrap()["columns"];
    assert_eq!(*lower, json!([null]));
    let items = shop
        .json("describe_table", json!({ "table_name": "items" }))
        .await;
    assert_eq!(items["indexes"][0]["columns"], json!(["order_id", "line"]));
    assert_eq!(items["truncated"], false);
    for (table, kind) in [
        ("rich", "view"),
        ("docs", "virtual"),
        ("we/ird name", "table"),
    ] {
        let found = shop
            .json("describe_table", json!({ "table_name": table }))
            .await;
        assert_eq!(found["type"], kind);
        assert!(found["sql"].as_str().unwrap().starts_with("CREATE"));
    }
}

#[tokio::test]
async fn a_name_is_a_name_and_not_sql() {
    let shop = Shop::open().await;
    for name in [
        "nobody",
        "people'); DROP TABLE people; --",
        "sqlite_schema",
        "docs_data",
        "pragma_table_info",
        "main.people",
    ] {
        let refusal = shop
            .refusal("describe_table", json!({ "table_name": name }))
            .await;
        assert!(
            refusal.contains("there is no table or view") && refusal.contains("list_tables"),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn schemas_are_resources_and_their_names_complete() {
    let shop = Shop::open().await;
    for (uri, name) in [
        ("sqlite://orders/schema", "orders"),
        ("sqlite://we%2Fird%20name/schema", "we/ird name"),
    ] {
        let resource = shop.plugin.read(uri).await.unwrap();
        let ResourceBody::Text(text) = &resource.parts[0].body else {
            panic!("text");
        };
        let schema: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(schema["name"], name);
    }
    assert!(
        shop.plugin
            .read("sqlite://nobody/schema")
            .await
            .unwrap_err()
            .to_string()
            .contains("no table")
    );
    let target = CompletionTarget::Resource("sqlite://{table}/schema");
    let complete = |typed: &'static str| shop.plugin.complete(target, "table", typed, &[]);
    assert_eq!(complete("O").await.unwrap(), ["odd", "old_docs", "orders"]);
    assert_eq!(complete("%").await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_table_of_many_columns_is_cut() {
    let shop = Shop::open().await;
    let columns: Vec<String> = (0..400).map(|n| format!("c{n}")).collect();
    shop.backdoor()
        .execute_batch(&format!("CREATE TABLE wide ({})", columns.join(",")))
        .unwrap();
    let wide = shop
        .json("describe_table", json!({ "table_name": "wide" }))
        .await;
    assert_eq!(
        (
            wide["columns"].as_array().unwrap().len(),
            &wide["truncated"]
        ),
        (300, &json!(true))
    );
}
