//! Scaffolds.

use std::fs;

use crate::driver::Factory;

#[test]
fn a_new_project_plans_at_once() {
    let factory = Factory::new();
    factory
        .run(&["new", "myservice", "--plugins", "echo,greet"])
        .succeeds();
    for name in [
        "mcp-factory.toml",
        "README.md",
        ".gitignore",
        "plugins/myservice/src/lib.rs",
        "plugins/myservice/tests/tools.rs",
        ".cargo/config.toml",
    ] {
        assert!(factory.path("myservice").join(name).is_file(), "{name}");
    }
    let plan = factory
        .run(&["-C", "myservice", "plan", "--format", "json"])
        .succeeds()
        .json();
    let names: Vec<&str> = plan["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plugin| plugin["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["myservice", "echo", "greet"]);
    assert_eq!(
        factory
            .listing()
            .iter()
            .filter(|name| !name.contains('/'))
            .count(),
        1,
        "nothing else is left behind"
    );
}

#[test]
fn git_is_asked_for_a_repository_unless_told_not_to() {
    let factory = Factory::new();
    factory.run(&["new", "with"]).succeeds();
    factory.run(&["new", "without", "--no-git"]).succeeds();
    assert!(factory.path("with/.git").is_dir());
    assert!(!factory.path("without/.git").exists());
}

#[test]
fn a_new_plugin_is_a_crate_of_its_own() {
    let factory = Factory::new();
    let value = factory
        .run(&["new", "team-notes", "--plugin", "--format", "json"])
        .succeeds()
        .json();
    assert_eq!(value["folder"], "team-notes");
    assert!(
        factory
            .read("team-notes/Cargo.toml")
            .contains("name = \"mcp-plugin-team-notes\"")
    );
    factory.write(
        "mcp-factory.toml",
        "[server]\nname = \"x\"\n[plugins.team-notes]\npath = \"team-notes\"\n",
    );
    let plan = factory.run(&["plan", "--format", "json"]).succeeds().json();
    assert_eq!(plan["tools"][0]["name"], "count_words");
}

#[test]
fn nothing_is_overwritten() {
    let factory = Factory::new();
    factory.write("myservice/notes.txt", "mine");
    factory.run(&["new", "myservice"]).fails(
        2,
        &[
            "error[MF0102]: myservice exists already",
            "fix: choose another name",
        ],
    );
    assert_eq!(factory.listing(), ["myservice", "myservice/notes.txt"]);
}

#[test]
fn names_that_would_be_paths_or_code_are_refused() {
    let factory = Factory::new();
    for name in ["../../etc", "x\"; fn main(){} //", "A", "fn", ""] {
        factory.run(&["new", name]).fails(2, &["cannot be called"]);
    }
    factory
        .run(&["new", "x", "--plugins", "ecoh"])
        .fails(4, &["there is no built-in plugin `ecoh`"]);
    factory
        .run(&["new", "x", "--plugins", "../y"])
        .fails(2, &["a plugin cannot be called"]);
    assert_eq!(factory.listing(), Vec::<String>::new());
}

#[test]
fn setup_writes_its_file_and_leaves_others_alone() {
    let factory = Factory::new();
    factory.run(&["setup"]).succeeds();
    let text = factory.read(".cargo/config.toml");
    assert!(text.contains("[patch.crates-io.mcp-factory-sdk]"), "{text}");
    factory.write(".cargo/config.toml", "[build]\njobs = 1\n");
    factory.run(&["setup"]).fails(
        2,
        &["is not mcp-factory's", "patch.crates-io.mcp-factory-sdk"],
    );
    assert_eq!(factory.read(".cargo/config.toml"), "[build]\njobs = 1\n");
}

#[test]
fn a_setup_of_another_version_is_corrected_by_the_way() {
    let factory = Factory::with_manifest("[server]\nname = \"x\"\n[plugins.echo]\n");
    factory.run(&["generate"]).succeeds();
    assert!(!factory.path(".cargo").exists(), "only `setup` makes it");
    factory.run(&["setup"]).succeeds();
    let good = factory.read(".cargo/config.toml");
    fs::write(
        factory.path(".cargo/config.toml"),
        good.replace("/src/", "/gone/"),
    )
    .unwrap();
    factory.run(&["generate"]).succeeds();
    assert_eq!(factory.read(".cargo/config.toml"), good);
}

#[test]
fn what_a_client_runs_becomes_plugins() {
    let factory = Factory::new();
    factory.write(
        "claude_desktop_config.json",
        r#"{"mcpServers": {
            "files": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/srv/docs"]},
            "web": {"command": "uvx", "args": ["mcp-server-fetch"]},
            "browser": {"command": "npx", "args": ["@playwright/mcp"], "env": {"KEY": "canary"}}
        }}"#,
    );
    let ran = factory.run(&[
        "new",
        "tools",
        "--from",
        "claude_desktop_config.json",
        "--plugins",
        "echo,fs",
    ]);
    let ran = ran.succeeds();
    for line in [
        "Replaces files (@modelcontextprotocol/server-filesystem) with fs",
        "Replaces web (mcp-server-fetch) with fetch",
        "Keeps browser: no built-in plugin is known to replace it",
    ] {
        assert!(ran.stderr.contains(line), "{}", ran.stderr);
    }
    let manifest = fs::read_to_string(factory.path("tools/mcp-factory.toml")).unwrap();
    assert!(
        manifest.contains("config = { roots = [\"/srv/docs\"] }"),
        "{manifest}"
    );
    assert!(manifest.contains("# browser: no built-in"), "{manifest}");
    assert!(!manifest.contains("canary"), "{manifest}");
    let plan = factory
        .run(&["-C", "tools", "plan", "--format", "json"])
        .succeeds()
        .json();
    let plugins = plan["plugins"].as_array().unwrap();
    let names: Vec<&str> = plugins
        .iter()
        .map(|plugin| plugin["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["tools", "fs", "fetch", "echo"]);
}

#[test]
fn a_file_of_no_client_is_refused_before_anything_is_made() {
    let factory = Factory::new();
    factory.write("other.json", "{\"servers\": {}}");
    factory
        .run(&["new", "tools", "--from", "other.json"])
        .fails(
            2,
            &[
                "error[MF0101]: other.json lists no servers",
                "fix: expected {\"mcpServers\"",
            ],
        );
    factory.run(&["new", "tools", "--from", "gone.json"]).fails(
        8,
        &["gone.json cannot be read", "claude_desktop_config.json"],
    );
    assert!(!factory.path("tools").exists());
}

/// Forty-two tools, of which two have one name.
#[test]
fn a_project_of_many_plugins_plans_at_once() {
    let factory = Factory::new();
    factory
        .run(&["new", "team", "--plugins", "fs,github,echo"])
        .succeeds();
    let plan = factory
        .run(&["-C", "team", "plan", "--format", "json"])
        .succeeds()
        .json();
    let tools = plan["tools"].as_array().unwrap();
    assert!(tools.len() > 40);
    let has = |name: &str| tools.iter().any(|tool| tool["name"] == name);
    assert!(has("fs_delete_file") && has("github_delete_file") && has("echo"));
    assert_eq!(plan["limits"]["max_tools"], 50);
}
