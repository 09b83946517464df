//! Ways out of the database through the tools that may change it: refused, and no file but its own touched.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::bypass::statements;
use crate::fixture::Shop;

/// What `execute` refuses although changes are allowed.
const NOT_FOR_EXECUTE: &str = r"
ATTACH '/tmp/mcp-sqlite-evil.db' AS x
ATTACH 'evil.db' AS x
DETACH main
VACUUM
VACUUM INTO 'stolen.db'
PRAGMA journal_mode = OFF
PRAGMA writable_schema = 1
PRAGMA temp_store_directory = '/tmp'
PRAGMA user_version = 42
PRAGMA hard_heap_limit = 0
BEGIN
COMMIT
ROLLBACK
SAVEPOINT x
CREATE TABLE x (a)
CREATE TEMP TABLE x (a)
CREATE VIEW x AS SELECT 1
CREATE TRIGGER x AFTER INSERT ON log BEGIN DELETE FROM people; END
CREATE TEMP TRIGGER x AFTER INSERT ON log BEGIN DELETE FROM people; END
CREATE INDEX x ON people(name)
CREATE VIRTUAL TABLE x USING fts5(a)
CREATE VIRTUAL TABLE x USING csv(filename='/etc/passwd')
DROP TABLE people
DROP TRIGGER orders_log
ALTER TABLE people ADD COLUMN x
REINDEX
ANALYZE
UPDATE sqlite_schema SET sql = 'x'
UPDATE sqlite_master SET sql = replace(sql, 'people', 'x')
DELETE FROM sqlite_master
INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 2, 'CREATE TABLE x (a)')
INSERT INTO sqlite_temp_master VALUES ('table', 'x', 'x', 2, 'CREATE TABLE x (a)')
UPDATE sqlite_sequence SET seq = 9
DELETE FROM sqlite_sequence
INSERT INTO log SELECT load_extension('evil'), 1
INSERT INTO log SELECT name, 1 FROM pragma_table_list
INSERT INTO log SELECT file, 1 FROM pragma_database_list
INSERT INTO log SELECT readfile('/etc/passwd'), 1
INSERT INTO log SELECT writefile('/tmp/mcp-sqlite-evil', 'x'), 1
INSERT INTO log SELECT name, 1 FROM dbstat
INSERT INTO log VALUES (fts3_tokenizer('simple', x'4141414141414141'), 1)
INSERT INTO temp.x VALUES (1)
UPDATE people SET name = (SELECT load_extension('x'))
DELETE FROM people WHERE load_extension('x')
UPDATE people SET name = 'x' RETURNING load_extension('x')
INSERT INTO log VALUES (1, 2); ATTACH 'x' AS y
INSERT INTO log VALUES (1, 2); PRAGMA writable_schema = 1
DELETE FROM docs_data
UPDATE docs_config SET v = 99
DELETE FROM boxes_node
UPDATE boxes_node SET data = x'00'
INSERT INTO old_docs_segdir VALUES (1, 1, 1, 1, 1, 1)
SELECT * FROM people
EXPLAIN DELETE FROM people
";

/// What `create_table` refuses.
const NOT_FOR_CREATE: &str = r"
SELECT 1
INSERT INTO log VALUES (1, 2)
DELETE FROM people
UPDATE people SET salary = 1
DROP TABLE people
CREATE TEMP TABLE x (a)
CREATE TABLE temp.x (a)
CREATE TABLE sqlite_x (a)
CREATE TABLE sqlite_sequence (a)
CREATE TABLE x (a); DELETE FROM people
CREATE TABLE x AS SELECT load_extension('x')
CREATE TABLE x AS SELECT * FROM pragma_database_list
CREATE TABLE x (a DEFAULT (load_extension('x')))
CREATE TABLE x (a CHECK (load_extension(a)))
CREATE TABLE x (a, b GENERATED ALWAYS AS (load_extension(a)))
CREATE TABLE x AS SELECT ? AS a
CREATE VIRTUAL TABLE x USING fts5(a)
CREATE VIRTUAL TABLE x USING rtree(id, a, b)
CREATE VIEW x AS SELECT 1
CREATE INDEX x ON people(name)
CREATE TRIGGER x AFTER INSERT ON log BEGIN DELETE FROM people; END
ATTACH 'x' AS y
VACUUM INTO 'x'
PRAGMA writable_schema = 1
INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 2, 'CREATE TABLE x (a)')
UPDATE sqlite_schema SET sql = 'x'
DELETE FROM sqlite_schema
DELETE FROM sqlite_sequence
ALTER TABLE people ADD COLUMN x
BEGIN
EXPLAIN CREATE TABLE x (a)
";

