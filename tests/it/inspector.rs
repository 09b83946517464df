//! The Inspector's strict lint of every tool's schemas: what it calls an error, some client refuses.

use std::process::Command;

use mcp_factory_tests::{Product, Tools};
use serde_json::Value;

fn lint(product: Product, arguments: &[&str], expected_tools: &[&str]) {
    let home = tempfile::tempdir().expect("there is room for a directory");
    let mut inspector: Command =
        Tools::installed().node("@modelcontextprotocol/inspector/clients/launcher/build/index.js");
    inspector.args(["--cli", "--strict", "--method", "tools/list"]);
    inspector
        .arg(product.binary())
        .args(arguments)
        .env("HOME", home.path());
    let output = inspector.output().expect("the Inspector is installed");
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{}: {complained}", output.status);
    // Its exit code is about errors only; a warning costs some client the tool as well.
    assert!(!complained.contains("Issue:"), "{complained}");
    let listed: Value =
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said} {complained}"));
    let tools = listed["tools"].as_array().expect("a list of tools");
    let names: Vec<&str> = tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    for expected in expected_tools {
        assert!(
            names.contains(expected),
            "{expected} is not among {names:?}"
        );
    }
}

#[test]
fn the_built_in_plugins_pass_the_strict_lint() {
    let root = tempfile::tempdir().expect("there is room for a directory");
    let roots = format!("plugins.fs.roots=[{:?}]", root.path());
    lint(
        Product::Standard,
        &["--set", &roots],
        &["echo", "greet", "find_users", "read_text_file"],
    );
}

#[test]
fn the_conformance_plugin_passes_the_strict_lint() {
    lint(
        Product::Fixture,
        &[],
        &["test_simple_text", "json_schema_2020_12_tool", "counts"],
    );
}
