//! Manifests that cannot be.

use crate::driver::Factory;

#[test]
fn a_missing_manifest_names_both_ways_out() {
    let factory = Factory::new();
    factory.run(&["build"]).fails(
        3,
        &[
            "error[MF0200]: there is no mcp-factory.toml",
            "mcp-factory new NAME",
            "--plugins echo",
        ],
    );
    factory
        .run(&["plan", "-m", "other.toml"])
        .fails(3, &["there is no other.toml"]);
}

#[test]
fn a_broken_manifest_shows_the_line() {
    let factory = Factory::with_manifest("[server]\nname = \n");
    factory.run(&["plan"]).fails(
        3,
        &[
            "error[MF0201]: mcp-factory.toml is not valid TOML",
            "--> mcp-factory.toml:2:",
            "2 | name =",
        ],
    );
}

#[test]
fn a_manifest_that_is_not_text_is_said_to_be_so() {
    let factory = Factory::new();
    std::fs::write(factory.path("mcp-factory.toml"), b"\xff\xfe").unwrap();
    factory.run(&["plan"]).fails(
        3,
        &[
            "error[MF0201]: mcp-factory.toml is not UTF-8",
            "fix: save it as UTF-8",
        ],
    );
}

#[test]
fn a_description_that_would_hide_something_is_refused() {
    for text in ["\\u0000", "\\u001b[2J", "\\u202e", &"x".repeat(501)] {
        let manifest =
            format!("[server]\nname = \"x\"\ndescription = \"{text}\"\n\n[plugins.echo]\n");
        Factory::with_manifest(&manifest).run(&["plan"]).fails(
            3,
            &[
                "`server.description` cannot be",
                "mcp-factory.toml:3",
                "fix: use one or two sentences",
            ],
        );
    }
}

#[test]
fn an_unknown_key_is_shown_with_the_nearest_one() {
    let factory = Factory::with_manifest("[server]\nnmae = \"x\"\n\n[plugins.echo]\n");
    let ran = factory.run(&["plan"]);
    let expected = "\
error[MF0204]: `server.name` is missing
 --> mcp-factory.toml:1:2
  |
1 | [server]
  |  ^^^^^^ in this table
  |
  = fix: add name = \"myservice\"

error[MF0202]: unknown key `server.nmae`
 --> mcp-factory.toml:2:1
  |
2 | nmae = \"x\"
  | ^^^^ did you mean `name`?
  |
  = fix: write `name`
";
    ran.fails(3, &[]);
    assert_eq!(ran.stderr, expected);
}

#[test]
fn names_that_would_become_code_or_paths_are_refused_and_nothing_is_written() {
    for name in [
        "x\\\"; fn main(){} //",
        "../../etc",
        "/etc/passwd",
        "a b",
        "-rf",
        "x\\n[dependencies]",
        "fn",
        "",
    ] {
        for text in [
            format!("[server]\nname = \"{name}\"\n[plugins.echo]\n"),
            format!(
                "[server]\nname = \"x\"\n[plugins.\"{name}{}\"]\n",
                if name == "fn" { "!" } else { "" }
            ),
            format!(
                "[server]\nname = \"x\"\n[build]\ntarget = \"{name}{}\"\n[plugins.echo]\n",
                if name == "fn" { "!" } else { "" }
            ),
            format!(
                "[server]\nname = \"x\"\n[plugins.a]\ncrate = \"{name}{}\"\nversion = \"1\"\n",
                if name == "fn" { "!" } else { "" }
            ),
        ] {
            let factory = Factory::with_manifest(&text);
            factory
                .run(&["generate"])
                .fails(3, &["error[MF0205]", "fix: use "]);
            assert_eq!(factory.listing(), ["mcp-factory.toml"], "{text}");
        }
    }
}

#[test]
fn an_unknown_schema_asks_for_a_newer_factory() {
    let factory = Factory::with_manifest("schema = 9\n[server]\nname = \"x\"\n[plugins.echo]\n");
    factory.run(&["plan"]).fails(
        3,
        &[
            "error[MF0209]",
            "reads schema 1 only",
            "fix: install a newer mcp-factory",
        ],
    );
}

#[test]
fn errors_are_data_for_programs() {
    let factory = Factory::with_manifest("[server]\nname = \"x\"\n[plugins.echo]\nprefx = \"a\"\n");
    let ran = factory.run(&["plan", "--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (3, ""));
    let value = ran.json();
    assert_eq!(value["result"], "error");
    assert_eq!(value["exit"], 3);
    let error = &value["errors"][0];
    assert_eq!(error["code"], "MF0202");
    assert_eq!(
        (
            error["file"].as_str(),
            error["line"].as_u64(),
            error["column"].as_u64()
        ),
        (Some("mcp-factory.toml"), Some(4), Some(1))
    );
    assert_eq!(error["fix"], "write `prefix`");
}

#[test]
fn a_manifest_that_never_ends_is_not_read() {
    let factory = Factory::new();
    for path in ["/dev/zero", "/proc"] {
        factory
            .run(&["plan", "-m", path])
            .fails(8, &["error[MF0706]", "it is no regular file"]);
    }
}
