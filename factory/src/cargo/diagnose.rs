//! Why cargo failed, in the words of whoever wrote the manifest.

use crate::{
    error::{Code, Failure},
    plan::PlannedPlugin,
};

use super::{c_compiler::INSTALL, messages::CompilerError};

/// A build that failed.
#[derive(Debug)]
pub(super) struct Failed<'a> {
    pub(super) errors: &'a [CompilerError],
    pub(super) stderr: &'a str,
    pub(super) server: &'a str,
    pub(super) plugins: &'a [PlannedPlugin],
    pub(super) offline: bool,
    /// Whether C was compiled for musl with glibc's headers.
    pub(super) is_c_borrowed: bool,
}

/// The likeliest cause.
pub(super) fn diagnose(failed: &Failed<'_>) -> Failure {
    let all: String = failed
        .errors
        .iter()
        .map(|error| error.rendered.as_str())
        .chain([failed.stderr])
        .collect();
    let contains = |texts: &[&str]| texts.iter().any(|text| all.contains(text));
    if contains(&["No space left on device", "(os error 28)"]) {
        return Failure::new(Code::DiskFull, "the disk is full: cargo could not finish")
            .fix("free some space, or point MCP_FACTORY_HOME at another disk");
    }
    if contains(&["signal: 9", "terminated with signal 9", "SIGKILL"]) {
        return Failure::new(
            Code::Killed,
            "the compiler or the linker was killed, most likely for want of memory",
        )
        .fix("build with --jobs 1, or with a profile other than small");
    }
    if let Some(linker) = missing_linker(&all) {
        return Failure::new(
            Code::NoLinker,
            format!("the linker `{linker}` is not on the PATH"),
        )
        .note("Rust links with a C compiler")
        .fix(INSTALL);
    }
    if contains(&["failed to find tool", "ToolNotFound"]) {
        return Failure::new(Code::NoCCompiler, "a crate with C in it needs a C compiler")
            .fix(INSTALL)
            .detail(tail(failed.stderr));
    }
    if let Some(header) = missing_header(&all) {
        return Failure::new(
            Code::NoCCompiler,
            format!("the C compiler does not find the header {header}"),
        )
        .note("a compiler without the C library's headers compiles nothing")
        .fix(INSTALL)
        .detail(tail(failed.stderr));
    }
    if failed.is_c_borrowed && contains(&["undefined reference to `", "undefined symbol: "]) {
        return Failure::new(
            Code::NoCCompiler,
            "C in one of the crates does not link with musl: it was compiled with glibc's headers",
        )
        .note("there is no C compiler for musl on the PATH, so the usual one was used")
        .fix("install one: apt-get install musl-tools, or build for glibc: --target with -gnu in place of -musl")
        .detail(tail(&all));
    }
    if contains(&["can't find crate for `std`", "can't find crate for `core`"]) {
        return Failure::new(
            Code::NoTarget,
            "the compiler has no standard library for the target",
        )
        .fix("rustup target add, with the target that was chosen")
        .detail(tail(failed.stderr));
    }
    if contains(&["could not write output to", "failed to write to `"]) {
        return Failure::new(
            Code::Files,
            "the compiler could not write into the shared build directory",
        )
        .note("something removed it, or took away the right to write, while it was in use")
        .fix("build again")
        .detail(tail(&all));
    }
    if let Some(error) = failed.errors.first() {
        return compile_error(failed, error);
    }
    if failed.offline || is_offline(failed.stderr) {
        return Failure::new(
            Code::Offline,
            "crates have to be downloaded, and there is no connection",
        )
        .fix("connect and build once: what was downloaded is kept")
        .detail(tail(failed.stderr));
    }
    Failure::new(Code::CargoFailed, "cargo failed")
        .fix("run again with -v for all that it says")
        .detail(tail(failed.stderr))
}

/// Whether cargo failed because it could not reach a registry or a repository.
pub(crate) fn is_offline(stderr: &str) -> bool {
    [
        "you're using offline mode",
        "--offline was specified",
        "Could not resolve host",
        "Couldn't resolve host",
        "failed to resolve address",
        "Could not connect to server",
        "Couldn't connect to server",
        "Network is unreachable",
        "unable to access",
        "Connection refused",
        "[6] ",
        "[7] ",
        "download of ",
        "Timeout was reached",
        "spurious network error",
    ]
    .iter()
    .any(|sign| stderr.contains(sign))
}

/// The errors of one package: of a plugin if one is at fault.
fn compile_error(failed: &Failed<'_>, first: &CompilerError) -> Failure {
    let plugin_of = |error: &CompilerError| {
        failed
            .plugins
            .iter()
            .find(|plugin| plugin.package == error.package)
    };
    let culprit = failed
        .errors
        .iter()
        .find(|error| plugin_of(error).is_some())
        .unwrap_or(first);
    let same = failed
        .errors
        .iter()
        .filter(|error| error.package == culprit.package);
    // The last error of a crate only counts the others.
    let shown: Vec<&str> = same
        .map(|error| error.rendered.as_str())
        .filter(|text| !text.contains("aborting due to"))
        .collect();
    let text = shown.concat();
    if let Some(plugin) = plugin_of(culprit) {
        return Failure::new(
            Code::PluginCompile,
            format!("plugin `{}` does not compile", plugin.name),
        )
        .note(format!(
            "{} {}, {}",
            plugin.package, plugin.version, plugin.source
        ))
        .fix("correct the plugin; this is what the compiler says of it")
        .detail(text);
    }
    if culprit.package == failed.server {
        return Failure::new(
            Code::GeneratedCompile,
            "the generated crate does not compile",
        )
        .note("if no sentence below names a cause in the manifest, this is a fault in mcp-factory")
        .fix("see below; the crate is in .mcp-factory/")
        .detail(text);
    }
    Failure::new(
        Code::DependencyCompile,
        format!("the crate {} does not compile", culprit.package),
    )
    .note("it is a dependency of a plugin or of the server")
    .fix("pin another version of it in the plugin that needs it")
    .detail(text)
}

/// The program in ``linker `cc` not found``.
fn missing_linker(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("linker `")?;
    let (name, rest) = rest.split_once('`')?;
    rest.starts_with(" not found").then_some(name)
}

/// Headers of the C library: without one of them, it is the library's development package that is missing.
const C_LIBRARY: [&str; 8] = [
    "assert.h", "errno.h", "limits.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h",
];

/// The file in `fatal error: stdlib.h: No such file or directory`, or in clang's words for it.
fn missing_header(text: &str) -> Option<&str> {
    text.lines().find_map(|line| {
        let (_, rest) = line.split_once("fatal error: ")?;
        let header = rest
            .strip_suffix(": No such file or directory")
            .or_else(|| rest.strip_prefix('\'')?.strip_suffix("' file not found"))?;
        C_LIBRARY.contains(&header).then_some(header)
    })
}

/// The end of a long text.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Location;

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
            location: Location::Path("/jira".into()),
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
}
