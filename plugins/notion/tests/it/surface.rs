//! What a client sees before it calls anything.

use mcp_plugin_notion::PLUGIN;

#[test]
fn the_surface() {
    let surface: Vec<String> = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            let hints = tool.hints();
            let mut words = vec![tool.name().to_owned(), tool.scope().to_string()];
            for (set, word) in [
                (hints.read_only, "read-only"),
                (hints.destructive, "destructive"),
                (hints.idempotent, "idempotent"),
                (hints.open_world, "open-world"),
            ] {
                words.extend(set.then(|| word.to_owned()));
            }
            words.join(" ")
        })
        .collect();
    let expected = [
        "notion_search read read-only idempotent open-world",
        "notion_get_page read read-only idempotent open-world",
        "notion_get_block_children read read-only idempotent open-world",
        "notion_get_data_source read read-only idempotent open-world",
        "notion_query_data_source read read-only idempotent open-world",
        "notion_create_page write open-world",
        "notion_append_blocks write open-world",
        "notion_update_page_properties write destructive idempotent open-world",
        "notion_list_users read read-only idempotent open-world",
    ];
    assert_eq!(surface, expected);
}

#[test]
fn the_schemas_stay_small() {
    let size: usize = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            let output = tool.output_schema().expect("every tool is typed");
            tool.name().len()
                + tool.description().len()
                + tool.input_schema().to_string().len()
                + output.to_string().len()
        })
        .sum();
    assert!(size < 9_500, "{size} bytes of schemas");
}