async fn all_refused(shop: &Shop, tool: &str, argument: &str, list: &str) {
    let before = shop.fingerprint();
    let mut accepted = Vec::new();
    for sql in statements(list) {
        let started = Instant::now();
        match shop.plugin.call(tool, json!({ argument: sql })).await {
            Ok(_) => accepted.push(sql),
            Err(error) => {
                let told = error.public_message();
                let told = told.unwrap_or_else(|| panic!("{sql}: {}", error.log_message()));
                assert!(!told.contains("shop.db"), "{sql}: {told}");
                assert!(started.elapsed() < Duration::from_secs(5), "{sql}");
            }
        }
    }
    assert!(
        accepted.is_empty(),
        "accepted by {tool}:\n{}",
        accepted.join("\n")
    );
    assert_eq!(shop.fingerprint(), before, "{tool}");
}

#[tokio::test]
async fn execute_changes_rows_and_nothing_else() {
    let shop = Shop::writable().await;
    all_refused(&shop, "execute", "sql", NOT_FOR_EXECUTE).await;
}

#[tokio::test]
async fn create_table_makes_tables_and_nothing_else() {
    let shop = Shop::writable().await;
    all_refused(&shop, "create_table", "query", NOT_FOR_CREATE).await;
}

#[tokio::test]
async fn a_trigger_that_lies_in_wait_gets_no_further() {
    let shop = Shop::with(json!({ "mode": "readwrite", "timeout": "1s" })).await;
    shop.backdoor()
        .execute_batch(
            "CREATE TRIGGER trap AFTER INSERT ON numbers BEGIN UPDATE people SET name = load_extension('x'); END;
             CREATE VIEW trap2 AS SELECT load_extension('evil') AS x;
             CREATE VIEW trap3 AS SELECT * FROM pragma_database_list;
             CREATE TABLE loops (a);
             CREATE TRIGGER forever AFTER INSERT ON loops BEGIN INSERT INTO log SELECT a.n, b.n FROM numbers a, numbers b, numbers c, numbers d; END;",
        )
        .unwrap();
    let refusal = shop
        .refusal(
            "execute",
            json!({ "sql": "INSERT INTO numbers VALUES (9999)" }),
        )
        .await;
    assert!(refusal.contains("load_extension"), "{refusal}");
    for (sql, told) in [
        ("SELECT * FROM trap2", "load_extension"),
        ("SELECT * FROM trap3", "pragma_database_list"),
    ] {
        let refusal = shop.refusal("query", json!({ "sql": sql })).await;
        assert!(refusal.contains(told), "{sql}: {refusal}");
    }
    let refusal = shop
        .refusal("execute", json!({ "sql": "INSERT INTO loops VALUES (1)" }))
        .await;
    assert!(refusal.contains("took too long"), "{refusal}");
    assert_eq!(shop.rows("SELECT count(*) FROM loops").await, json!([[0]]));
}

#[tokio::test]
async fn a_new_sqlite_brings_no_new_tables_unnoticed() {
    // Tables that modules compute are refused by name, so a new one must be looked at.
    let shop = Shop::open().await;
    let connection = shop.backdoor();
    let mut statement = connection
        .prepare("SELECT name FROM pragma_module_list WHERE name NOT LIKE 'pragma_%' ORDER BY name")
        .unwrap();
    let modules = statement.query_map([], |row| row.get(0)).unwrap();
    let modules: Vec<String> = modules.map(Result::unwrap).collect();
    assert_eq!(
        modules,
        [
            "dbstat",
            "fts3",
            "fts3tokenize",
            "fts4",
            "fts4aux",
            "fts5",
            "fts5vocab",
            "rtree",
            "rtree_i32"
        ]
    );
}
