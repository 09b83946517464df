//! What building a server takes: a compiler, a target, a C compiler, room.

use std::{fs, path::Path, process::Command};

use crate::{
    cargo::{CCompiler, Toolchain, choose},
    error::{AtPath as _, Code, Failure, Result},
    home::Home,
    interrupt::Interrupt,
    manifest::StaticMode,
};

use super::Findings;

/// A first build takes about this much, in GiB.
const FIRST_BUILD: u64 = 3;

/// Looks at the machine.
pub(crate) fn examine_machine(findings: &mut Findings, interrupt: &Interrupt) {
    match Toolchain::find(Path::new("."), interrupt) {
        Err(error) => findings.trouble(error),
        Ok(toolchain) => {
            findings.fine(format!("Rust {} for {}", toolchain.release, toolchain.host));
            target(findings, &toolchain, interrupt);
        }
    }
    match cache() {
        Err(error) => findings.trouble(error),
        Ok((path, free)) if free < FIRST_BUILD => {
            let failure = Failure::new(
                Code::DiskFull,
                format!("{free} GiB are free for the cache in {path}"),
            )
            .note(format!("a first build takes about {FIRST_BUILD} GiB"))
            .fix("free some space, or point MCP_FACTORY_HOME at another disk");
            findings.trouble(failure.into());
        }
        Ok((path, free)) => findings.fine(format!(
            "the cache in {path} can be written, {free} GiB are free"
        )),
    }
    for (program, what) in [
        ("git", "plugins from git repositories"),
        ("curl", "`mcp-factory client URL`"),
    ] {
        let there = Command::new(program)
            .arg("--version")
            .output()
            .is_ok_and(|output| output.status.success());
        if !there {
            findings.note(
                format!("there is no {program}, which {what} want"),
                Some(&format!("apt-get install {program}")),
            );
        }
    }
}

fn target(findings: &mut Findings, toolchain: &Toolchain, interrupt: &Interrupt) {
    // Offline: nothing is installed by looking.
    match choose(
        toolchain,
        None,
        StaticMode::Auto,
        true,
        interrupt,
        |_: &str| {},
    ) {
        Err(error) => findings.trouble(error),
        Ok(linking) => {
            match &linking.why {
                Some(why) => findings.note(
                    why.clone(),
                    Some(&format!("rustup target add {}", musl(&toolchain.host))),
                ),
                None => findings.fine(format!("the target {} is installed", linking.target)),
            }
            match CCompiler::find(&linking.target, &toolchain.host) {
                Ok(_) => findings.fine("there is a C compiler with the C library's headers"),
                Err(error) => findings.trouble(error),
            }
        }
    }
}

fn musl(host: &str) -> String {
    let architecture = host.split('-').next().unwrap_or("x86_64");
    format!("{architecture}-unknown-linux-musl")
}

/// The cache's directory, and the GiB that are free there.
fn cache() -> Result<(String, u64)> {
    let home = Home::find()?;
    let root = home.root();
    fs::create_dir_all(root).at_path("create", root)?;
    tempfile::Builder::new()
        .prefix(".writable-")
        .tempfile_in(root)
        .at_path("write in", root)?;
    let space = rustix::fs::statvfs(root)
        .map_err(std::io::Error::from)
        .at_path("look at", root)?;
    Ok((
        root.display().to_string(),
        (space.f_bavail * space.f_frsize) >> 30,
    ))
}
