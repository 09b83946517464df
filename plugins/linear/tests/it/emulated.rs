//! A day of an agent, against an emulator of Linear. It has a team ENG and an issue of its own.
//!
//! It validates every document against a schema of its own, of which searches and nested filters are no
//! part; those are in `guards.rs` and `documents.rs`.

use mcp_factory_tests::Emulator;
use serde_json::{Value, json};

use crate::plugin::{Plugin, TOKEN};

const PROJECT: &str = "9cfb482a-81e3-4154-b5b9-2c805e70a02d";

fn emulator() -> Emulator {
    Emulator::start(
        "linear",
        &json!({ "linear": {
            "users": [
                { "email": "ada@example.com", "name": "Ada \u{202e}Lovelace" },
                { "email": "grace@example.com", "name": "Grace Hopper" },
                { "email": "gone@example.com", "name": "Gone", "active": false },
            ],
            "teams": [
                { "key": "DEV", "name": "Development", "description": "Builds things" },
                { "key": "OPS", "name": "Operations" },
                { "key": "SEC", "name": "Secret" },
            ],
            "labels": [{ "name": "defect", "team": "DEV" }, { "name": "secret", "team": "SEC" }, { "name": "urgent" }],
            "projects": [
                { "id": PROJECT, "name": "Launch", "state": "started", "team": "DEV" },
                { "name": "Hidden", "team": "SEC" },
            ],
            "issues": [
                { "team": "DEV", "title": "First", "description": "a\u{e0041}b", "assignee": "ada@example.com" },
                { "team": "SEC", "title": "Canary", "description": "hush" },
            ],
            "comments": [{ "issue": "DEV-1", "body": "seen\u{200b}", "user": "grace@example.com" }],
            "tokens": [
                { "token": TOKEN, "user": "ada@example.com", "scopes": ["read", "write", "issues:create", "comments:create"] },
                { "token": "lin_api_poor", "user": "ada@example.com", "scopes": ["read"] },
                { "token": "oauth_canary", "type": "oauth_access", "user": "ada@example.com", "scopes": ["read"] },
            ],
            "strict_scopes": true,
        } }),
    )
}

fn base(emulator: &Emulator) -> String {
    format!("{}/", emulator.url())
}

#[tokio::test]
async fn a_day_of_an_agent() {
    let emulator = emulator();
    let linear = Plugin::start(&base(&emulator), json!({ "mode": "readwrite" })).await;

    let teams = linear.json("linear_list_teams", json!({})).await;
    let keys: Vec<&Value> = teams["teams"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|team| &team["key"])
        .collect();
    assert_eq!(keys, ["DEV", "OPS"]);

    let projects = linear
        .json("linear_list_projects", json!({ "team": "dev" }))
        .await;
    assert_eq!(projects["projects"][0]["name"], "Launch");
    assert_eq!(projects["projects"][0]["state"], "started");

    let users = linear.json("linear_list_users", json!({})).await;
    let names = users.to_string();
    assert!(
        names.contains("\"Ada Lovelace\"") && !names.contains("Gone"),
        "{names}"
    );

    let created = linear
        .json(
            "linear_create_issue",
            json!({
                "team": "Development", "title": "Fix \"it\" } mutation { x", "description": "**why**",
                "state": "in progress", "assignee": "grace@example.com", "priority": 2,
                "labels": ["DEFECT", "urgent"], "project": PROJECT, "due_date": "2026-12-31",
            }),
        )
        .await;
    assert_eq!(created["title"], "Fix \"it\" } mutation { x");
    assert_eq!(created["state"], "In Progress");
    assert_eq!(created["assignee"], "Grace Hopper");
    assert_eq!(created["priority"], 2);
    assert_eq!(created["labels"], json!(["defect", "urgent"]));
    assert_eq!(created["project"], "Launch");
    assert_eq!(created["due_date"], "2026-12-31");

    let issue = created["identifier"].clone();
    let updated = linear
        .json(
            "linear_update_issue",
            json!({ "issue": issue, "title": "Fixed", "assignee": "me", "state": "Done" }),
        )
        .await;
    assert_eq!(updated["id"], created["id"]);
    assert_eq!(
        (&updated["title"], &updated["state"]),
        (&json!("Fixed"), &json!("Done"))
    );
    assert_eq!(updated["assignee"], "Ada Lovelace");
    let unassigned = json!({ "issue": created["id"], "assignee": "none" });
    let unassigned = linear.json("linear_update_issue", unassigned).await;
    assert_eq!(unassigned.get("assignee"), None);
    assert_eq!(unassigned["title"], "Fixed");

    let comment = json!({ "issue": issue, "body": "done\u{200b} in `main`" });
    let added = linear.json("linear_add_comment", comment).await;
    assert_eq!(added["issue"], issue);
    let whole = linear
        .json("linear_get_issue", json!({ "issue": issue }))
        .await;
    assert_eq!(whole["description"], "**why**");
    assert_eq!(whole["comments"][0]["body"], "done in `main`");
    assert_eq!(whole["comments"][0]["author"], "Ada Lovelace");

    let listed = linear
        .json("linear_list_issues", json!({ "team": "DEV" }))
        .await;
    assert_eq!(listed["issues"].as_array().map(Vec::len), Some(2));
    let first = linear
        .json("linear_get_issue", json!({ "issue": "dev-1" }))
        .await;
    assert_eq!(first["description"], "ab");
    assert_eq!(first["comments"][0]["body"], "seen");
}

