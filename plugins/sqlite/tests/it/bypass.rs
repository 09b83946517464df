//! Ways to change or leave the database through a tool that only reads. Each is sent to `query`, to
//! `explain_query` and, where the words differ, nothing else: refused, in time, and not a byte of any file changed.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::fixture::Shop;

/// What must be refused. A line is a statement; `\n` in one stands for a line break.
pub(crate) const REFUSED: &str = r#"
INSERT INTO log VALUES (1, 2)
insert or replace into people(id, name) values (1, 'Eve')
REPLACE INTO people(id, name) VALUES (1, 'Eve')
UPDATE people SET salary = 0
update or ignore people set name = 'x' where id = 1
DELETE FROM people
delete from people where id = 1 returning *
INSERT INTO log VALUES (1, 2) RETURNING *
UPDATE people SET salary = 1 RETURNING name
/* select */ DELETE FROM people
-- select 1\nDELETE FROM people
   	DELETE/**/FROM/**/people
WITH x AS (SELECT 1) DELETE FROM people
WITH x AS (SELECT 1) UPDATE people SET salary = 2
WITH x AS (SELECT 1) INSERT INTO log SELECT 1, 2 FROM x
WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM x WHERE i<5) INSERT INTO log SELECT i, i FROM x
WITH x AS (DELETE FROM people RETURNING *) SELECT * FROM x
SELECT * FROM (DELETE FROM people RETURNING *)
SELECT (INSERT INTO log VALUES (1,2) RETURNING 1)
EXPLAIN DELETE FROM people
EXPLAIN QUERY PLAN DELETE FROM people
EXPLAIN INSERT INTO log VALUES (1, 2)
EXPLAIN VACUUM
EXPLAIN PRAGMA writable_schema = 1
SELECT 1; DELETE FROM people
SELECT 1;DELETE FROM people;--
SELECT 1 /* ; */ ; /* x */ DELETE FROM people
; DELETE FROM people
;;DELETE FROM people
SELECT ';'; DELETE FROM people
SELECT 1; SELECT 2
SELECT 1;\n\nDROP TABLE people
SELECT 1; COMMIT; DELETE FROM people
COMMIT; DELETE FROM people
BEGIN; DELETE FROM people; COMMIT
CREATE TABLE x (a)
CREATE TABLE IF NOT EXISTS x (a)
CREATE TABLE x AS SELECT * FROM people
CREATE TEMP TABLE x (a)
CREATE TEMPORARY TABLE x AS SELECT * FROM people
CREATE TABLE temp.x (a)
CREATE TABLE sqlite_x (a)
CREATE INDEX x ON people(name)
CREATE UNIQUE INDEX x ON people(name)
CREATE VIEW x AS SELECT 1
CREATE TEMP VIEW x AS SELECT 1
CREATE TEMP VIEW people AS SELECT 1
CREATE TRIGGER x AFTER INSERT ON people BEGIN DELETE FROM people; END
CREATE TEMP TRIGGER x AFTER INSERT ON people BEGIN DELETE FROM people; END
CREATE TRIGGER x INSTEAD OF INSERT ON rich BEGIN DELETE FROM people; END
CREATE VIRTUAL TABLE x USING fts5(a)
CREATE VIRTUAL TABLE x USING fts4(a)
CREATE VIRTUAL TABLE x USING rtree(id, a, b)
CREATE VIRTUAL TABLE x USING dbstat
CREATE VIRTUAL TABLE temp.x USING fts5vocab('main', 'docs', 'row')
CREATE VIRTUAL TABLE x USING csv(filename='/etc/passwd')
CREATE VIRTUAL TABLE x USING fts3tokenize('simple')
DROP TABLE people
DROP TABLE IF EXISTS people
DROP VIEW rich
DROP INDEX orders_of
DROP TRIGGER orders_log
DROP TABLE docs
ALTER TABLE people RENAME TO people2
ALTER TABLE people ADD COLUMN x
ALTER TABLE people DROP COLUMN tags
ALTER TABLE people RENAME COLUMN name TO x
REINDEX
REINDEX people
ANALYZE
ANALYZE people
ANALYZE sqlite_schema
VACUUM
VACUUM main
VACUUM INTO '/tmp/mcp-sqlite-stolen.db'
VACUUM main INTO 'stolen.db'
VACUUM INTO 'file:stolen.db?vfs=memdb'
ATTACH '/etc/passwd' AS x
ATTACH DATABASE '/tmp/mcp-sqlite-evil.php' AS x
ATTACH ':memory:' AS x
ATTACH '' AS x
ATTACH 'file:evil.db?mode=rwc' AS x
ATTACH printf('%s', 'evil.db') AS x
DETACH main
DETACH DATABASE temp
BEGIN
BEGIN IMMEDIATE
BEGIN EXCLUSIVE TRANSACTION
COMMIT
END
ROLLBACK
SAVEPOINT x
RELEASE x
ROLLBACK TO x
SAVEPOINT fts3
PRAGMA journal_mode = DELETE
PRAGMA journal_mode = WAL
PRAGMA main.journal_mode = OFF
PRAGMA query_only = 0
PRAGMA query_only = OFF
PRAGMA writable_schema = 1
PRAGMA writable_schema = RESET
PRAGMA trusted_schema = 1
PRAGMA cell_size_check = 0
PRAGMA user_version = 42
PRAGMA application_id = 42
PRAGMA schema_version = 1
PRAGMA page_size = 512
PRAGMA data_version = 1
PRAGMA encoding = 'UTF-16'
PRAGMA auto_vacuum = 1
PRAGMA incremental_vacuum
PRAGMA foreign_keys = 0
PRAGMA hard_heap_limit = 0
PRAGMA soft_heap_limit = 0
PRAGMA temp_store = 1
PRAGMA temp_store_directory = '/tmp'
PRAGMA data_store_directory = '/tmp'
PRAGMA mmap_size = 1000000000
PRAGMA cache_size = 1000000000
PRAGMA locking_mode = EXCLUSIVE
PRAGMA wal_checkpoint(TRUNCATE)
PRAGMA wal_autocheckpoint = 0
PRAGMA optimize
PRAGMA optimize(0x10002)
PRAGMA integrity_check
PRAGMA quick_check
PRAGMA shrink_memory
PRAGMA table_info(people)
PRAGMA database_list
PRAGMA compile_options
PRAGMA function_list
PRAGMA case_sensitive_like = 1
PRAGMA analysis_limit = 1
PRAGMA busy_timeout = 100000000
PRAGMA threads = 8
PRAGMA recursive_triggers = 1
PRAGMA secure_delete = 0
PRAGMA synchronous = 0
PRAGMA max_page_count = 1
PRAGMA ignore_check_constraints = 1
PRAGMA legacy_alter_table = 1
SELECT * FROM pragma_journal_mode
SELECT * FROM pragma_journal_mode('delete')
SELECT * FROM pragma_user_version
SELECT * FROM pragma_database_list
SELECT file FROM pragma_database_list WHERE name = 'main'
SELECT (SELECT file FROM pragma_database_list)
SELECT * FROM pragma_table_info('people')
SELECT * FROM PRAGMA_TABLE_INFO('people')
SELECT * FROM "pragma_table_info"('people')
SELECT * FROM main.pragma_function_list
SELECT name FROM pragma_table_list
SELECT * FROM pragma_compile_options
SELECT * FROM pragma_writable_schema
SELECT * FROM pragma_integrity_check
SELECT * FROM pragma_optimize
SELECT * FROM pragma_wal_checkpoint('TRUNCATE')
SELECT * FROM pragma_module_list
SELECT 1 WHERE EXISTS (SELECT 1 FROM pragma_collation_list)
WITH x AS (SELECT * FROM pragma_index_list('people')) SELECT * FROM x
SELECT 1 UNION SELECT name FROM pragma_table_list
SELECT * FROM people, pragma_table_info('people')
SELECT * FROM people JOIN pragma_foreign_key_list('orders') USING (id)
SELECT * FROM dbstat
SELECT * FROM DBSTAT WHERE aggregate
SELECT * FROM sqlite_dbpage
SELECT * FROM fts3tokenize
SELECT * FROM sqlite_stmt
SELECT * FROM bytecode('SELECT 1')
SELECT * FROM fsdir('/')
SELECT * FROM generate_series(1, 10)
SELECT * FROM completion('sel')
SELECT * FROM csv('/etc/passwd')
SELECT load_extension('/tmp/evil.so')
SELECT load_extension('/tmp/evil.so', 'init')
SELECT LOAD_EXTENSION('evil')
SELECT "load_extension"('evil')
SELECT [load_extension]('evil')
SELECT max(load_extension('evil')) FROM people
SELECT CASE WHEN 0 THEN load_extension('evil') END
SELECT 1 WHERE load_extension('evil')
SELECT name FROM people ORDER BY load_extension('evil')
SELECT name FROM people GROUP BY load_extension(name)
SELECT count(*) FILTER (WHERE load_extension('x')) FROM people
SELECT sum(1) OVER (ORDER BY load_extension('x')) FROM people
WITH x AS (SELECT load_extension('evil')) SELECT * FROM x
SELECT readfile('/etc/passwd')
SELECT writefile('/tmp/mcp-sqlite-evil', 'x')
SELECT edit('x', 'vi')
SELECT fts3_tokenizer('simple')
SELECT fts3_tokenizer('simple', x'4141414141414141')
SELECT hex(fts3_tokenizer('simple'))
SELECT fts5(NULL)
SELECT fts5(x'00')
SELECT optimize(old_docs) FROM old_docs
SELECT matchinfo(old_docs, 'pcx') FROM old_docs WHERE old_docs MATCH 'tea'
SELECT rtreenode(2, x'00')
SELECT rtreedepth(x'00')
SELECT rtreecheck('boxes')
SELECT rtreecheck('main', 'boxes')
SELECT fts5_locale('en', 'x')
SELECT fts5_source_id()
SELECT sqlite_log(1, 'x')
SELECT sqlite_source_id()
SELECT sqlite_compileoption_get(1)
SELECT sqlite_compileoption_used('THREADSAFE')
SELECT sqlite_offset(name) FROM people
SELECT sha3_agg(name) FROM people
SELECT eval('DELETE FROM people')
SELECT sqlite_attach('x', 'y', '')
SELECT sqlite_rename_table('main', 'table', 'people', 'x', 'people', 'y', 0)
SELECT sqlite_drop_column(1, 'x', 1)
SELECT json_patch('{}', '{}')
SELECT jsonb_patch('{}', '{}')
INSERT INTO docs(docs) VALUES ('rebuild')
INSERT INTO docs(docs) VALUES ('optimize')
INSERT INTO docs(docs) VALUES ('delete-all')
INSERT INTO docs(docs, rank) VALUES ('rank', 'bm25(1)')
INSERT INTO old_docs(old_docs) VALUES ('optimize')
DELETE FROM docs_data
UPDATE docs_config SET v = 1
INSERT INTO boxes VALUES (3, 1, 2, 1, 2)
DELETE FROM boxes_node
UPDATE boxes_rowid SET nodeno = 1
UPDATE sqlite_schema SET sql = 'x'
UPDATE sqlite_master SET sql = 'x'
DELETE FROM sqlite_master
INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 2, 'CREATE TABLE x (a)')
UPDATE sqlite_sequence SET seq = 9
DELETE FROM sqlite_sequence
INSERT INTO sqlite_stat1 VALUES ('people', NULL, '1')
INSERT INTO rich VALUES ('x', 1)
UPDATE rich SET salary = 1
DELETE FROM rich
INSERT INTO people(name) SELECT name FROM people ON CONFLICT DO NOTHING
INSERT INTO people(id, name) VALUES (1, 'x') ON CONFLICT(id) DO UPDATE SET name = 'y'
SELECT * INTO x FROM people
SELECT name FROM people INTO OUTFILE '/tmp/x'
COPY people TO '/tmp/x'
.shell ls
.read /etc/passwd
.import /etc/passwd people
SELECT * FROM people; .quit
SELECT * FROM temp.sqlite_schema
SELECT * FROM temp.people
SELECT * FROM x.people
SELECT * FROM 'file:/etc/passwd'
GRANT ALL ON people TO x
SET ROLE admin
CALL x()
DO $$ BEGIN DELETE FROM people; END $$
"#;

