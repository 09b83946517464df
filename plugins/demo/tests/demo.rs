//! One of everything, called as a server calls it.

use mcp_factory_sdk::{CompletionTarget, ResourceBody, ToolErrorKind, testing::TestPlugin};
use mcp_plugin_demo::PLUGIN;
use serde_json::{Value, json};

async fn plugin() -> TestPlugin {
    TestPlugin::start(&PLUGIN, json!({}))
        .await
        .expect("it starts")
}

async fn find(arguments: Value) -> Value {
    plugin()
        .await
        .call_json("find_users", arguments)
        .await
        .expect("it answers")
}

#[tokio::test]
async fn people_are_found_in_any_case() {
    assert_eq!(
        find(json!({ "query": "GRA" })).await,
        json!({ "users": [{ "id": "2", "name": "Grace" }], "truncated": false })
    );
}

#[tokio::test]
async fn an_answer_says_when_it_was_cut() {
    let found = find(json!({ "query": "a", "limit": 2 })).await;
    assert_eq!(found["users"].as_array().map(Vec::len), Some(2));
    assert_eq!(found["truncated"], true);
    assert_eq!(
        find(json!({ "query": "a", "limit": 3 })).await["truncated"],
        false
    );
}

#[tokio::test]
async fn a_limit_has_limits() {
    let error = plugin()
        .await
        .call("find_users", json!({ "query": "", "limit": 101 }))
        .await;
    let error = error.expect_err("it is refused");
    assert_eq!(
        error.to_string(),
        "argument `limit` must be at most 100, and is 101"
    );
}

#[tokio::test]
async fn resources_are_read_by_their_uris() {
    let text = |resource: mcp_factory_sdk::Resource| {
        resource
            .parts
            .into_iter()
            .map(|part| part.body)
            .collect::<Vec<_>>()
    };
    let all = plugin()
        .await
        .read("demo://users")
        .await
        .expect("it is there");
    assert_eq!(
        text(all),
        [ResourceBody::Text(
            "1\tAda\n2\tGrace\n3\tMargaret".to_owned()
        )]
    );
    let one = plugin()
        .await
        .read("demo://users/2")
        .await
        .expect("it is there");
    assert_eq!(text(one), [ResourceBody::Text("Grace".to_owned())]);
    let nobody = plugin()
        .await
        .read("demo://users/9")
        .await
        .expect("a missing resource has no parts");
    assert_eq!(text(nobody), []);
}

#[tokio::test]
async fn the_prompt_names_people() {
    let words =
        |prompt: mcp_factory_sdk::Prompt| prompt.messages[0].content.as_text().map(str::to_owned);
    let prompt = plugin()
        .await
        .prompt("introduce", &[("id", "1")])
        .await
        .expect("it is made");
    assert_eq!(
        words(prompt).as_deref(),
        Some("Introduce Ada to the whole room in two sentences.")
    );
    let to_grace = [("audience", "Grace"), ("id", "1")];
    let prompt = plugin()
        .await
        .prompt("introduce", &to_grace)
        .await
        .expect("it is made");
    assert_eq!(
        words(prompt).as_deref(),
        Some("Introduce Ada to Grace in two sentences.")
    );
    let error = plugin()
        .await
        .prompt("introduce", &[("id", "9")])
        .await
        .expect_err("nobody");
    assert_eq!(error.kind(), ToolErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        "nobody has this id; the tool find_users knows the ids"
    );
}

#[tokio::test]
async fn ids_are_completed() {
    let config = json!({ "users": { "ada": "Ada", "alan": "Alan", "grace": "Grace" } });
    let plugin = TestPlugin::start(&PLUGIN, config).await.expect("it starts");
    let ids = plugin
        .complete(CompletionTarget::Prompt("introduce"), "id", "a", &[])
        .await
        .expect("it answers");
    assert_eq!(ids, ["ada", "alan"]);
}

#[tokio::test]
async fn an_empty_name_does_not_start() {
    let error = TestPlugin::start(&PLUGIN, json!({ "users": { "1": " " } }))
        .await
        .expect_err("it is refused");
    assert_eq!(
        error.to_string(),
        "`users` has a name that is empty: write one, or remove the id"
    );
}

#[tokio::test]
async fn whoever_holds_no_scope_gets_nothing() {
    let plugin = plugin().await.with_scopes(&[]);
    let refusals = [
        plugin
            .call("find_users", json!({ "query": "" }))
            .await
            .expect_err("refused"),
        plugin.read("demo://users").await.expect_err("refused"),
        plugin
            .prompt("introduce", &[("id", "1")])
            .await
            .expect_err("refused"),
        plugin
            .complete(CompletionTarget::Prompt("introduce"), "id", "", &[])
            .await
            .expect_err("refused"),
    ];
    for refusal in refusals {
        assert_eq!(refusal.to_string(), "the scope `read` is required");
    }
}

#[test]
fn the_settings_are_described() {
    let schema = PLUGIN.config_schema();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(
        schema["properties"]["users"]["description"],
        "The people it knows: a name for every id."
    );
}
