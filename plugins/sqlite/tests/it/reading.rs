//! Questions: parameters, plans, and a database that others change meanwhile.

use serde_json::json;

use crate::fixture::Shop;

#[tokio::test]
async fn parameters_are_values_and_never_text() {
    let shop = Shop::open().await;
    for (sql, params, rows) in [
        (
            "SELECT ?",
            json!(["'; DROP TABLE people; --"]),
            json!([["'; DROP TABLE people; --"]]),
        ),
        ("SELECT ?, ?", json!([1, null]), json!([[1, null]])),
        ("SELECT ?2, ?1", json!([1, 2]), json!([[2, 1]])),
        (
            "SELECT :a, @b, $c, :a",
            json!({ "a": true, "b": 1.5, "c": "x" }),
            json!([[1, 1.5, "x", 1]]),
        ),
        (
            "SELECT name FROM people WHERE city = :city AND id > :id ORDER BY id",
            json!({ "city": "Rome", "id": 2 }),
            json!([["Cleo"]]),
        ),
        (
            "SELECT count(*) FROM people WHERE id IN (SELECT value FROM json_each(?))",
            json!(["[1,2]"]),
            json!([[2]]),
        ),
        ("SELECT 1", json!([]), json!([[1]])),
        ("SELECT 1", json!({}), json!([[1]])),
        (
            "SELECT ?",
            json!([i64::MIN]),
            json!([["-9223372036854775808"]]),
        ),
    ] {
        let answer = shop
            .json("query", json!({ "sql": sql, "params": params }))
            .await;
        assert_eq!(answer["rows"], rows, "{sql}");
    }
}

#[tokio::test]
async fn parameters_that_do_not_match_are_explained() {
    let shop = Shop::open().await;
    for (sql, params, told) in [
        ("SELECT ?", json!(null), "has 1 parameters and 0 values"),
        ("SELECT ?", json!([1, 2]), "has 1 parameters and 2 values"),
        (
            "SELECT :a",
            json!([1]),
            "pass `params` as an object, such as {\"a\": 1}",
        ),
        (
            "SELECT :a",
            json!(null),
            "the statement has the parameter :a",
        ),
        ("SELECT ?", json!({ "a": 1 }), "pass `params` as an array"),
        (
            "SELECT :a",
            json!({}),
            "no value was passed for the parameter `a`",
        ),
        (
            "SELECT :a",
            json!({ "a": 1, "b": 2 }),
            "no parameter `b`; its parameters are :a",
        ),
        ("SELECT 1", json!({ "b": 2 }), "its parameters are none"),
        ("SELECT ?", json!([[1]]), "pass it as JSON text"),
        ("SELECT ?", json!([u64::MAX]), "pass it as text"),
        ("SELECT ?", json!("x"), "expected an array of values"),
    ] {
        let refusal = shop
            .refusal("query", json!({ "sql": sql, "params": params }))
            .await;
        assert!(refusal.contains(told), "{sql} {params}: {refusal}");
    }
}

#[tokio::test]
async fn a_plan_names_scans_and_searches() {
    let shop = Shop::open().await;
    let plan = |sql: &str| shop.json("explain_query", json!({ "sql": sql }));
    let steps = plan("SELECT * FROM orders WHERE person = ?").await;
    let detail = steps["steps"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("SEARCH orders USING INDEX orders_of"),
        "{steps}"
    );
    let steps = plan("SELECT * FROM log WHERE what = 'x'").await;
    assert_eq!(steps["steps"][0]["detail"], "SCAN log");
    let told = shop
        .refusal(
            "explain_query",
            json!({ "sql": "SELECT\n nome FROM people" }),
        )
        .await;
    assert!(told.contains("line 2, column 2"), "{told}");
}

#[tokio::test]
async fn what_others_change_is_seen() {
    let shop = Shop::open().await;
    assert_eq!(shop.rows("SELECT count(*) FROM log").await, json!([[200]]));
    let other = shop.backdoor();
    other
        .execute_batch(
            "DELETE FROM log; ALTER TABLE log ADD COLUMN who; CREATE TABLE fresh (a);
             CREATE VIRTUAL TABLE boxes2 USING rtree(id, a, b); INSERT INTO boxes2 VALUES (1, 2, 3);",
        )
        .unwrap();
    assert_eq!(
        shop.rows("SELECT count(*), count(who) FROM log").await,
        json!([[0, 0]])
    );
    // An R-tree that came after the connection.
    assert_eq!(
        shop.rows("SELECT id, a, b FROM boxes2").await,
        json!([[1, 2, 3]])
            .as_array()
            .map(|_| json!([[1, 2.0, 3.0]]))
            .unwrap()
    );
    // The write-ahead log of another program.
    other
        .execute_batch("PRAGMA journal_mode = WAL; INSERT INTO log VALUES (1, 2, 3)")
        .unwrap();
    assert_eq!(shop.rows("SELECT count(*) FROM log").await, json!([[1]]));
}

#[tokio::test]
async fn a_writer_elsewhere_is_waited_for_and_then_named() {
    let shop = Shop::with(json!({ "timeout": "200ms" })).await;
    let other = shop.backdoor();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let refusal = shop
        .refusal("query", json!({ "sql": "SELECT count(*) FROM log" }))
        .await;
    assert!(refusal.contains("another program is writing"), "{refusal}");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(shop.rows("SELECT count(*) FROM log").await, json!([[200]]));
}

#[tokio::test]
async fn a_damaged_file_is_said_to_be_so() {
    let shop = Shop::open().await;
    let mut bytes = std::fs::read(shop.path()).unwrap();
    for byte in bytes.iter_mut().skip(4096) {
        *byte = 0x5A;
    }
    std::fs::write(shop.path(), bytes).unwrap();
    let error = shop
        .plugin
        .call("query", json!({ "sql": "SELECT * FROM orders" }))
        .await
        .unwrap_err();
    let told = error.public_message().unwrap();
    assert!(told.contains("damaged; tell the operator"), "{told}");
}
