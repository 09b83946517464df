//! Why cargo failed, in the words of whoever wrote the manifest.

use crate::{
    error::{Code, Failure},
    plan::{Location, PlannedPlugin},
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
    let text = with_own_paths(text, failed.plugins);
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
    let is_ours = culprit.package == failed.server;
    let not_found = ["E0425", "E0432", "E0433", "E0603"];
    if is_ours && not_found.iter().any(|code| text.contains(code)) {
        let named = |plugin: &&PlannedPlugin| {
            text.contains(&format!("{}::{}", plugin.library, plugin.entry))
        };
        if let Some(plugin) = failed.plugins.iter().find(named) {
            return not_mounted(plugin).detail(text);
        }
    }
    if is_ours {
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

/// The server finds nothing where the plugin's definition should be.
fn not_mounted(plugin: &PlannedPlugin) -> Failure {
    let PlannedPlugin {
        name,
        package,
        library,
        entry,
        ..
    } = plugin;
    Failure::new(
        Code::PluginCompile,
        format!("plugin `{name}` has no public `{library}::{entry}`"),
    )
    .note(format!(
        "#[plugin] writes `PLUGIN` beside its impl block in {package}"
    ))
    .fix("move the block to the root of src/lib.rs, or write `pub use module::PLUGIN;` there")
}

/// Paths are written without what is private in them, and read by the one who has the files.
fn with_own_paths(mut text: String, plugins: &[PlannedPlugin]) -> String {
    for plugin in plugins {
        if let Location::Path(path) = &plugin.location {
            let hidden = format!("{}/", hidden_path(&plugin.package));
            text = text.replace(&hidden, &format!("{}/", path.display()));
        }
    }
    text
}

/// What a binary says instead of the directory of a plugin's package.
pub(super) fn hidden_path(package: &str) -> String {
    format!("/plugins/{package}")
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
#[path = "diagnose_tests.rs"]
mod tests;