/// The statements of a list.
pub(crate) fn statements(list: &str) -> Vec<String> {
    list.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.replace("\\n", "\n"))
        .collect()
}

#[tokio::test]
async fn nothing_gets_around_reading_only() {
    let shop = Shop::open().await;
    let before = shop.fingerprint();
    let statements = statements(REFUSED);
    assert!(statements.len() >= 150, "{}", statements.len());
    let mut accepted = Vec::new();
    for sql in &statements {
        for tool in ["query", "explain_query"] {
            let started = Instant::now();
            match shop.plugin.call(tool, json!({ "sql": sql })).await {
                Ok(_) => accepted.push(format!("{tool}: {sql}")),
                Err(error) => {
                    let told = error.public_message();
                    let told = told.unwrap_or_else(|| panic!("{sql}: {}", error.log_message()));
                    assert!(
                        !told.contains("shop.db") && !told.contains("/tmp"),
                        "{sql}: a path in: {told}"
                    );
                }
            }
            assert!(started.elapsed() < Duration::from_secs(5), "{tool}: {sql}");
        }
    }
    assert!(accepted.is_empty(), "accepted:\n{}", accepted.join("\n"));
    assert_eq!(shop.fingerprint(), before);
    // And the connections still answer.
    assert_eq!(shop.rows("SELECT count(*) FROM people").await, json!([[4]]));
    for made in ["stolen.db", "evil.php", "evil"] {
        let path = format!("/tmp/mcp-sqlite-{made}");
        assert!(!std::path::Path::new(&path).exists(), "{path}");
    }
}

