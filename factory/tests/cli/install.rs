//! A client's configuration, changed and changed back. With a real server it is done end to end; here are the
//! files, by the way that needs none: a URL.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use crate::driver::{Factory, Ran};

const URL: &str = "https://files.example.com/mcp";

/// Runs `install --url URL --name files` for `client`, with the folder as the home.
fn install(factory: &Factory, client: &str, more: &[&str]) -> Ran {
    let fixed = [
        "install", "--client", client, "--url", URL, "--name", "files",
    ];
    let mut command = factory.command(&[&fixed[..], more].concat());
    command.env("HOME", factory.path(""));
    for name in ["XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME"] {
        command.env_remove(name);
    }
    Ran::of(&command.output().unwrap())
}

#[test]
fn a_row_is_put_into_each_client_and_taken_back_to_the_byte() {
    let comment = "{\n    // Mine.\n    \"TABLE\": {\n        \"other\": {\"command\": \"x\"}, // keep\n    },\n    \"more\": [1,  2]\n}\n";
    for (client, path, table) in [
        ("claude-code", ".claude.json", "mcpServers"),
        ("cursor", ".cursor/mcp.json", "mcpServers"),
        ("vscode", ".config/Code/User/mcp.json", "servers"),
        (
            "windsurf",
            ".codeium/windsurf/mcp_config.json",
            "mcpServers",
        ),
        ("zed", ".config/zed/settings.json", "context_servers"),
    ] {
        let factory = Factory::new();
        let before = comment.replace("TABLE", table);
        factory.write(path, &before);
        fs::set_permissions(factory.path(path), fs::Permissions::from_mode(0o600)).unwrap();
        install(&factory, client, &[]).succeeds();
        let after = factory.read(path);
        assert!(
            after.contains(URL) && after.contains("\"more\": [1,  2]"),
            "{after}"
        );
        for line in before.lines() {
            assert!(
                after.contains(line.trim_end_matches(',')),
                "{line:?} is not in {after}"
            );
        }
        let mode = fs::metadata(factory.path(path))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(factory.read(&format!("{path}.before-files")), before);
        let again = install(&factory, client, &[]);
        assert!(
            again.succeeds().stderr.contains("Unchanged"),
            "{}",
            again.stderr
        );
        let undone = install(&factory, client, &["--undo"]);
        let said = &undone.succeeds().stderr;
        assert!(
            said.contains("until it is started again") && !said.contains("switch the server on"),
            "{said}"
        );
        assert_eq!(factory.read(path), before);
        assert!(!factory.path(&format!("{path}.before-files")).exists());
    }
}

/// Codex has TOML, and all else of its settings in the same file.
#[test]
fn codex_keeps_its_comments_and_its_order() {
    let factory = Factory::new();
    let path = ".codex/config.toml";
    let before = "# Mine.\nmodel   = \"gpt-5\"   # keep\n\n[mcp_servers.other]\ncommand = 'x'\n\n[tui]\nnotifications = [1,  2]\n";
    factory.write(path, before);
    install(&factory, "codex", &["--dry-run"]).succeeds();
    assert_eq!(factory.read(path), before);
    install(&factory, "codex", &[]).succeeds();
    let after = factory.read(path);
    let added = format!("[mcp_servers.files]\nurl = \"{URL}\"\n");
    assert_eq!(after.replace(&format!("\n{added}"), ""), before, "{after}");
    assert!(after.contains(&added), "{after}");
    assert_eq!(factory.read(&format!("{path}.before-files")), before);
    assert!(
        install(&factory, "codex", &[])
            .succeeds()
            .stderr
            .contains("Unchanged")
    );
    factory.write(path, &format!("{after}later = true\n"));
    install(&factory, "codex", &["--undo"]).succeeds();
    assert_eq!(factory.read(path), format!("{before}later = true\n"));

    let fixed = [
        "install", "--client", "codex", "--url", URL, "--file", "c.toml",
    ];
    factory
        .run(&[&fixed[..], &["--name", "a.b"]].concat())
        .fails(2, &["Codex takes no server called \"a.b\"", "--name"]);
    factory.run(&fixed).succeeds();
    let made = factory.read("c.toml");
    assert!(
        made.starts_with("[mcp_servers.files-example-com]\n"),
        "{made}"
    );
    factory.write(path, "model = \"gpt-5\"\n[mcp_servers\n");
    install(&factory, "codex", &[]).fails(2, &["error[MF0106]", "is not TOML", "config.toml:2:13"]);
}

