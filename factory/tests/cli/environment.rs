//! Machines that lack something.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::driver::{Factory, Ran};

/// A folder with programs in place of the toolchain's.
fn programs(factory: &Factory, scripts: &[(&str, &str)]) -> String {
    for (name, script) in scripts {
        factory.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(
            factory.path("bin").join(name),
            fs::Permissions::from_mode(0o755),
        )
        .unwrap();
    }
    factory.path("bin").display().to_string()
}

fn build_with_path(factory: &Factory, path: &str) -> Ran {
    let home = factory.path("home");
    let mut command = factory.command(&["build", "--plugins", "echo", "-o", "server"]);
    Ran::of(
        &command
            .env("PATH", path)
            .env("MCP_FACTORY_HOME", home)
            .output()
            .unwrap(),
    )
}

const RUSTC: &str = "case \"$*\" in *-vV*) echo 'release: 1.95.0'; echo 'host: x86_64-unknown-linux-gnu';; *) exit 1;; esac";

#[test]
fn without_a_toolchain_the_way_to_one_is_shown() {
    let factory = Factory::new();
    let path = programs(&factory, &[]);
    build_with_path(&factory, &path).fails(
        8,
        &[
            "error[MF0701]: `rustc` is not on the PATH",
            "https://rustup.rs",
        ],
    );
    // rustc without a C compiler, and without cargo.
    let path = programs(&factory, &[("rustc", RUSTC)]);
    build_with_path(&factory, &path).fails(
        8,
        &[
            "error[MF0708]: there is no C compiler for x86_64-unknown-linux-gnu",
            "apt-get install gcc libc6-dev",
        ],
    );
    let path = programs(&factory, &[("rustc", RUSTC), ("cc", "exit 1")]);
    let ran = build_with_path(&factory, &path);
    assert_eq!(ran.code, 8, "{ran:?}");
    assert!(
        ran.stderr.contains("`cargo` is not on the PATH"),
        "{}",
        ran.stderr
    );
    assert!(!factory.path("server").exists());
}

