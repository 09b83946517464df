//! Cargo and the compiler, as other programs: asked about crates, found on this machine, run.

mod c_compiler;
mod diagnose;
mod lock;
mod messages;
mod run;
mod toolchain;

use std::{ffi::OsString, io, path::Path, process::Command, time::Duration};

use cargo_metadata::Metadata;

use crate::{
    VERSION, embedded,
    error::{Code, Failure, Result},
    interrupt::Interrupt,
    process,
};

pub(crate) use c_compiler::CCompiler;
pub(crate) use diagnose::is_offline;
pub(crate) use lock::BuildLock;
pub(crate) use run::{Compilation, compile};
pub(crate) use toolchain::{Linking, Toolchain, choose};

/// More than the metadata of any server; a guard against a runaway program.
const MOST_BYTES: u64 = 256 << 20;

/// A cargo that talks plainly, in a directory.
pub(crate) fn cargo(folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    command
        .current_dir(folder)
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "never");
    command
}

/// Asks `cargo metadata`. The inner error is what cargo said.
pub(crate) fn metadata_of(
    folder: &Path,
    arguments: impl IntoIterator<Item = OsString>,
    time: Duration,
    interrupt: &Interrupt,
) -> Result<Result<Metadata, String>> {
    let mut command = cargo(folder);
    command
        .args(["metadata", "--format-version=1"])
        .args(arguments);
    let outcome = process::run(&mut command, time, MOST_BYTES, interrupt)
        .map_err(|error| not_started("cargo", &error))?;
    interrupt.check()?;
    if !outcome.success() {
        let why = if outcome.status.is_none() {
            "\ncargo metadata did not end in time"
        } else {
            ""
        };
        return Ok(Err(format!("{}{why}", outcome.stderr)));
    }
    let text = String::from_utf8_lossy(&outcome.stdout);
    let metadata = cargo_metadata::MetadataCommand::parse(text.as_ref()).map_err(|error| {
        Failure::new(
            Code::Internal,
            format!("cargo metadata cannot be read: {error}"),
        )
    })?;
    Ok(Ok(metadata))
}

/// Says that a program of the toolchain is not there.
pub(crate) fn not_started(program: &str, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::NotFound {
        return Failure::new(Code::NoToolchain, format!("`{program}` is not on the PATH"))
            .note("a server is compiled on this machine, with the Rust toolchain")
            .fix("install it from https://rustup.rs, then open a new shell");
    }
    Failure::new(
        Code::NoToolchain,
        format!(
            "`{program}` cannot be started: {}",
            crate::error::plain(error)
        ),
    )
    .fix("check the Rust toolchain: rustup show")
}

/// The text of a `.cargo/config.toml` that tells cargo where this machine has some of our crates.
pub(crate) fn patches(sources: &Path, crates: &[&str]) -> String {
    let mut table = toml::Table::new();
    for (name, folder) in embedded::crates()
        .iter()
        .filter(|(name, _)| crates.contains(&name.as_str()))
    {
        let path = sources.join(folder).to_string_lossy().into_owned();
        table.insert(
            name.clone(),
            toml::Table::from_iter([("path".to_owned(), path.into())]).into(),
        );
    }
    let patch = toml::Table::from_iter([("crates-io".to_owned(), toml::Value::Table(table))]);
    let config = toml::Table::from_iter([("patch".to_owned(), toml::Value::Table(patch))]);
    format!(
        "{PATCHES_MARK} {VERSION} for this machine: where its crates are unpacked. Not to be committed.\n{config}"
    )
}

/// How such a file begins.
pub(crate) const PATCHES_MARK: &str = "# Written by mcp-factory";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_crates_that_are_asked_for_are_patched() {
        let text = patches(Path::new("/cache/src"), &["mcp-factory-sdk"]);
        let table: toml::Table = text.parse().unwrap();
        let patches = table["patch"]["crates-io"].as_table().unwrap();
        assert_eq!(patches.len(), 1);
        assert_eq!(
            patches["mcp-factory-sdk"]["path"].as_str(),
            Some("/cache/src/runtime/sdk")
        );
        assert!(text.starts_with(PATCHES_MARK));
    }
}
