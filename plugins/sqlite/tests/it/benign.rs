//! Questions that analysts ask. All of them are answered.

use rusqlite::{Connection, types::ValueRef};
use serde_json::{Value, json};

use crate::bypass::statements;
use crate::fixture::Shop;

pub(crate) const BENIGN: &str = r#"
SELECT 1
select 1;
SELECT 1 -- a comment
/* first */ SELECT 1 /* last */ ;
VALUES (1, 'a'), (2, 'b')
SELECT 'INSERT INTO x; DROP TABLE y'
SELECT 'it''s; fine' AS "a; b"
SELECT * FROM people
SELECT people.* FROM main.people
SELECT DISTINCT city FROM people
SELECT name AS "delete", city AS [drop] FROM people
SELECT "a ""quoted"" name", [select] FROM odd
SELECT x FROM "we/ird name"
SELECT name FROM people WHERE name LIKE 'A%'
SELECT name FROM people WHERE name LIKE '%x' || 'y' ESCAPE '\'
SELECT name FROM people WHERE name GLOB '[A-C]*'
SELECT name FROM people WHERE name NOT LIKE '%o%' AND city IS NOT NULL
SELECT name FROM people WHERE salary BETWEEN 1000 AND 4000
SELECT name FROM people WHERE id IN (1, 2, 3)
SELECT name FROM people WHERE id NOT IN (SELECT person FROM orders WHERE state = 'open')
SELECT name FROM people p WHERE EXISTS (SELECT 1 FROM orders o WHERE o.person = p.id AND o.total > 100)
SELECT name FROM people WHERE city IS DISTINCT FROM 'Rome'
SELECT name FROM people WHERE city COLLATE NOCASE = 'ROME'
SELECT name FROM people WHERE (city, id) = ('Rome', 2)
SELECT name FROM people ORDER BY salary DESC NULLS LAST, name LIMIT 2 OFFSET 1
SELECT name, initial FROM people
SELECT count(*), count(email), count(DISTINCT city) FROM people
SELECT min(salary), max(salary), avg(salary), sum(salary), total(salary) FROM people
SELECT city, count(*) n FROM people GROUP BY city HAVING n >= 1 ORDER BY 2 DESC
SELECT city, group_concat(name, ', ') FROM people GROUP BY city
SELECT string_agg(name, '|' ORDER BY name DESC) FROM people
SELECT count(*) FILTER (WHERE state = 'open') * 100.0 / count(*) FROM orders
SELECT state, sum(total) FROM orders GROUP BY state
SELECT strftime('%Y-%m', placed) AS month, round(sum(total), 2) FROM orders GROUP BY month ORDER BY month
SELECT date('now'), datetime('now', 'localtime'), time('now'), julianday('now'), unixepoch()
SELECT date('2026-01-31', '+1 month', 'start of month', '-1 day')
SELECT timediff('2026-01-02', '2025-01-01')
SELECT current_date, current_time, current_timestamp
SELECT name, (julianday('2026-01-01') - julianday(born)) / 365.25 AS age FROM people
SELECT CASE WHEN salary > 3000 THEN 'high' WHEN salary IS NULL THEN '?' ELSE 'low' END AS band, count(*) FROM people GROUP BY band
SELECT iif(salary > 3000, 'a', 'b'), coalesce(city, 'none'), ifnull(email, '-'), nullif(city, 'Rome') FROM people
SELECT p.name, o.total FROM people p JOIN orders o ON o.person = p.id LIMIT 5
SELECT p.name, m.name AS manager FROM people p LEFT JOIN people m ON m.id = p.manager
SELECT p.name, count(o.id) FROM people p LEFT OUTER JOIN orders o ON o.person = p.id GROUP BY p.id
SELECT * FROM people p RIGHT JOIN orders o ON o.person = p.id LIMIT 3
SELECT p.name, o.id FROM people p FULL JOIN orders o ON o.person = p.id LIMIT 3
SELECT * FROM people CROSS JOIN numbers LIMIT 3
SELECT * FROM orders NATURAL JOIN log LIMIT 3
SELECT o.id, i.product FROM orders o JOIN items i ON i.order_id = o.id AND i.line = 1 LIMIT 3
SELECT product, sum(quantity * price) AS revenue FROM items GROUP BY product ORDER BY revenue DESC
SELECT name, rank() OVER (ORDER BY salary DESC) FROM people
SELECT name, row_number() OVER (PARTITION BY city ORDER BY name) FROM people
SELECT name, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w FROM people WINDOW w AS (ORDER BY salary)
SELECT placed, total, sum(total) OVER (ORDER BY placed ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) FROM orders LIMIT 10
SELECT placed, avg(total) OVER (ORDER BY id RANGE BETWEEN 3 PRECEDING AND 3 FOLLOWING EXCLUDE CURRENT ROW) FROM orders LIMIT 10
SELECT placed, total - lag(total) OVER (ORDER BY placed) AS change, lead(total, 2, 0) OVER (ORDER BY placed) FROM orders LIMIT 10
SELECT ntile(4) OVER (ORDER BY total), first_value(id) OVER (ORDER BY total), last_value(id) OVER (ORDER BY total), nth_value(id, 2) OVER (ORDER BY total) FROM orders LIMIT 4
SELECT id, count(*) FILTER (WHERE state = 'paid') OVER (ORDER BY id GROUPS 2 PRECEDING) FROM orders LIMIT 5
WITH big AS (SELECT * FROM orders WHERE total > 300) SELECT count(*) FROM big
WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM a, b
WITH a AS MATERIALIZED (SELECT * FROM people) SELECT * FROM a UNION ALL SELECT * FROM a
WITH a AS NOT MATERIALIZED (SELECT * FROM people) SELECT name FROM a
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100) SELECT sum(n) FROM c
WITH RECURSIVE boss(id, name, depth) AS (SELECT id, name, 0 FROM people WHERE manager IS NULL UNION ALL SELECT p.id, p.name, depth + 1 FROM people p JOIN boss b ON p.manager = b.id) SELECT * FROM boss ORDER BY depth
WITH RECURSIVE days(d) AS (VALUES ('2026-01-01') UNION ALL SELECT date(d, '+1 day') FROM days LIMIT 31) SELECT d, coalesce(sum(total), 0) FROM days LEFT JOIN orders ON placed = d GROUP BY d
WITH m AS (SELECT strftime('%m', placed) m, sum(total) t FROM orders GROUP BY 1) SELECT m, t, t * 1.0 / lag(t) OVER (ORDER BY m) - 1 AS growth FROM m
SELECT name FROM people UNION SELECT product FROM items ORDER BY 1 LIMIT 10
SELECT city FROM people INTERSECT SELECT 'Rome'
SELECT id FROM people EXCEPT SELECT person FROM orders
SELECT (SELECT max(total) FROM orders o WHERE o.person = p.id) AS best, name FROM people p
SELECT name, (SELECT count(*) FROM orders WHERE person = people.id) AS orders FROM people
SELECT upper(name), lower(name), length(name), substr(name, 1, 2), substring(name, 2) FROM people
SELECT trim('  a '), ltrim('xxa', 'x'), rtrim('axx', 'x'), trim('xax', 'x'), replace('a-b', '-', '+'), instr('abc', 'c')
SELECT printf('%05.2f|%s|%,d', 3.14159, 'x', 1234567), format('%d%%', 50)
SELECT 'a' || 'b' || 1, concat('a', 1, NULL), concat_ws('-', 1, 2)
SELECT char(72, 105), unicode('a'), hex('a'), unhex('61'), quote('it''s'), soundex('Robert')
SELECT abs(-1), round(2.567, 1), sign(-3), 7 / 2, 7 % 3, 7 / 2.0, 1 << 4, ~1, 5 & 3, 5 | 3
SELECT sqrt(16), pow(2, 10), exp(0), ln(1), log10(1000), log(2, 8), log2(8), ceil(1.2), floor(-1.2), trunc(1.9), mod(7, 3), pi()
SELECT sqrt(avg(total * total) - avg(total) * avg(total)) AS deviation FROM orders
SELECT cast('12' AS INTEGER), cast(1.9 AS TEXT), typeof(1), typeof(NULL), typeof(x'00')
SELECT random() IS NOT NULL, length(randomblob(8)), length(zeroblob(8))
SELECT name, tags ->> '$[0]', json_array_length(tags) FROM people WHERE tags IS NOT NULL
SELECT p.name, t.value FROM people p, json_each(p.tags) t
SELECT key, value, type FROM json_tree('{"a": [1, 2, {"b": 3}]}')
SELECT json_object('name', name, 'tags', json(tags)) FROM people
SELECT json_group_array(name), json_group_object(name, salary) FROM people
SELECT json_set('{"a": 1}', '$.b', 2), json_remove('{"a": 1}', '$.a'), json_extract('{"a": {"b": 1}}', '$.a.b'), json_type('[]'), json_valid('{')
SELECT json_quote('x'), json_pretty('{"a":1}'), json_array(1, 2), json_insert('[]', '$[#]', 1), json_replace('{"a":1}', '$.a', 2)
SELECT hex(photo), length(photo), photo FROM people WHERE photo IS NOT NULL
SELECT title, highlight(docs, 1, '<', '>') FROM docs WHERE docs MATCH 'tea' ORDER BY rank
SELECT title, snippet(docs, 1, '[', ']', '...', 5), bm25(docs) FROM docs('water OR beans')
SELECT title FROM docs WHERE title MATCH 'cof*'
SELECT title, snippet(old_docs), offsets(old_docs) FROM old_docs WHERE old_docs MATCH 'brew'
SELECT id FROM boxes WHERE x0 >= 0 AND x1 <= 15 AND y0 >= 0
SELECT b.id, p.name FROM boxes b JOIN people p ON p.id = b.id
SELECT * FROM rich
SELECT r.name, o.total FROM rich r JOIN people p USING (name) JOIN orders o ON o.person = p.id LIMIT 3
SELECT type, name, sql FROM sqlite_schema WHERE type = 'table'
SELECT count(*) FROM sqlite_master
SELECT name, seq FROM sqlite_sequence
SELECT sqlite_version()
SELECT rowid, oid, _rowid_ FROM people
SELECT * FROM people INDEXED BY lower_name WHERE lower(name) = 'ada'
SELECT * FROM orders NOT INDEXED WHERE person = 1 LIMIT 1
SELECT a.n, b.n FROM numbers a, numbers b WHERE a.n < b.n LIMIT 20 OFFSET 1000
SELECT count(*) FROM numbers a, numbers b
SELECT n FROM numbers WHERE likely(n > 490) AND unlikely(n < 495) ORDER BY n DESC
SELECT total FROM orders ORDER BY total LIMIT 1 OFFSET (SELECT count(*) FROM orders) / 2
SELECT * FROM (SELECT person, total, row_number() OVER (PARTITION BY person ORDER BY total DESC) r FROM orders) WHERE r <= 3
SELECT state, 100.0 * count(*) / (SELECT count(*) FROM orders) AS share FROM orders GROUP BY state
SELECT sum(CASE WHEN state = 'open' THEN total ELSE 0 END) AS open, sum(CASE WHEN state = 'paid' THEN total ELSE 0 END) AS paid FROM orders
SELECT strftime('%w', placed) AS weekday, count(*) FROM orders GROUP BY weekday ORDER BY weekday
SELECT p.city, o.state, sum(o.total) FROM people p JOIN orders o ON o.person = p.id GROUP BY p.city, o.state
SELECT TRUE, FALSE, NULL IS NULL, 1 IS TRUE, 0x1F, 1e3, .5, x'414243', 1_000
SELECT changes(), total_changes(), last_insert_rowid()
EXPLAIN QUERY PLAN SELECT * FROM orders WHERE person = 1
EXPLAIN SELECT 1
"#;