#[test]
fn an_old_compiler_is_refused() {
    let factory = Factory::new();
    let path = programs(&factory, &[("rustc", &RUSTC.replace("1.95.0", "1.60.0"))]);
    let ran = build_with_path(&factory, &path);
    assert_eq!(ran.code, 8);
    assert!(
        ran.stderr
            .contains("error[MF0702]: rustc 1.60.0 is too old: a server needs 1.95 or newer"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("fix: rustup update stable"));
}

#[test]
fn a_broken_compiler_is_quoted() {
    let factory = Factory::new();
    let path = programs(
        &factory,
        &[("rustc", "echo 'no default toolchain' >&2; exit 1")],
    );
    let ran = build_with_path(&factory, &path);
    assert_eq!(ran.code, 8);
    assert!(
        ran.stderr.contains("`rustc -vV` fails") && ran.stderr.contains("no default toolchain"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_target_that_is_not_installed_is_named_with_the_command() {
    let factory = Factory::new();
    let ran = factory.run(&[
        "build",
        "--plugins",
        "echo",
        "--target",
        "riscv64gc-unknown-linux-musl",
        "--offline",
    ]);
    assert_eq!(ran.code, 8, "{ran:?}");
    assert!(ran.stderr.contains(
        "error[MF0703]: the compiler has no standard library for riscv64gc-unknown-linux-musl"
    ));
    assert!(
        ran.stderr
            .contains("fix: rustup target add riscv64gc-unknown-linux-musl")
    );
}

#[test]
fn a_destination_that_cannot_be_written_is_refused_before_compiling() {
    let factory = Factory::new();
    factory.write("folder/file", "");
    let build =
        |output: &str| factory.run(&["build", "--plugins", "echo", "--name", "x", "-o", output]);
    build("folder").fails(
        2,
        &[
            "error[MF0103]",
            "it is a directory",
            "fix: name a file: -o folder/NAME",
        ],
    );
    factory.write("notes.txt", "precious");
    build("notes.txt").fails(2, &["error[MF0103]", "it is a file that is no program"]);
    assert_eq!(factory.read("notes.txt"), "precious");
    build("/dev/null").fails(2, &["error[MF0103]", "it is no regular file"]);
    std::os::unix::fs::symlink("notes.txt", factory.path("link")).unwrap();
    build("link").fails(2, &["error[MF0103]", "it is a symbolic link"]);
    build("absent/server").fails(2, &["there is no directory", "fix: mkdir -p "]);
    build("/proc/server").fails(
        2,
        &[
            "cannot be written to /proc/server",
            "name another place with -o",
        ],
    );
}

#[test]
fn without_a_home_the_variable_is_named() {
    let factory = Factory::new();
    let mut command = factory.command(&["build", "--plugins", "echo"]);
    let output = command
        .env_remove("MCP_FACTORY_HOME")
        .env_remove("XDG_CACHE_HOME")
        .env_remove("HOME")
        .output()
        .unwrap();
    Ran::of(&output).fails(8, &["error[MF0707]", "set MCP_FACTORY_HOME"]);
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let factory = Factory::new();
    factory.write("file", "");
    let output = factory
        .command(&["generate", "--plugins", "echo"])
        .env("MCP_FACTORY_HOME", factory.path("file"))
        .output()
        .unwrap();
    Ran::of(&output).fails(8, &["error[MF0706]: cannot create"]);
}

/// Cargo answers for itself, except that it builds as the script says.
fn with_build(factory: &Factory, script: &str) -> String {
    let path = std::env::var("PATH").unwrap();
    let real = std::env::split_paths(&path)
        .map(|folder| folder.join("cargo"))
        .find(|cargo| cargo.is_file())
        .unwrap();
    let script = format!(
        "if [ \"$1\" != build ]; then exec {} \"$@\"; fi\n{script}",
        real.display()
    );
    format!("{}:{path}", programs(factory, &[("cargo", &script)]))
}

#[test]
fn a_killed_compiler_is_told_from_a_broken_plugin() {
    let factory = Factory::new();
    let path = with_build(
        &factory,
        "echo 'process did not exit successfully: rustc (signal: 9, SIGKILL: kill)' >&2; exit 101",
    );
    let ran = build_with_path(&factory, &path);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.stderr.contains("error[MF0404]") && ran.stderr.contains("fix: build with --jobs 1"),
        "{}",
        ran.stderr
    );
    let path = with_build(
        &factory,
        "echo 'error: No space left on device (os error 28)' >&2; exit 101",
    );
    let ran = build_with_path(&factory, &path);
    assert_eq!(ran.code, 8, "{ran:?}");
    assert!(
        ran.stderr.contains("error[MF0705]: the disk is full"),
        "{}",
        ran.stderr
    );
}

#[test]
fn ctrl_c_stops_cargo_and_leaves_no_binary() {
    let factory = Factory::new();
    let path = with_build(
        &factory,
        &format!(
            "sleep 300 & echo $! > {}; wait",
            factory.path("pid").display()
        ),
    );
    let mut command = factory.command(&["build", "--plugins", "echo", "-o", "server"]);
    let child = command
        .env("PATH", path)
        .env("MCP_FACTORY_HOME", factory.path("home"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = wait_for(&factory.path("pid"));
    signal(&child, "INT");
    let ran = Ran::of(&child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(
        ran.stderr.contains("error[MF0002]: interrupted"),
        "{}",
        ran.stderr
    );
    let deadline = Instant::now() + Duration::from_secs(30);
    while is_running(&pid) {
        assert!(
            Instant::now() < deadline,
            "cargo's own children end with it"
        );
        thread::sleep(Duration::from_millis(20));
    }
    let left: Vec<String> = factory
        .listing()
        .into_iter()
        .filter(|name| !name.starts_with("home") && !name.starts_with("bin"))
        .collect();
    assert_eq!(left, ["pid"], "no binary, whole or half");
}

#[test]
fn a_killed_factory_leaves_no_binary_and_blocks_nobody() {
    let factory = Factory::new();
    let sleep = format!(
        "echo $$ > {}; exec sleep 300",
        factory.path("pid").display()
    );
    let path = with_build(&factory, &sleep);
    let mut command = factory.command(&["build", "--plugins", "echo", "-o", "server"]);
    let home = factory.path("home");
    let mut child = command
        .env("PATH", path)
        .env("MCP_FACTORY_HOME", home)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let orphan = wait_for(&factory.path("pid"));
    child.kill().unwrap();
    child.wait().unwrap();
    std::process::Command::new("kill")
        .arg(&orphan)
        .status()
        .unwrap();
    assert!(!factory.path("server").exists());

    let path = with_build(&factory, "echo 'error: stop here' >&2; exit 101");
    let ran = build_with_path(&factory, &path);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.stderr.contains("error[MF0405]: cargo failed") && ran.stderr.contains("stop here"),
        "{}",
        ran.stderr
    );
    assert!(
        !ran.stderr.contains("waiting for another"),
        "{}",
        ran.stderr
    );
}

fn wait_for(path: &Path) -> String {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        if text.ends_with('\n') {
            return text.trim().to_owned();
        }
        assert!(Instant::now() < deadline, "cargo was not started");
        thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// A dead process may still wait for whoever inherited it.
fn is_running(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
