//! Statements that are allowed and would run, or grow, for ever. Each ends in time and within the memory.

use std::fmt::Write;
use std::time::{Duration, Instant};

use mcp_factory_sdk::ToolErrorKind;
use serde_json::json;

use crate::bypass::statements;
use crate::fixture::Shop;

/// What never ends by itself, or never within memory.
pub(crate) const BOMBS: &str = r"
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c
WITH RECURSIVE c(n) AS (SELECT 1 UNION SELECT n + 1 FROM c) SELECT sum(n) FROM c
WITH RECURSIVE c(n, t) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, t || t FROM c) SELECT max(length(t)) FROM c
WITH RECURSIVE c(n, t) AS (SELECT 1, zeroblob(900000) UNION ALL SELECT n + 1, zeroblob(900000) FROM c) SELECT count(*) FROM (SELECT * FROM c ORDER BY t, n)
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT c.n FROM c, numbers) SELECT count(*) FROM c
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT group_concat(n) FROM c
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT json_group_array(n) FROM c
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c WHERE n < 0
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n, count(*) FROM c GROUP BY n
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT DISTINCT n % 1000000007 FROM c WHERE n < 0
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT sum(n) OVER (ORDER BY n) FROM c
SELECT count(*) FROM numbers a, numbers b, numbers c, numbers d, numbers e
SELECT sum(a.n * b.n) FROM numbers a, numbers b, numbers c, numbers d
SELECT max(a.n || b.n || c.n) FROM numbers a, numbers b, numbers c, numbers d
SELECT a.n FROM numbers a, numbers b, numbers c, numbers d ORDER BY a.n * b.n * c.n + d.n
SELECT DISTINCT a.n * b.n * c.n * d.n FROM numbers a, numbers b, numbers c, numbers d ORDER BY 1
SELECT group_concat(a.n) FROM numbers a, numbers b, numbers c
SELECT count(*) FROM numbers a, numbers b, numbers c WHERE hex(randomblob(500 + a.n + b.n + c.n)) LIKE '%00112233%'
SELECT count(*) FROM numbers a, numbers b WHERE replace(hex(zeroblob(400000 + a.n)), '00', 'aa') LIKE '%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'
SELECT count(*) FROM numbers a, numbers b WHERE replace(hex(zeroblob(400000 + a.n)), '00', 'aa') GLOB '*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'
SELECT count(*) FROM numbers a, json_each('[' || replace(hex(zeroblob(100000)), '00', '1,') || '1]') b, json_each('[' || replace(hex(zeroblob(100000)), '00', '1,') || '1]') c
SELECT count(*) FROM (SELECT n, row_number() OVER (ORDER BY random()) FROM (SELECT a.n FROM numbers a, numbers b, numbers c))
SELECT sum(length(printf('%900000d', a.n))) FROM numbers a, numbers b, numbers c
SELECT max(randomblob(900000)) FROM numbers a, numbers b
SELECT * FROM (SELECT printf('%900000d', a.n) t FROM numbers a, numbers b) ORDER BY t DESC
SELECT json_group_array(hex(randomblob(1000))) FROM numbers a, numbers b
SELECT printf('%2000000000d', 1)
SELECT printf('%.2000000000f', 1.0)
SELECT printf('%.*c', 2000000000, 'x')
SELECT zeroblob(2000000000)
SELECT length(zeroblob(2000000000))
SELECT randomblob(2000000000)
SELECT hex(zeroblob(1000000))
SELECT hex(hex(hex(hex(zeroblob(200000)))))
SELECT replace(hex(zeroblob(500000)), '0', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')
SELECT quote(zeroblob(1000000))
SELECT group_concat(hex(zeroblob(100000))) FROM numbers
SELECT zeroblob(1000000), zeroblob(1000000) FROM numbers
SELECT a FROM (SELECT 'x' || printf('%1048576d', 1) AS a)
SELECT 'x' LIKE replace(hex(zeroblob(1000)), '00', '%_')
SELECT unhex(hex(zeroblob(900000)))
WITH a0 AS (SELECT 1 x), a1 AS (SELECT p.x FROM a0 p, a0 q), a2 AS (SELECT p.x FROM a1 p, a1 q), a3 AS (SELECT p.x FROM a2 p, a2 q), a4 AS (SELECT p.x FROM a3 p, a3 q), a5 AS (SELECT p.x FROM a4 p, a4 q), a6 AS (SELECT p.x FROM a5 p, a5 q), a7 AS (SELECT p.x FROM a6 p, a6 q), a8 AS (SELECT p.x FROM a7 p, a7 q), a9 AS (SELECT p.x FROM a8 p, a8 q), a10 AS (SELECT p.x FROM a9 p, a9 q), a11 AS (SELECT p.x FROM a10 p, a10 q), a12 AS (SELECT p.x FROM a11 p, a11 q) SELECT count(*) FROM a12 p, a12 q
";

#[tokio::test]
async fn every_bomb_ends_in_time() {
    let settings = json!({ "timeout": "300ms", "max_memory_bytes": 64 << 20 });
    let shop = Shop::with(settings).await;
    let before = shop.fingerprint();
    let mut answered = Vec::new();
    for sql in statements(BOMBS) {
        let started = Instant::now();
        let outcome = shop.plugin.call("query", json!({ "sql": sql })).await;
        let took = started.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}: {sql}");
        match outcome {
            Ok(_) => answered.push(sql),
            Err(error) => {
                let told = error.public_message().map(str::to_owned);
                let told = told.unwrap_or_else(|| panic!("{sql}: {}", error.log_message()));
                let known = [
                    "took too long",
                    "longer than this server handles",
                    "more memory",
                    "select fewer columns",
                    "nested too deep",
                    "LIKE or GLOB pattern too complex",
                ];
                assert!(
                    known.iter().any(|words| told.contains(words)),
                    "{sql}: {told}"
                );
            }
        }
    }
    assert!(answered.is_empty(), "answered:\n{}", answered.join("\n"));
    assert_eq!(shop.fingerprint(), before);
    assert_eq!(shop.rows("SELECT 1").await, json!([[1]]));
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let peak: usize = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(peak < 300 << 10, "{peak} KiB at the most");
}

