use serde_json::json;

use super::{clients::servers, *};

/// What becomes of servers, each given by its command line.
fn of(lines: &[(&str, &str)]) -> Replacement {
    let entries = lines.iter().map(|(name, line)| {
        let words: Vec<&str> = line.split(' ').collect();
        let entry = json!({ "command": words[0], "args": &words[1..], "env": { "SLACK_BOT_TOKEN": "canary" } });
        ((*name).to_owned(), entry)
    });
    let table: serde_json::Map<_, _> = entries.collect();
    replace(&servers(&json!({ "mcpServers": table }).to_string()).unwrap())
}

#[test]
fn the_usual_command_lines_are_recognised() {
    for (line, plugin) in [
        ("npx -y @modelcontextprotocol/server-filesystem /srv", "fs"),
        (
            "npx -y @modelcontextprotocol/server-filesystem@2026.8.31 /srv",
            "fs",
        ),
        (
            "cmd /c npx -y @modelcontextprotocol/server-github",
            "github",
        ),
        (
            "docker run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN ghcr.io/github/github-mcp-server:v1",
            "github",
        ),
        ("docker run -i --rm mcp/fetch", "fetch"),
        ("uvx mcp-server-git --repository /srv/app", "git"),
        (
            "uvx mcp-server-time==2026.1 --local-timezone=Europe/Berlin",
            "time",
        ),
        ("python3 -m mcp_server_sqlite --db-path /srv/a.db", "sqlite"),
        (
            "uv tool run postgres-mcp --access-mode=restricted",
            "postgres",
        ),
        ("/usr/local/bin/mcp-server-fetch", "fetch"),
        ("npx @modelcontextprotocol/server-memory", "memory"),
        (
            "npx @modelcontextprotocol/server-sequential-thinking",
            "sequential-thinking",
        ),
        ("npx -y @modelcontextprotocol/server-slack", "slack"),
        ("npx -y @notionhq/notion-mcp-server", "notion"),
        ("npx -y linear-mcp-server", "linear"),
        ("uvx aws-s3-mcp", "s3"),
        ("uvx mcp-shell-tools", "shell"),
        ("uvx llm-sandbox[mcp]", "code"),
    ] {
        let found = of(&[("it", line)]);
        let plugins: Vec<&str> = found.plugins.iter().map(|it| it.plugin).collect();
        assert_eq!(plugins, [plugin], "{line}");
    }
}

#[test]
fn what_is_not_known_is_kept() {
    let found = of(&[
        ("browser", "npx -y @playwright/mcp"),
        ("own", "./server --fs /srv"),
    ]);
    assert_eq!(found.plugins, []);
    assert_eq!(found.kept.len(), 2);
    assert!(found.kept[0].1.contains("no built-in"));
    let remote = json!({ "mcpServers": { "far": { "url": "https://example.com/mcp" } } });
    let found = replace(&servers(&remote.to_string()).unwrap());
    assert!(found.kept[0].1.contains("by its URL"), "{found:?}");
}

#[test]
fn settings_are_carried_over_and_secrets_are_not() {
    let found = of(&[
        (
            "a",
            "npx @modelcontextprotocol/server-filesystem /srv/a /srv/b",
        ),
        (
            "b",
            "npx @modelcontextprotocol/server-filesystem /srv/b /srv/c",
        ),
        ("c", "uvx mcp-server-time --local-timezone Europe/Berlin"),
        ("d", "uvx mcp-server-git --repository /srv/app/"),
        ("e", "npx -y @modelcontextprotocol/server-slack"),
        (
            "f",
            "npx -y @modelcontextprotocol/server-postgres postgresql://ann:canary@db/shop",
        ),
        ("g", "uvx mcp-server-time --local-timezone Asia/Tokyo"),
    ]);
    let config: Vec<String> = found
        .plugins
        .iter()
        .map(|replaced| toml::Value::Table(replaced.config.clone()).to_string())
        .collect();
    assert_eq!(
        config,
        [
            r#"{ roots = ["/srv/a", "/srv/b", "/srv/c"] }"#,
            r#"{ local_timezone = "Europe/Berlin" }"#,
            r#"{ repositories = [{ name = "app", path = "/srv/app/" }] }"#,
            r#"{ token = "env:SLACK_BOT_TOKEN" }"#,
            r#"{ url = "env:DATABASE_URI" }"#,
        ]
    );
    assert_eq!(found.plugins[0].servers, ["a", "b"]);
    assert_eq!(found.kept.len(), 1, "{:?}", found.kept);
    assert!(found.kept[0].1.contains("a second server"));
    assert!(!format!("{found:?}").contains("canary"), "{found:?}");
}

#[test]
fn nothing_of_a_command_line_but_paths_and_names_is_kept() {
    let found = of(&[
        (
            "git",
            "uvx --from git+https://canary@example.com/o/x mcp-server-git@git+https://canary@example.com/o/x -r /srv/app",
        ),
        (
            "files",
            "npx @modelcontextprotocol/server-filesystem --api-key canary /srv ~/docs ./here",
        ),
        ("lite", "uvx mcp-server-sqlite --token canary"),
    ]);
    assert_eq!(found.plugins.len(), 3, "{found:?}");
    assert_eq!(found.plugins[0].package, "mcp-server-git");
    let roots = found.plugins[1].config["roots"].to_string();
    assert_eq!(roots, r#"["/srv", "~/docs", "./here"]"#);
    assert!(!format!("{found:?}").contains("canary"), "{found:?}");
}

#[test]
fn names_are_shown_on_one_line_and_as_they_are() {
    let name = "evil\n   Created \r\u{202e}x\u{1b}[31m";
    let found = of(&[(name, "npx other")]);
    assert_eq!(found.kept[0].0, "evil    Created x[31m");
    let found = of(&[(
        "a",
        "npx @modelcontextprotocol/server-filesystem /srv/\u{202e}x /srv/b",
    )]);
    assert_eq!(
        found.plugins[0].config["roots"].to_string(),
        r#"["/srv/b"]"#
    );
}

#[test]
fn a_file_larger_than_any_client_writes_is_refused_at_once() {
    let entry = json!({ "command": "uvx", "args": ["mcp-server-fetch"] });
    let table: serde_json::Map<_, _> = (0..257).map(|n| (n.to_string(), entry.clone())).collect();
    let many = json!({ "mcpServers": table }).to_string();
    assert_eq!(servers(&many).unwrap_err(), "lists more than 256 servers");
    let long =
        json!({ "mcpServers": { "a": { "command": "x", "args": vec!["y"; 257] } } }).to_string();
    assert_eq!(
        servers(&long).unwrap_err(),
        "has a server \"a\" with more than 256 arguments"
    );
}

#[test]
fn files_of_all_clients_are_read() {
    let entry = json!({ "fetch": { "command": "uvx", "args": ["mcp-server-fetch"] } });
    for file in [
        json!({ "mcpServers": entry }),
        json!({ "servers": entry, "inputs": [] }),
        json!({ "mcp": { "servers": entry } }),
    ] {
        let found = replace(&servers(&file.to_string()).unwrap());
        assert_eq!(found.plugins[0].plugin, "fetch");
    }
    for (file, problem) in [
        ("{", "is not JSON (line 1, column 1)"),
        ("{}", "has no \"mcpServers\" in it"),
        ("{\"mcpServers\": {}}", "lists no servers"),
        (
            "{\"mcpServers\": {\"a\": {\"args\": \"canary\"}}}",
            "has a server \"a\" that is not written as one",
        ),
    ] {
        assert_eq!(servers(file).unwrap_err(), problem);
    }
}
