//! What a client sees: names, scopes, hints, and how much of its context they take.

use mcp_factory_sdk::ToolDefinition;
use mcp_plugin_github::PLUGIN;
use serde_json::{Value, json};

/// The most bytes of all input and output schemas together, as they stand in `tools/list`.
const SCHEMAS: usize = 20 * 1024;
/// The same with names, titles, descriptions and hints.
const WHOLE: usize = 27_000;

/// Name, scope, and the hints that hold: `r`ead only, `d`estructive, `i`dempotent, `o`pen world.
const TOOLS: [(&str, &str, &str); 27] = [
    ("get_me", "read", "r io"),
    ("search_repositories", "read", "r io"),
    ("search_code", "read", "r io"),
    ("search_issues", "read", "r io"),
    ("get_file_contents", "read", "r io"),
    ("get_repository_tree", "read", "r io"),
    ("list_branches", "read", "r io"),
    ("list_commits", "read", "r io"),
    ("get_commit", "read", "r io"),
    ("compare", "read", "r io"),
    ("list_releases", "read", "r io"),
    ("list_issues", "read", "r io"),
    ("get_issue", "read", "r io"),
    ("list_pull_requests", "read", "r io"),
    ("get_pull_request", "read", "r io"),
    ("list_workflow_runs", "read", "r io"),
    ("get_job_logs", "read", "r io"),
    ("create_issue", "write", "   o"),
    ("update_issue", "write", " dio"),
    ("add_comment", "write", "   o"),
    ("create_branch", "write", "   o"),
    ("create_or_update_file", "write", " d o"),
    ("create_pull_request", "write", "   o"),
    ("update_pull_request", "write", " dio"),
    ("submit_review", "write", "   o"),
    ("merge_pull_request", "admin", " d o"),
    ("delete_file", "admin", " d o"),
];

/// As `tools/list` has it.
fn wire(tool: &ToolDefinition) -> Value {
    let hints = tool.hints();
    json!({
        "name": tool.name(),
        "title": tool.title().expect("a title"),
        "description": tool.description(),
        "inputSchema": tool.input_schema(),
        "outputSchema": tool.output_schema().expect("an output schema"),
        "annotations": {
            "readOnlyHint": hints.read_only,
            "destructiveHint": hints.destructive,
            "idempotentHint": hints.idempotent,
            "openWorldHint": hints.open_world,
        },
    })
}

#[test]
fn the_tools_are_these() {
    let mark = |holds: bool, mark: char| if holds { mark } else { ' ' };
    let seen: Vec<(&str, String, String)> = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            let hints = tool.hints();
            let hints = [
                mark(hints.read_only, 'r'),
                mark(hints.destructive, 'd'),
                mark(hints.idempotent, 'i'),
                mark(hints.open_world, 'o'),
            ];
            (
                tool.name(),
                tool.scope().to_string(),
                hints.iter().collect(),
            )
        })
        .collect();
    let wanted: Vec<(&str, String, String)> = TOOLS
        .iter()
        .map(|(name, scope, hints)| (*name, (*scope).to_owned(), (*hints).to_owned()))
        .collect();
    assert_eq!(seen, wanted);
    let resources: Vec<_> = PLUGIN
        .resources()
        .iter()
        .map(|resource| (resource.uri(), resource.scope().to_string()))
        .collect();
    assert_eq!(
        resources,
        [
            ("repo://{owner}/{repo}/contents/{+path}", "read".to_owned()),
            (
                "repo://{owner}/{repo}/refs/{ref}/contents/{+path}",
                "read".to_owned()
            ),
        ]
    );
    let prompts: Vec<_> = PLUGIN
        .prompts()
        .iter()
        .map(mcp_factory_sdk::PromptDefinition::name)
        .collect();
    assert_eq!(prompts, ["triage_issue", "review_pr"]);
}

#[test]
fn all_tools_together_are_small() {
    let list: Vec<Value> = PLUGIN.tools().iter().map(wire).collect();
    let schemas: usize = list
        .iter()
        .map(|tool| tool["inputSchema"].to_string().len() + tool["outputSchema"].to_string().len())
        .sum();
    let whole = Value::from(list).to_string().len();
    println!("{schemas} bytes of schemas, {whole} with names, descriptions and hints");
    assert!(schemas <= SCHEMAS, "{schemas} bytes of schemas");
    assert!(whole <= WHOLE, "{whole} bytes in all");
}

#[test]
fn settings_have_a_schema_with_words() {
    let schema = PLUGIN.config_schema();
    for name in [
        "token",
        "app",
        "api_base",
        "repos",
        "toolsets",
        "read_only",
        "lockdown",
        "taint",
        "rate_wait_max",
        "max_bytes",
    ] {
        assert!(
            schema["properties"][name]["description"].is_string(),
            "{name}"
        );
    }
    assert_eq!(schema["properties"]["read_only"]["default"], true);
}
