//! The catalogue: schemas, objects, details, resources, completions, prompts, statistics, health.

use mcp_factory_sdk::{CompletionTarget, ResourceBody};
use serde_json::{Value, json};

use crate::bed::{Bed, error};

fn names(found: &Value) -> Vec<String> {
    let objects = found["objects"].as_array().unwrap();
    objects
        .iter()
        .map(|object| object["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn schemas_and_objects_are_found() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    let schemas = plugin.call_json("list_schemas", json!({})).await.unwrap();
    assert_eq!(schemas["schemas"][0]["name"], "public");
    assert_eq!(schemas["schemas"][0]["tables"], 11);
    assert_eq!(schemas["schemas"][1]["name"], "secret_place");
    assert_eq!(schemas["schemas"].as_array().unwrap().len(), 2);
    let schemas = plugin
        .call_json("list_schemas", json!({ "include_system": true }))
        .await
        .unwrap();
    assert!(schemas.to_string().contains("pg_catalog"));
    for (arguments, expected) in [
        (json!({ "pattern": "ORD%" }), &["order_items", "orders"][..]),
        (
            json!({ "type": "view" }),
            &[
                "big_orders",
                "pg_stat_statements",
                "pg_stat_statements_info",
            ],
        ),
        (json!({ "type": "matview" }), &["revenue"]),
        (
            json!({ "type": "column", "pattern": "customer%" }),
            &["customer_id", "customer_id"],
        ),
        (
            json!({ "type": "index", "pattern": "orders%" }),
            &["orders_customer", "orders_pkey"],
        ),
        (
            json!({ "type": "function", "pattern": "sneaky%" }),
            &["sneaky", "sneaky_ddl"],
        ),
        (
            json!({ "type": "sequence", "pattern": "tick%" }),
            &["tickets"],
        ),
        (
            json!({ "type": "extension", "pattern": "db%" }),
            &["dblink"],
        ),
        (json!({ "schema": "secret_place" }), &["plans"]),
        (json!({ "pattern": "100%" }), &[]),
        (
            json!({ "pattern": "customers", "schema": "pg_catalog" }),
            &[],
        ),
    ] {
        let found = plugin
            .call_json("search_objects", arguments.clone())
            .await
            .unwrap();
        assert_eq!(names(&found), expected, "{arguments}");
    }
    let found = plugin
        .call_json(
            "search_objects",
            json!({ "pattern": "customers", "detail": "full" }),
        )
        .await
        .unwrap();
    let object = &found["objects"][0];
    assert_eq!(
        (&object["comment"], &object["rows"]),
        (&json!("Who buys."), &json!(120))
    );
    assert!(object["bytes"].as_i64().unwrap() > 8000);
    assert!(
        object["definition"]
            .as_str()
            .unwrap()
            .starts_with("id integer NOT NULL, name text NOT NULL")
    );
    for object_type in [
        "table",
        "view",
        "matview",
        "column",
        "index",
        "function",
        "sequence",
        "extension",
    ] {
        for detail in ["names", "summary", "full"] {
            let arguments = json!({ "type": object_type, "detail": detail });
            let found = plugin.call_json("search_objects", arguments.clone()).await;
            assert!(found.is_ok(), "{arguments}: {found:?}");
        }
    }
    plugin.stop().await;
}

#[tokio::test]
async fn a_list_goes_on_where_it_stopped_and_only_there() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    let mut arguments = json!({ "type": "column", "limit": 7 });
    let mut all = Vec::new();
    let cursor = loop {
        let page = plugin
            .call_json("search_objects", arguments.clone())
            .await
            .unwrap();
        all.extend(
            page["objects"]
                .as_array()
                .unwrap()
                .iter()
                .map(Value::to_string),
        );
        if page["truncated"] == false {
            assert_eq!(page["next_cursor"], json!(null));
            break arguments["cursor"].clone();
        }
        arguments["cursor"] = page["next_cursor"].clone();
    };
    let whole = plugin
        .call_json("search_objects", json!({ "type": "column", "limit": 1000 }))
        .await
        .unwrap();
    let whole: Vec<_> = whole["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect();
    assert_eq!(all, whole);
    for other in [
        json!({ "type": "table", "cursor": cursor }),
        json!({ "type": "column", "pattern": "a%", "cursor": cursor }),
        json!({ "type": "column", "cursor": "AAAA" }),
    ] {
        let message = error(&plugin, "search_objects", other).await;
        assert!(message.contains("`cursor` does not belong"), "{message}");
    }
    plugin.stop().await;
    // Bytes end a page too.
    let plugin = bed.plugin(json!({ "max_bytes": 2048 })).await;
    let page = plugin
        .call_json(
            "search_objects",
            json!({ "type": "function", "detail": "full" }),
        )
        .await
        .unwrap();
    assert_eq!(page["truncated"], true);
    assert!(page.to_string().len() < 4096, "{}", page.to_string().len());
    plugin.stop().await;
}

#[tokio::test]
async fn an_object_is_told_in_full() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    let details = plugin
        .call_json("get_object_details", json!({ "name": "orders" }))
        .await
        .unwrap();
    assert_eq!(details["primary_key"], json!(["id"]));
    assert_eq!(
        details["foreign_keys"],
        json!([{ "table": "orders", "columns": ["customer_id"], "references": "customers", "referenced_columns": ["id"], "on_delete": "cascade" }])
    );
    assert_eq!(details["referenced_by"][0]["table"], "order_items");
    assert_eq!(
        details["columns"][2],
        json!({ "name": "status", "type": "text", "nullable": false, "default": "'new'::text" })
    );
    assert_eq!(details["indexes"][0]["name"], "orders_customer");
    assert_eq!(details["rows_estimate"], 400);
    for (arguments, pointer, words) in [
        (
            json!({ "name": "customers" }),
            "/columns/5/comment",
            "Day of birth.",
        ),
        (
            json!({ "name": "customers" }),
            "/columns/0/default",
            "GENERATED AS IDENTITY",
        ),
        (
            json!({ "name": "customers" }),
            "/constraints/0/definition",
            "UNIQUE (email)",
        ),
        (
            json!({ "name": "documents" }),
            "/columns/3/default",
            "GENERATED: to_tsvector",
        ),
        (
            json!({ "name": "employees" }),
            "/referenced_by/0/references",
            "employees",
        ),
        (
            json!({ "name": "big_orders", "type": "view" }),
            "/definition",
            "total > (500)",
        ),
        (
            json!({ "name": "revenue", "type": "matview" }),
            "/definition",
            "date_trunc",
        ),
        (
            json!({ "name": "orders_customer", "type": "index" }),
            "/definition",
            "USING btree (customer_id, ordered_at)",
        ),
        (
            json!({ "name": "sneaky", "type": "function" }),
            "/definition",
            "DELETE FROM customers",
        ),
        (
            json!({ "name": "tickets", "type": "sequence" }),
            "/definition",
            "START 100",
        ),
        (
            json!({ "name": "dblink", "type": "extension" }),
            "/definition",
            "version",
        ),
        (
            json!({ "name": "plans", "schema": "secret_place" }),
            "/columns/1/name",
            "plan",
        ),
    ] {
        let details = plugin
            .call_json("get_object_details", arguments.clone())
            .await;
        let details = details.unwrap_or_else(|error| panic!("{arguments}: {error:?}"));
        let found = details
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default();
        assert!(found.contains(words), "{arguments}: {details}");
    }
    for arguments in [
        json!({ "name": "orders", "type": "view" }),
        json!({ "name": "nothing" }),
        json!({ "name": "nothing", "type": "function" }),
        json!({ "name": "nothing", "type": "extension" }),
        json!({ "name": "status", "type": "column" }),
    ] {
        let message = error(&plugin, "get_object_details", arguments).await;
        assert!(
            message.contains("there is no") && message.contains("search_objects"),
            "{message}"
        );
    }
    plugin.stop().await;
}

#[tokio::test]
async fn only_the_listed_schemas_are_shown() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({ "schemas": ["public"] })).await;
    let schemas = plugin.call_json("list_schemas", json!({})).await.unwrap();
    assert!(!schemas.to_string().contains("secret_place"));
    let found = plugin
        .call_json("search_objects", json!({ "pattern": "plans" }))
        .await
        .unwrap();
    assert_eq!(names(&found), Vec::<String>::new());
    for (tool, arguments) in [
        ("search_objects", json!({ "schema": "secret_place" })),
        (
            "get_object_details",
            json!({ "schema": "secret_place", "name": "plans" }),
        ),
        (
            "get_object_details",
            json!({ "schema": "pg_catalog", "name": "lower", "type": "function" }),
        ),
    ] {
        let message = error(&plugin, tool, arguments).await;
        assert!(
            message.contains("is not among those this server shows"),
            "{message}"
        );
    }
    assert!(
        plugin
            .read("postgres://secret_place/plans/schema")
            .await
            .is_err()
    );
    plugin.stop().await;
}

