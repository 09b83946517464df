//! What a declaration must be: each refusal, with the words that mend it.

use mcp_factory_sdk::prelude::Declares;
use mcp_factory_sdk::{DeclaredParameter, DeclaredTool, Hints, ParameterKind, Scope};
use mcp_plugin_shell::{PLUGIN, Shell};
use serde_json::{Value, json};

use crate::support::*;

fn judged(tool: &DeclaredTool) -> Result<(), String> {
    Shell::check(tool, &tool.body()?)
}

fn refused(body: &Value, parameters: &[DeclaredParameter]) -> String {
    judged(&tool(body, parameters)).expect_err("it is refused")
}

#[test]
fn a_good_declaration_passes() {
    let body = json!({
        "argv": ["/usr/bin/git", "-C", "/srv/repo", "log", "--max-count={count}", "--", "{path}"],
        "env": { "GIT_CONFIG_NOSYSTEM": "1" }, "cwd": "/srv/repo", "read": ["/srv/repo"],
        "write": [".", "/srv/out"], "execute": ["/usr/lib/git-core"], "network": true,
        "allow_leading_dash": ["path"], "processes": 8, "max_output_bytes": 1000,
        "cpu_seconds": 5, "memory_mib": 64, "open_files": 32, "file_size_mib": 1,
    });
    let mut good = tool(&body, &[number("count"), text("path")]);
    judged(&good).unwrap();
    good.scope = Scope::new("repo:admin");
    judged(&good).unwrap();
}

#[test]
fn only_an_administrator_with_a_second_factor_may_be_let_in() {
    let good = || tool(&json!({ "argv": [PERL] }), &[]);
    for scope in [
        Scope::new("read"),
        Scope::new("write"),
        Scope::new("repo:write"),
        Scope::new("admins"),
    ] {
        let error = judged(&DeclaredTool { scope, ..good() }).unwrap_err();
        assert!(error.contains("scope = \"admin\""), "{error}");
    }
    let error = judged(&DeclaredTool {
        gate: None,
        ..good()
    })
    .unwrap_err();
    assert!(error.contains("add gate = \"shell\""), "{error}");
}

#[test]
fn hints_are_kept() {
    let hints = |read_only, open_world| Hints {
        read_only,
        destructive: false,
        idempotent: read_only,
        open_world,
    };
    let with = |body: &Value, hints| {
        judged(&DeclaredTool {
            hints,
            ..tool(body, &[])
        })
    };
    let writes = json!({ "argv": [PERL], "write": ["."] });
    assert!(
        with(&writes, hints(true, true))
            .unwrap_err()
            .contains("`read_only`")
    );
    with(&writes, hints(false, true)).unwrap();
    let network = json!({ "argv": [PERL], "network": true });
    assert!(
        with(&network, hints(true, false))
            .unwrap_err()
            .contains("open_world = true")
    );
    with(&network, hints(true, true)).unwrap();
    with(&json!({ "argv": [PERL] }), hints(true, false)).unwrap();
}

#[test]
fn a_command_that_will_not_do_is_told() {
    let x = [text("x")];
    for (argv, part) in [
        (json!([]), "`argv` is empty"),
        (json!(["{x}"]), "the program is fixed"),
        (json!(["/usr/bin/{x}"]), "the program is fixed"),
        (json!(["git", "{x}"]), "write the absolute path"),
        (json!(["./git", "{x}"]), "write the absolute path"),
        (
            json!(["/usr/bin/../bin/git", "{x}"]),
            "write the absolute path",
        ),
        (json!(["/bin/sh", "-c", "{x}"]), "begins with a shell"),
        (json!(["/opt/any/bash", "{x}"]), "begins with a shell"),
        (json!(["/bin/busybox", "ls", "{x}"]), "begins with a shell"),
        (json!([PERL, "{x}", "{y}"]), "there is no parameter `y`"),
        (json!([PERL]), "the parameter `x` has no place"),
        (json!([PERL, "{x"]), "does not close it"),
        (json!([PERL, "x}"]), "did not open"),
        (json!([PERL, "{}"]), "a name is of letters"),
        (json!([PERL, "a\u{0}{x}"]), "NUL"),
    ] {
        let error = refused(&json!({ "argv": argv }), &x);
        assert!(error.contains(part), "{argv}: {error}");
    }
}

