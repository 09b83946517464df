//! `docs/plugins.md`: its table says what the plugins really have. `BLESS=1` writes the numbers anew.

use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

use mcp_factory_tests::Product;
use serde_json::{Value, json};

use crate::pages::{code_spans, root, tests};

/// Not offered to people.
const FIXTURE: &str = "conformance";

/// What can be counted of a plugin: the middle cells of its row.
fn counted(plugin: &str, description: &Value) -> String {
    let tools = description["tools"].as_array().expect("a list");
    let tools: Vec<&Value> = tools
        .iter()
        .filter(|tool| tool["plugin"] == plugin)
        .collect();
    let bytes: usize = tools.iter().map(|tool| on_the_wire(tool).len()).sum();
    let order = ["read", "write", "admin"];
    let mut scopes: Vec<&str> = Vec::new();
    for tool in &tools {
        let scope = tool["scope"].as_str().expect("a scope");
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes.sort_by_key(|scope| order.iter().position(|known| known == scope));
    let (whole, tenth) = (bytes / 1024, bytes % 1024 * 10 / 1024);
    // One token is about four bytes of JSON.
    let tokens = (bytes / 4).next_multiple_of(10);
    let scopes = scopes.join(", ");
    format!(
        "{} | {whole}.{tenth} KiB | {tokens} | {scopes}",
        tools.len()
    )
}

/// A tool as `tools/list` has it.
fn on_the_wire(tool: &Value) -> String {
    let mut wire = json!({
        "name": tool["name"],
        "description": tool["description"],
        "inputSchema": tool["input_schema"],
        "annotations": tool["annotations"],
    });
    for (key, ours) in [("title", "title"), ("outputSchema", "output_schema")] {
        if !tool[ours].is_null() {
            wire[key] = tool[ours].clone();
        }
    }
    wire.to_string()
}

/// Everything, as it describes itself.
fn description() -> Value {
    let output = Command::new(Product::Everything.binary())
        .args(["describe", "--json"])
        .output()
        .expect("it runs");
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn page() -> (std::path::PathBuf, String) {
    let path = root().join("docs/plugins.md");
    let text = fs::read_to_string(&path).expect("the page is there");
    (path, text)
}

/// The rows of the table: the plugin's name and the whole line.
fn rows(text: &str) -> Vec<(&str, &str)> {
    let rows = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("| [")?;
        let (name, _) = rest.split_once("](../plugins/")?;
        Some((name, line))
    });
    rows.collect()
}

#[test]
fn the_table_counts_what_there_is() {
    let description = description();
    let (path, text) = page();
    let mut fresh = text.clone();
    let mut wrong = Vec::new();
    for (plugin, row) in rows(&text) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 7, "{row}");
        let counted = counted(plugin, &description);
        if cells[1..5].join(" | ") != counted {
            wrong.push(format!("{plugin}: {counted}"));
            let right = format!("|{} | {counted} | {} | {}|", cells[0], cells[5], cells[6]);
            fresh = fresh.replace(row, &right);
        }
    }
    if env::var_os("BLESS").is_some() {
        fs::write(path, fresh).expect("the page can be written");
        return;
    }
    assert!(wrong.is_empty(), "docs/plugins.md is not true: {wrong:#?}");
}

#[test]
fn every_plugin_has_a_row_and_a_page() {
    let (_, text) = page();
    let listed: BTreeSet<&str> = rows(&text).into_iter().map(|(name, _)| name).collect();
    let plugins = fs::read_dir(root().join("plugins")).expect("there are plugins");
    let mut there = 0;
    for entry in plugins {
        let path = entry.expect("it can be read").path();
        let name = path.file_name().expect("it has a name").to_string_lossy();
        if !path.join("Cargo.toml").exists() || name == FIXTURE {
            continue;
        }
        there += 1;
        assert!(
            listed.contains(&*name),
            "docs/plugins.md has no row of {name}"
        );
        assert!(path.join("README.md").exists(), "{name} has no README.md");
    }
    assert_eq!(there, listed.len(), "docs/plugins.md has rows of no plugin");
}

#[test]
fn every_test_that_shows_a_guard_exists() {
    let (_, text) = page();
    for (plugin, row) in rows(&text) {
        let folder = Path::new("plugins").join(plugin);
        let known = tests(&root().join(folder));
        let cited = row.rsplit(" | ").next().expect("a row has cells");
        assert!(code_spans(cited).count() > 0, "{row}");
        for name in code_spans(cited) {
            assert!(known.contains(name), "{plugin} has no test `{name}`");
        }
    }
}

/// No plugin costs a model more than it has to: the most bytes that the schemas of each may take. GitHub's own
/// server takes 54 KB for its default tools, without output schemas.
#[test]
fn no_plugin_outgrows_its_budget() {
    let description = description();
    let tools = description["tools"].as_array().expect("a list");
    let schemas = |plugin: &str| -> usize {
        let tools = tools.iter().filter(|tool| tool["plugin"] == plugin);
        tools
            .flat_map(|tool| [&tool["input_schema"], &tool["output_schema"]])
            .filter(|schema| !schema.is_null())
            .map(|schema| schema.to_string().len())
            .sum()
    };
    let budgets = [
        ("fs", 18_000),
        ("git", 20_000),
        ("github", 20 << 10),
        ("linear", 14_000),
        ("memory", 10_000),
        ("notion", 10_000),
        ("postgres", 16_000),
        ("s3", 8_000),
        ("sarmalink", 11_000),
        ("slack", 10_000),
        ("sqlite", 10_000),
    ];
    for (plugin, most) in budgets {
        let bytes = schemas(plugin);
        assert!(
            (1..=most).contains(&bytes),
            "{plugin} takes {bytes} bytes of {most}"
        );
    }
}
