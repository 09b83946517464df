//! `query` and `explain_query`: values of every type, parameters, forms, errors.

use serde_json::json;

use crate::bed::{Bed, error, rows, rows_with};

#[tokio::test]
async fn values_of_every_type_keep_what_they_are() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    for (sql, expected) in [
        ("NULL", json!(null)),
        ("true", json!(true)),
        ("1::int2", json!(1)),
        ("-5", json!(-5)),
        ("9007199254740991::int8", json!(9_007_199_254_740_991_i64)),
        ("9007199254740993::int8", json!("9007199254740993")),
        ("0.10::numeric", json!("0.10")),
        (
            "12345678901234567890.123456789::numeric",
            json!("12345678901234567890.123456789"),
        ),
        ("'NaN'::numeric", json!("NaN")),
        ("-1e-10::numeric", json!("-0.0000000001")),
        ("0.1::float4", json!(0.1)),
        ("1e300::float8", json!(1e300)),
        ("'-Infinity'::float8", json!("-Infinity")),
        ("'a\"b' || chr(10) || 'ü'", json!("a\"b\nü")),
        ("'x'::char(3)", json!("x  ")),
        ("'x'::\"char\"", json!("x")),
        (
            "'{\"b\": 1, \"a\": [null]}'::json",
            json!({ "b": 1, "a": [null] }),
        ),
        ("'{\"b\": 1.50}'::jsonb", json!({ "b": 1.5 })),
        ("'null'::jsonb", json!(null)),
        ("'\\x00ff'::bytea", json!("\\x00ff")),
        ("date '2026-02-28'", json!("2026-02-28")),
        ("date 'infinity'", json!("infinity")),
        ("date '0044-03-15 BC'", json!("0044-03-15 BC")),
        ("time '12:30:00.25'", json!("12:30:00.25")),
        ("timetz '12:30:00+02'", json!("12:30:00+02:00")),
        (
            "timestamp '2026-02-28 12:30:00'",
            json!("2026-02-28T12:30:00"),
        ),
        (
            "timestamptz '2026-02-28 12:30:00+02'",
            json!("2026-02-28T10:30:00Z"),
        ),
        (
            "interval '1 year 2 months -3 days 04:05:06.7'",
            json!("P1Y2M-3DT4H5M6.7S"),
        ),
        (
            "uuid '6f1c1d0a-0000-4000-8000-00000000ffff'",
            json!("6f1c1d0a-0000-4000-8000-00000000ffff"),
        ),
        ("inet '10.0.0.1'", json!("10.0.0.1")),
        ("cidr '10.0.0.0/8'", json!("10.0.0.0/8")),
        ("inet '::1/64'", json!("::1/64")),
        ("macaddr '08:00:2b:01:02:03'", json!("08:00:2b:01:02:03")),
        ("ARRAY[1, NULL, 3]", json!([1, null, 3])),
        (
            "ARRAY[['a', 'b'], ['c', 'd']]",
            json!([["a", "b"], ["c", "d"]]),
        ),
        ("'{}'::text[]", json!([])),
        ("ARRAY['{\"a\": 1}'::jsonb]", json!([{ "a": 1 }])),
        ("'happy'::mood", json!("happy")),
        ("ARRAY['ok'::mood]", json!(["ok"])),
        ("5::cents", json!(5)),
        ("ARRAY[5::cents]", json!([5])),
        // By way of the server's own text.
        ("int4range(1, 5)", json!("[1,5)")),
        ("ARRAY[int4range(1, 5)]", json!("{\"[1,5)\"}")),
        (
            "datemultirange(daterange('2026-01-01', '2026-01-02'))",
            json!("{[2026-01-01,2026-01-02)}"),
        ),
        ("'a=>1'::hstore", json!("\"a\"=>\"1\"")),
        ("'Ab'::citext", json!("Ab")),
        ("point(1, 2)", json!("(1,2)")),
        ("'pg_class'::regclass", json!("pg_class")),
        ("B'101'", json!("101")),
        ("'16/B374D848'::pg_lsn", json!("16/B374D848")),
        (
            "to_tsvector('english', 'two words')",
            json!("'two':1 'word':2"),
        ),
        ("'<a/>'::xml", json!("<a/>")),
        ("3::money::numeric", json!("3.00")),
        (
            "(SELECT relacl FROM pg_class WHERE relname = 'pg_class')::text",
            json!("{postgres=arwdDxt/postgres,=r/postgres}"),
        ),
        (
            "(SELECT relacl FROM pg_class WHERE relname = 'pg_class')",
            json!("{postgres=arwdDxt/postgres,=r/postgres}"),
        ),
        // With fields.
        (
            "ROW('Main St', 5)::place",
            json!({ "street": "Main St", "number": 5 }),
        ),
        ("ROW(1, 'x')", json!({ "f1": 1, "f2": "x" })),
        (
            "ARRAY[ROW('A', 1)::place]",
            json!([{ "street": "A", "number": 1 }]),
        ),
        ("NULL::place", json!(null)),
    ] {
        let found = rows(&plugin, &format!("SELECT {sql}")).await;
        assert_eq!(found, json!([[expected]]), "{sql}");
    }
    // Digits of JSON are not rounded on the way.
    let output = plugin
        .call(
            "query",
            json!({ "sql": "SELECT '12345678901234567890.5'::jsonb" }),
        )
        .await
        .unwrap();
    assert!(
        output
            .structured_json()
            .unwrap()
            .contains("12345678901234567890.5")
    );
    plugin.stop().await;
}

