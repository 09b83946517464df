//! Every refusal of our own, and what is sent where the emulator is no judge.

use serde_json::{Value, json};
use wiremock::matchers::{any, body_string_contains};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::plugin::Plugin;

const ID: &str = "9cfb482a-81e3-4154-b5b9-2c805e70a02d";

#[expect(
    clippy::needless_pass_by_value,
    reason = "every caller has just made it"
)]
pub(crate) fn data(data: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "data": data }))
}

pub(crate) fn issue(team: &str, key: &str) -> Value {
    json!({
        "id": ID, "identifier": format!("{key}-1"), "title": "t", "priority": 3.0, "url": "https://x",
        "createdAt": "2026-01-01", "updatedAt": "2026-01-01", "dueDate": null,
        "team": { "id": team, "key": key }, "state": { "name": "Todo" },
        "assignee": null, "project": null, "labels": { "nodes": [] },
    })
}

/// A Linear with the teams DEV, OPS and SEC.
pub(crate) async fn with_teams() -> MockServer {
    let server = MockServer::start().await;
    let teams = json!([
        { "id": "team-dev", "key": "DEV", "name": "Development" },
        { "id": "team-ops", "key": "OPS", "name": "Operations" },
        { "id": "team-sec", "key": "SEC", "name": "Secret" },
    ]);
    Mock::given(body_string_contains("query Teams"))
        .respond_with(data(
            json!({ "teams": { "nodes": teams, "pageInfo": { "hasNextPage": false } } }),
        ))
        .mount(&server)
        .await;
    server
}

