//! The tool, called as a server calls it.

use mcp_factory_sdk::{ResourceBody, testing::TestPlugin};
use mcp_plugin_sequential_thinking::PLUGIN;
use serde_json::{Value, json};

async fn plugin() -> TestPlugin {
    TestPlugin::start(&PLUGIN, json!({}))
        .await
        .expect("it starts")
}

/// A thought with these arguments beside the required ones.
async fn think(plugin: &TestPlugin, number: u32, more: &Value) -> Value {
    let mut arguments = json!({ "thought": format!("idea {number}"), "nextThoughtNeeded": true, "thoughtNumber": number, "totalThoughts": 3 });
    for (key, value) in more.as_object().expect("an object") {
        arguments[key] = value.clone();
    }
    plugin
        .call_json("sequentialthinking", arguments)
        .await
        .expect("it answers")
}

async fn history(plugin: &TestPlugin) -> String {
    let resource = plugin
        .read("thinking://history")
        .await
        .expect("it is there");
    match &resource.parts[0].body {
        ResourceBody::Text(text) => text.clone(),
        ResourceBody::Blob(_) => panic!("it is text"),
    }
}

#[test]
fn the_surface() {
    let [tool] = PLUGIN.tools() else {
        panic!("one tool");
    };
    assert_eq!(
        (tool.name(), tool.scope().to_string().as_str()),
        ("sequentialthinking", "read")
    );
    let hints = tool.hints();
    assert!(hints.read_only && !hints.idempotent && !hints.destructive && !hints.open_world);
    let schema = tool.input_schema();
    let names: Vec<&String> = schema["properties"]
        .as_object()
        .expect("an object")
        .keys()
        .collect();
    let all = [
        "thought",
        "nextThoughtNeeded",
        "thoughtNumber",
        "totalThoughts",
        "isRevision",
        "revisesThought",
        "branchFromThought",
        "branchId",
        "needsMoreThoughts",
    ];
    assert_eq!(names, all);
    assert_eq!(schema["required"], json!(all[..4]));
    let output = tool.output_schema().expect("typed").to_string();
    let size =
        tool.name().len() + tool.description().len() + schema.to_string().len() + output.len();
    assert!(size < 3_000, "{size} bytes of schemas");
}

#[tokio::test]
async fn thoughts_are_counted_and_branches_are_named() {
    let plugin = plugin().await;
    let first = think(&plugin, 1, &json!({})).await;
    assert_eq!(
        first,
        json!({ "thoughtNumber": 1, "totalThoughts": 3, "nextThoughtNeeded": true, "branches": [], "thoughtHistoryLength": 1 })
    );
    let branch = json!({ "branchFromThought": 1, "branchId": "other", "thought": "or else" });
    assert_eq!(
        think(&plugin, 2, &branch).await["branches"],
        json!(["other"])
    );
    let half_a_branch = think(&plugin, 3, &json!({ "branchFromThought": 1 })).await;
    assert_eq!(
        (
            &half_a_branch["branches"],
            &half_a_branch["thoughtHistoryLength"]
        ),
        (&json!(["other"]), &json!(3))
    );
    think(
        &plugin,
        4,
        &json!({ "isRevision": true, "revisesThought": 1, "thought": "no" }),
    )
    .await;
    let last = think(&plugin, 5, &json!({ "nextThoughtNeeded": false })).await;
    assert_eq!(
        (&last["totalThoughts"], &last["nextThoughtNeeded"]),
        (&json!(5), &json!(false)),
        "the guess was too low"
    );
    let more = json!({ "nextThoughtNeeded": true, "needsMoreThoughts": true });
    assert_eq!(think(&plugin, 6, &more).await["totalThoughts"], 6);
    let expected = "1/3: idea 1\n\n2/3 (branch other, from 1): or else\n\n3/3: idea 3\n\n4/4 (revises 1): no\n\n5/5: idea 5\n\n6/6 (more needed): idea 6\n\n";
    assert_eq!(history(&plugin).await, expected);
}

#[tokio::test]
async fn callers_do_not_read_each_others_thoughts() {
    let plugin = plugin().await;
    think(&plugin, 1, &json!({})).await;
    let other = plugin.with_scopes(&["read"]);
    assert_eq!(history(&other).await, "Nothing yet.");
    assert_eq!(
        think(&other, 1, &json!({})).await["thoughtHistoryLength"],
        1
    );
    assert_eq!(
        other.health().await.gauges(),
        [
            ("callers", 2.0),
            ("thoughts", 2.0),
            ("bytes", other.health().await.gauges()[2].1)
        ]
    );
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let config = json!({ "max_thoughts": 2 });
    let plugin = TestPlugin::start(&PLUGIN, config).await.expect("it starts");
    for number in 1..=5 {
        think(&plugin, number, &json!({})).await;
    }
    assert_eq!(history(&plugin).await, "4/4: idea 4\n\n5/5: idea 5\n\n");
}

#[tokio::test]
async fn what_does_not_fit_is_told() {
    let plugin = plugin().await;
    let fine = json!({ "thought": "x", "nextThoughtNeeded": false, "thoughtNumber": 1, "totalThoughts": 1 });
    for (key, value, words) in [
        ("thought", json!(""), "at least 1"),
        ("thought", json!("x".repeat(65_537)), "at most 65536"),
        (
            "thoughtNumber",
            json!(0),
            "`thoughtNumber` must be at least 1",
        ),
        ("totalThoughts", json!("3"), "`totalThoughts`"),
        ("branchId", json!("x".repeat(101)), "at most 100"),
        (
            "revisesThought",
            json!(0),
            "`revisesThought` must be at least 1",
        ),
        ("thougt", json!("x"), "did you mean `thought`?"),
    ] {
        let mut arguments = fine.clone();
        arguments[key] = value;
        let told = plugin
            .call("sequentialthinking", arguments)
            .await
            .expect_err("refused")
            .to_string();
        assert!(told.contains(words), "{told}");
    }
    for (config, words) in [
        (json!({ "max_callers": 0 }), "`max_callers` must be from 1"),
        (
            json!({ "max_thoughts": 1_000_000 }),
            "`max_thoughts` must be from 1",
        ),
        (json!({ "max_bytes": 0 }), "`max_bytes` must be from 1"),
        (
            json!({ "expiry": "0s" }),
            "`expiry` must be more than nothing",
        ),
        (json!({ "expiry": "200h" }), "at most 168h"),
        (
            json!({ "expiry": "soon" }),
            "`expiry`: `soon` is no duration",
        ),
    ] {
        let told = TestPlugin::start(&PLUGIN, config)
            .await
            .expect_err("refused")
            .to_string();
        assert!(told.contains(words), "{told}");
    }
}