#[tokio::test]
async fn planning_ends_in_time_too() {
    let shop = Shop::with(json!({ "timeout": "300ms" })).await;
    shop.backdoor()
        .execute_batch(
            "CREATE TABLE wide (a, b, c, d); CREATE INDEX w1 ON wide(a, b); CREATE INDEX w2 ON wide(b, c);
             CREATE INDEX w3 ON wide(c, d); CREATE INDEX w4 ON wide(d, a);",
        )
        .unwrap();
    let columns = ["a", "b", "c", "d"];
    let mut sql = "SELECT count(*) FROM wide t0".to_owned();
    for table in 1..40 {
        let terms: Vec<String> = (0..12)
            .map(|n| {
                let (one, two) = (columns[n % 4], columns[(n / 4) % 4]);
                format!("t{table}.{one} = t{}.{two}", (table * 7 + n) % table)
            })
            .collect();
        write!(sql, " JOIN wide t{table} ON {}", terms.join(" AND ")).unwrap();
    }
    let started = Instant::now();
    let refusal = shop.refusal("query", json!({ "sql": sql })).await;
    assert!(refusal.contains("took too long"), "{refusal}");
    assert!(started.elapsed() < Duration::from_secs(5));
    // An answer whose making outgrows the memory.
    let shop = Shop::with(json!({ "timeout": "20s", "max_memory_bytes": 32 << 20 })).await;
    let deep = format!("{}1{}", "[".repeat(900), "]".repeat(900));
    let sql = format!("SELECT json_pretty('{deep}', printf('%500000s', 'x'))");
    let refusal = shop.refusal("query", json!({ "sql": sql })).await;
    assert!(refusal.contains("more memory"), "{refusal}");
}