#[tokio::test]
async fn what_analysts_ask_is_answered() {
    let shop = Shop::open().await;
    let before = shop.fingerprint();
    let statements = statements(BENIGN);
    assert!(statements.len() >= 100, "{}", statements.len());
    let mut refused = Vec::new();
    for sql in &statements {
        match shop.plugin.call("query", json!({ "sql": sql })).await {
            Ok(_) => {}
            Err(error) => refused.push(format!("{sql}\n    {}", error.log_message())),
        }
    }
    assert!(refused.is_empty(), "refused:\n{}", refused.join("\n"));
    assert_eq!(shop.fingerprint(), before);
}

#[tokio::test]
async fn our_own_functions_answer_as_sqlites_do() {
    let shop = Shop::with(json!({ "timeout": "10s" })).await;
    let reference = Connection::open_in_memory().unwrap();
    let values = [
        "NULL",
        "''",
        "'a'",
        "'aaa'",
        "'héllo wörld'",
        "'ö'",
        "'lo'",
        "12.5",
        "100",
        "1e30",
        "x'616263'",
        "x'62'",
        "'xxaxx'",
        "'x'",
        "' a '",
        "-0.00001",
    ];
    for one in values {
        for two in values {
            let sql = format!(
                "SELECT instr({one}, {two}), replace({one}, {two}, '+'), replace('a-b', {one}, {two}),
                 trim({one}, {two}), ltrim({one}, {two}), rtrim({one}, {two})"
            );
            let theirs = reference.query_row(&sql, [], |row| {
                (0..6)
                    .map(|index| {
                        Ok(match row.get_ref(index)? {
                            ValueRef::Text(text) => json!(str::from_utf8(text).unwrap()),
                            ValueRef::Integer(whole) => json!(whole),
                            ValueRef::Real(real) => json!(real),
                            ValueRef::Blob(_) => json!("a blob"),
                            ValueRef::Null => json!(null),
                        })
                    })
                    .collect::<rusqlite::Result<Vec<Value>>>()
            });
            let mut ours = shop.rows(&sql).await[0].take();
            for value in ours.as_array_mut().unwrap() {
                if value.is_object() {
                    *value = json!("a blob");
                }
            }
            assert_eq!(ours, json!(theirs.unwrap()), "{sql}");
        }
    }
}