#[tokio::test]
async fn tables_are_resources() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    let read = |resource: mcp_factory_sdk::Resource| match &resource.parts[0].body {
        ResourceBody::Text(text) => serde_json::from_str::<Value>(text).unwrap(),
        ResourceBody::Blob(_) => panic!("text"),
    };
    for (table, object_type) in [
        ("orders", "table"),
        ("big_orders", "view"),
        ("revenue", "matview"),
    ] {
        let uri = format!("postgres://public/{table}/schema");
        assert_eq!(read(plugin.read(&uri).await.unwrap())["type"], object_type);
    }
    let health = read(plugin.read("postgres://health").await.unwrap());
    assert_eq!(health["checks"].as_array().unwrap().len(), 7);
    assert!(
        plugin
            .read("postgres://public/nothing/schema")
            .await
            .is_err()
    );
    let target = CompletionTarget::Resource("postgres://{schema}/{table}/schema");
    let found = plugin.complete(target, "schema", "p", &[]).await.unwrap();
    assert_eq!(found, ["public"]);
    let found = plugin
        .complete(target, "table", "ord", &[("schema", "public")])
        .await
        .unwrap();
    assert_eq!(found, ["order_items", "orders"]);
    let found = plugin.complete(target, "table", "%", &[]).await.unwrap();
    assert_eq!(found, Vec::<String>::new());
    plugin.stop().await;
}

