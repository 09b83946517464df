//! Queries that a manifest declares: judged when built, when started and when called.

use mcp_factory_sdk::testing::TestPlugin;
use mcp_factory_sdk::{
    DeclaredParameter, DeclaredTool, Hints, ParameterKind, Scope, StartError, ToolDefinition,
};
use mcp_plugin_sqlite::PLUGIN;
use serde_json::{Value, json};

use crate::fixture::Shop;

fn parameter(name: &'static str, kind: ParameterKind) -> DeclaredParameter {
    DeclaredParameter {
        name,
        description: "A parameter.",
        kind,
        required: true,
        default: None,
        choices: &[],
        minimum: None,
        maximum: None,
    }
}

fn declare(
    scope: &'static str,
    sql: &str,
    parameters: Vec<DeclaredParameter>,
) -> &'static [ToolDefinition] {
    let body = json!({ "sql": sql }).to_string();
    with_body(scope, body, parameters)
}

fn with_body(
    scope: &'static str,
    body: String,
    parameters: Vec<DeclaredParameter>,
) -> &'static [ToolDefinition] {
    let tool = Box::leak(Box::new(DeclaredTool {
        name: "asked",
        title: None,
        description: "A declared question.",
        scope: Scope::new(scope),
        hints: Hints {
            read_only: scope == "read",
            destructive: scope != "read",
            idempotent: scope == "read",
            open_world: false,
        },
        timeout: None,
        gate: None,
        rate: None,
        parameters: Vec::leak(parameters),
        body: String::leak(body),
    }));
    Vec::leak(vec![ToolDefinition::declared(&PLUGIN, tool)])
}

async fn start(
    shop: &Shop,
    mode: &str,
    tools: &'static [ToolDefinition],
) -> Result<TestPlugin, StartError> {
    let config = json!({ "path": shop.path(), "mode": mode });
    TestPlugin::start_declared(&PLUGIN, tools, config).await
}

#[tokio::test]
async fn a_declared_question_is_a_typed_tool() {
    let shop = Shop::open().await;
    let city = parameter("city", ParameterKind::Text);
    let least = DeclaredParameter {
        required: false,
        default: Some("0"),
        ..parameter("least", ParameterKind::Number)
    };
    let sql = "SELECT name FROM people WHERE city = :city AND salary >= @least ORDER BY name";
    let tools = declare("read", sql, vec![city, least]);
    assert_eq!(tools[0].check(), Ok(()));
    let plugin = start(&shop, "readonly", tools).await.unwrap();
    let ask = |arguments: Value| plugin.call_json("asked", arguments);
    let rome = ask(json!({ "city": "Rome" })).await.unwrap();
    assert_eq!(rome["rows"], json!([["Bob"], ["Cleo"]]));
    let rich = ask(json!({ "city": "Rome", "least": 3000 })).await.unwrap();
    assert_eq!(rich["rows"], json!([["Cleo"]]));
    assert!(
        ask(json!({}))
            .await
            .unwrap_err()
            .to_string()
            .contains("missing argument: `city`")
    );
}

#[tokio::test]
async fn parameters_may_come_in_order() {
    let shop = Shop::open().await;
    let parameters = || {
        vec![
            parameter("a", ParameterKind::Integer),
            parameter("b", ParameterKind::Boolean),
        ]
    };
    let tools = declare("read", "SELECT ?, ? -- ?", parameters());
    assert_eq!(tools[0].check(), Ok(()));
    let plugin = start(&shop, "readonly", tools).await.unwrap();
    let answer = plugin
        .call_json("asked", json!({ "b": true, "a": 7 }))
        .await
        .unwrap();
    assert_eq!(answer["rows"], json!([[7, 1]]));
}

#[tokio::test]
async fn a_declared_change_needs_the_mode() {
    let shop = Shop::open().await;
    let sql = "UPDATE people SET city = :city WHERE id = :id";
    let tools = declare(
        "write",
        sql,
        vec![
            parameter("city", ParameterKind::Text),
            parameter("id", ParameterKind::Integer),
        ],
    );
    assert_eq!(tools[0].check(), Ok(()));
    let refused = start(&shop, "readonly", tools)
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        "the tool `asked`: it changes the database; set `mode = \"readwrite\"` in the plugin's section"
    );
    let plugin = start(&shop, "readwrite", tools).await.unwrap();
    let answer = plugin
        .call_json("asked", json!({ "city": "Oslo", "id": 1 }))
        .await
        .unwrap();
    assert_eq!(answer["affected"], 1);
    assert_eq!(
        shop.rows("SELECT city FROM people WHERE id = 1").await,
        json!([["Oslo"]])
    );
    let reader = plugin.with_scopes(&["read"]);
    assert!(
        reader
            .call("asked", json!({ "city": "x", "id": 1 }))
            .await
            .is_err()
    );
}

