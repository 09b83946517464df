//! Built-in plugins: listed, described, mistyped.

use crate::driver::Factory;

#[test]
fn an_unknown_plugin_is_never_looked_for_elsewhere() {
    let factory = Factory::new();
    factory.run(&["plan", "--plugins", "ecoh"]).fails(
        4,
        &[
            "error[MF0301]: there is no built-in plugin `ecoh`",
            "fix: write `echo`",
        ],
    );
    factory.run(&["build", "--plugins", "serde"]).fails(
        4,
        &[
            "there is no built-in plugin `serde`",
            "mcp-factory plugins list",
        ],
    );
    assert_eq!(factory.listing(), Vec::<String>::new());

    let factory =
        Factory::with_manifest("[server]\nname = \"x\"\n[plugins.ecoh]\n[plugins.gret]\n");
    factory.run(&["plan"]).fails(
        4,
        &[
            "--> mcp-factory.toml:3:10",
            "did you mean `echo`?",
            "--> mcp-factory.toml:4:10",
            "did you mean `greet`?",
        ],
    );
}

#[test]
fn names_on_the_command_line_are_checked_too() {
    let factory = Factory::new();
    for name in ["../../etc", "x\"; fn main(){} //", "A", ""] {
        factory.run(&["build", "--plugins", name]).fails(
            2,
            &[
                "error[MF0101]: a plugin cannot be called",
                "fix: use lower-case letters",
            ],
        );
    }
    factory
        .run(&["build", "--plugins", "echo", "--name", "../x"])
        .fails(2, &["a server cannot be called \"../x\""]);
    factory
        .run(&["build", "--plugins", "echo", "--target", "../x"])
        .fails(2, &["a target cannot be called \"../x\""]);
    factory
        .run(&["build", "--plugins", "echo,echo"])
        .fails(2, &["--plugins names `echo` twice"]);
    assert_eq!(factory.listing(), Vec::<String>::new());
}

#[test]
fn every_built_in_is_listed_with_its_tools_but_not_the_fixture() {
    let factory = Factory::new();
    let text = factory.run(&["plugins", "list"]).succeeds().stdout.clone();
    assert!(
        text.lines()
            .any(|line| line.starts_with("echo ") && line.contains("2 tools")),
        "{text}"
    );
    assert!(!text.contains("conformance"), "{text}");

    let value = factory
        .run(&["plugins", "list", "--format", "json"])
        .succeeds()
        .json();
    let plugins = value["plugins"].as_array().unwrap();
    let echo = plugins
        .iter()
        .find(|plugin| plugin["name"] == "echo")
        .unwrap();
    assert!(echo["tools"].as_array().unwrap().contains(&"echo".into()));
    assert!(!plugins.iter().any(|plugin| plugin["name"] == "conformance"));
    factory
        .run(&["plan", "--plugins", "conformance"])
        .succeeds();
}

#[test]
fn one_plugin_is_described() {
    let factory = Factory::new();
    let text = factory
        .run(&["plugins", "info", "echo"])
        .succeeds()
        .stdout
        .clone();
    assert!(
        text.contains("echo (read, read-only)") && text.contains("- text: "),
        "{text}"
    );
    let value = factory
        .run(&["plugins", "info", "echo", "--format", "json"])
        .succeeds()
        .json();
    assert_eq!(value["package"], "mcp-plugin-echo");
    assert_eq!(value["tools"][0]["parameters"][0]["name"], "text");
    factory.run(&["plugins", "info", "eco"]).fails(
        4,
        &[
            "there is no built-in plugin \"eco\"",
            "mcp-factory plugins info echo",
        ],
    );
}

#[test]
fn another_version_of_a_built_in_is_not_pretended() {
    let factory =
        Factory::with_manifest("[server]\nname = \"x\"\n[plugins.echo]\nversion = \"^7\"\n");
    factory.run(&["plan"]).fails(
        4,
        &["error[MF0311]", "carries `echo` 0.1.0, and ^7 is wanted"],
    );
}