#[tokio::test]
async fn many_dear_functions_in_one_row_are_refused() {
    let shop = Shop::open().await;
    let one = "instr(hex(zeroblob(500000)), hex(zeroblob(200000)) || 'b')";
    for (what, sql) in [
        (
            "functions",
            format!("SELECT {}", vec![one; 300].join(" + ")),
        ),
        (
            "patterns",
            format!("SELECT {}", vec!["'a' LIKE 'b'"; 51].join(" + ")),
        ),
        (
            "selects",
            format!("SELECT {}", vec!["(SELECT 1)"; 501].join(",")),
        ),
    ] {
        let refusal = shop.refusal("query", json!({ "sql": sql })).await;
        assert!(
            refusal.contains("too many functions") || refusal.contains("Expression tree"),
            "{what}: {refusal}"
        );
    }
    // One of them is quick: SQLite's own take minutes.
    let shop = Shop::with(json!({ "timeout": "60s" })).await;
    let started = Instant::now();
    let sql = "SELECT instr(replace(hex(zeroblob(500000)), '00', 'aa'), replace(hex(zeroblob(200000)), '00', 'aa') || 'b'),
        length(trim(replace(hex(zeroblob(400000)), '00', 'aa'), replace(hex(zeroblob(200000)), '00', 'bc')))";
    assert_eq!(shop.rows(sql).await, json!([[0, 800_000]]));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_statement_itself_is_bounded() {
    let shop = Shop::open().await;
    // Each is beyond our limit and within SQLite's own.
    let list = |what: &str, count: usize, between: &str| vec![what; count].join(between);
    for (sql, told) in [
        (
            format!("SELECT {}1{}", "(".repeat(700), ")".repeat(700)),
            "Recursion limit",
        ),
        (
            format!("SELECT {}", list("1", 500, "+")),
            "Expression tree is too large",
        ),
        (
            list("SELECT 1", 300, " UNION ALL "),
            "too many terms in compound SELECT",
        ),
        (
            format!("SELECT coalesce({})", list("1", 120, ",")),
            "too many arguments on function coalesce",
        ),
        (
            format!("SELECT {}", list("?", 1200, ",")),
            "too many SQL variables",
        ),
        (
            format!("SELECT '{}'", "é".repeat(40_000)),
            "longer than 64 KiB; send long values as `params`",
        ),
        (format!("SELECT '{}'", "x".repeat(70_000)), "65536"),
    ] {
        let refusal = shop.refusal("query", json!({ "sql": sql })).await;
        assert!(refusal.contains(told), "{told}: {refusal}");
    }
}

#[tokio::test]
async fn sorting_stays_in_memory() {
    let shop = Shop::with(json!({ "timeout": "20s", "max_memory_bytes": 32 << 20 })).await;
    let sql =
        "SELECT n FROM (SELECT a.n, zeroblob(100000) z FROM numbers a, numbers b) ORDER BY z, n";
    let refusal = shop.refusal("query", json!({ "sql": sql })).await;
    assert!(refusal.contains("needs more memory"), "{refusal}");
}

#[tokio::test]
async fn rows_and_bytes_are_capped() {
    let shop = Shop::with(json!({ "max_rows": 10, "max_bytes": 2000 })).await;
    let all = shop
        .json("query", json!({ "sql": "SELECT n FROM numbers" }))
        .await;
    assert_eq!(
        (&all["row_count"], &all["truncated"]),
        (&json!(10), &json!(true))
    );
    let ten = shop
        .json("query", json!({ "sql": "SELECT n FROM numbers LIMIT 10" }))
        .await;
    assert_eq!(
        (&ten["row_count"], &ten["truncated"]),
        (&json!(10), &json!(false))
    );
    let asked = json!({ "sql": "SELECT n FROM numbers", "max_rows": 3 });
    let three = shop.json("query", asked).await;
    assert_eq!(
        (&three["row_count"], &three["truncated"]),
        (&json!(3), &json!(true))
    );
    // No more than the setting.
    let asked = json!({ "sql": "SELECT n FROM numbers", "max_rows": 1000 });
    assert_eq!(shop.json("query", asked).await["row_count"], 10);
    let wide = json!({ "sql": "SELECT printf('%500d', n) FROM numbers" });
    let wide = shop.json("query", wide).await;
    assert_eq!(
        (&wide["row_count"], &wide["truncated"]),
        (&json!(3), &json!(true))
    );
    let giant = json!({ "sql": "SELECT printf('%5000d', n) FROM numbers" });
    let refusal = shop.refusal("query", giant).await;
    assert!(
        refusal.contains("row 1 alone has more than 2000 bytes") && refusal.contains("substr()"),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_timeout_says_so() {
    let shop = Shop::with(json!({ "timeout": "100ms" })).await;
    let sql = "SELECT count(*) FROM numbers a, numbers b, numbers c, numbers d";
    let error = shop
        .plugin
        .call("query", json!({ "sql": sql }))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ToolErrorKind::TimedOut);
    assert!(error.to_string().contains("explain_query"), "{error}");
}
