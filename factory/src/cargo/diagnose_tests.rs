use super::*;

fn plugin() -> PlannedPlugin {
    PlannedPlugin {
        name: "jira".to_owned(),
        package: "acme-jira".to_owned(),
        version: "0.2.0".to_owned(),
        source: "path ../jira".to_owned(),
        interface: 1,
        description: String::new(),
        prefix: None,
        allow: Vec::new(),
        deny: Vec::new(),
        scopes: Vec::new(),
        env: Vec::new(),
        hosts: Vec::new(),
        features: Vec::new(),
        library: "acme_jira".to_owned(),
        entry: "PLUGIN".to_owned(),
        location: Location::Path("/home/ann/jira".into()),
        declared: Vec::new(),
    }
}

/// Packages, and what the compiler said of each.
type Errors<'a> = &'a [(&'a str, &'a str)];

fn of(errors: Errors<'_>, stderr: &str) -> Failure {
    let errors: Vec<CompilerError> = errors
        .iter()
        .map(|(package, rendered)| CompilerError {
            package: (*package).to_owned(),
            rendered: (*rendered).to_owned(),
        })
        .collect();
    diagnose(&Failed {
        errors: &errors,
        stderr,
        server: "myservice",
        plugins: &[plugin()],
        offline: false,
        is_c_borrowed: true,
    })
}

#[test]
fn each_cause_has_its_own_message() {
    let cases: &[(Errors<'_>, &str, Code)] = &[
        (
            &[(
                "serde",
                "error: linking with `cc` failed: No space left on device (os error 28)",
            )],
            "",
            Code::DiskFull,
        ),
        (
            &[],
            "error: failed to write /x: No space left on device (os error 28)",
            Code::DiskFull,
        ),
        (
            &[],
            "process didn't exit successfully: `rustc …` (signal: 9, SIGKILL: kill)",
            Code::Killed,
        ),
        (
            &[(
                "myservice",
                "collect2: fatal error: ld terminated with signal 9 [Killed]",
            )],
            "",
            Code::Killed,
        ),
        (
            &[("myservice", "error: linker `cc` not found\n")],
            "",
            Code::NoLinker,
        ),
        (
            &[],
            "error occurred in cc-rs: failed to find tool \"gcc\": No such file",
            Code::NoCCompiler,
        ),
        (
            &[],
            "cargo:warning=/c/a.h:1:10: fatal error: stdlib.h: No such file or directory\ncompilation terminated.",
            Code::NoCCompiler,
        ),
        (
            &[],
            "  /c/a.h:1:10: fatal error: 'stdlib.h' file not found",
            Code::NoCCompiler,
        ),
        (
            &[],
            "/c/a.c:1:10: fatal error: libpq-fe.h: No such file or directory",
            Code::CargoFailed,
        ),
        (
            &[(
                "myservice",
                "error: linking with `cc` failed\n  undefined reference to `fopen64'",
            )],
            "",
            Code::NoCCompiler,
        ),
        (
            &[("cfg-if", "error[E0463]: can't find crate for `core`")],
            "",
            Code::NoTarget,
        ),
        (
            &[("acme-jira", "error[E0308]: mismatched types")],
            "",
            Code::PluginCompile,
        ),
        (
            &[("tokio", "error: x"), ("acme-jira", "error: y")],
            "",
            Code::PluginCompile,
        ),
        (&[("tokio", "error: x")], "", Code::DependencyCompile),
        (
            &[(
                "tokio",
                "error: could not write output to /b/x.o: No such file or directory",
            )],
            "",
            Code::Files,
        ),
        (
            &[("myservice", "error[E0080]: plugins collide")],
            "",
            Code::GeneratedCompile,
        ),
        (
            &[],
            "error: failed to download\n  Could not resolve host: index.example",
            Code::Offline,
        ),
        (&[], "error: something else", Code::CargoFailed),
    ];
    for (errors, stderr, code) in cases {
        assert_eq!(of(errors, stderr).code, *code, "{errors:?} {stderr}");
    }
}

#[test]
fn a_definition_that_the_server_does_not_find_is_the_plugins_matter() {
    let error = "error[E0603]: static `PLUGIN` is private\n  mount(\"jira\", &acme_jira::PLUGIN)";
    let failure = of(&[("myservice", error)], "");
    assert_eq!(failure.code, Code::PluginCompile);
    assert_eq!(
        failure.message,
        "plugin `jira` has no public `acme_jira::PLUGIN`"
    );
}

#[test]
fn a_place_is_told_by_the_path_that_the_author_knows() {
    let failure = of(
        &[("acme-jira", "  --> /plugins/acme-jira/src/lib.rs:3:5")],
        "",
    );
    let text = failure.detail.expect("the compiler is quoted");
    assert_eq!(text, "  --> /home/ann/jira/src/lib.rs:3:5");
}

#[test]
fn a_plugin_that_does_not_compile_shows_its_own_errors_only() {
    let failure = of(
        &[
            ("acme-jira", "error: one\n"),
            ("tokio", "error: other\n"),
            ("acme-jira", "error: aborting due to 1 previous error\n"),
        ],
        "",
    );
    assert_eq!(failure.message, "plugin `jira` does not compile");
    assert_eq!(failure.detail.as_deref(), Some("error: one\n"));
}
