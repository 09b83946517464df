//! What goes where, and in which colours.

use crate::driver::{Factory, Ran};

#[test]
fn mistakes_on_the_command_line_exit_with_2_and_help_with_0() {
    let factory = Factory::new();
    for arguments in [
        &["--no-such"][..],
        &["buidl"],
        &[],
        &["build", "--jobs", "0"],
        &["build", "--profile", "fat"],
        &["plan", "-m", "a", "--plugins", "b"],
    ] {
        assert_eq!(factory.run(arguments).code, 2, "{arguments:?}");
    }
    let help = factory.run(&["--help"]);
    assert!(help.succeeds().stdout.contains("Exit codes: 0 ok"));
    assert!(
        factory
            .run(&["--version"])
            .succeeds()
            .stdout
            .starts_with("mcp-factory 0.")
    );
    factory
        .run(&["-C", "absent", "plan"])
        .fails(2, &["cannot enter absent"]);
}

#[test]
fn colours_are_for_those_who_want_them() {
    let factory = Factory::new();
    let colored = |ran: &Ran| ran.stderr.contains('\u{1b}');
    assert!(colored(&factory.run(&["--color", "always", "plan"])));
    assert!(!colored(&factory.run(&["--color", "never", "plan"])));
    assert!(!colored(&factory.run(&["plan"])), "stderr is no terminal");
    let output = factory
        .command(&["plan"])
        .env("NO_COLOR", "1")
        .env("CLICOLOR_FORCE", "0")
        .output()
        .unwrap();
    assert!(!colored(&Ran::of(&output)));
}

#[test]
fn quiet_says_nothing_but_errors() {
    let factory = Factory::with_manifest("[server]\nname = \"x\"\n[plugins.echo]\n");
    let ran = factory.run(&["-q", "generate"]);
    assert_eq!(
        (ran.succeeds().stdout.as_str(), ran.stderr.as_str()),
        ("", "")
    );
    factory
        .run(&["-q", "plan", "-m", "absent"])
        .fails(3, &["there is no absent"]);
}

#[test]
fn every_line_for_programs_is_json() {
    let factory = Factory::with_manifest("[server]\nname = \"x\"\n[plugins.echo]\n");
    let ran = factory.run(&["generate", "--format", "json"]);
    assert_eq!(ran.succeeds().stderr, "");
    for line in ran.stdout.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    assert_eq!(ran.json()["result"], "ok");
}