#[tokio::test]
async fn parameters_take_the_types_that_the_server_infers() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    for (sql, params, expected) in [
        ("SELECT $1::int + 1", json!([41]), json!([[42]])),
        ("SELECT $1::int + 1", json!(["41"]), json!([[42]])),
        (
            "SELECT $1::numeric",
            json!(["0.1000000000000000000000000001"]),
            json!([["0.1000000000000000000000000001"]]),
        ),
        ("SELECT $1::text", json!([null]), json!([[null]])),
        (
            "SELECT $1",
            json!(["'; DROP TABLE customers; --"]),
            json!([["'; DROP TABLE customers; --"]]),
        ),
        (
            "SELECT $1::timestamptz",
            json!(["2026-01-01T00:00:00Z"]),
            json!([["2026-01-01T00:00:00Z"]]),
        ),
        (
            "SELECT name FROM customers WHERE id = ANY($1) ORDER BY id",
            json!([[1, 2]]),
            json!([["Customer 1"], ["Customer 2"]]),
        ),
        (
            "SELECT $1::jsonb -> 'a'",
            json!([{ "a": [1] }]),
            json!([[[1]]]),
        ),
        (
            "SELECT $1::text[]",
            json!([["a,b", "c\"d", null]]),
            json!([[["a,b", "c\"d", null]]]),
        ),
        ("SELECT $1::bytea", json!(["\\x00ff"]), json!([["\\x00ff"]])),
        ("SELECT $1::int4range", json!(["[1,5)"]), json!([["[1,5)"]])),
        (
            "SELECT count(*) FROM customers WHERE mood = $1",
            json!(["sad"]),
            json!([[40]]),
        ),
        (
            "SELECT $1::bool AND $2::bool",
            json!([true, "f"]),
            json!([[false]]),
        ),
        (
            "SELECT id FROM customers LIMIT $1",
            json!([1]),
            json!([[1]]),
        ),
    ] {
        assert_eq!(rows_with(&plugin, sql, params).await, expected, "{sql}");
    }
    for (sql, params, words) in [
        (
            "SELECT $1::int",
            json!([true]),
            "$1 is of type int4: a boolean does not fit; pass a number",
        ),
        (
            "SELECT $1::int, $2::int",
            json!([1]),
            "has 2 parameters, but `params` holds 1",
        ),
        ("SELECT 1", json!([1]), "has 0 parameters"),
        (
            "SELECT $1::int",
            json!(["x"]),
            "invalid input syntax for type integer: \"x\" (SQLSTATE 22P02)",
        ),
        (
            "SELECT $1::text",
            json!(["a\u{0}b"]),
            "$1 holds a NUL character",
        ),
        ("SELECT $1::int[]", json!([5]), "pass an array"),
        ("SELECT $1::date", json!([{}]), "pass a string"),
    ] {
        let message = error(&plugin, "query", json!({ "sql": sql, "params": params })).await;
        assert!(message.contains(words), "{sql}: {message}");
    }
    plugin.stop().await;
}

