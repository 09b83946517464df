//! `execute`, `execute_ddl`, `cancel_backend`: all or nothing, and only when the operator says so.

use serde_json::json;

use crate::bed::{Bed, error, rows};

#[tokio::test]
async fn nothing_is_written_unless_the_operator_says_so() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    for (tool, arguments) in [
        ("execute", json!({ "sql": "DELETE FROM order_items" })),
        ("execute_ddl", json!({ "sql": "DROP TABLE order_items" })),
        ("cancel_backend", json!({ "pid": 1 })),
    ] {
        let message = error(&plugin, tool, arguments).await;
        assert!(
            message.contains("mode = \"readwrite\"") && message.contains(tool),
            "{message}"
        );
    }
    assert_eq!(
        rows(&plugin, "SELECT count(*) FROM order_items").await,
        json!([[400]])
    );
    plugin.stop().await;
}

#[tokio::test]
async fn rows_are_changed_all_or_none() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({ "mode": "readwrite" })).await;
    let inserted = plugin
        .call_json(
            "execute",
            json!({ "sql": "INSERT INTO customers (name, born) VALUES ($1, $2) RETURNING name, born", "params": ["Zoe", "2001-02-03"] }),
        )
        .await
        .unwrap();
    assert_eq!(
        (
            &inserted["command"],
            &inserted["affected"],
            &inserted["committed"],
            &inserted["returning"]
        ),
        (
            &json!("INSERT"),
            &json!(1),
            &json!(true),
            &json!([["Zoe", "2001-02-03"]])
        )
    );
    assert_eq!(
        rows(&plugin, "SELECT count(*) FROM customers").await,
        json!([[121]])
    );
    let cases = [
        (
            json!({ "sql": "UPDATE orders SET total = 0", "dry_run": true }),
            400,
            false,
        ),
        (
            json!({ "sql": "UPDATE orders SET total = 0.01 WHERE id = 1", "max_affected": 1 }),
            1,
            true,
        ),
        (
            json!({ "sql": "WITH old AS (SELECT id FROM orders WHERE id = 2) UPDATE orders SET total = 0.01 WHERE id IN (SELECT id FROM old)" }),
            1,
            true,
        ),
        (
            json!({ "sql": "MERGE INTO employees e USING (VALUES (31, 'New')) v(id, name) ON e.id = v.id WHEN MATCHED THEN UPDATE SET name = v.name" }),
            1,
            true,
        ),
    ];
    for (arguments, affected, committed) in cases {
        let done = plugin.call_json("execute", arguments.clone()).await;
        let done = done.unwrap_or_else(|error| panic!("{arguments}: {error:?}"));
        assert_eq!(
            (&done["affected"], &done["committed"]),
            (&json!(affected), &json!(committed)),
            "{arguments}"
        );
    }
    let message = error(
        &plugin,
        "execute",
        json!({ "sql": "DELETE FROM order_items", "max_affected": 399 }),
    )
    .await;
    assert!(
        message.contains("would change 400 rows, more than max_affected = 399"),
        "{message}"
    );
    assert_eq!(
        rows(&plugin, "SELECT (SELECT count(*) FROM order_items), (SELECT count(*) FROM orders WHERE total = 0.01)").await,
        json!([[400, 2]])
    );
    // More rows than an answer holds are changed all the same.
    plugin.stop().await;
    let plugin = bed
        .plugin(json!({ "mode": "readwrite", "max_rows": 10 }))
        .await;
    let updated = plugin
        .call_json(
            "execute",
            json!({ "sql": "UPDATE orders SET status = 'x' RETURNING id" }),
        )
        .await
        .unwrap();
    assert_eq!(
        (&updated["affected"], &updated["truncated"]),
        (&json!(400), &json!(true))
    );
    assert_eq!(updated["returning"].as_array().unwrap().len(), 10);
    plugin.stop().await;
}

