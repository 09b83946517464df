//! The program of a command: opened and judged once, at start, and run as that file ever after.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::declaration::is_shell;

/// A program that may be run. What is held is the file itself: whatever is put into its place later is not
/// run before the server starts anew.
#[derive(Debug)]
pub(crate) struct Program {
    /// Opened with `O_PATH`: good for running it and for nothing else.
    pub(crate) file: File,
    /// The path in the manifest, which the program sees as its name.
    pub(crate) name: String,
}

/// Why a program is not run, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramError {
    #[error("{0} cannot be opened: {1}")]
    Unreadable(String, std::io::Error),
    #[error("{0} is no regular file; name the program itself")]
    NotAFile(String),
    #[error("{0} may not be executed (mode {1:03o}); chmod +x it, or name another")]
    NotExecutable(String, u32),
    #[error("{0} may be changed by others (mode {1:03o}): chmod go-w {0}")]
    Writable(String, u32),
    #[error("{0} belongs to user {1}; a program must belong to root or to the server's user")]
    Foreign(String, u32),
    #[error(
        "{0} lies in {1}, where others may put something else into its place (mode {2:03o}): chmod go-w {1}"
    )]
    WritableFolder(String, String, u32),
    #[error("{0} is a shell under another name, {1}; declare the program that it would run")]
    Shell(String, String),
    #[error(
        "{0} is a script: name its interpreter first and the script as a further element of `argv`"
    )]
    Script(String),
    #[error(
        "{0} has the set-user-id or set-group-id bit (mode {1:04o}), which has no effect in here; name another program"
    )]
    SetId(String, u32),
}

impl Program {
    /// Opens and judges the program at `path` for a server that runs as `user`.
    pub(crate) fn open(path: &str, user: u32) -> Result<Self, ProgramError> {
        let name = path.to_owned();
        let unreadable = |error| ProgramError::Unreadable(path.to_owned(), error);
        let real = std::fs::canonicalize(path).map_err(unreadable)?;
        let file = File::options()
            .read(true)
            .custom_flags(libc::O_PATH | libc::O_CLOEXEC | libc::O_NOFOLLOW)
            .open(&real)
            .map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        let mode = metadata.mode() & 0o7777;
        if !metadata.is_file() {
            return Err(ProgramError::NotAFile(name));
        }
        if mode & 0o111 == 0 {
            return Err(ProgramError::NotExecutable(name, mode));
        }
        if mode & 0o022 != 0 {
            return Err(ProgramError::Writable(name, mode));
        }
        if mode & 0o6000 != 0 {
            return Err(ProgramError::SetId(name, mode));
        }
        if metadata.uid() != 0 && metadata.uid() != user {
            return Err(ProgramError::Foreign(name, metadata.uid()));
        }
        if is_shell(&real) {
            return Err(ProgramError::Shell(name, shown(&real)));
        }
        for folder in folders(Path::new(path), &real) {
            let mode = std::fs::metadata(&folder).map_err(unreadable)?.mode();
            // In a sticky directory nobody replaces what belongs to somebody else.
            if mode & 0o022 != 0 && mode & 0o1000 == 0 {
                return Err(ProgramError::WritableFolder(
                    name,
                    shown(&folder),
                    mode & 0o7777,
                ));
            }
        }
        let mut start = [0; 2];
        let script = File::open(&real).and_then(|mut file| file.read_exact(&mut start));
        // A program that may be run and not be read is no script: an interpreter could not read it.
        if script.is_ok() && start == *b"#!" {
            return Err(ProgramError::Script(name));
        }
        Ok(Self { file, name })
    }
}

/// Every directory above the path, as written and as it really is.
fn folders(path: &Path, real: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = path
        .ancestors()
        .skip(1)
        .chain(real.ancestors().skip(1))
        .map(Path::to_path_buf)
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn me() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn at(folder: &Path, name: &str, contents: &str, mode: u32) -> String {
        let path = folder.join(name);
        fs::write(&path, contents).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
        shown(&path)
    }

    fn refused(path: &str) -> String {
        let error = Program::open(path, me()).expect_err("it is refused");
        error.to_string()
    }

    #[test]
    fn only_a_program_that_nobody_else_can_change_is_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        assert!(Program::open(&at(folder, "good", "ELF", 0o755), me()).is_ok());
        for (name, contents, mode, part) in [
            ("plain", "x", 0o644, "may not be executed"),
            ("group", "x", 0o775, "chmod go-w"),
            ("world", "x", 0o757, "chmod go-w"),
            ("setuid", "x", 0o4755, "set-user-id"),
            ("setgid", "x", 0o2755, "set-user-id"),
            ("script", "#!/bin/true", 0o755, "name its interpreter first"),
            ("bash", "x", 0o755, "is a shell"),
        ] {
            let error = refused(&at(folder, name, contents, mode));
            assert!(error.contains(part), "{name}: {error}");
        }
        assert!(refused(&shown(folder)).contains("no regular file"));
        assert!(refused("/nowhere/at/all").contains("cannot be opened"));
        symlink("/bin/sh", folder.join("innocent")).expect("a link");
        assert!(refused(&shown(&folder.join("innocent"))).contains("is a shell"));
        let file = at(folder, "other", "x", 0o755);
        if me() == 0 {
            std::os::unix::fs::chown(&file, Some(1234), None).expect("another owner");
            assert!(refused(&file).contains("belongs to user 1234"));
        }
    }

    #[test]
    fn a_folder_that_others_can_change_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = folder.path().join("open");
        fs::create_dir(&open).expect("a folder");
        let file = at(&open, "tool", "x", 0o755);
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("permissions");
        let error = refused(&file);
        assert!(error.contains("others may put something else"), "{error}");
        // The link lies there, what it points to does not.
        let good = at(folder.path(), "good", "x", 0o755);
        symlink(good, open.join("link")).expect("a link");
        assert!(refused(&shown(&open.join("link"))).contains("others may put"));
    }
}