#[test]
fn mistakes_are_found_when_the_server_is_built() {
    let text = || vec![parameter("city", ParameterKind::Text)];
    for (scope, sql, parameters, told) in [
        ("read", "", vec![], "`sql` is empty"),
        (
            "read",
            "SELECT 1; SELECT 2",
            vec![],
            "more than one statement",
        ),
        ("read", "SELEKT 1", vec![], "neither SELECT"),
        ("read", "DROP TABLE people", vec![], "neither SELECT"),
        ("read", "PRAGMA user_version", vec![], "neither SELECT"),
        ("read", "EXPLAIN SELECT 1", vec![], "neither SELECT"),
        ("read", "SELECT (", vec![], "incomplete input"),
        (
            "read",
            "SELECT 1 FORM people",
            vec![],
            "syntax error at line 1, column 15",
        ),
        (
            "read",
            "SELECT name FROM people WHERE city = :town",
            text(),
            "`sql` uses `:town`, which is no parameter",
        ),
        (
            "read",
            "SELECT name FROM people",
            text(),
            "the parameter `city` does not occur in `sql` as `:city`",
        ),
        (
            "read",
            "SELECT ':city'",
            text(),
            "the parameter `city` does not occur",
        ),
        (
            "read",
            "SELECT ?, ?",
            text(),
            "`sql` has 2 `?` and the tool 1 parameters",
        ),
        ("read", "SELECT ?1", text(), "`sql` uses `?1`"),
        (
            "read",
            "SELECT ?, :city",
            text(),
            "`sql` mixes `?` and `:city`",
        ),
        (
            "read",
            "DELETE FROM people",
            vec![],
            "`sql` is DELETE, but the tool only reads",
        ),
        (
            "read",
            "WITH x AS (SELECT 1) INSERT INTO log SELECT 1, 2 FROM x",
            vec![],
            "`sql` is INSERT, but the tool only reads",
        ),
        (
            "read",
            "SELECT load_extension('x')",
            vec![],
            "`load_extension` is not available",
        ),
        (
            "read",
            "SELECT * FROM pragma_database_list",
            vec![],
            "`pragma_database_list` is not available",
        ),
        (
            "read",
            "SELECT nofunction(1)",
            vec![],
            "no such function: nofunction",
        ),
        (
            "write",
            "DELETE FROM sqlite_master",
            vec![],
            "sqlite_master",
        ),
    ] {
        let tools = declare(scope, sql, parameters);
        let problem = tools[0].check().unwrap_err();
        assert!(problem.contains(told), "{sql}: {problem}");
    }
    for (scope, sql, parameters) in [
        (
            "read",
            "SELECT name FROM not_there_yet WHERE city = :city",
            text(),
        ),
        ("read", "WITH x AS (SELECT 1) SELECT * FROM x", vec![]),
        ("read", "VALUES (1)", vec![]),
        ("jobs:read", "SELECT 1", vec![]),
        ("write", "REPLACE INTO t VALUES ($city)", text()),
        (
            "admin",
            "DELETE FROM t WHERE city = @city RETURNING *",
            text(),
        ),
        ("write", "SELECT 1", vec![]),
    ] {
        assert_eq!(declare(scope, sql, parameters)[0].check(), Ok(()), "{sql}");
    }
    let unknown = with_body(
        "read",
        json!({ "sql": "SELECT 1", "limit": 1 }).to_string(),
        vec![],
    );
    let problem = unknown[0].check().unwrap_err();
    assert!(problem.contains("unknown key `limit`"), "{problem}");
}

#[tokio::test]
async fn mistakes_that_need_the_database_are_found_at_start() {
    let shop = Shop::open().await;
    for (sql, told) in [
        (
            "SELECT name FROM peeple",
            "the tool `asked`: no such table: peeple",
        ),
        (
            "SELECT nome FROM people",
            "the tool `asked`: no such column: nome at line 1, column 8",
        ),
        ("DELETE FROM people", "`sql` is DELETE"),
    ] {
        let error = start(&shop, "readonly", declare("read", sql, vec![]))
            .await
            .unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[tokio::test]
async fn a_question_is_asked_where_nothing_can_be_changed() {
    let shop = Shop::open().await;
    // Also under a wider scope, and where the server may write.
    for mode in ["readonly", "readwrite"] {
        let tools = declare("write", "SELECT count(*) FROM people", vec![]);
        let plugin = start(&shop, mode, tools).await.unwrap();
        let answer = plugin.call_json("asked", json!({})).await.unwrap();
        assert_eq!(answer["rows"], json!([[4]]));
    }
    // A trap that another program sets after the start.
    let tools = declare("read", "SELECT * FROM rich", vec![]);
    let plugin = start(&shop, "readwrite", tools).await.unwrap();
    shop.backdoor()
        .execute_batch("DROP VIEW rich; CREATE VIEW rich AS SELECT load_extension('x')")
        .unwrap();
    let error = plugin.call("asked", json!({})).await.unwrap_err();
    assert!(error.to_string().contains("load_extension"), "{error}");
}
