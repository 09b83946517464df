//! `cargo build`, with everything set that a static and repeatable binary needs.

use std::{
    collections::{BTreeMap, HashSet},
    env,
    io::{BufRead as _, BufReader, Read},
    path::{Path, PathBuf},
    process::Stdio,
    sync::mpsc::{self, RecvTimeoutError, SyncSender},
    thread,
    time::{Duration, Instant},
};

use crate::{
    error::{Code, Failure, Result},
    home::Home,
    interrupt::Interrupt,
    memo::sha256,
    plan::{Location, PlannedPlugin},
    process::{Group, TICK},
    report::Report,
};

use super::{
    c_compiler::CCompiler,
    cargo,
    diagnose::{Failed, diagnose, hidden_path},
    messages::{CompilerError, Message, package_name},
    not_started,
    toolchain::{Linking, Toolchain},
};

/// Lines that wait to be read; cargo waits when there are more.
const QUEUE: usize = 256;
/// What is kept of what cargo says beside its messages.
const MOST_STDERR: usize = 1 << 20;

/// What to compile, and how.
#[derive(Debug)]
pub(crate) struct Compilation<'a> {
    pub(crate) home: &'a Home,
    /// The generated crate.
    pub(crate) folder: &'a Path,
    pub(crate) server: &'a str,
    pub(crate) plugins: &'a [PlannedPlugin],
    pub(crate) toolchain: &'a Toolchain,
    pub(crate) linking: &'a Linking,
    pub(crate) c_compiler: &'a CCompiler,
    pub(crate) profile: &'a str,
    pub(crate) jobs: Option<u32>,
    pub(crate) offline: bool,
    /// How many packages there are, for the progress.
    pub(crate) packages: usize,
}

enum Line {
    Out(String),
    Err(String),
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// Where cargo put the binary.
    pub(crate) binary: PathBuf,
    /// How many packages had to be compiled; the others were ready.
    pub(crate) packages: usize,
}

/// Compiles.
pub(crate) fn compile(
    what: &Compilation<'_>,
    interrupt: &Interrupt,
    report: &mut Report,
) -> Result<Compiled> {
    let mut command = cargo(what.folder);
    command.args([
        "build",
        "--locked",
        "--profile",
        what.profile,
        "--target",
        &what.linking.target,
    ]);
    command.arg("--target-dir").arg(what.folder.join("target"));
    let colors = if report.colored() && !report.is_json() {
        "json,json-diagnostic-rendered-ansi"
    } else {
        "json"
    };
    command.arg(format!("--message-format={colors}"));
    if let Some(jobs) = what.jobs {
        command.arg(format!("--jobs={jobs}"));
    }
    if what.offline {
        command.arg("--offline");
    }
    if report.verbose() > 1 {
        command.arg("--verbose");
    }
    command.env("CARGO_BUILD_BUILD_DIR", what.home.build(&key(what)));
    // Flags of the user's would be another set of compiled crates, and could undo what is promised.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PROFILE_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(what).join("\u{1f}"))
        // A hash function of the plugin `code` takes its seed when it is compiled: from chance, unless this
        // is set, and then two builds differ.
        .env("CONST_RANDOM_SEED", "mcp-factory");
    command.envs(
        what.c_compiler
            .variables
            .iter()
            .map(|(name, value)| (name, value)),
    );
    command.stdout(Stdio::piped()).stderr(Stdio::piped());

    let mut group = Group::spawn(&mut command).map_err(|error| not_started("cargo", &error))?;
    let (sender, receiver) = mpsc::sync_channel(QUEUE);
    listen(group.child().stdout.take(), Line::Out, sender.clone());
    listen(group.child().stderr.take(), Line::Err, sender);

    let mut seen = HashSet::new();
    let mut compiled = HashSet::new();
    let mut errors: Vec<CompilerError> = Vec::new();
    let mut stderr = String::new();
    let mut binary = None;
    loop {
        let line = match receiver.recv_timeout(TICK) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                stop_if_asked(&mut group, interrupt)?;
                continue;
            }
        };
        stop_if_asked(&mut group, interrupt)?;
        match line {
            Line::Err(line) => {
                if report.verbose() > 0 {
                    report.say(line.trim_end());
                }
                if stderr.len() < MOST_STDERR {
                    stderr.push_str(&line);
                }
            }
            Line::Out(line) => match Message::parse(&line) {
                Some(Message::CompilerArtifact {
                    package_id,
                    executable,
                    fresh,
                }) => {
                    if !fresh {
                        compiled.insert(package_id.clone());
                    }
                    binary = executable.map(PathBuf::from).or(binary);
                    let name = package_name(&package_id).to_owned();
                    if seen.insert(package_id) {
                        report.progress(
                            "Compiling",
                            seen.len(),
                            what.packages.max(seen.len()),
                            &name,
                        );
                    }
                }
                Some(Message::CompilerMessage {
                    package_id,
                    message,
                }) if message.level.starts_with("error") => {
                    errors.push(CompilerError {
                        package: package_name(&package_id).to_owned(),
                        rendered: message.rendered.unwrap_or_default(),
                    });
                }
                _ => {}
            },
        }
    }
    let status = group.wait_until(Instant::now() + Duration::from_mins(1), interrupt);
    interrupt.check()?;
    let success = matches!(status, Ok(Some(status)) if status.success());
    match binary {
        Some(binary) if success => Ok(Compiled {
            binary,
            packages: compiled.len(),
        }),
        _ if success => Err(Failure::new(
            Code::Internal,
            "cargo built the server and did not say where",
        )
        .into()),
        _ => {
            let failed = Failed {
                errors: &errors,
                stderr: &stderr,
                server: what.server,
                plugins: what.plugins,
                offline: what.offline,
                is_c_borrowed: what.c_compiler.is_borrowed(),
            };
            Err(diagnose(&failed).into())
        }
    }
}

