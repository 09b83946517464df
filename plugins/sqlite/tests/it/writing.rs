//! Changes: only where the operator allows them, whole or not at all.

use serde_json::json;

use crate::fixture::Shop;

#[tokio::test]
async fn without_the_setting_nothing_can_be_changed() {
    let shop = Shop::open().await;
    for (tool, arguments) in [
        ("execute", json!({ "sql": "DELETE FROM log" })),
        ("create_table", json!({ "query": "CREATE TABLE x (a)" })),
    ] {
        let refusal = shop.refusal(tool, arguments).await;
        assert!(
            refusal.contains("`mode = \"readwrite\"`"),
            "{tool}: {refusal}"
        );
    }
}

#[tokio::test]
async fn rows_are_changed_and_counted() {
    let shop = Shop::writable().await;
    let insert = json!({ "sql": "INSERT INTO numbers VALUES (?), (?)", "params": [1001, 1002] });
    assert_eq!(shop.json("execute", insert).await["affected"], 2);
    let update = json!({ "sql": "UPDATE people SET city = :city WHERE id = 4 RETURNING name, city", "params": { "city": "Oslo" } });
    let update = shop.json("execute", update).await;
    assert_eq!(
        (&update["affected"], &update["rows"]),
        (&json!(1), &json!([["Dora", "Oslo"]]))
    );
    // With what triggers did.
    let order =
        json!({ "sql": "INSERT INTO orders (person, placed, total) VALUES (1, '2026-12-01', 5)" });
    assert_eq!(shop.json("execute", order).await["affected"], 2);
    let upsert = json!({ "sql": "WITH x(i) AS (VALUES (1)) INSERT INTO numbers SELECT i FROM x WHERE true ON CONFLICT DO NOTHING" });
    assert_eq!(shop.json("execute", upsert).await["affected"], 0);
    for sql in [
        "INSERT INTO docs VALUES ('Milk', 'From oats')",
        "INSERT INTO docs(docs) VALUES ('optimize')",
        "INSERT INTO old_docs VALUES ('Milk', 'From oats')",
        "INSERT INTO boxes VALUES (3, 1, 2, 1, 2)",
        "DELETE FROM docs WHERE title = 'Tea'",
    ] {
        shop.json("execute", json!({ "sql": sql })).await;
    }
    assert_eq!(
        shop.rows("SELECT title FROM docs WHERE docs MATCH 'oats'")
            .await,
        json!([["Milk"]])
    );
    assert_eq!(shop.rows("SELECT count(*) FROM boxes").await, json!([[3]]));
    let other = shop.backdoor();
    let sound: String = other
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn a_change_that_fails_changes_nothing() {
    let shop = Shop::writable().await;
    let before = shop.fingerprint();
    for (sql, told) in [
        (
            "INSERT INTO numbers SELECT n + 400 FROM numbers",
            "UNIQUE constraint failed: numbers.n; nothing was changed",
        ),
        (
            "INSERT OR FAIL INTO numbers SELECT n - 400 FROM numbers ORDER BY n",
            "UNIQUE constraint failed",
        ),
        (
            "INSERT OR ROLLBACK INTO numbers SELECT n + 400 FROM numbers",
            "UNIQUE constraint failed",
        ),
        (
            "INSERT INTO orders (person, placed, total) VALUES (1, 'x', -1)",
            "CHECK constraint failed",
        ),
        (
            "INSERT INTO orders (person, placed, total) VALUES (99, 'x', 1)",
            "FOREIGN KEY constraint failed",
        ),
        (
            "INSERT INTO people (id) VALUES (9)",
            "NOT NULL constraint failed: people.name",
        ),
        ("UPDATE nowhere SET x = 1", "no such table: nowhere"),
        (
            "INSERT INTO people (id, name) VALUES ('x', 'y')",
            "datatype mismatch",
        ),
        ("SELECT 1", "use query"),
        (
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) INSERT INTO log SELECT n, n FROM c",
            "took too long",
        ),
    ] {
        let refusal = shop.refusal("execute", json!({ "sql": sql })).await;
        assert!(refusal.contains(told), "{sql}: {refusal}");
    }
    let too_many = json!({ "sql": "DELETE FROM log", "max_affected": 10 });
    let refusal = shop.refusal("execute", too_many).await;
    assert!(
        refusal.contains("would change 200 rows and max_affected is 10; nothing was changed"),
        "{refusal}"
    );
    let tried = json!({ "sql": "DELETE FROM log RETURNING what", "dry_run": true });
    let tried = shop.json("execute", tried).await;
    assert_eq!(
        (&tried["affected"], &tried["row_count"], &tried["truncated"]),
        (&json!(200), &json!(100), &json!(true))
    );
    assert_eq!(shop.fingerprint(), before);
}