#[test]
fn a_file_that_was_not_there_goes_away_again() {
    let factory = Factory::new();
    let path = factory.path(".cursor/mcp.json");
    let ran = install(&factory, "cursor", &["--format", "json"]);
    assert_eq!(ran.succeeds().json()["changed"], true);
    let read: Value = serde_json::from_str(&factory.read(".cursor/mcp.json")).unwrap();
    assert_eq!(read["mcpServers"]["files"]["url"], URL);
    // It may come to hold secrets.
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    install(&factory, "cursor", &["--undo"]).succeeds();
    assert!(!path.exists());
    install(&factory, "cursor", &["--undo"])
        .fails(2, &["error[MF0101]", "has no server called \"files\""]);
}

#[test]
fn what_came_later_stays_when_a_row_is_taken_back() {
    let factory = Factory::new();
    factory.write(
        ".cursor/mcp.json",
        "{ \"mcpServers\": { \"files\": { \"command\": \"old\" } } }\n",
    );
    install(&factory, "cursor", &[]).fails(
        2,
        &[
            "error[MF0102]",
            "already has another server called \"files\"",
            "--replace",
        ],
    );
    install(&factory, "cursor", &["--replace"]).succeeds();
    let mut read: Value = serde_json::from_str(&factory.read(".cursor/mcp.json")).unwrap();
    assert_eq!(read["mcpServers"]["files"]["url"], URL);
    read["later"] = true.into();
    factory.write(".cursor/mcp.json", &read.to_string());
    install(&factory, "cursor", &["--undo"]).succeeds();
    let read: Value = serde_json::from_str(&factory.read(".cursor/mcp.json")).unwrap();
    assert_eq!(read["mcpServers"]["files"]["command"], "old");
    assert_eq!(read["later"], true);
}

#[test]
fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let factory = Factory::new();
    factory.write(".cursor/mcp.json", "{\n  \"mcpServers\": {}\n}\n");
    let before = factory.listing();
    let ran = install(&factory, "cursor", &["--dry-run"]);
    let shown = &ran.succeeds().stdout;
    assert!(
        shown.contains("+      \"url\": \"https://files.example.com/mcp\"")
            && shown.contains("+++ "),
        "{shown}"
    );
    assert_eq!(factory.listing(), before);
    assert_eq!(
        factory.read(".cursor/mcp.json"),
        "{\n  \"mcpServers\": {}\n}\n"
    );
}

#[test]
fn a_broken_file_is_left_alone_and_its_place_is_named() {
    let factory = Factory::new();
    for (text, words) in [
        (
            "{\n  \"mcpServers\": {\n    \"a\": {}\n    \"b\": {}\n  }\n}\n",
            "mcp.json:3:12",
        ),
        ("{\n  \"mcpServers\": [] }\n", "mcp.json:2:3"),
        ("[]\n", "holds no JSON object"),
    ] {
        factory.write(".cursor/mcp.json", text);
        install(&factory, "cursor", &[]).fails(2, &["error[MF0106]", "it is left as it is", words]);
        assert_eq!(factory.read(".cursor/mcp.json"), text);
    }
    fs::write(factory.path(".cursor/mcp.json"), b"{\"\xff\": 1}").unwrap();
    install(&factory, "cursor", &[]).fails(2, &["error[MF0106]", "is not UTF-8"]);
}

/// Many keep such files in a repository of their own and link to them.
#[test]
fn a_link_stays_a_link() {
    let factory = Factory::new();
    factory.write("dotfiles/mcp.json", "{}\n");
    fs::create_dir(factory.path(".cursor")).unwrap();
    std::os::unix::fs::symlink("../dotfiles/mcp.json", factory.path(".cursor/mcp.json")).unwrap();
    install(&factory, "cursor", &[]).succeeds();
    assert!(factory.read("dotfiles/mcp.json").contains(URL));
    assert!(
        fs::symlink_metadata(factory.path(".cursor/mcp.json"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn what_cannot_be_installed_is_said() {
    let factory = Factory::new();
    install(&factory, "claude-desktop", &[]).fails(
        2,
        &["Claude Desktop takes no URL in its file", "Connectors"],
    );
    install(&factory, "windsurf", &["--project"])
        .fails(2, &["Windsurf has no configuration of a project"]);
    install(&factory, "netscape", &[]).fails(2, &["netscape"]);
    for (arguments, words) in [
        (&["--url", "files.example.com"][..], "is no URL of a server"),
        (
            &["--url", "https://u:p@files.example.com/"],
            "is no URL of a server",
        ),
        (
            &["--url", URL, "--name", "../x"],
            "a server cannot be called \"../x\"",
        ),
        (&["/bin/sh"], "is no server built by mcp-factory"),
        (&[], "no binary is named and there is no mcp-factory.toml"),
    ] {
        let fixed = ["install", "--client", "cursor", "--file", "x.json"];
        let code = if arguments.is_empty() { 3 } else { 2 };
        factory
            .run(&[&fixed[..], arguments].concat())
            .fails(code, &[words]);
    }
    assert_eq!(factory.listing(), [""; 0]);
}
