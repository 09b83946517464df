//! Tools that a manifest declares.

use mcp_factory_sdk::{
    DeclaredParameter, DeclaredTool, Hints, ParameterKind, Scope, ToolDefinition,
};
use mcp_plugin_postgres::PLUGIN;
use serde_json::{Value, json};

use crate::bed::Bed;

const READS: Hints = Hints {
    read_only: true,
    destructive: false,
    idempotent: true,
    open_world: false,
};
const WRITES: Hints = Hints {
    read_only: false,
    destructive: true,
    idempotent: false,
    open_world: false,
};

/// A declared tool; tests leak a little.
pub(crate) fn declared(
    name: &str,
    scope: &'static str,
    hints: Hints,
    parameters: &[(&'static str, ParameterKind)],
    body: &Value,
) -> &'static [ToolDefinition] {
    let parameters: Vec<DeclaredParameter> = parameters
        .iter()
        .map(|(name, kind)| DeclaredParameter {
            name,
            description: "One.",
            kind: *kind,
            required: true,
            default: None,
            choices: &[],
            minimum: None,
            maximum: None,
        })
        .collect();
    let tool = Box::leak(Box::new(DeclaredTool {
        name: name.to_owned().leak(),
        title: None,
        description: "A query.",
        scope: Scope::new(scope),
        hints,
        timeout: None,
        gate: None,
        rate: None,
        parameters: parameters.leak(),
        body: body.to_string().leak(),
    }));
    Box::leak(Box::new([ToolDefinition::declared(&PLUGIN, tool)]))
}

/// A reading tool without parameters.
pub(crate) fn reading(sql: &str) -> &'static [ToolDefinition] {
    declared("declared", "read", READS, &[], &json!({ "sql": sql }))
}

#[tokio::test]
async fn a_query_becomes_a_tool() {
    let bed = Bed::new().await;
    let sql = "SELECT id, total FROM orders WHERE customer_id = $1 AND status = $2 AND total >= $3 ORDER BY id";
    let parameters = [
        ("customer", ParameterKind::Integer),
        ("status", ParameterKind::Text),
        ("least", ParameterKind::Number),
    ];
    let tools = declared(
        "orders_of",
        "read",
        READS,
        &parameters,
        &json!({ "sql": sql, "max_rows": 1 }),
    );
    let plugin = bed.try_plugin("app", json!({}), tools).await.unwrap();
    let result = plugin
        .call_json(
            "orders_of",
            json!({ "customer": 2, "status": "paid", "least": 0.5 }),
        )
        .await
        .unwrap();
    assert_eq!(
        result["columns"][1],
        json!({ "name": "total", "type": "numeric" })
    );
    assert_eq!(result["rows"], json!([[1, "13.00"]]));
    assert_eq!(
        (&result["truncated"], result.get("affected")),
        (&json!(true), None)
    );
    let error = plugin
        .call("orders_of", json!({ "customer": "x" }))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("customer"), "{error}");
    plugin.stop().await;
}

#[tokio::test]
async fn a_change_becomes_a_tool_where_changes_are_allowed() {
    let bed = Bed::new().await;
    let sql = "UPDATE orders SET status = $2 WHERE id = $1 RETURNING status";
    let parameters = [
        ("order", ParameterKind::Integer),
        ("status", ParameterKind::Text),
    ];
    let tools = declared(
        "set_status",
        "write",
        WRITES,
        &parameters,
        &json!({ "sql": sql }),
    );
    let error = bed
        .try_plugin("app", json!({}), tools)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the tool `set_status`") && error.contains("mode = \"readwrite\""),
        "{error}"
    );
    let plugin = bed
        .try_plugin("app", json!({ "mode": "readwrite" }), tools)
        .await
        .unwrap();
    let result = plugin
        .call_json("set_status", json!({ "order": 1, "status": "lost" }))
        .await
        .unwrap();
    assert_eq!(
        (&result["affected"], &result["rows"]),
        (&json!(1), &json!([["lost"]]))
    );
    plugin.stop().await;
    let plugin = bed.plugin(json!({})).await;
    let found =
        crate::bed::rows(&plugin, "SELECT count(*) FROM orders WHERE status = 'lost'").await;
    assert_eq!(found, json!([[1]]));
    plugin.stop().await;
}

