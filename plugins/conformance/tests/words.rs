//! The exact words: the suite passes on any text, even on that of an error.

use mcp_factory_sdk::{
    Capability, ResourceBody, ToolErrorKind,
    testing::{Record, TestPlugin},
};
use mcp_plugin_conformance::PLUGIN;
use serde_json::{Value, json};

async fn plugin() -> TestPlugin {
    TestPlugin::start(&PLUGIN, json!({}))
        .await
        .expect("it starts")
}

async fn said(plugin: &TestPlugin, tool: &str, arguments: Value) -> String {
    let output = plugin.call(tool, arguments).await.expect("it answers");
    let [block] = output.blocks() else {
        panic!("one block: {output:?}")
    };
    block.as_text().expect("text").to_owned()
}

fn answering(plugin: TestPlugin, answers: &Value) -> TestPlugin {
    plugin
        .with_capabilities([
            Capability::Elicitation,
            Capability::Sampling,
            Capability::Roots,
        ])
        .with_answers(answers.as_object().expect("an object").clone())
}

#[tokio::test]
async fn texts_are_those_of_the_suite() {
    let plugin = plugin().await;
    assert_eq!(
        said(&plugin, "test_simple_text", json!({})).await,
        "This is a simple text response for testing."
    );
    let error = plugin
        .call("test_error_handling", json!({}))
        .await
        .expect_err("it fails");
    assert_eq!(
        error.to_string(),
        "This tool intentionally returns an error for testing"
    );
    let text = plugin
        .read("test://static-text")
        .await
        .expect("it is there");
    let expected =
        ResourceBody::Text("This is the content of the static text resource.".to_owned());
    assert_eq!(text.parts[0].body, expected);
    let data = plugin
        .read("test://template/123/data")
        .await
        .expect("it is there");
    let expected = r#"{"id":"123","templateTest":true,"data":"Data for ID: 123"}"#;
    assert_eq!(data.parts[0].body, ResourceBody::Text(expected.to_owned()));
    let prompt = plugin
        .prompt(
            "test_prompt_with_arguments",
            &[("arg1", "hello"), ("arg2", "world")],
        )
        .await
        .expect("it answers");
    assert_eq!(
        prompt.messages[0].content.as_text(),
        Some("Prompt with arguments: arg1='hello', arg2='world'")
    );
}

#[tokio::test]
async fn progress_and_log_come_in_three_steps() {
    let plugin = plugin().await;
    said(&plugin, "test_tool_with_progress", json!({})).await;
    said(&plugin, "test_tool_with_logging", json!({})).await;
    let Record { progress, logs, .. } = plugin.record();
    let steps: Vec<_> = progress
        .iter()
        .map(|report| (report.done, report.total))
        .collect();
    assert_eq!(
        steps,
        [
            (0.0, Some(100.0)),
            (50.0, Some(100.0)),
            (100.0, Some(100.0))
        ]
    );
    let lines: Vec<_> = logs
        .iter()
        .map(|record| record.data.as_str().expect("text"))
        .collect();
    assert_eq!(
        lines,
        [
            "Tool execution started",
            "Tool processing data",
            "Tool execution completed"
        ]
    );
}

#[tokio::test]
async fn answers_of_the_client_come_back_in_the_text() {
    let filled_in = |content: Value| json!({ "action": "accept", "content": content });
    let sampled = json!({ "role": "assistant", "model": "m", "content": { "type": "text", "text": "Paris" } });
    for (tool, arguments, answers, expected) in [
        (
            "test_sampling",
            json!({ "prompt": "?" }),
            json!({ "response": sampled }),
            "LLM response: Paris",
        ),
        (
            "test_elicitation",
            json!({ "message": "?" }),
            json!({ "contact": { "action": "decline" } }),
            "User response: action=decline, content={}",
        ),
        (
            "test_input_required_result_elicitation",
            json!({}),
            json!({ "user_name": filled_in(json!({ "name": "Alice" })) }),
            "Hello, Alice!",
        ),
        (
            "test_input_required_result_multi_round",
            json!({}),
            json!({ "step1": filled_in(json!({ "name": "Ann" })), "step2": filled_in(json!({ "color": "red" })) }),
            "Ann likes red",
        ),
        (
            "test_input_required_result_list_roots",
            json!({}),
            json!({ "client_roots": { "roots": [{ "uri": "file:///a" }, { "uri": "file:///b" }] } }),
            "Client roots: file:///a, file:///b",
        ),
    ] {
        let plugin = answering(plugin().await, &answers);
        assert_eq!(said(&plugin, tool, arguments).await, expected, "{tool}");
    }
}

#[tokio::test]
async fn a_form_sent_without_its_field_is_named() {
    let answers = json!({ "user_name": { "action": "accept", "content": { "nmae": "Alice" } } });
    let plugin = answering(plugin().await, &answers);
    let error = plugin
        .call("test_input_required_result_elicitation", json!({}))
        .await
        .expect_err("it fails");
    assert_eq!(error.to_string(), "the form came back without `name`");
    let answers = json!({ "user_name": { "action": "cancel" } });
    let plugin = answering(self::plugin().await, &answers);
    let error = plugin
        .call("test_input_required_result_elicitation", json!({}))
        .await
        .expect_err("it fails");
    assert_eq!(error.to_string(), "the form was not filled in");
}

#[tokio::test]
async fn nothing_is_asked_of_a_client_that_cannot() {
    let error = plugin()
        .await
        .call("test_missing_capability", json!({}))
        .await
        .expect_err("it is refused");
    assert_eq!(
        error.kind(),
        ToolErrorKind::MissingCapability(Capability::Sampling)
    );
    let plugin = plugin().await.with_capabilities([Capability::Sampling]);
    let error = plugin
        .call("test_input_required_result_capabilities", json!({}))
        .await
        .expect_err("it asks");
    let asked = error.questions().expect("questions");
    assert!(
        asked
            .questions
            .iter()
            .all(|(_, question)| question.capability() == Capability::Sampling),
        "{asked:?}"
    );
    assert_eq!(asked.questions.len(), 1);
}
