//! What a client sees of the plugin: names, scopes, hints, and how much text the schemas are.

use mcp_plugin_s3::PLUGIN;

#[test]
fn the_tools_are_these() {
    let tools: Vec<String> = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            let hints = tool.hints();
            let flag = |is: bool, name: &'static str| if is { name } else { "" };
            format!(
                "{} {}{}{}{}{}",
                tool.name(),
                tool.scope(),
                flag(hints.read_only, " ro"),
                flag(hints.destructive, " d"),
                flag(hints.idempotent, " i"),
                flag(hints.open_world, " ow")
            )
        })
        .collect();
    assert_eq!(
        tools,
        [
            "list_buckets read ro i",
            "list_objects read ro i ow",
            "get_object read ro i ow",
            "head_object read ro i ow",
            "put_object write d ow",
            "copy_object write d ow",
            "delete_object admin d ow",
            "presign_url admin ro",
        ]
    );
}

/// What a model reads of the tools, against its budget.
#[test]
fn the_schemas_are_small() {
    let (mut asked, mut answered) = (0, 0);
    for tool in PLUGIN.tools() {
        asked +=
            tool.name().len() + tool.description().len() + tool.input_schema().to_string().len();
        answered += tool.output_schema().expect("typed").to_string().len();
    }
    println!(
        "{} tools, {asked} bytes to call them, {answered} of answers",
        PLUGIN.tools().len()
    );
    assert!(asked <= 5 << 10, "{asked}");
    assert!(answered <= 6 << 10, "{answered}");
}