fn stop_if_asked(group: &mut Group, interrupt: &Interrupt) -> Result<()> {
    if interrupt.is_set() {
        group.kill();
    }
    interrupt.check()
}

/// Ends with its stream, which ends with cargo.
fn listen(
    stream: Option<impl Read + Send + 'static>,
    kind: fn(String) -> Line,
    sender: SyncSender<Line>,
) {
    thread::spawn(move || {
        let Some(stream) = stream else { return };
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            if sender
                .send(kind(String::from_utf8_lossy(&line).into_owned()))
                .is_err()
            {
                return;
            }
            line.clear();
        }
    });
}

/// Names the directory of cargo's intermediate files: one for each set of flags, because cargo compiles
/// everything again when they change.
fn key(what: &Compilation<'_>) -> String {
    let linking = if what.linking.is_static {
        ""
    } else {
        "-shared"
    };
    let mut key = format!("{}-{}{linking}", what.toolchain.key(), what.linking.target);
    let own = own_paths(what);
    if !own.is_empty() {
        key = format!("{key}-{}", &sha256(own.concat().as_bytes())[..8]);
    }
    key
}

/// The compiler's flags: the same for every project of a user whose plugins are below their home.
fn flags(what: &Compilation<'_>) -> Vec<String> {
    let mut flags = Vec::new();
    if what.linking.crt_static {
        flags.push("-Ctarget-feature=+crt-static".to_owned());
    } else if !what.linking.is_static && what.linking.target.contains("musl") {
        flags.push("-Ctarget-feature=-crt-static".to_owned());
    }
    if what.linking.is_static && what.linking.target.contains("musl") {
        // Half a megabyte less to read when the server starts. The musl that comes with Rust relocates
        // itself from the packed form; a linker that does not know it says so and goes on.
        flags.push("-Clink-arg=-Wl,-z,pack-relative-relocs".to_owned());
        // Where everything is bound at the start, rustc has all calls from one crate into another go through a
        // table, for libraries that are not there in a static binary: three of five calls, and 11,000 pointers
        // to relocate. Told that it is not, it has the linker write direct calls; the linker is told that it is.
        flags.push("-Crelro-level=partial".to_owned());
        flags.push("-Clink-arg=-Wl,-z,now".to_owned());
    }
    let arguments = what.c_compiler.link_arguments.iter();
    flags.extend(arguments.map(|argument| format!("-Clink-arg={argument}")));
    // No path of this machine in the binary. The last match wins, so the widest comes first.
    let cargo = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| home().map(|home| home.join(".cargo")));
    let names = [
        (home(), "~"),
        (cargo, "/cargo"),
        (Some(what.home.root().to_owned()), "/mcp-factory"),
    ];
    flags.extend(
        names
            .iter()
            .filter_map(|(path, name)| Some(remap(path.as_deref()?, name))),
    );
    flags.extend(own_paths(what));
    flags
}

/// Flags for the plugins in directories that are not below the user's home, one for each directory: the same for
/// every server of these plugins, whatever it calls them and however often it has them.
fn own_paths(what: &Compilation<'_>) -> Vec<String> {
    // These two are for the machine they are built on, where the path is a help; and so they share what
    // is compiled, whoever's plugin it is for.
    if matches!(what.profile, "dev" | "fast") {
        return Vec::new();
    }
    let plugins = what.plugins.iter();
    let directories = plugins.filter_map(|plugin| match &plugin.location {
        Location::Path(path) => Some((path.as_path(), &*plugin.package)),
        Location::Cargo(_) => None,
    });
    remap_outside(home().as_deref(), directories)
}

/// Flags for directories of packages, but for those in `home`.
fn remap_outside<'a>(
    home: Option<&Path>,
    directories: impl Iterator<Item = (&'a Path, &'a str)>,
) -> Vec<String> {
    let outside = directories.filter(|(path, _)| home.is_none_or(|home| !path.starts_with(home)));
    let flag = |(path, package): (&Path, &str)| remap(path, &hidden_path(package));
    outside
        .collect::<BTreeMap<_, _>>()
        .into_iter()
        .map(flag)
        .collect()
}

fn remap(path: &Path, name: &str) -> String {
    format!("--remap-path-prefix={}={name}", path.display())
}

/// The user's home, unless that is the root of everything.
fn home() -> Option<PathBuf> {
    env::var_os("HOME")
        .map(PathBuf::from)
        .filter(|home| home.is_absolute() && home.parent().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_flag_whatever_is_made_of_it() {
        let many = [
            ("/srv/many", "mcp-plugin-many"),
            ("/home/one/own", "mcp-plugin-own"),
            ("/srv/few", "mcp-plugin-few"),
            ("/srv/many", "mcp-plugin-many"),
        ];
        let flags = |plugins: &[(&str, &str)]| {
            let home = Some(Path::new("/home/one"));
            let plugins = plugins
                .iter()
                .map(|(path, package)| (Path::new(*path), *package));
            remap_outside(home, plugins)
        };
        let expected = [
            "--remap-path-prefix=/srv/few=/plugins/mcp-plugin-few",
            "--remap-path-prefix=/srv/many=/plugins/mcp-plugin-many",
        ];
        assert_eq!(flags(&many), expected);
        assert_eq!(flags(&[many[2], many[3]]), expected);
    }
}