#[tokio::test]
async fn refusals_say_what_was_refused_and_what_to_do() {
    let shop = Shop::open().await;
    for (sql, told) in [
        (
            "WITH x AS (SELECT 1) DELETE FROM people",
            "would change `people`, and this tool only reads; use execute",
        ),
        (
            "SELECT load_extension('x')",
            "`load_extension` is not available",
        ),
        (
            "PRAGMA user_version = 1",
            "PRAGMA `user_version` is not available",
        ),
        (
            "SELECT * FROM pragma_table_list",
            "list_tables and describe_table",
        ),
        ("ATTACH 'x' AS y", "there is only this one"),
        ("VACUUM INTO 'x'", "this tool only reads; send a SELECT"),
        ("BEGIN", "every statement is a transaction of its own"),
        ("CREATE VIEW x AS SELECT 1", "create_table makes tables"),
        ("CREATE TEMP TABLE x (a)", "use WITH instead"),
        (
            "SELECT 1;\n SELECT 2",
            "another follows at line 2, column 2; call once for each",
        ),
        (" -- nothing", "the statement is empty"),
        (
            "SELECT 1,\n  nome FROM people",
            "no such column: nome at line 2, column 3; correct the statement",
        ),
        (
            "SELECT name FROM people WHERE name = \"Ada\"",
            "should this be a string literal in single-quotes?",
        ),
        (
            "SELEKT 1",
            "near \"SELEKT\": syntax error at line 1, column 1",
        ),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
    ] {
        let refusal = shop.refusal("query", json!({ "sql": sql })).await;
        assert!(refusal.contains(told), "{sql}: {refusal}");
    }
}

#[tokio::test]
async fn nothing_hides_behind_a_nul() {
    let shop = Shop::writable().await;
    let before = shop.fingerprint();
    for (tool, argument) in [
        ("query", "sql"),
        ("execute", "sql"),
        ("create_table", "query"),
    ] {
        let sql = "SELECT 1\n\0; DELETE FROM people";
        let refusal = shop.refusal(tool, json!({ argument: sql })).await;
        assert!(
            refusal.contains("NUL character at line 2, column 1"),
            "{refusal}"
        );
    }
    assert_eq!(shop.fingerprint(), before);
}