#[test]
fn a_declaration_is_judged_without_a_database() {
    let integer = [("n", ParameterKind::Integer)];
    for (sql, hints, scope, parameters, words) in [
        (
            "SELECT 1; SELECT 2",
            READS,
            "read",
            &[][..],
            "`sql`: `sql` holds more than one statement",
        ),
        (
            "SELECT $1",
            READS,
            "read",
            &[],
            "names 1 parameters (the last is $1), but the tool has 0",
        ),
        ("SELECT 1", READS, "read", &integer, "names 0 parameters"),
        (
            "SELECT $2",
            READS,
            "read",
            &[("a", ParameterKind::Text), ("b", ParameterKind::Text)],
            "names $2 but not $1",
        ),
        (
            "DELETE FROM t",
            READS,
            "write",
            &[],
            "`sql` is a DELETE, but the tool says read_only",
        ),
        (
            "UPDATE t SET x = 1",
            WRITES,
            "read",
            &[],
            "`scope` must be \"write\" or \"admin\"",
        ),
        (
            "UPDATE t SET x = 1",
            WRITES,
            "jobs:read",
            &[],
            "`scope` must be",
        ),
        (
            "DROP TABLE t",
            WRITES,
            "admin",
            &[],
            "`DROP` is not a query",
        ),
        (
            "SELECT pg_read_file('x')",
            READS,
            "read",
            &[],
            "`pg_read_file` is off limits",
        ),
        (
            "SELECT * FORM t WHERE",
            READS,
            "read",
            &[],
            "does not parse",
        ),
        ("SELECT 'a", READS, "read", &[], "does not end"),
        ("", READS, "read", &[], "empty"),
    ] {
        let tools = declared("t", scope, hints, parameters, &json!({ "sql": sql }));
        let error = tools[0].check().expect_err(sql);
        assert!(error.contains(words), "{sql}: {error}");
    }
    for (body, words) in [
        (
            json!({ "sql": "SELECT 1", "max_rows": 0 }),
            "`max_rows` is 0",
        ),
        (
            json!({ "sql": "SELECT 1", "rows": 5 }),
            "unknown key `rows`",
        ),
        (json!({}), "sql"),
    ] {
        let error = declared("t", "read", READS, &[], &body)[0]
            .check()
            .expect_err("refused");
        assert!(error.contains(words), "{error}");
    }
    for body in [
        json!({ "sql": "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM orders;" }),
        json!({ "sql": "SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS t", "skip_parse": true }),
        json!({ "sql": "DELETE FROM t WHERE id = 1" }),
    ] {
        let writes = body["sql"].as_str().unwrap().starts_with("DELETE");
        let (scope, hints) = if writes {
            ("write", WRITES)
        } else {
            ("read", READS)
        };
        declared("t", scope, hints, &[], &body)[0].check().unwrap();
    }
}

#[tokio::test]
async fn a_declaration_that_the_server_does_not_take_stops_the_start() {
    let bed = Bed::new().await;
    for (sql, parameters, words) in [
        (
            "SELECT nope FROM customers",
            &[][..],
            "column \"nope\" does not exist",
        ),
        (
            "SELECT * FROM nowhere",
            &[],
            "relation \"nowhere\" does not exist",
        ),
        (
            "SELECT * FROM customers WHERE id = $1",
            &[("id", ParameterKind::Boolean)],
            "$1 is of type int4: a boolean does not fit",
        ),
    ] {
        let tools = declared("broken", "read", READS, parameters, &json!({ "sql": sql }));
        let error = bed
            .try_plugin("app", json!({}), tools)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("the tool `broken`") && error.contains(words),
            "{sql}: {error}"
        );
    }
}
