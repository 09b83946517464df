//! Plugins in directories.

use crate::driver::{Factory, Ran};

const JIRA: &str = "[server]\nname = \"x\"\n\n[plugins.jira]\npath = \"jira\"\n";

fn jira() -> Factory {
    let factory = Factory::with_manifest(JIRA);
    factory.write_plugin("jira", "acme-jira", &["search", "create"]);
    factory
}

#[test]
fn a_plugin_in_a_directory_is_planned_from_its_source() {
    let plan = jira().run(&["plan", "--format", "json"]).succeeds().json();
    assert_eq!(plan["plugins"][0]["package"], "acme-jira");
    assert_eq!(plan["plugins"][0]["version"], "0.2.0");
    assert_eq!(plan["plugins"][0]["source"], "path jira");
    let names: Vec<&str> = plan["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["search", "create"]);
}

#[test]
fn a_change_of_the_source_changes_the_plan() {
    let factory = jira();
    factory.run(&["plan"]).succeeds();
    factory.write_plugin("jira", "acme-jira", &["search", "create", "delete"]);
    let plan = factory.run(&["plan", "--format", "json"]).succeeds().json();
    assert_eq!(plan["tools"].as_array().unwrap().len(), 3);
    factory.write_plugin("jira", "renamed-jira", &["search"]);
    let plan = factory.run(&["plan", "--format", "json"]).succeeds().json();
    assert_eq!(plan["plugins"][0]["package"], "renamed-jira");
}

#[test]
fn a_directory_that_is_no_plugin_is_refused_with_the_reason() {
    let factory = Factory::with_manifest(JIRA);
    factory.run(&["plan"]).fails(
        4,
        &[
            "error[MF0305]: plugin `jira`: jira does not exist",
            "--> mcp-factory.toml:4:10",
        ],
    );

    factory.write("jira/notes.txt", "");
    factory
        .run(&["plan"])
        .fails(4, &["jira has no Cargo.toml", "new --plugin jira"]);

    factory.write("jira/Cargo.toml", "[package]\nname = ");
    factory.write("jira/src/lib.rs", "");
    factory.run(&["plan"]).fails(
        4,
        &[
            "error[MF0306]: cargo cannot read the crate of plugin `jira`",
            "Cargo.toml:2",
        ],
    );

    factory.write(
        "jira/Cargo.toml",
        "[package]\nname = \"acme-jira\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    factory.run(&["plan"]).fails(
        4,
        &[
            "error[MF0302]",
            "does not say that it is a plugin",
            "interface = 1",
        ],
    );

    factory.write_plugin("jira", "acme-jira", &["search"]);
    factory.write("jira/src/lib.rs", "pub fn nothing() {}");
    factory
        .run(&["plan"])
        .fails(4, &["error[MF0308]: plugin `jira` has no #[plugin] block"]);

    factory.write("jira/src/lib.rs", "// #[plugin]\nfn broken( {");
    factory.run(&["plan"]).fails(
        4,
        &["the source of plugin `jira` is not Rust", "src/lib.rs:2:"],
    );

    std::fs::remove_file(factory.path("jira/src/lib.rs")).unwrap();
    factory.write("jira/src/main.rs", "fn main() {}");
    factory.write(
        "jira/Cargo.toml",
        &format!("{}\n", factory.read("jira/Cargo.toml")),
    );
    factory
        .run(&["plan"])
        .fails(4, &["is no library", "one with src/lib.rs"]);
}

#[test]
fn another_interface_is_refused_before_anything_is_compiled() {
    let factory = jira();
    let manifest = factory
        .read("jira/Cargo.toml")
        .replace("interface = 1", "interface = 2");
    factory.write("jira/Cargo.toml", &manifest);
    factory.run(&["build"]).fails(
        4,
        &[
            "error[MF0303]: plugin `jira` needs plugin interface 2, this mcp-factory provides 1",
            "acme-jira says interface = 2",
            "fix: install a newer mcp-factory",
        ],
    );
    assert!(!factory.path(".mcp-factory").exists());
}

#[test]
fn an_entry_that_would_be_code_is_refused() {
    let factory = jira();
    factory.write(
        "jira/Cargo.toml",
        &format!(
            "{}entry = \"X; fn evil() {{}}\"\n",
            factory.read("jira/Cargo.toml")
        ),
    );
    factory.run(&["generate"]).fails(
        4,
        &["names an entry that cannot be", "Rust names joined by `::`"],
    );
    assert!(!factory.path(".mcp-factory").exists());
}

#[test]
fn two_owners_of_one_name_are_named_and_a_prefix_helps() {
    let factory = Factory::with_manifest(&format!("{JIRA}\n[plugins.pager]\npath = \"pager\"\n"));
    factory.write_plugin("jira", "acme-jira", &["search"]);
    factory.write_plugin("pager", "acme-pager", &["search"]);
    factory.run(&["plan"]).fails(
        4,
        &[
            "error[MF0304]: plugins `jira` and `pager` both have a tool `search`",
            "--> mcp-factory.toml:7:10",
            "fix: give one of them a prefix: [plugins.pager] prefix = \"pager\"",
        ],
    );
    factory.write(
        "mcp-factory.toml",
        &format!("{}prefix = \"pager\"\n", factory.read("mcp-factory.toml")),
    );
    let plan = factory.run(&["plan", "--format", "json"]).succeeds().json();
    assert_eq!(plan["tools"][1]["name"], "pager_search");
    factory.write(
        "mcp-factory.toml",
        &factory.read("mcp-factory.toml").replace(
            "\"pager\"\nprefix = \"pager\"",
            "\"pager\"\ndeny = [\"search\"]",
        ),
    );
    factory.run(&["plan"]).succeeds();
}

#[test]
fn a_name_that_a_prefix_makes_too_long_is_refused() {
    let long = "a".repeat(60);
    let factory = Factory::with_manifest(&format!("{JIRA}prefix = \"pager\"\n"));
    factory.write_plugin("jira", "acme-jira", &[&long]);
    factory.run(&["plan"]).fails(
        4,
        &[
            "is longer than 64 characters",
            "shorten the plugin's `prefix`",
        ],
    );
}

#[test]
fn a_list_that_names_no_tool_is_refused() {
    for key in ["allow", "deny"] {
        let factory = jira();
        factory.write("mcp-factory.toml", &format!("{JIRA}{key} = [\"serch\"]\n"));
        factory.run(&["plan"]).fails(
            3,
            &[
                "error[MF0208]: plugin `jira` has no tool `serch`",
                "did you mean `search`?",
            ],
        );
    }
}

#[test]
fn too_many_tools_are_refused() {
    let factory = jira();
    factory.write(
        "mcp-factory.toml",
        &format!("{JIRA}\n[limits]\nmax_tools = 1\n"),
    );
    factory.run(&["plan"]).fails(
        4,
        &["error[MF0310]: the server would have 2 tools, and limits.max_tools is 1"],
    );
}

#[test]
fn two_crates_of_one_name_are_refused() {
    let factory = Factory::with_manifest(&format!("{JIRA}\n[plugins.pager]\npath = \"pager\"\n"));
    factory.write_plugin("jira", "acme-jira", &["search"]);
    factory.write_plugin("pager", "acme-jira", &["page"]);
    factory.run(&["plan"]).fails(
        4,
        &["error[MF0309]: plugins `jira` and `pager` come from two crates called acme-jira"],
    );

    let factory = Factory::with_manifest(&JIRA.replace("\"x\"", "\"acme-jira\""));
    factory.write_plugin("jira", "acme-jira", &["search"]);
    factory.run(&["plan"]).fails(
        4,
        &["the server and the crate of plugin `jira` are both called acme-jira"],
    );
}

#[test]
fn a_server_cannot_have_the_name_of_what_it_links() {
    for name in ["mcp-factory-server", "mcp-plugin-echo"] {
        let factory =
            Factory::with_manifest(&format!("[server]\nname = \"{name}\"\n[plugins.echo]\n"));
        factory.run(&["generate"]).fails(
            4,
            &[
                &format!("a server cannot be called {name}"),
                "give the server another name",
            ],
        );
    }
}

#[test]
fn a_plugin_in_a_repository_is_fetched_and_planned() {
    let factory = Factory::new();
    factory.write_plugin("repository", "mcp-plugin-pager", &["page"]);
    let git = |arguments: &[&str]| {
        let identity = [
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.com",
            "-c",
            "init.defaultBranch=main",
        ];
        let mut command = std::process::Command::new("git");
        command
            .args(identity)
            .args(arguments)
            .current_dir(factory.path("repository"));
        assert!(
            command.output().unwrap().status.success(),
            "git {arguments:?}"
        );
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "one"]);
    git(&["tag", "v1"]);
    let url = format!("file://{}", factory.path("repository").display());
    let manifest = |reference: &str| {
        format!("[server]\nname = \"x\"\n[plugins.pager]\ngit = \"{url}\"\n{reference}\n")
    };
    factory.write("mcp-factory.toml", &manifest("tag = \"v1\""));
    let plan = factory.run(&["plan", "--format", "json"]).succeeds().json();
    assert_eq!(
        plan["plugins"][0]["source"].as_str(),
        Some(&*format!("git {url}#v1"))
    );
    assert_eq!(plan["tools"][0]["name"], "page");
    factory.write("mcp-factory.toml", &manifest("tag = \"v2\""));
    factory.run(&["plan"]).fails(
        4,
        &[
            "error[MF0306]: cargo cannot find plugin `pager`",
            "fix: correct its address, version or revision",
        ],
    );
}

#[test]
fn plugins_to_be_downloaded_are_an_error_without_the_network() {
    for origin in [
        "crate = \"mcp-plugin-no-such\"\nversion = \"1\"",
        "git = \"https://127.0.0.1:9/x\"\nrev = \"abc\"",
    ] {
        let factory = Factory::with_manifest(&format!(
            "[server]\nname = \"x\"\n[plugins.slack]\n{origin}\n"
        ));
        factory.run(&["plan", "--offline"]).fails(
            4,
            &[
                "error[MF0307]: plugin `slack` has to be downloaded, and --offline forbids it",
                "--> mcp-factory.toml:3:10",
            ],
        );
    }
    let factory = Factory::with_manifest(
        "[server]\nname = \"x\"\n[plugins.slack]\ngit = \"https://127.0.0.1:9/x\"\n",
    );
    // Cargo would try for a while.
    let output = factory
        .command(&["plan"])
        .env("CARGO_NET_RETRY", "0")
        .output()
        .unwrap();
    Ran::of(&output).fails(
        4,
        &["error[MF0307]: plugin `slack` has to be downloaded, and there is no connection"],
    );
}