#[tokio::test]
async fn a_result_says_what_it_holds() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    let result = plugin
        .call_json(
            "query",
            json!({ "sql": "SELECT id, id AS id, price, 'x,\"y' AS t, NULL AS n, '' AS e FROM products ORDER BY id", "max_rows": 2 }),
        )
        .await
        .unwrap();
    assert_eq!(
        result["columns"],
        json!([
            { "name": "id", "type": "int4" }, { "name": "id", "type": "int4" }, { "name": "price", "type": "numeric" },
            { "name": "t", "type": "text" }, { "name": "n", "type": "text" }, { "name": "e", "type": "text" }
        ])
    );
    assert_eq!(
        result["rows"],
        json!([
            [1, 1, "7.25", "x,\"y", null, ""],
            [2, 2, "14.50", "x,\"y", null, ""]
        ])
    );
    assert_eq!(
        (&result["row_count"], &result["truncated"]),
        (&json!(2), &json!(true))
    );
    assert!(result["elapsed_ms"].as_f64().unwrap() > 0.0);
    let result = plugin
        .call_json(
            "query",
            json!({ "sql": "SELECT id, 'x,\"y' AS t, NULL AS n, '' AS e, ARRAY[1,2] AS a FROM products ORDER BY id LIMIT 1;", "format": "csv" }),
        )
        .await
        .unwrap();
    assert_eq!(
        result["csv"],
        json!("id,t,n,e,a\n1,\"x,\"\"y\",,\"\",\"[1,2]\"\n")
    );
    assert_eq!(
        (&result["rows"], &result["truncated"]),
        (&json!(null), &json!(false))
    );
    // A comment at the end and a column that the server turns into text.
    assert_eq!(
        rows(&plugin, "SELECT int4range(1, 2), 7 ; -- that's it").await,
        json!([["[1,2)", 7]])
    );
    // What is not a SELECT but has rows.
    assert_eq!(
        rows(&plugin, "SHOW standard_conforming_strings").await,
        json!([["on"]])
    );
    assert_eq!(rows(&plugin, "VALUES (1), (2)").await, json!([[1], [2]]));
    let plan = rows(&plugin, "EXPLAIN SELECT 1").await;
    assert!(plan[0][0].as_str().unwrap().contains("Result"), "{plan}");
    plugin.stop().await;
}

#[tokio::test]
async fn errors_say_where_and_what_to_do_and_nothing_of_the_inside() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({ "lock_timeout": "200ms" })).await;
    for (sql, words) in [
        (
            "SELECT 1\nFROM nowhere",
            &[
                "relation \"nowhere\" does not exist (SQLSTATE 42P01) at line 2, column 6",
                "search_objects",
            ][..],
        ),
        (
            "SELECT nam FROM customers",
            &["column \"nam\" does not exist", "Hint: Perhaps you meant"],
        ),
        (
            "SELECT 'ü', FROM customers",
            &["syntax error", "line 1, column 13"],
        ),
        ("SELECT 1/0", &["division by zero (SQLSTATE 22012)"]),
        ("SELECT 1; SELECT 2", &["more than one statement"]),
        ("", &["`sql` is empty"]),
        ("SELECT 'a", &["does not end: a string is not closed"]),
        ("SELECT \u{0}", &["NUL"]),
        (
            "INSERT INTO customers (name) VALUES ('x')",
            &["`INSERT` is not a query", "`execute`"],
        ),
        (
            "SELECT pg_read_file('/etc/passwd')",
            &["`pg_read_file` is off limits"],
        ),
        (
            "SELECT sneaky()",
            &["read-only transaction (SQLSTATE 25006)", "`execute`"],
        ),
        (
            "SELECT * FROM pg_authid",
            &["permission denied", "operator"],
        ),
    ] {
        let message = error(&plugin, "query", json!({ "sql": sql })).await;
        for word in words {
            assert!(message.contains(word), "{sql}: {message}");
        }
        for inside in ["DELETE FROM", "tmp", "app", "postgres://", "PL/pgSQL"] {
            assert!(!message.contains(inside), "{sql}: {message}");
        }
    }
    // A statement that waits for a lock.
    let other = bed.connect("app").await;
    other
        .batch_execute("BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let message = error(
        &plugin,
        "query",
        json!({ "sql": "SELECT * FROM customers" }),
    )
    .await;
    assert!(
        message.contains("SQLSTATE 55P03") && message.contains("list_active_queries"),
        "{message}"
    );
    plugin.stop().await;
}