#[tokio::test]
async fn prompts_name_the_tools() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    let prompt = plugin
        .prompt("explore_schema", &[("schema", "public")])
        .await
        .unwrap();
    let text = format!("{prompt:?}");
    assert!(text.contains("`public`") && text.contains("search_objects"));
    assert!(
        format!("{:?}", plugin.prompt("explore_schema", &[]).await.unwrap())
            .contains("list_schemas")
    );
    let prompt = plugin
        .prompt("explain_slow_query", &[("sql", "SELECT 42")])
        .await
        .unwrap();
    assert!(format!("{prompt:?}").contains("SELECT 42"));
    assert!(plugin.prompt("explain_slow_query", &[]).await.is_err());
    plugin.stop().await;
}

#[tokio::test]
async fn the_database_is_looked_over() {
    let bed = Bed::new().await;
    let admin = bed.connect("app").await;
    admin
        .batch_execute(
            "CREATE INDEX orders_again ON orders (customer_id, ordered_at);
             ALTER TABLE orders ADD CONSTRAINT positive CHECK (total >= 0) NOT VALID;
             CREATE SEQUENCE nearly MAXVALUE 100; SELECT setval('nearly', 80);",
        )
        .await
        .unwrap();
    let plugin = bed.plugin(json!({})).await;
    let checkup = plugin
        .call_json("analyze_db_health", json!({}))
        .await
        .unwrap();
    let check = |name: &str| {
        let checks = checkup["checks"].as_array().unwrap();
        checks
            .iter()
            .find(|check| check["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(checkup["status"], "warning", "{checkup}");
    for (name, words) in [
        ("indexes", "doubles another: orders_"),
        ("constraints", "positive on orders"),
        ("sequences", "public.nearly: 80%"),
    ] {
        let check = check(name);
        assert_eq!(check["status"], "warning", "{check}");
        assert!(check["findings"].to_string().contains(words), "{check}");
    }
    for name in ["connections", "cache", "vacuum", "replication"] {
        assert_eq!(check(name)["status"], "ok", "{}", check(name));
    }
    let one = plugin
        .call_json("analyze_db_health", json!({ "checks": ["cache"] }))
        .await
        .unwrap();
    assert_eq!(one["checks"].as_array().unwrap().len(), 1);
    let message = error(&plugin, "analyze_db_health", json!({ "checks": ["luck"] })).await;
    assert!(
        message.contains("there is no check `luck`") && message.contains("vacuum"),
        "{message}"
    );
    plugin.stop().await;
}

#[tokio::test]
async fn the_top_is_told_or_what_is_missing() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    plugin
        .call(
            "query",
            json!({ "sql": "SELECT count(*) FROM orders, customers" }),
        )
        .await
        .unwrap();
    for order in ["total", "mean", "calls"] {
        let top = plugin
            .call_json("get_top_queries", json!({ "limit": 100, "order": order }))
            .await
            .unwrap();
        let queries = top["queries"].as_array().unwrap();
        let found = queries.iter().find(|query| {
            query["query"]
                .as_str()
                .is_some_and(|query| query.contains("FROM orders, customers"))
        });
        assert_eq!(found.unwrap()["calls"], 1);
    }
    plugin.stop().await;
    let admin = bed.connect("postgres").await;
    admin
        .batch_execute("DROP EXTENSION pg_stat_statements")
        .await
        .unwrap();
    let plugin = bed.plugin(json!({})).await;
    let message = error(&plugin, "get_top_queries", json!({})).await;
    assert!(
        message.contains("is not installed")
            && message.contains("CREATE EXTENSION pg_stat_statements"),
        "{message}"
    );
    plugin.stop().await;
}
