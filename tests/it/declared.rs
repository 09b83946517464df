//! Tools that a manifest declares: built, listed, called, and refused when they are wrong.

use std::{fs, path::Path, process::Command};

use mcp_factory_tests::{Product, product::factory};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A server with `plugins.sqlite` and what a test declares for it. The first build of a run is that of
/// everything, so this one compiles no plugin anew.
fn build(declaration: &str) -> (TempDir, std::process::Output) {
    let _built = Product::Everything.binary();
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let manifest = format!("[server]\nname = \"shop\"\n\n[plugins.sqlite]\n\n{declaration}");
    fs::write(folder.path().join("mcp-factory.toml"), manifest).expect("the directory is ours");
    let output = factory()
        .args(["build", "--profile", "dev", "--output", "shop"])
        .current_dir(folder.path())
        .output()
        .expect("it starts");
    (folder, output)
}

const ORDERS: &str = r#"
[[plugins.sqlite.tool]]
name = "orders_of"
title = "Orders of a customer"
description = "The orders of one customer, newest first."
scope = "read"
timeout = "2s"
rate = "5/s"
sql = "SELECT id, total FROM orders WHERE customer = :customer ORDER BY id DESC LIMIT :most"
params = [
    { name = "customer", type = "string", description = "Who ordered.", max_length = 100 },
    { name = "most", type = "integer", description = "How many.", default = 10, minimum = 1, maximum = 100 },
]
"#;

/// A shop of three orders.
fn shop(folder: &Path) -> String {
    let script = "import sqlite3, sys\n\
        database = sqlite3.connect(sys.argv[1])\n\
        database.execute('CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, total REAL)')\n\
        database.executemany('INSERT INTO orders (customer, total) VALUES (?, ?)', [('ann', 1.5), ('bob', 2.5), ('ann', 3.5)])\n\
        database.commit()\n";
    let path = folder.join("shop.db");
    let status = Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .status();
    assert!(status.expect("Python is installed").success());
    path.display().to_string()
}

#[test]
fn a_query_in_a_manifest_is_a_typed_tool() {
    let (folder, output) = build(ORDERS);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let binary = folder.path().join("shop");
    let described = Command::new(&binary).args(["describe", "--json"]).output();
    let described: Value =
        serde_json::from_slice(&described.expect("it runs").stdout).expect("JSON");
    let tools = described["tools"].as_array().expect("a list");
    let tool = tools.iter().find(|tool| tool["name"] == "orders_of");
    let tool = tool.expect("the tool is there");
    assert_eq!(tool["title"], "Orders of a customer");
    assert_eq!(
        (&tool["timeout_ms"], &tool["rate"]),
        (&json!(2000), &json!("5/s"))
    );
    assert_eq!(tool["annotations"]["readOnlyHint"], true);
    assert_eq!(
        tool["input_schema"],
        json!({
            "type": "object",
            "properties": {
                "customer": { "type": "string", "description": "Who ordered.", "maxLength": 100 },
                "most": { "type": "integer", "description": "How many.", "minimum": 1, "maximum": 100, "default": 10 },
            },
            "required": ["customer"],
            "additionalProperties": false,
        })
    );

    let database = format!("plugins.sqlite.path={:?}", shop(folder.path()));
    let call = |arguments: &Value| {
        let mut command = Command::new(&binary);
        command.args([
            "call",
            "orders_of",
            &arguments.to_string(),
            "--set",
            &database,
        ]);
        command.output().expect("it runs")
    };
    let answer = call(&json!({ "customer": "ann" }));
    let said = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success(), "{said}");
    let answer: Value = serde_json::from_slice(&answer.stdout).expect("a typed result is JSON");
    assert_eq!(answer["rows"], json!([[3, 3.5], [1, 1.5]]), "{answer}");
    let answer = call(&json!({ "customer": "ann' OR '1'='1", "most": 1 }));
    let answer: Value = serde_json::from_slice(&answer.stdout).expect("a typed result is JSON");
    assert_eq!(answer["rows"], json!([]), "a parameter is no SQL: {answer}");
    let refused = call(&json!({ "customer": "ann", "most": 101 }));
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned()
        + &String::from_utf8_lossy(&refused.stdout);
    assert!(
        said.contains("argument `most`: expected at most 100"),
        "{said}"
    );
}

/// The plugin says what is wrong, the factory where it stands, and no binary appears.
#[test]
fn a_declaration_that_the_plugin_refuses_fails_the_build_at_its_place() {
    for (wrong, right, expected) in [
        (
            "SELECT id, total FROM",
            "SELEC id, total FROM",
            "neither SELECT",
        ),
        (":customer", ":custmer", "custmer"),
        (
            "sql = ",
            "sqll = ",
            "unknown key `sqll` (did you mean `sql`?)",
        ),
        (
            "SELECT id, total FROM orders WHERE customer = :customer ORDER BY id DESC LIMIT :most",
            "DELETE FROM orders WHERE customer = :customer AND id = :most",
            "read",
        ),
    ] {
        let declaration = ORDERS.replace(wrong, right);
        assert_ne!(declaration, ORDERS);
        let (folder, output) = build(&declaration);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        for part in [
            "error[MF0210]: the plugin `sqlite` does not accept the tool `orders_of`",
            "--> mcp-factory.toml:7:",
            expected,
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(
            !folder.path().join("shop").exists(),
            "a refused server is not kept"
        );
    }
}

/// `examples/shop`: its plugin accepts what it declares, and its README's calls answer.
#[test]
fn the_example_answers() {
    let _built = Product::Everything.binary();
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let manifest = include_str!("../../examples/shop/mcp-factory.toml");
    fs::write(folder.path().join("mcp-factory.toml"), manifest).expect("the directory is ours");
    let output = factory()
        .args(["build", "--profile", "dev"])
        .current_dir(folder.path())
        .output()
        .expect("it starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let readme = include_str!("../../examples/shop/README.md");
    let script = readme
        .split("$ python3")
        .nth(1)
        .and_then(|rest| rest.split("$ ./shop").next());
    let calls: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("$ ./shop"))
        .collect();
    assert_eq!(calls.len(), 2);
    let commands = format!(
        "python3{}\n./shop{}\n./shop{}",
        script.expect("the README makes a database"),
        calls[0],
        calls[1]
    );
    let output = Command::new("bash")
        .args(["-eu", "-c", &commands])
        .current_dir(folder.path())
        .output()
        .expect("bash is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answers: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("a typed result is JSON"))
        .collect();
    assert_eq!(answers[0]["rows"], json!([[1, 9.5, "paid"]]), "{said}");
    assert_eq!(answers[1]["row_count"], 1, "{said}");
}

/// The page's example, as it stands there.
#[test]
fn the_example_of_the_page_is_planned() {
    let page = include_str!("../../docs/plugins.md");
    let example = page.split("```toml manifest\n").nth(1);
    let example = example
        .and_then(|rest| rest.split("```").next())
        .expect("the page has one");
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let manifest = format!("[server]\nname = \"x\"\n\n{example}");
    fs::write(folder.path().join("mcp-factory.toml"), manifest).expect("the directory is ours");
    let output = factory()
        .args(["plan"])
        .current_dir(folder.path())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for tool in ["orders_of", "recent_changes"] {
        assert!(said.contains(tool), "{said}");
    }
}