#[tokio::test]
async fn a_long_returning_is_cut_and_the_change_is_whole() {
    let shop = Shop::writable().await;
    let all = json!({ "sql": "UPDATE log SET what = printf('%20000d', rowid) RETURNING what" });
    let answer = shop.json("execute", all).await;
    assert_eq!(
        (&answer["affected"], &answer["truncated"]),
        (&json!(200), &json!(true))
    );
    assert_eq!(
        shop.rows("SELECT count(*) FROM log WHERE length(what) = 20000")
            .await,
        json!([[200]])
    );
}

#[tokio::test]
async fn tables_are_made() {
    let shop = Shop::writable().await;
    for sql in [
        "CREATE TABLE plain (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INTEGER NOT NULL DEFAULT 0 CHECK (b >= 0))",
        "CREATE TABLE IF NOT EXISTS plain (id INTEGER PRIMARY KEY)",
        "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE strictly (a INTEGER, b TEXT, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID",
        "CREATE TABLE copied AS SELECT id, name FROM people",
        "CREATE TABLE computed (a, b AS (upper(a)) STORED, FOREIGN KEY (a) REFERENCES people(id));",
        "CREATE TABLE main.\"odd \"\" name\" (a)",
    ] {
        assert_eq!(
            shop.json("create_table", json!({ "query": sql })).await,
            json!({ "created": true }),
            "{sql}"
        );
    }
    assert_eq!(shop.rows("SELECT count(*) FROM copied").await, json!([[4]]));
    let again = shop
        .refusal("create_table", json!({ "query": "CREATE TABLE plain (a)" }))
        .await;
    assert!(again.contains("table plain already exists"), "{again}");
}

#[tokio::test]
async fn a_database_in_memory_is_one_for_all_connections() {
    use mcp_factory_sdk::testing::TestPlugin;
    let config = json!({ "path": ":memory:", "mode": "readwrite" });
    let one = TestPlugin::start(&mcp_plugin_sqlite::PLUGIN, config.clone())
        .await
        .unwrap();
    let other = TestPlugin::start(&mcp_plugin_sqlite::PLUGIN, config)
        .await
        .unwrap();
    one.call("create_table", json!({ "query": "CREATE TABLE t (a)" }))
        .await
        .unwrap();
    one.call("execute", json!({ "sql": "INSERT INTO t VALUES (1)" }))
        .await
        .unwrap();
    let rows = one
        .call_json("query", json!({ "sql": "SELECT a FROM t" }))
        .await
        .unwrap();
    assert_eq!(rows["rows"], json!([[1]]));
    let refused = one
        .call("query", json!({ "sql": "DELETE FROM t" }))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("only reads"), "{refused}");
    let tables = other.call_json("list_tables", json!({})).await.unwrap();
    assert_eq!(tables["tables"], json!([]));
}

#[tokio::test]
async fn what_is_checked_at_the_end_of_a_transaction_counts_too() {
    let shop = Shop::writable().await;
    shop.backdoor()
        .execute_batch("CREATE TABLE late (a REFERENCES people(id) DEFERRABLE INITIALLY DEFERRED)")
        .unwrap();
    let refusal = shop
        .refusal("execute", json!({ "sql": "INSERT INTO late VALUES (99)" }))
        .await;
    assert!(
        refusal.contains("FOREIGN KEY constraint failed; nothing was changed"),
        "{refusal}"
    );
    assert_eq!(shop.rows("SELECT count(*) FROM late").await, json!([[0]]));
}