#[tokio::test]
async fn the_database_judges_alone_when_told_to() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({ "guard": "database" })).await;
    for (sql, words) in [
        (
            "INSERT INTO customers (name) VALUES ('x')",
            "returns no columns, so it is not a query and was not run",
        ),
        ("PREPARE s1 AS SELECT 1", "returns no columns"),
        ("DEALLOCATE ALL", "returns no columns"),
        ("SET search_path = x", "returns no columns"),
        ("COPY customers TO STDOUT", "returns no columns"),
        (
            "SELECT 1; SELECT 2",
            "cannot insert multiple commands into a prepared statement",
        ),
        (
            "DELETE FROM customers RETURNING id",
            "read-only transaction",
        ),
        ("SELECT pg_read_file('/etc/passwd')", "permission denied"),
        (
            "SELECT set_config('transaction_read_only', 'off', true)",
            "before any query",
        ),
        ("SELECT 1 INTO t", "returns no columns"),
        ("SELECT \u{0}", "NUL"),
    ] {
        let message = error(&plugin, "query", json!({ "sql": sql })).await;
        assert!(message.contains(words), "{sql}: {message}");
    }
    assert_eq!(
        rows(&plugin, "SELECT count(*) FROM customers").await,
        json!([[120]])
    );
    plugin.stop().await;
}

#[tokio::test]
async fn plans_are_shown_and_measured_without_a_trace() {
    let bed = Bed::new().await;
    let plugin = bed.plugin(json!({})).await;
    let sql = "SELECT * FROM orders WHERE customer_id = $1";
    let plan = plugin
        .call_json("explain_query", json!({ "sql": sql, "params": [5] }))
        .await
        .unwrap();
    let node = &plan["plan"][0]["Plan"];
    assert!(
        node["Plan Rows"].as_f64().is_some() && node.get("Actual Rows").is_none(),
        "{plan}"
    );
    let plan = plugin
        .call_json(
            "explain_query",
            json!({ "sql": sql, "params": [5], "analyze": true }),
        )
        .await
        .unwrap();
    assert!(
        plan["plan"][0]["Plan"]["Actual Rows"].as_f64().is_some(),
        "{plan}"
    );
    // Deeper than most readers of JSON go into a tree.
    let deep = (0..150).fold("SELECT 1 AS a".to_owned(), |sql, n| {
        format!("SELECT a + {n} AS a FROM ({sql} OFFSET 0) q")
    });
    let output = plugin.call("explain_query", json!({ "sql": deep })).await;
    assert!(
        output
            .unwrap()
            .structured_json()
            .unwrap()
            .contains("Subquery Scan")
    );
    let message = error(&plugin, "explain_query", json!({ "sql": "SELECT nope" })).await;
    assert!(message.contains("line 1, column 8"), "{message}");
    let message = error(
        &plugin,
        "explain_query",
        json!({ "sql": "DELETE FROM orders", "analyze": true }),
    )
    .await;
    assert!(message.contains("`DELETE` is not a query"), "{message}");
    plugin.stop().await;
    let plugin = bed.plugin(json!({ "guard": "database" })).await;
    let message = error(
        &plugin,
        "explain_query",
        json!({ "sql": "DELETE FROM order_items", "analyze": true }),
    )
    .await;
    assert!(message.contains("read-only transaction"), "{message}");
    plugin.stop().await;
}
