//! The keys of `[[plugins.shell.tool]]` that are this plugin's own, and what a declaration must be.
//!
//! All of it is judged when a server is built, on a machine that need not have the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use mcp_factory_sdk::{DeclaredTool, ParameterKind};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::template::Element;

/// A command as a manifest declares it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// The program, an absolute path, and its arguments. `{name}` in an argument takes the value of that
    /// parameter; what one element holds is always one argument. An element with a place whose parameter
    /// was left out of a call is left out too. For a brace itself write `{{` or `}}`.
    pub argv: Vec<String>,
    /// The program's environment, which is otherwise empty.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The directory to run in, which the program may read. By default a new, empty one for each call,
    /// removed afterwards.
    pub cwd: Option<String>,
    /// Files and directories (with all below) that it may read, beside the system's libraries and shared
    /// data.
    #[serde(default)]
    pub read: Vec<String>,
    /// Files and directories that it may read and change. `"."` is the directory that it runs in.
    #[serde(default)]
    pub write: Vec<String>,
    /// Other programs that it may start, files or directories; takes `processes`.
    #[serde(default)]
    pub execute: Vec<String>,
    /// Whether it may use the network (IPv4 and IPv6).
    #[serde(default)]
    pub network: bool,
    /// Parameters whose values may start with `-` where they are the beginning of an argument. A caller
    /// then chooses options of the program.
    #[serde(default)]
    pub allow_leading_dash: Vec<String>,
    /// How many processes there may be at once, itself included; with 1 it cannot start any.
    #[serde(default = "defaults::processes")]
    #[schemars(range(min = 1, max = 1024))]
    pub processes: u32,
    /// How much of its output, and of its error output, is answered, in bytes each.
    #[serde(default = "defaults::max_output_bytes")]
    #[schemars(range(min = 1, max = 4_194_304))]
    pub max_output_bytes: usize,
    /// Processor time for each process, in seconds.
    #[serde(default = "defaults::cpu_seconds")]
    #[schemars(range(min = 1, max = 86_400))]
    pub cpu_seconds: u64,
    /// Memory, in MiB: the address space of each process, and what all together may occupy.
    #[serde(default = "defaults::memory_mib")]
    #[schemars(range(min = 8, max = 1_048_576))]
    pub memory_mib: u64,
    /// Open files for each process.
    #[serde(default = "defaults::open_files")]
    #[schemars(range(min = 8, max = 65_536))]
    pub open_files: u64,
    /// The largest file it may write, in MiB.
    #[serde(default = "defaults::file_size_mib")]
    #[schemars(range(min = 1, max = 1_048_576))]
    pub file_size_mib: u64,
}

mod defaults {
    pub(super) const fn processes() -> u32 {
        1
    }
    pub(super) const fn max_output_bytes() -> usize {
        64 << 10
    }
    pub(super) const fn cpu_seconds() -> u64 {
        10
    }
    pub(super) const fn memory_mib() -> u64 {
        512
    }
    pub(super) const fn open_files() -> u64 {
        64
    }
    pub(super) const fn file_size_mib() -> u64 {
        16
    }
}

/// Programs whose business is to run the text they are given. Naming one is naming them all.
const SHELLS: &[&str] = &[
    "ash", "bash", "busybox", "csh", "dash", "elvish", "fish", "ksh", "ksh93", "mksh", "nu",
    "oksh", "osh", "pwsh", "rbash", "rksh", "sash", "sh", "tcsh", "toybox", "xonsh", "yash", "zsh",
];

/// Whether the file name of `path` is that of a shell.
pub(crate) fn is_shell(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| SHELLS.contains(&name))
}

/// Judges a declaration.
///
/// # Errors
/// What is wrong and how to mend it.
pub(crate) fn check(tool: &DeclaredTool, declaration: &Declaration) -> Result<(), String> {
    access(tool)?;
    command(tool, declaration)?;
    environment(&declaration.env)?;
    places(declaration)?;
    sizes(declaration)?;
    hints(tool, declaration)
}

/// Who may call it: an administrator, with a second factor.
fn access(tool: &DeclaredTool) -> Result<(), String> {
    let scope = tool.scope.as_str();
    if scope != "admin" && !scope.ends_with(":admin") {
        return Err(format!(
            "`scope` is \"{scope}\"; a tool that runs a program takes scope = \"admin\" (or \"NAME:admin\")"
        ));
    }
    if tool.gate.is_none() {
        return Err(
            "`gate` is missing; a tool that runs a program is opened by a second factor: add gate = \"shell\""
                .to_owned(),
        );
    }
    Ok(())
}