async fn sent(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap_or_default();
    requests
        .iter()
        .map(|request| serde_json::from_slice(&request.body).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn nothing_is_changed_unless_the_settings_say_so() {
    let server = with_teams().await;
    let linear = Plugin::start(&server.uri(), json!({})).await;
    for (tool, arguments) in [
        (
            "linear_create_issue",
            json!({ "team": "DEV", "title": "a" }),
        ),
        (
            "linear_update_issue",
            json!({ "issue": "DEV-1", "title": "a" }),
        ),
        (
            "linear_add_comment",
            json!({ "issue": "DEV-1", "body": "a" }),
        ),
    ] {
        let message = linear.message(tool, arguments).await;
        assert!(message.contains("`mode = \"readwrite\"`"), "{message}");
    }
    assert!(sent(&server).await.is_empty());
}

#[tokio::test]
async fn scopes_are_needed() {
    let server = with_teams().await;
    let started = Plugin::start(&server.uri(), json!({ "mode": "readwrite" })).await;
    let Plugin {
        plugin,
        token: _token,
    } = started;
    let plugin = plugin.with_scopes(&["read"]);
    assert!(plugin.call("linear_list_teams", json!({})).await.is_ok());
    for (tool, arguments) in [
        (
            "linear_create_issue",
            json!({ "team": "DEV", "title": "a" }),
        ),
        (
            "linear_update_issue",
            json!({ "issue": "DEV-1", "title": "a" }),
        ),
        (
            "linear_add_comment",
            json!({ "issue": "DEV-1", "body": "a" }),
        ),
    ] {
        let error = plugin.call(tool, arguments).await.expect_err("no scope");
        assert!(error.to_string().contains("write"), "{error}");
    }
    assert_eq!(sent(&server).await.len(), 1);
}

#[tokio::test]
async fn what_is_wrong_does_not_go_out() {
    let server = with_teams().await;
    let linear = Plugin::start(&server.uri(), json!({ "mode": "readwrite" })).await;
    for (tool, arguments, words) in [
        ("linear_get_issue", json!({ "issue": "DEV" }), "no issue"),
        (
            "linear_add_comment",
            json!({ "issue": "DEV-1\" }", "body": "a" }),
            "no issue",
        ),
        (
            "linear_add_comment",
            json!({ "issue": "DEV-1", "body": "\u{200b}" }),
            "`body` is empty",
        ),
        (
            "linear_search_issues",
            json!({ "query": " \u{e0041}" }),
            "`query` is empty",
        ),
        (
            "linear_list_issues",
            json!({ "assignee": "Ada" }),
            "is nobody",
        ),
        (
            "linear_list_issues",
            json!({ "project": "Launch" }),
            "no id of a project",
        ),
        (
            "linear_list_issues",
            json!({ "updated_after": "yesterday" }),
            "is no time",
        ),
        ("linear_list_issues", json!({ "priority": 5 }), "at most 4"),
        ("linear_list_issues", json!({ "limit": 101 }), "at most 100"),
        (
            "linear_list_users",
            json!({ "cursor": "WyJ2aWV3Il0" }),
            "`cursor` does not belong",
        ),
        (
            "linear_create_issue",
            json!({ "team": "DEV", "title": "" }),
            "at least 1",
        ),
        (
            "linear_create_issue",
            json!({ "team": "DEV", "title": "x".repeat(256) }),
            "at most 255",
        ),
    ] {
        let message = linear.message(tool, arguments).await;
        assert!(message.contains(words), "{tool}: {message}");
    }
    assert!(sent(&server).await.is_empty());
    for (arguments, words) in [
        (
            json!({ "team": "DEV", "title": "\u{200b}" }),
            "`title` is empty",
        ),
        (
            json!({ "team": "DEV", "title": "a", "due_date": "soon" }),
            "`due_date` must be a day",
        ),
        (
            json!({ "team": "DEV", "title": "a", "project": "Launch" }),
            "no id of a project",
        ),
        (
            json!({ "team": "DEV", "title": "a", "assignee": "Ada" }),
            "is nobody",
        ),
    ] {
        let message = linear.message("linear_create_issue", arguments).await;
        assert!(message.contains(words), "{message}");
    }
    // Only the teams were asked for.
    assert_eq!(sent(&server).await.len(), 1);
}

#[tokio::test]
async fn an_update_of_nothing_is_refused() {
    let server = with_teams().await;
    Mock::given(body_string_contains("query IssueTeam"))
        .respond_with(data(json!({ "issue": issue("team-dev", "DEV") })))
        .mount(&server)
        .await;
    let linear = Plugin::start(&server.uri(), json!({ "mode": "readwrite" })).await;
    let message = linear
        .message("linear_update_issue", json!({ "issue": "DEV-1" }))
        .await;
    assert!(message.contains("nothing is to be changed"), "{message}");
}

#[tokio::test]
async fn lists_are_kept_within_the_teams_on_the_way_out_and_back() {
    let server = with_teams().await;
    let nodes = json!([
        issue("team-dev", "DEV"),
        issue("team-sec", "SEC"),
        issue("team-sec", "DEV")
    ]);
    let page = json!({ "nodes": nodes, "pageInfo": { "hasNextPage": true, "endCursor": "c" } });
    Mock::given(body_string_contains("query Issues"))
        .respond_with(data(json!({ "issues": page })))
        .mount(&server)
        .await;
    Mock::given(body_string_contains("query Search"))
        .respond_with(data(json!({ "searchIssues": page })))
        .mount(&server)
        .await;
    let linear = Plugin::start(&server.uri(), json!({})).await;
    let listed = linear
        .json(
            "linear_list_issues",
            json!({ "state": "Todo\"} }", "assignee": "me", "limit": 7 }),
        )
        .await;
    let found = linear
        .json("linear_search_issues", json!({ "query": "a \"quote\"" }))
        .await;
    let one = json!({ "query": "b", "team": "OPS" });
    linear.json("linear_search_issues", one).await;
    for page in [&listed, &found] {
        assert_eq!(page["issues"].as_array().map(Vec::len), Some(1));
        assert_eq!(page["issues"][0]["team"], "DEV");
        assert_eq!(page["truncated"], true);
    }
    let sent = sent(&server).await;
    assert_eq!(
        sent[1]["variables"],
        json!({ "first": 7, "after": null, "filter": {
            "state": { "name": { "eqIgnoreCase": "Todo\"} }" } },
            "assignee": { "isMe": { "eq": true } },
            "team": { "id": { "in": ["team-dev", "team-ops"] } },
        } })
    );
    assert_eq!(
        sent[2]["variables"],
        json!({ "term": "a \"quote\"", "first": 20, "after": null, "filter": {
            "team": { "id": { "in": ["team-dev", "team-ops"] } },
        } })
    );
    assert_eq!(
        sent[3]["variables"]["filter"],
        json!({ "team": { "id": { "in": ["team-ops"] } } })
    );
    // Linear's own cursor comes back to it.
    let next = json!({ "query": "a \"quote\"", "cursor": found["next_cursor"] });
    linear.json("linear_search_issues", next).await;
    let last = self::sent(&server).await.pop().expect("a request");
    assert_eq!(last["variables"]["after"], "c");
}

#[tokio::test]
async fn a_key_that_moved_to_another_team_opens_nothing() {
    let server = with_teams().await;
    let mut moved = issue("team-other", "DEV");
    moved["comments"] = json!({ "nodes": [] });
    Mock::given(body_string_contains("query Issue("))
        .respond_with(data(json!({ "issue": moved })))
        .mount(&server)
        .await;
    let linear = Plugin::start(&server.uri(), json!({})).await;
    let message = linear
        .message("linear_get_issue", json!({ "issue": "DEV-1" }))
        .await;
    assert!(message.contains("there is no issue"), "{message}");
}

#[tokio::test]
async fn a_change_that_linear_did_not_make_is_no_success() {
    let server = with_teams().await;
    Mock::given(body_string_contains("query IssueTeam"))
        .respond_with(data(json!({ "issue": issue("team-dev", "DEV") })))
        .mount(&server)
        .await;
    for (name, answer) in [
        (
            "mutation CreateIssue",
            json!({ "issueCreate": { "success": false, "issue": null } }),
        ),
        (
            "mutation UpdateIssue",
            json!({ "issueUpdate": { "success": false, "issue": null } }),
        ),
        (
            "mutation AddComment",
            json!({ "commentCreate": { "success": false, "comment": null } }),
        ),
    ] {
        Mock::given(body_string_contains(name))
            .respond_with(data(answer))
            .mount(&server)
            .await;
    }
    let linear = Plugin::start(&server.uri(), json!({ "mode": "readwrite" })).await;
    for (tool, arguments) in [
        (
            "linear_create_issue",
            json!({ "team": "DEV", "title": "a" }),
        ),
        (
            "linear_update_issue",
            json!({ "issue": "DEV-1", "title": "a" }),
        ),
        (
            "linear_add_comment",
            json!({ "issue": "DEV-1", "body": "a" }),
        ),
    ] {
        let message = linear.message(tool, arguments).await;
        assert!(message.contains("Linear did not do this"), "{message}");
    }
}

#[tokio::test]
async fn the_key_stands_alone_in_the_header_and_a_bearers_does_not() {
    let server = MockServer::start().await;
    let users = json!({ "users": { "nodes": [], "pageInfo": { "hasNextPage": false } } });
    Mock::given(any())
        .respond_with(data(users))
        .mount(&server)
        .await;
    let linear = Plugin::start(&server.uri(), json!({})).await;
    linear.json("linear_list_users", json!({})).await;
    std::fs::write(linear.token.path(), "oauth").expect("another token");
    linear.json("linear_list_users", json!({})).await;
    let requests = server.received_requests().await.unwrap_or_default();
    assert_eq!(requests[0].headers["authorization"], crate::plugin::TOKEN);
    assert_eq!(requests[1].headers["authorization"], "Bearer oauth");
    assert_eq!(requests[0].url.path(), "/graphql");
}
