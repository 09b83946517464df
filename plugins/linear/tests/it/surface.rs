//! What a client sees before it calls anything.

use mcp_plugin_linear::PLUGIN;

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
        "linear_search_issues read read-only idempotent open-world",
        "linear_list_issues read read-only idempotent open-world",
        "linear_get_issue read read-only idempotent open-world",
        "linear_create_issue write open-world",
        "linear_update_issue write destructive idempotent open-world",
        "linear_add_comment write open-world",
        "linear_list_teams read read-only idempotent open-world",
        "linear_list_projects read read-only idempotent open-world",
        "linear_list_users read read-only idempotent open-world",
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
    assert!(size < 14_500, "{size} bytes of schemas");
}
