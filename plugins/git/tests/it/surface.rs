//! What a client sees of the plugin: names, scopes, hints, and how much text the schemas are.

use mcp_plugin_git::PLUGIN;

#[test]
fn the_tools_are_these() {
    let tools: Vec<String> = PLUGIN
        .tools()
        .iter()
        .map(|tool| {
            let hints = tool.hints();
            format!(
                "{} {} ro={} d={} i={} ow={}",
                tool.name(),
                tool.scope(),
                hints.read_only,
                hints.destructive,
                hints.idempotent,
                hints.open_world
            )
        })
        .collect();
    let names = [
        "git_list_repositories",
        "git_status",
        "git_diff_unstaged",
        "git_diff_staged",
        "git_diff",
        "git_log",
        "git_show",
        "git_branch",
        "git_blame",
        "git_list_files",
        "git_read_file",
    ];
    assert_eq!(
        tools,
        names.map(|name| format!("{name} read ro=true d=false i=true ow=false"))
    );
}

/// What a model reads of the tools, against its budget.
#[test]
fn the_schemas_are_small() {
    let (mut asked, mut answered) = (0, 0);
    for tool in PLUGIN.tools() {
        asked +=
            tool.name().len() + tool.description().len() + tool.input_schema().to_string().len();
        answered += tool.output_schema().expect("typed").to_string().len();
    }
    println!(
        "{} tools, {asked} bytes to call them, {answered} of answers",
        PLUGIN.tools().len()
    );
    assert!(asked <= 8 << 10, "{asked}");
    assert!(answered <= 14 << 10, "{answered}");
}

/// No crate that could start a process, reach a network or call C is linked for git itself.
#[test]
fn no_crate_that_could_do_more_is_linked() {
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "-p",
            "mcp-plugin-git",
            "-e",
            "normal,build",
            "--prefix",
            "none",
            "-f",
            "{p}",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(tree.contains("gix-odb "));
    for banned in [
        "gix-command ",
        "gix-filter ",
        "gix-transport ",
        "gix-protocol ",
        "gix-credentials ",
        "gix-prompt ",
        "gix-url ",
        "git2 ",
        "libgit2-sys ",
        "libz-sys ",
        "cc ",
        "reqwest ",
        "curl ",
    ] {
        assert!(
            !tree.lines().any(|line| line.starts_with(banned)),
            "{banned}is linked"
        );
    }
}
