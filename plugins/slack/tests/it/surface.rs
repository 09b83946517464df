//! What a client sees before it calls anything.

use mcp_plugin_slack::PLUGIN;

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
        "slack_list_channels read read-only idempotent open-world",
        "slack_post_message write open-world",
        "slack_reply_to_thread write open-world",
        "slack_add_reaction write idempotent open-world",
        "slack_get_channel_history read read-only idempotent open-world",
        "slack_get_thread_replies read read-only idempotent open-world",
        "slack_get_users read read-only idempotent open-world",
        "slack_get_user_profile read read-only idempotent open-world",
    ];
    assert_eq!(surface, expected);
}

#[test]
fn the_parameters_are_those_of_the_reference_server() {
    // What it requires is required here, and nothing else is; `limit` and `cursor` of the two lists of
    // messages are ours.
    for (name, required) in [
        ("slack_list_channels", vec![]),
        ("slack_post_message", vec!["channel_id", "text"]),
        (
            "slack_reply_to_thread",
            vec!["channel_id", "thread_ts", "text"],
        ),
        (
            "slack_add_reaction",
            vec!["channel_id", "timestamp", "reaction"],
        ),
        ("slack_get_channel_history", vec!["channel_id"]),
        ("slack_get_thread_replies", vec!["channel_id", "thread_ts"]),
        ("slack_get_users", vec![]),
        ("slack_get_user_profile", vec!["user_id"]),
    ] {
        let tool = PLUGIN.tools().iter().find(|tool| tool.name() == name);
        let schema = tool.expect("a tool").input_schema();
        let given: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str())
            .collect();
        assert_eq!(given, required, "{name}");
    }
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
    assert!(size < 9_000, "{size} bytes of schemas");
}
