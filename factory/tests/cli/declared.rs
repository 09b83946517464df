//! Tools that the manifest declares, as far as nothing has to be compiled for it.

use crate::driver::Factory;

const DECLARES: &str = r#"
//! Asks.
#[plugin(name = "asks", declares)]
/// Asks what it is told to.
impl Asks {
    /// What can be asked.
    #[tool(scope = "read", read_only)]
    fn questions(&self) -> String { String::new() }
}
"#;

/// A project with a plugin that takes declarations, and the manifest's lines for it.
fn project(lines: &str) -> Factory {
    let manifest = format!("[server]\nname = \"x\"\n[plugins.asks]\npath = \"asks\"\n{lines}");
    let factory = Factory::with_manifest(&manifest);
    factory.write(
        "asks/Cargo.toml",
        "[package]\nname = \"mcp-plugin-asks\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [features]\ngrammar = []\n\n\
         [package.metadata.mcp-plugin]\ninterface = 1\ndeclared-features = [\"grammar\"]\n",
    );
    factory.write("asks/src/lib.rs", DECLARES);
    factory
}

const ORDERS: &str = "[[plugins.asks.tool]]\nname = \"orders\"\ndescription = \"Orders.\"\nscope = \"read\"\nsql = \"SELECT 1\"\nparams = [{ name = \"day\", type = \"string\", description = \"Which.\" }]\n";

#[test]
fn a_declared_tool_is_planned_as_any_other() {
    let factory = project(ORDERS);
    let plan = factory.run(&["plan", "--format", "json"]).succeeds().json();
    let tools = plan["tools"].as_array().unwrap();
    let names: Vec<&str> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["questions", "orders"]);
    assert_eq!(tools[1]["declared"], true);
    assert_eq!(tools[0].get("declared"), None);
    assert_eq!(tools[1]["parameters"][0]["name"], "day");
    assert_eq!(tools[1]["hints"]["read_only"], true);
    let text = factory.run(&["plan"]).succeeds().stdout.clone();
    assert!(text.contains("declared in the manifest"), "{text}");

    let factory = project(&format!("deny = [\"orders\"]\nprefix = \"a\"\n{ORDERS}"));
    let plan = factory.run(&["plan", "--format", "json"]).succeeds().json();
    assert_eq!(plan["left_out"][0]["name"], "a_orders");
}

#[test]
fn what_a_plugin_needs_for_declared_tools_is_compiled_where_there_are_some() {
    let features = |lines: &str| {
        let factory = project(lines);
        factory.run(&["generate", "--out", "server"]).succeeds();
        let manifest: toml::Table = factory.read("server/Cargo.toml").parse().unwrap();
        manifest["dependencies"]["mcp-plugin-asks"]
            .get("features")
            .map(ToString::to_string)
    };
    assert_eq!(features(""), None);
    assert_eq!(features(ORDERS).as_deref(), Some("[\"grammar\"]"));
    let chosen = format!("features = [\"grammar\"]\n{ORDERS}");
    assert_eq!(features(&chosen).as_deref(), Some("[\"grammar\"]"));
}

#[test]
fn a_name_that_is_taken_is_refused_where_it_is_declared() {
    project(&ORDERS.replace("\"orders\"", "\"questions\""))
        .run(&["plan"])
        .fails(
            4,
            &[
                "error[MF0304]: the plugin `asks` has a tool of its own called `questions`",
                "--> mcp-factory.toml:5:",
                "fix: give this one another `name`",
            ],
        );
    project(&format!("{ORDERS}{ORDERS}")).run(&["plan"]).fails(
        4,
        &[
            "another declaration is called `orders`",
            "--> mcp-factory.toml:11:",
        ],
    );
}

#[test]
fn a_plugin_that_takes_no_tools_is_given_none() {
    let manifest = format!(
        "[server]\nname = \"x\"\n[plugins.echo]\n{}",
        ORDERS.replace("asks", "echo")
    );
    Factory::with_manifest(&manifest).run(&["plan"]).fails(
        4,
        &[
            "error[MF0313]: the plugin `echo` takes no tools from a manifest",
            "--> mcp-factory.toml:4:",
            "fix: remove [[plugins.echo.tool]]",
        ],
    );
}
