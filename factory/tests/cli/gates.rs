//! Servers with tools behind gates: they bring the tools that open those.

use serde_json::Value;

use crate::driver::Factory;

const MANIFEST: &str = "[server]\nname = \"x\"\n\n[plugins.ops]\npath = \"ops\"\n";

const OWN: [&str; 3] = ["gate_unlock", "gate_lock", "gate_status"];

fn ops(manifest: &str, tools: &[(&str, &str)]) -> Factory {
    let factory = Factory::with_manifest(manifest);
    factory.write_tools("ops", "acme-ops", tools);
    factory
}

fn plan(factory: &Factory) -> Value {
    factory.run(&["plan", "--format", "json"]).succeeds().json()
}

fn tools_of<'a>(plan: &'a Value, plugin: &str) -> Vec<&'a str> {
    let tools = plan["tools"].as_array().unwrap().iter();
    let own = tools.filter(|tool| tool["plugin"] == plugin);
    own.map(|tool| tool["name"].as_str().unwrap()).collect()
}

const RUN: (&str, &str) = (
    "run",
    "scope = \"admin\", gate = \"shell\", rate = \"60/60s\"",
);
const LIST: (&str, &str) = ("list", "scope = \"read\", read_only");

#[test]
fn a_gate_brings_the_tools_that_open_it() {
    let factory = ops(MANIFEST, &[RUN, LIST]);
    let plan = plan(&factory);
    assert_eq!(plan["tools"][0]["gate"], "shell");
    assert_eq!(plan["tools"][0]["rate"], "60/m");
    assert_eq!(plan["tools"][1].get("gate"), None);
    assert_eq!(plan["gates"], serde_json::json!(["shell"]));
    assert_eq!(tools_of(&plan, "ops"), ["run", "list"]);
    let mut own = tools_of(&plan, "gate");
    own.sort_unstable();
    let mut expected = OWN;
    expected.sort_unstable();
    assert_eq!(own, expected);

    let ran = factory.run(&["plan"]);
    let text = &ran.succeeds().stdout;
    for part in [
        "   gate: shell   rate: 60/m\n",
        "opens: shell\n",
        "  gate_unlock",
    ] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn without_a_gate_there_is_nothing_to_open() {
    for (manifest, tools) in [
        (MANIFEST.to_owned(), &[LIST][..]),
        (format!("{MANIFEST}deny = [\"run\"]\n"), &[RUN, LIST]),
        (
            MANIFEST.replace("\n\n", "\nread_only = true\n\n"),
            &[RUN, LIST],
        ),
    ] {
        let plan = plan(&ops(&manifest, tools));
        assert_eq!(tools_of(&plan, "gate"), [""; 0]);
        assert_eq!(plan.get("gates"), None);
    }
}

#[test]
fn a_read_only_server_keeps_the_tools_that_open_what_reads() {
    let manifest = MANIFEST.replace("\n\n", "\nread_only = true\n\n");
    let reads = ("peek", "scope = \"read\", read_only, gate = \"vault\"");
    let plan = plan(&ops(&manifest, &[RUN, reads]));
    assert_eq!(tools_of(&plan, "ops"), ["peek"]);
    assert_eq!(tools_of(&plan, "gate").len(), OWN.len());
    assert_eq!(plan["gates"], serde_json::json!(["vault"]));
}

#[test]
fn the_names_of_the_servers_own_tools_are_taken() {
    let factory = ops(MANIFEST, &[RUN, ("gate_lock", "scope = \"write\"")]);
    factory.run(&["plan"]).fails(
        4,
        &[
            "error[MF0304]: plugin `ops` has a tool `gate_lock`, and so has every server with gates",
            "--> mcp-factory.toml:4:10",
            "fix: give it a prefix: [plugins.ops] prefix = \"ops\"",
        ],
    );
    // A prefix helps, and can also be the cause.
    factory.write("mcp-factory.toml", &format!("{MANIFEST}prefix = \"ops\"\n"));
    factory.run(&["plan"]).succeeds();
    ops(
        &format!("{MANIFEST}prefix = \"gate\"\n"),
        &[RUN, ("status", "scope = \"read\"")],
    )
    .run(&["plan"])
    .fails(4, &["has a tool `gate_status`", "give it another prefix"]);
    // Without gates the names are free.
    let free = ops(MANIFEST, &[("gate_lock", "scope = \"write\"")]);
    free.run(&["plan"]).succeeds();
}

#[test]
fn the_name_of_the_servers_own_plugin_is_taken() {
    let manifest = MANIFEST.replace("plugins.ops", "plugins.gate");
    ops(&manifest, &[RUN]).run(&["plan"]).fails(
        4,
        &[
            "error[MF0304]: a plugin cannot be called `gate` in a server with gates",
            "--> mcp-factory.toml:4:10",
            "fix: give it another name",
        ],
    );
    ops(&manifest, &[LIST]).run(&["plan"]).succeeds();
}