#[test]
fn keys_that_will_not_do_are_told() {
    for (key, value, part) in [
        ("env", json!({ "1A": "" }), "`1A` is no name"),
        ("env", json!({ "A=B": "" }), "`A=B` is no name"),
        ("env", json!({ "": "" }), "`` is no name"),
        (
            "env",
            json!({ "LD_PRELOAD": "/x.so" }),
            "other code into the program",
        ),
        ("env", json!({ "A": "\u{0}" }), "NUL"),
        ("cwd", json!("srv"), "no plain absolute path"),
        ("cwd", json!("/"), "`/` is everything"),
        ("read", json!(["srv"]), "no plain absolute path"),
        ("read", json!(["/srv/../etc"]), "no plain absolute path"),
        ("read", json!(["."]), "no plain absolute path"),
        ("read", json!(["/"]), "`/` is everything"),
        ("write", json!(["/"]), "`/` is everything"),
        ("write", json!(["/a\u{0}"]), "no plain absolute path"),
        ("execute", json!(["/usr/bin"]), "raise `processes`"),
        (
            "allow_leading_dash",
            json!(["y"]),
            "`y`, which is no parameter",
        ),
        (
            "allow_leading_dash",
            json!(["sure"]),
            "`sure`, which is no parameter of text",
        ),
        ("processes", json!(0), "at least 1 and at most 1024"),
        ("processes", json!(1025), "`processes` is 1025"),
        ("max_output_bytes", json!(0), "`max_output_bytes` is 0"),
        ("max_output_bytes", json!(5 << 20), "`max_output_bytes`"),
        ("cpu_seconds", json!(0), "`cpu_seconds` is 0"),
        ("memory_mib", json!(7), "`memory_mib` is 7"),
        ("open_files", json!(7), "`open_files` is 7"),
        ("file_size_mib", json!(0), "`file_size_mib` is 0"),
        ("shell", json!(true), "`shell`"),
        ("argv", json!("/usr/bin/perl"), "`argv`"),
    ] {
        let mut body = json!({ "argv": [PERL, "{x}", "{sure}"] });
        body[key] = value;
        let sure = DeclaredParameter {
            kind: ParameterKind::Boolean,
            ..text("sure")
        };
        let error = refused(&body, &[text("x"), sure]);
        assert!(error.contains(part), "{body}: {error}");
    }
}

#[test]
fn the_plugin_has_no_tools_of_its_own_and_one_answer() {
    assert_eq!(PLUGIN.name(), "shell");
    assert!(PLUGIN.tools().is_empty() && PLUGIN.resources().is_empty());
    let rows = rows(tool(&json!({ "argv": [PERL, "{x}"] }), &[text("x")]));
    let input = rows[0].input_schema().to_string();
    let output = rows[0].output_schema().unwrap().to_string();
    assert!(input.len() < 200, "{} bytes: {input}", input.len());
    assert!(output.len() < 2400, "{} bytes: {output}", output.len());
    let keys = PLUGIN.declaration_schema().unwrap();
    let keys: Vec<_> = keys["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        keys,
        [
            "argv",
            "env",
            "cwd",
            "read",
            "write",
            "execute",
            "network",
            "allow_leading_dash",
            "processes",
            "max_output_bytes",
            "cpu_seconds",
            "memory_mib",
            "open_files",
            "file_size_mib"
        ]
    );
}

#[tokio::test]
async fn a_caller_who_is_no_administrator_runs_nothing() {
    let plugin = start(tool(&perl("print 'ran'", &json!({})), &[])).await;
    let plugin = plugin.with_scopes(&["write"]);
    let error = plugin.call("run", json!({})).await.unwrap_err().to_string();
    assert!(error.contains("admin"), "{error}");
}
