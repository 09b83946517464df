//! Servers without tools that change something.

use serde_json::{Value, json};

use crate::driver::Factory;

const MANIFEST: &str =
    "[server]\nname = \"x\"\nread_only = true\n\n[plugins.jira]\npath = \"jira\"\n";

const READS: &str = "scope = \"read\", read_only";
const WRITES: &str = "scope = \"write\"";

fn jira(manifest: &str) -> Factory {
    let factory = Factory::with_manifest(manifest);
    let tools = [("search", READS), ("create", WRITES), ("remove", WRITES)];
    factory.write_tools("jira", "acme-jira", &tools);
    factory
}

fn names(plan: &Value) -> Vec<&str> {
    let tools = plan["tools"].as_array().unwrap().iter();
    tools.map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[test]
fn only_tools_that_read_are_planned_and_the_others_are_named() {
    let factory = jira(&format!("{MANIFEST}prefix = \"j\"\ndeny = [\"remove\"]\n"));
    let plan = factory.run(&["plan", "--format", "json"]).succeeds().json();
    assert_eq!(names(&plan), ["j_search"]);
    assert_eq!(plan["server"]["read_only"], true);
    assert_eq!(plan["plugins"][0]["scopes"], json!(["read"]));
    assert_eq!(
        plan["left_out"],
        json!([
            { "name": "j_create", "plugin": "jira", "why": "read_only" },
            { "name": "j_remove", "plugin": "jira", "why": "deny" },
        ])
    );
    let ran = factory.run(&["plan"]);
    let text = &ran.succeeds().stdout;
    for line in [
        "read-only: tools that change something are left out",
        "  left out, not read-only: j_create\n",
        "  left out, denied: j_remove\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in:\n{text}");
    }
}

#[test]
fn the_command_line_makes_a_server_read_only_and_never_less() {
    let factory = jira(&MANIFEST.replace("read_only = true\n", ""));
    let plan = |arguments: &[&str]| factory.run(arguments).succeeds().json();
    let all = plan(&["plan", "--format", "json"]);
    assert_eq!(names(&all), ["search", "create", "remove"]);
    assert_eq!(all["server"]["read_only"], false);
    let reading = plan(&["plan", "--read-only", "--format", "json"]);
    assert_eq!(names(&reading), ["search"]);
    let listed = plan(&["plan", "--plugins", "fs", "--read-only", "--format", "json"]);
    assert!(names(&listed).contains(&"read_text_file"), "{listed}");
    assert!(!names(&listed).contains(&"write_file"), "{listed}");
}

#[test]
fn the_generated_server_and_its_recipe_say_so() {
    let factory = jira(MANIFEST);
    factory.run(&["generate", "--out", "server"]).succeeds();
    let main = factory.read("server/src/main.rs");
    assert!(main.contains("\n        .read_only()\n"), "{main}");
    let recipe: Value = serde_json::from_str(&factory.read("server/recipe.json")).unwrap();
    assert_eq!(recipe["server"]["read_only"], true);

    factory.write("mcp-factory.toml", &MANIFEST.replace("true", "false"));
    factory
        .run(&["generate", "--out", "server", "--check"])
        .fails(7, &["src/main.rs", "recipe.json"]);
    factory.run(&["generate", "--out", "server"]).succeeds();
    assert!(!factory.read("server/src/main.rs").contains("read_only"));
    assert!(
        !factory
            .read("server/recipe.json")
            .contains("\"read_only\":")
    );
}

#[test]
fn a_server_with_nothing_left_is_refused() {
    let factory = Factory::with_manifest(MANIFEST);
    factory.write_plugin("jira", "acme-jira", &["create", "remove"]);
    factory.run(&["build"]).fails(
        4,
        &[
            "error[MF0312]: nothing is left of the server",
            "--> mcp-factory.toml:3:13",
            "note: left out: create, remove",
            "or remove `read_only` from [server]",
        ],
    );
    factory.write("mcp-factory.toml", &MANIFEST.replace("true", "false"));
    factory
        .run(&["plan", "--read-only"])
        .fails(4, &["error[MF0312]", "or build without --read-only"]);
}

#[test]
fn a_word_in_place_of_true_is_refused() {
    jira(&MANIFEST.replace("true", "\"yes\""))
        .run(&["plan"])
        .fails(
            3,
            &[
                "error[MF0203]: `server.read_only` must be true or false",
                "--> mcp-factory.toml:3:13",
            ],
        );
}
