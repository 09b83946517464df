//! A generated crate becomes a binary in its place: compiled, verified beside its destination, and only
//! then given its name.

use std::{
    fs,
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use mcp_factory_sdk::describe::Description;
use tempfile::TempPath;

use crate::{
    cargo::Linking,
    error::{AtPath, Code, Failure, Result, plain},
    interrupt::Interrupt,
    plan::Plan,
    verify::{describe, elf},
};

/// Where the binary goes, checked before the minutes of compiling.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) path: PathBuf,
}

/// A binary that has passed.
#[derive(Debug)]
pub(crate) struct Verified {
    /// What it says of itself; `None` when it cannot run here, or was not to be asked.
    pub(crate) description: Option<Description>,
    /// Whether it is free of loader and libraries.
    pub(crate) is_static: bool,
}

/// Why what stands at `output` must stay: only a program is replaced by a program.
fn not_replaceable(output: &Path) -> Option<&'static str> {
    let there = fs::symlink_metadata(output).ok()?;
    if there.is_symlink() {
        return Some("a symbolic link");
    }
    if !there.is_file() {
        return Some("no regular file");
    }
    let mut start = [0; 4];
    let read = fs::File::open(output).and_then(|mut file| file.read_exact(&mut start));
    let is_program = read.is_ok() && &start == b"\x7fELF";
    (!is_program && there.len() > 0).then_some("a file that is no program")
}

impl Destination {
    /// Takes `output`, which may be a name or a path.
    pub(crate) fn check(output: &Path) -> Result<Self> {
        let shown = output.display();
        if output.is_dir() || output.to_string_lossy().ends_with('/') {
            let inside = output.join("NAME");
            return Err(Failure::new(
                Code::Destination,
                format!("the binary cannot be written to {shown}: it is a directory"),
            )
            .fix(format!("name a file: -o {}", inside.display()))
            .into());
        }
        if let Some(kind) = not_replaceable(output) {
            return Err(Failure::new(
                Code::Destination,
                format!("the binary cannot be written to {shown}: it is {kind}"),
            )
            .fix("name another file with -o, or remove this one")
            .into());
        }
        let path = std::path::absolute(output).at_path("find", output)?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        if !folder.is_dir() {
            return Err(Failure::new(
                Code::Destination,
                format!(
                    "the binary cannot be written to {shown}: there is no directory {}",
                    folder.display()
                ),
            )
            .fix(format!("mkdir -p {}", folder.display()))
            .into());
        }
        if let Err(error) = tempfile::Builder::new()
            .prefix(".writable-")
            .tempfile_in(folder)
        {
            return Err(Failure::new(
                Code::Destination,
                format!("the binary cannot be written to {shown}: {}", plain(&error)),
            )
            .fix("name another place with -o, or make the directory writable")
            .into());
        }
        Ok(Self { path })
    }

    /// Puts a copy beside the destination, to be verified under another name.
    pub(crate) fn stage(&self, built: &Path) -> Result<TempPath> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let name = self
            .path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        // Closed at once: a file that is open for writing cannot be run.
        let staged = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .tempfile_in(folder)
            .at_path("write in", folder)?
            .into_temp_path();
        fs::copy(built, &staged).at_path("write", &self.path)?;
        fs::set_permissions(&staged, fs::Permissions::from_mode(0o755))
            .at_path("write", &self.path)?;
        Ok(staged)
    }

    /// Gives the copy its name, all at once.
    pub(crate) fn publish(&self, staged: TempPath) -> Result<()> {
        staged
            .persist(&self.path)
            .map_err(|error| error.error)
            .at_path("write", &self.path)
    }
}

/// Checks the binary against what was asked for.
pub(crate) fn verify(
    binary: &Path,
    plan: &Plan,
    linking: &Linking,
    interrupt: &Interrupt,
) -> Result<Verified> {
    let facts = elf::facts(binary)?;
    let wanted = linking.target.split('-').next().unwrap_or_default();
    if facts.machine != wanted {
        let message = format!(
            "the binary is for {}, and {wanted} was asked for",
            facts.machine
        );
        return Err(Failure::new(Code::NotExecutable, message).into());
    }
    if linking.is_static {
        elf::check_static(&facts)?;
    }
    let is_static = !facts.interpreter && facts.libraries.is_empty();
    if facts.machine != std::env::consts::ARCH {
        return Ok(Verified {
            description: None,
            is_static,
        });
    }
    let description = describe::ask(binary, interrupt)?;
    describe::check_declared(plan, &description)?;
    describe::check(plan, &description)?;
    describe::check_cost(plan, &description)?;
    Ok(Verified {
        description: Some(description),
        is_static,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_that_cannot_be_is_refused_before_anything_is_compiled() {
        let folder = tempfile::tempdir().unwrap();
        let code = |path: &Path| Destination::check(path).unwrap_err().0[0].code;
        assert_eq!(code(folder.path()), Code::Destination);
        assert_eq!(
            code(&folder.path().join("no/such/place")),
            Code::Destination
        );
        assert_eq!(code(Path::new("/proc/server")), Code::Destination);
        Destination::check(&folder.path().join("server")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_binary_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("built");
        fs::write(&built, "new").unwrap();
        let path = folder.path().join("server");
        fs::write(&path, "\x7fELF, the old one").unwrap();
        let destination = Destination::check(&path).unwrap();
        drop(destination.stage(&built).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"\x7fELF, the old one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        destination
            .publish(destination.stage(&built).unwrap())
            .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o755
        );
    }
}