#[tokio::test]
async fn another_teams_issue_does_not_exist() {
    let emulator = emulator();
    let linear = Plugin::start(&base(&emulator), json!({ "mode": "readwrite" })).await;
    for issue in ["SEC-1", "DEV-99"] {
        for (tool, more) in [
            ("linear_get_issue", json!({})),
            ("linear_update_issue", json!({ "title": "pwned" })),
            ("linear_add_comment", json!({ "body": "pwned" })),
        ] {
            let mut arguments = more;
            arguments["issue"] = issue.into();
            let message = linear.message(tool, arguments).await;
            assert!(
                message.contains(&format!("there is no issue \"{issue}\"")),
                "{message}"
            );
        }
    }
    for team in ["SEC", "secret", "Nowhere"] {
        for (tool, more) in [
            ("linear_create_issue", json!({ "title": "pwned" })),
            ("linear_list_issues", json!({})),
            ("linear_search_issues", json!({ "query": "hush" })),
            ("linear_list_projects", json!({})),
        ] {
            let mut arguments = more;
            arguments["team"] = team.into();
            let message = linear.message(tool, arguments).await;
            assert!(message.contains("there is no team"), "{message}");
        }
    }
    let message = linear.message("linear_list_projects", json!({})).await;
    assert_eq!(message, "name the `team`: one of DEV, OPS");
    // Nothing of it was changed.
    let all = Plugin::start(&base(&emulator), json!({ "teams": ["*"] })).await;
    let secret = all
        .json("linear_get_issue", json!({ "issue": "SEC-1" }))
        .await;
    assert_eq!(
        (&secret["issue"]["title"], &secret["comments"]),
        (&json!("Canary"), &json!([]))
    );
    let issues = all
        .json("linear_list_issues", json!({ "limit": 100 }))
        .await
        .to_string();
    assert!(
        issues.contains("Canary") && issues.contains("DEV-1"),
        "{issues}"
    );
    let projects = all
        .json("linear_list_projects", json!({}))
        .await
        .to_string();
    assert!(
        projects.contains("Hidden") && projects.contains("Launch"),
        "{projects}"
    );
}

#[tokio::test]
async fn one_team_needs_no_name() {
    let emulator = emulator();
    let linear = Plugin::start(&base(&emulator), json!({ "teams": ["dev"] })).await;
    let projects = linear.json("linear_list_projects", json!({})).await;
    assert_eq!(projects["projects"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn names_that_are_wrong_are_answered_with_those_there_are() {
    let emulator = emulator();
    let linear = Plugin::start(&base(&emulator), json!({ "mode": "readwrite" })).await;
    let create = |field: &str, value: Value| {
        let mut arguments = json!({ "team": "DEV", "title": "t" });
        arguments[field] = value;
        arguments
    };
    let message = linear
        .message("linear_create_issue", create("state", "Nowhere".into()))
        .await;
    assert!(
        message.contains("has no state \"Nowhere\"; its states are ")
            && message.contains("\"Done\""),
        "{message}"
    );
    // Another team's label is none of this team's.
    let message = linear
        .message("linear_create_issue", create("labels", json!(["secret"])))
        .await;
    assert!(
        message.ends_with("has no label \"secret\"; its labels are \"defect\", \"urgent\""),
        "{message}"
    );
    let nobody = create("assignee", "nobody@example.com".into());
    let message = linear.message("linear_create_issue", nobody).await;
    assert!(
        message.contains("nobody with the email address \"nobody@example.com\""),
        "{message}"
    );
    let issues = linear
        .json("linear_list_issues", json!({ "team": "DEV" }))
        .await;
    assert_eq!(issues["issues"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn pages_are_whole_and_disjoint() {
    let emulator = emulator();
    let linear = Plugin::start(&base(&emulator), json!({ "mode": "readwrite" })).await;
    for n in 0..6 {
        let issue = json!({ "team": "OPS", "title": format!("task {n}") });
        linear.json("linear_create_issue", issue).await;
        let comment = json!({ "issue": "OPS-1", "body": format!("comment {n}") });
        linear.json("linear_add_comment", comment).await;
    }
    for (tool, mut arguments, list, expected) in [
        (
            "linear_list_issues",
            json!({ "team": "OPS", "limit": 4 }),
            "issues",
            6,
        ),
        (
            "linear_get_issue",
            json!({ "issue": "OPS-1", "comments": 4 }),
            "comments",
            6,
        ),
        ("linear_list_users", json!({ "limit": 1 }), "users", 3),
        ("linear_list_teams", json!({ "limit": 1 }), "teams", 2),
    ] {
        let mut seen = Vec::new();
        for _ in 0..20 {
            let page = linear.json(tool, arguments.clone()).await;
            let found = page[list].as_array().expect("a list").iter();
            seen.extend(found.map(|entry| entry["id"].to_string()));
            arguments["cursor"] = page["next_cursor"].clone();
            if page["truncated"] == false {
                break;
            }
        }
        let pages = seen.len();
        seen.sort();
        seen.dedup();
        assert!(seen.len() == pages && pages >= expected, "{tool}: {seen:?}");
    }
}

#[tokio::test]
async fn what_linear_refuses_becomes_a_sentence() {
    let emulator = emulator();
    let linear = Plugin::start(&base(&emulator), json!({ "mode": "readwrite" })).await;
    // The token in the file is replaced by one with fewer rights, while the plugin runs.
    std::fs::write(linear.token.path(), "lin_api_poor").expect("another token");
    let comment = json!({ "issue": "DEV-1", "body": "a" });
    let message = linear.message("linear_add_comment", comment).await;
    assert!(message.contains("a token with more rights"), "{message}");
    // An OAuth token is sent as a bearer's.
    std::fs::write(linear.token.path(), "oauth_canary").expect("another token");
    linear.json("linear_list_users", json!({})).await;
}
