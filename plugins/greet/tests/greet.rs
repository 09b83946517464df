//! The tool, called as a server calls it.

use mcp_factory_sdk::{ToolErrorKind, testing::TestPlugin};
use mcp_plugin_greet::PLUGIN;
use serde_json::{Value, json};

async fn plugin() -> TestPlugin {
    TestPlugin::start(&PLUGIN, json!({}))
        .await
        .expect("it starts")
}

async fn refusal(arguments: Value) -> String {
    let error = plugin()
        .await
        .call("greet", arguments)
        .await
        .expect_err("it is refused");
    assert_eq!(error.kind(), ToolErrorKind::InvalidArguments);
    error.to_string()
}

#[tokio::test]
async fn a_greeting_has_words_and_a_style() {
    let greeting = plugin()
        .await
        .call_json("greet", json!({ "name": "Ada" }))
        .await
        .expect("it answers");
    assert_eq!(greeting, json!({ "text": "Hi Ada!", "style": "casual" }));
    let formal = json!({ "name": "Ada", "style": "formal" });
    let greeting = plugin()
        .await
        .call_json("greet", formal)
        .await
        .expect("it answers");
    assert_eq!(
        greeting,
        json!({ "text": "Good day, Ada.", "style": "formal" })
    );
    let loud = json!({ "name": "Ada", "style": "loud" });
    let greeting = plugin()
        .await
        .call_json("greet", loud)
        .await
        .expect("it answers");
    assert_eq!(greeting["text"], "HELLO, ADA!");
}

#[tokio::test]
async fn null_is_the_same_as_no_style() {
    let none = json!({ "name": "Ada", "style": null });
    let greeting = plugin()
        .await
        .call_json("greet", none)
        .await
        .expect("it answers");
    assert_eq!(greeting["style"], "casual");
}

#[tokio::test]
async fn a_name_is_neither_empty_nor_endless() {
    assert_eq!(
        refusal(json!({ "name": "" })).await,
        "argument `name` must have a length of at least 1, and has 0"
    );
    assert_eq!(
        refusal(json!({ "name": "a".repeat(101) })).await,
        "argument `name` must have a length of at most 100, and has 101"
    );
}

#[tokio::test]
async fn a_style_that_is_none_is_told() {
    assert_eq!(
        refusal(json!({ "name": "Ada", "style": "rude" })).await,
        "argument `style`: unknown variant `rude`, expected one of `casual`, `formal`, `loud`"
    );
}

#[test]
fn the_schemas_say_it_all() {
    let [tool] = PLUGIN.tools() else {
        panic!("one tool")
    };
    let input = tool.input_schema();
    assert_eq!(input["required"], json!(["name"]));
    assert_eq!(input["properties"]["name"]["minLength"], 1);
    assert_eq!(input["properties"]["name"]["maxLength"], 100);
    let output = tool.output_schema().expect("a greeting is an object");
    assert_eq!(output["required"], json!(["text", "style"]));
}