fn command(tool: &DeclaredTool, declaration: &Declaration) -> Result<(), String> {
    let Some(program) = declaration.argv.first() else {
        return Err("`argv` is empty; begin it with the absolute path of a program".to_owned());
    };
    let mut used = BTreeSet::new();
    for (index, element) in declaration.argv.iter().enumerate() {
        let element = Element::parse(element).map_err(|error| format!("`argv`: {error}"))?;
        if index == 0 && element.fixed().is_none() {
            return Err(format!(
                "`argv` begins with `{program}`: the program is fixed and cannot hold a place"
            ));
        }
        used.extend(element.places().map(str::to_owned));
    }
    if !is_plain(Path::new(program)) {
        return Err(format!(
            "`argv` begins with `{program}`; write the absolute path of the program, such as /usr/bin/git"
        ));
    }
    if is_shell(Path::new(program)) {
        return Err(format!(
            "`argv` begins with a shell, `{program}`; declare the program that it would run, with its arguments as elements of their own"
        ));
    }
    let known: BTreeSet<&str> = tool.parameters.iter().map(|one| one.name).collect();
    if let Some(name) = used.iter().find(|name| !known.contains(name.as_str())) {
        return Err(format!(
            "`argv` has a place `{{{name}}}`, and there is no parameter `{name}`; add it to `params`"
        ));
    }
    if let Some(name) = known.iter().find(|name| !used.contains(**name)) {
        return Err(format!(
            "the parameter `{name}` has no place in `argv`; write `{{{name}}}` where it belongs, or remove it"
        ));
    }
    for name in &declaration.allow_leading_dash {
        let parameter = tool.parameters.iter().find(|one| one.name == name);
        if parameter.is_none_or(|one| one.kind == ParameterKind::Boolean) {
            return Err(format!(
                "`allow_leading_dash` names `{name}`, which is no parameter of text or numbers"
            ));
        }
    }
    Ok(())
}

fn environment(env: &BTreeMap<String, String>) -> Result<(), String> {
    for (name, value) in env {
        let mut bytes = name.bytes();
        let starts = bytes
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        if !starts || !bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(format!("`env`: `{name}` is no name of a variable"));
        }
        if name.starts_with("LD_") {
            return Err(format!(
                "`env`: `{name}` would put other code into the program; remove it"
            ));
        }
        if value.contains('\0') {
            return Err(format!(
                "`env`: the value of `{name}` holds a NUL character"
            ));
        }
    }
    Ok(())
}

fn places(declaration: &Declaration) -> Result<(), String> {
    let lists = [
        ("read", &declaration.read),
        ("write", &declaration.write),
        ("execute", &declaration.execute),
    ];
    for (key, path) in lists
        .iter()
        .flat_map(|(key, paths)| paths.iter().map(move |path| (*key, path)))
        .chain(declaration.cwd.iter().map(|path| ("cwd", path)))
    {
        if key == "write" && path == "." {
            continue;
        }
        if !is_plain(Path::new(path)) {
            return Err(format!(
                "`{key}`: `{path}` is no plain absolute path; write it from `/` on, without `..`"
            ));
        }
        if path == "/" {
            return Err(format!(
                "`{key}`: `/` is everything; name the directories that it needs"
            ));
        }
    }
    if !declaration.execute.is_empty() && declaration.processes == 1 {
        return Err(
            "`execute` names programs, and `processes` is 1, so that none can be started; raise `processes`"
                .to_owned(),
        );
    }
    Ok(())
}

fn sizes(declaration: &Declaration) -> Result<(), String> {
    let within = [
        ("processes", u64::from(declaration.processes), 1, 1024),
        (
            "max_output_bytes",
            declaration.max_output_bytes as u64,
            1,
            4 << 20,
        ),
        ("cpu_seconds", declaration.cpu_seconds, 1, 86_400),
        ("memory_mib", declaration.memory_mib, 8, 1 << 20),
        ("open_files", declaration.open_files, 8, 65_536),
        ("file_size_mib", declaration.file_size_mib, 1, 1 << 20),
    ];
    match within
        .iter()
        .find(|(_, value, least, most)| value < least || value > most)
    {
        Some((key, value, least, most)) => Err(format!(
            "`{key}` is {value}; it must be at least {least} and at most {most}"
        )),
        None => Ok(()),
    }
}

/// What a client is told of the tool must be what the sandbox makes of it.
fn hints(tool: &DeclaredTool, declaration: &Declaration) -> Result<(), String> {
    if tool.hints.read_only && !declaration.write.is_empty() {
        return Err("the tool says `read_only` and has `write`; remove one of them".to_owned());
    }
    if declaration.network && !tool.hints.open_world {
        return Err("the tool has `network` and does not say so: add open_world = true".to_owned());
    }
    Ok(())
}

/// Absolute, and without `.` and `..`.
fn is_plain(path: &Path) -> bool {
    path.is_absolute()
        && !path.as_os_str().as_encoded_bytes().contains(&0)
        && path
            .components()
            .all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
}
