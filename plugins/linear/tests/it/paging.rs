//! Long answers come in parts, and a cursor is good for its own call only.

use serde_json::{Value, json};
use wiremock::matchers::body_string_contains;
use wiremock::{Mock, MockServer};

use crate::guards::{data, issue};
use crate::plugin::Plugin;

fn whole(comments: &[String], next: Option<&str>) -> Value {
    let mut whole = issue("team-dev", "DEV");
    let nodes: Vec<Value> = comments
        .iter()
        .map(|id| json!({ "id": id, "body": "x".repeat(3000), "createdAt": "t", "user": null }))
        .collect();
    whole["description"] = "é".repeat(20_000).into();
    whole["creator"] = Value::Null;
    whole["comments"] =
        json!({ "nodes": nodes, "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } });
    json!({ "issue": whole })
}

async fn server() -> MockServer {
    let server = MockServer::start().await;
    let ids = |from: u32| {
        (from..from + 8)
            .map(|n| format!("c{n:0>2}"))
            .collect::<Vec<_>>()
    };
    Mock::given(body_string_contains("\"after\":\"second\""))
        .respond_with(data(whole(&ids(8), None)))
        .mount(&server)
        .await;
    Mock::given(body_string_contains("query Issue("))
        .respond_with(data(whole(&ids(0), Some("second"))))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn no_answer_is_larger_than_the_setting_and_nothing_is_lost() {
    let server = server().await;
    let settings = json!({ "teams": ["*"], "max_answer_bytes": 50_000 });
    let linear = Plugin::start(&server.uri(), settings).await;
    let mut arguments = json!({ "issue": "DEV-1" });
    let mut seen = Vec::new();
    for page in 0..20 {
        let answer = linear.json("linear_get_issue", arguments.clone()).await;
        assert!(
            answer.to_string().len() < 51_000,
            "{}",
            answer.to_string().len()
        );
        // The description comes once, cut at a character.
        assert_eq!(answer.get("description").is_some(), page == 0);
        assert_eq!(answer.get("description_cut").is_some(), page == 0);
        let comments = answer["comments"].as_array().expect("a list");
        seen.extend(comments.iter().map(|comment| comment["id"].to_string()));
        arguments["cursor"] = answer["next_cursor"].clone();
        if answer["truncated"] == false {
            break;
        }
    }
    let expected: Vec<String> = (0..16).map(|n| format!("\"c{n:0>2}\"")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_call_only() {
    let server = server().await;
    let linear = Plugin::start(&server.uri(), json!({ "teams": ["*"] })).await;
    let answer = linear
        .json("linear_get_issue", json!({ "issue": "DEV-1" }))
        .await;
    let cursor = &answer["next_cursor"];
    for (tool, arguments) in [
        (
            "linear_get_issue",
            json!({ "issue": "DEV-2", "cursor": cursor }),
        ),
        (
            "linear_get_issue",
            json!({ "issue": "DEV-1", "comments": 5, "cursor": cursor }),
        ),
        ("linear_list_issues", json!({ "cursor": cursor })),
        (
            "linear_search_issues",
            json!({ "query": "DEV-1", "cursor": cursor }),
        ),
        ("linear_list_users", json!({ "cursor": cursor })),
        ("linear_list_teams", json!({ "cursor": cursor })),
        ("linear_list_projects", json!({ "cursor": cursor })),
    ] {
        let message = linear.message(tool, arguments).await;
        assert!(
            message.contains("does not belong to this call"),
            "{message}"
        );
    }
}