#[tokio::test]
async fn each_tool_runs_its_own_kind() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({ "mode": "readwrite" })).await;
    for (tool, sql, words) in [
        (
            "execute",
            "DROP TABLE orders",
            "`DROP` does not belong to `execute`",
        ),
        (
            "execute",
            "SELECT 1",
            "`SELECT` does not belong to `execute`",
        ),
        ("execute", "COMMIT", "`COMMIT` does not belong"),
        ("execute", "DO $$ BEGIN END $$", "`DO` does not belong"),
        (
            "execute",
            "/* /* */ DELETE */ TRUNCATE orders",
            "`TRUNCATE` does not belong",
        ),
        (
            "execute",
            "WITH a AS (DELETE FROM orders RETURNING 1) SELECT 1",
            "`SELECT` does not belong",
        ),
        (
            "execute",
            "COPY orders FROM PROGRAM 'id'",
            "`COPY` does not belong",
        ),
        (
            "execute",
            "DELETE FROM orders; DELETE FROM customers",
            "more than one statement",
        ),
        (
            "execute",
            "DELETE FROM orders WHERE id = (SELECT lo_unlink(4242))",
            "`lo_unlink` is off limits",
        ),
        (
            "execute",
            "INSERT INTO customers (name) VALUES ('x') RETURNING int4range(1, 2)",
            "cast it",
        ),
        (
            "execute",
            "DELETE FROM products",
            "constraint order_items_product_id_fkey",
        ),
        (
            "execute_ddl",
            "DELETE FROM orders",
            "`DELETE` does not belong to `execute_ddl`",
        ),
        (
            "execute_ddl",
            "ALTER SYSTEM SET port = 1",
            "`ALTER` does not belong",
        ),
        ("execute_ddl", "BEGIN", "`BEGIN` does not belong"),
        ("execute_ddl", "SET ROLE boss", "`SET` does not belong"),
        (
            "execute_ddl",
            "CREATE TABLE a (); CREATE TABLE b ()",
            "more than one statement",
        ),
        (
            "execute_ddl",
            "CREATE INDEX CONCURRENTLY x ON orders (id)",
            "SQLSTATE 25001",
        ),
        ("execute_ddl", "CREATE EXTENSION plpython3u", "SQLSTATE"),
    ] {
        let message = error(&plugin, tool, json!({ "sql": sql })).await;
        assert!(message.contains(words), "{tool} {sql}: {message}");
    }
    let parts = "WITH gone AS (DELETE FROM order_items RETURNING 1) UPDATE orders SET total = 0 WHERE id = 1";
    let arguments = json!({ "sql": parts, "max_affected": 5 });
    let message = error(&plugin, "execute", arguments).await;
    assert!(
        message.contains("max_affected counts only the rows of the main statement"),
        "{message}"
    );
    let counts = "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM customers)";
    assert_eq!(rows(&plugin, counts).await, json!([[400, 120]]));
    plugin.stop().await;
}

#[tokio::test]
async fn definitions_are_changed() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({ "mode": "readwrite" })).await;
    let done = plugin
        .call_json(
            "execute_ddl",
            json!({ "sql": "CREATE TABLE notes (id int)", "dry_run": true }),
        )
        .await
        .unwrap();
    assert_eq!(
        (&done["command"], &done["committed"]),
        (&json!("CREATE"), &json!(false))
    );
    let exists = "SELECT to_regclass('notes') IS NOT NULL";
    assert_eq!(rows(&plugin, exists).await, json!([[false]]));
    for sql in [
        "CREATE TABLE notes (id int)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END",
        "COMMENT ON TABLE notes IS 'x; y'",
        "REFRESH MATERIALIZED VIEW revenue",
        "TRUNCATE notes",
    ] {
        let done = plugin.call_json("execute_ddl", json!({ "sql": sql })).await;
        assert_eq!(
            done.unwrap_or_else(|error| panic!("{sql}: {error:?}"))["committed"],
            true
        );
    }
    assert_eq!(rows(&plugin, exists).await, json!([[true]]));
    plugin.stop().await;
}

#[tokio::test]
async fn a_check_that_waits_until_the_end_undoes_everything() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({ "mode": "readwrite" })).await;
    for sql in [
        "CREATE TABLE parents (id int PRIMARY KEY)",
        "CREATE TABLE children (parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED)",
    ] {
        plugin
            .call("execute_ddl", json!({ "sql": sql }))
            .await
            .unwrap();
    }
    let message = error(
        &plugin,
        "execute",
        json!({ "sql": "INSERT INTO children VALUES (1)" }),
    )
    .await;
    assert!(message.contains("SQLSTATE 23503"), "{message}");
    assert_eq!(
        rows(&plugin, "SELECT count(*) FROM children").await,
        json!([[0]])
    );
    plugin.stop().await;
}

#[tokio::test]
async fn another_process_is_stopped() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({ "mode": "readwrite" })).await;
    let other = bed.connect("app").await;
    let pid: i32 = other
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap()
        .get(0);
    let sleeping = tokio::spawn(async move { other.batch_execute("SELECT pg_sleep(60)").await });
    let find = |active: &serde_json::Value| {
        let queries = active["queries"].as_array().unwrap().clone();
        queries.into_iter().find(|query| query["pid"] == json!(pid))
    };
    let query = loop {
        let active = plugin
            .call_json("list_active_queries", json!({}))
            .await
            .unwrap();
        if let Some(query) = find(&active).filter(|query| query["state"] == "active") {
            break query;
        }
    };
    assert_eq!(
        (&query["user"], &query["query"]),
        (&json!("app"), &json!("SELECT pg_sleep(60)"))
    );
    let cancelled = plugin
        .call_json("cancel_backend", json!({ "pid": pid }))
        .await
        .unwrap();
    assert_eq!(cancelled, json!({ "pid": pid, "cancelled": true }));
    let error_of_it = sleeping.await.unwrap().unwrap_err();
    assert!(
        error_of_it.to_string().contains("db error")
            && error_of_it.code().unwrap().code() == "57014"
    );
    let message = error(&plugin, "cancel_backend", json!({ "pid": 1 })).await;
    assert!(message.contains("no client process 1"), "{message}");
    plugin.stop().await;
}
