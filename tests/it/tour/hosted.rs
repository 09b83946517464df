//! What teams have at hosts: code, messages, issues, pages. Emulators that others wrote play the hosts; for
//! Notion there is none.

use std::path::Path;

use mcp_factory_tests::{Emulator, services::Services};
use serde_json::{Value, json};

use super::Stop;

/// A variable with a token, and its value.
fn token(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

pub(super) fn github(_: &Path) -> Stop {
    let emulator = Emulator::start(
        "github",
        &json!({
            "tokens": { "octocat-token": { "login": "octocat", "scopes": ["repo", "user"] } },
            "github": {
                "users": [{ "login": "octocat" }],
                "orgs": [{ "login": "acme", "members": [{ "login": "octocat", "role": "admin" }] }],
                "repos": [{ "owner": "acme", "name": "tool", "auto_init": true }],
            },
        }),
    );
    let tool = |more: Value| {
        let mut arguments = json!({ "owner": "acme", "repo": "tool" });
        for (key, value) in more.as_object().into_iter().flatten() {
            arguments[key] = value.clone();
        }
        arguments
    };
    let file = json!({ "path": "a.txt", "content": "a\n", "message": "Add", "branch": "fix" });
    let pull = json!({ "title": "Fix", "head": "fix", "base": "main", "body": "It." });
    Stop {
        config: format!(
            "[plugins.github]\ntoken = \"env:TOUR_GITHUB\"\napi_base = \"{}\"\nrepos = [\"acme/*\"]\nread_only = false\n",
            emulator.url()
        ),
        environment: token("TOUR_GITHUB", "octocat-token"),
        calls: vec![
            ("gh_get_me", json!({})),
            (
                "gh_create_issue",
                tool(json!({ "title": "It panics", "body": "Run it." })),
            ),
            (
                "gh_add_comment",
                tool(json!({ "number": "$1.number", "body": "Here too." })),
            ),
            ("gh_create_branch", tool(json!({ "branch": "fix" }))),
            ("gh_create_or_update_file", tool(file)),
            ("gh_create_pull_request", tool(pull)),
            (
                "gh_get_issue",
                tool(json!({ "number": "$1.number", "comments": true })),
            ),
            (
                "gh_update_issue",
                tool(json!({ "number": "$1.number", "state": "closed" })),
            ),
            ("gh_list_issues", tool(json!({}))),
            ("gh_search_issues", json!({ "query": "panics" })),
            ("gh_search_repositories", json!({ "query": "tool" })),
            ("gh_search_code", json!({ "query": "repo:acme/tool a" })),
            (
                "gh_get_file_contents",
                tool(json!({ "path": "a.txt", "ref": "fix" })),
            ),
            ("gh_get_repository_tree", tool(json!({}))),
            ("gh_list_branches", tool(json!({}))),
            ("gh_list_commits", tool(json!({}))),
            ("gh_get_commit", tool(json!({ "ref": "fix" }))),
            ("gh_compare", tool(json!({ "base": "main", "head": "fix" }))),
            ("gh_list_releases", tool(json!({}))),
            ("gh_list_pull_requests", tool(json!({}))),
            (
                "gh_update_pull_request",
                tool(json!({ "number": "$5.number", "title": "Mend" })),
            ),
            (
                "gh_submit_review",
                tool(json!({ "number": "$5.number", "event": "COMMENT", "body": "Good." })),
            ),
            (
                "gh_get_pull_request",
                tool(json!({ "number": "$5.number" })),
            ),
            (
                "gh_merge_pull_request",
                tool(json!({ "number": "$5.number", "expected_head_sha": "$22.head_sha" })),
            ),
            ("gh_list_workflow_runs", tool(json!({}))),
            // The emulator runs no workflows.
            ("gh_get_job_logs", tool(json!({ "job_id": 1 }))),
            (
                "gh_delete_file",
                tool(
                    json!({ "path": "a.txt", "sha": "$4.sha", "message": "Away", "branch": "fix" }),
                ),
            ),
        ],
        services: vec![Box::new(emulator)],
    }
}

pub(super) fn slack(_: &Path) -> Stop {
    const TOKEN: &str = "xoxb-tour-4711";
    let emulator = Emulator::start(
        "slack",
        &json!({ "slack": {
            "users": [{ "name": "ada", "real_name": "Ada Lovelace", "email": "ada@example.com" }],
            "tokens": [{ "token": TOKEN, "type": "bot", "user_id": "U000000001", "scopes": [
                "chat:write", "channels:read", "channels:history", "reactions:write", "users:read",
                "users.profile:read", "users:read.email", "groups:read", "groups:history",
            ] }],
        } }),
    );
    let channel = "C000000001";
    Stop {
        config: format!(
            "[plugins.slack]\ntoken = \"env:TOUR_SLACK\"\nchannels = [\"{channel}\"]\nmode = \"readwrite\"\napi_base = \"{}/api/\"\n",
            emulator.url()
        ),
        environment: token("TOUR_SLACK", TOKEN),
        calls: vec![
            ("slack_list_channels", json!({})),
            (
                "slack_post_message",
                json!({ "channel_id": channel, "text": "hello" }),
            ),
            (
                "slack_reply_to_thread",
                json!({ "channel_id": channel, "thread_ts": "$1.ts", "text": "hi" }),
            ),
            (
                "slack_add_reaction",
                json!({ "channel_id": channel, "timestamp": "$1.ts", "reaction": "wave" }),
            ),
            (
                "slack_get_channel_history",
                json!({ "channel_id": channel }),
            ),
            (
                "slack_get_thread_replies",
                json!({ "channel_id": channel, "thread_ts": "$1.ts" }),
            ),
            ("slack_get_users", json!({})),
            ("slack_get_user_profile", json!({ "user_id": "U000000001" })),
        ],
        services: vec![Box::new(emulator)],
    }
}

pub(super) fn linear(_: &Path) -> Stop {
    const TOKEN: &str = "lin_api_tour";
    let emulator = Emulator::start(
        "linear",
        &json!({ "linear": {
            "users": [{ "email": "ada@example.com", "name": "Ada Lovelace" }],
            "teams": [{ "key": "DEV", "name": "Development" }],
            "issues": [{ "team": "DEV", "title": "First" }],
            "tokens": [{ "token": TOKEN, "user": "ada@example.com",
                "scopes": ["read", "write", "issues:create", "comments:create"] }],
        } }),
    );
    Stop {
        config: format!(
            "[plugins.linear]\ntoken = \"env:TOUR_LINEAR\"\nteams = [\"DEV\"]\nmode = \"readwrite\"\napi_base = \"{}/\"\n",
            emulator.url()
        ),
        environment: token("TOUR_LINEAR", TOKEN),
        calls: vec![
            ("linear_list_teams", json!({})),
            ("linear_list_projects", json!({ "team": "DEV" })),
            ("linear_list_users", json!({})),
            (
                "linear_create_issue",
                json!({ "team": "DEV", "title": "Second" }),
            ),
            (
                "linear_update_issue",
                json!({ "issue": "DEV-1", "title": "First of all" }),
            ),
            (
                "linear_add_comment",
                json!({ "issue": "DEV-1", "body": "Seen." }),
            ),
            ("linear_get_issue", json!({ "issue": "DEV-1" })),
            ("linear_list_issues", json!({ "team": "DEV" })),
            // The emulator's schema has no search.
            ("linear_search_issues", json!({ "query": "First" })),
        ],
        services: vec![Box::new(emulator)],
    }
}

pub(super) fn notion(_: &Path) -> Stop {
    let services = Services::start();
    let (page, source) = (
        "11111111-1111-1111-1111-111111111111",
        "22222222-2222-2222-2222-222222222222",
    );
    Stop {
        config: format!(
            "[plugins.notion]\ntoken = \"env:TOUR_NOTION\"\nroots = [\"*\"]\nmode = \"readwrite\"\napi_base = \"{}/notion/\"\n",
            services.url()
        ),
        environment: token("TOUR_NOTION", "ntn_tour"),
        calls: vec![
            ("notion_search", json!({})),
            ("notion_get_page", json!({ "page_id": page })),
            ("notion_get_block_children", json!({ "block_id": page })),
            (
                "notion_get_data_source",
                json!({ "data_source_id": source }),
            ),
            (
                "notion_query_data_source",
                json!({ "data_source_id": source }),
            ),
            ("notion_list_users", json!({})),
            (
                "notion_create_page",
                json!({ "parent_id": page, "title": "New" }),
            ),
            (
                "notion_append_blocks",
                json!({ "block_id": page, "markdown": "words" }),
            ),
            (
                "notion_update_page_properties",
                json!({ "page_id": page, "properties": { "title": "Home" } }),
            ),
        ],
        services: vec![Box::new(services)],
    }
}
