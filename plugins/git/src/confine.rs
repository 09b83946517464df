//! A thread that the kernel holds inside one directory, for work on data that somebody hostile may have made.
//!
//! Landlock restricts a thread for good, so each call gets a thread of its own. On it nothing can be opened
//! outside of the repository, nothing written, nothing executed and no TCP connection made, whatever the code
//! does. Where the kernel lacks Landlock, the checks in `vet` and the handles in `place` stand alone.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus,
};

use crate::config::Confine;
use crate::error::GitError;

/// The newest Landlock that is asked for; an older kernel enforces what it knows.
const ABI: ABI = ABI::V6;

/// Runs `work` on a thread that may read below `path` and nothing else. A panic there is an error here.
pub(crate) fn confined<T: Send>(
    path: &Path,
    confine: Confine,
    work: impl FnOnce() -> Result<T, GitError> + Send,
) -> Result<T, GitError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("git".to_owned())
            .stack_size(8 << 20)
            .spawn_scoped(scope, move || {
                if confine != Confine::Off {
                    let held = restrict(path);
                    if confine == Confine::Required && !matches!(held, Ok(true)) {
                        let cause = held.err().map(Into::into);
                        return Err(GitError::NotConfined { cause });
                    }
                }
                work()
            })
            .map_err(|_| GitError::Busy)?;
        thread
            .join()
            .unwrap_or_else(|_| Err(GitError::damaged("it could not be decoded")))
    })
}

/// Whether this kernel confines.
pub(crate) fn is_available(path: &Path) -> bool {
    confined(path, Confine::Required, || Ok(())).is_ok()
}

/// Restricts the calling thread; false when the kernel cannot.
fn restrict(path: &Path) -> Result<bool, landlock::RulesetError> {
    // It is gone; opening it says so better.
    let Ok(directory) = PathFd::new(path) else {
        return Ok(false);
    };
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI))?
        .handle_access(AccessNet::from_all(ABI))?
        .create()?
        .add_rule(PathBeneath::new(
            directory,
            AccessFs::ReadFile | AccessFs::ReadDir,
        ))?
        .restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests make what is read")]
mod tests {
    use super::*;

    #[test]
    fn a_confined_thread_reads_below_its_directory_and_nothing_else() {
        let inside = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(inside.path().join("a"), "in").unwrap();
        std::fs::write(outside.path().join("b"), "out").unwrap();
        let (read, escaped, wrote, ran) = confined(inside.path(), Confine::Required, || {
            Ok((
                std::fs::read(inside.path().join("a")),
                std::fs::read(outside.path().join("b")),
                std::fs::write(inside.path().join("c"), "x"),
                std::process::Command::new("/bin/true").status(),
            ))
        })
        .expect("this kernel has Landlock (Linux 5.13); run the tests on one that has");
        assert_eq!(read.unwrap(), b"in");
        assert!(escaped.is_err() && wrote.is_err() && ran.is_err());
        // The thread that asked is as free as before.
        assert!(std::fs::read(outside.path().join("b")).is_ok());
    }

    #[test]
    fn a_panic_is_an_error() {
        let result: Result<(), _> = confined(Path::new("/"), Confine::Off, || panic!("a bug"));
        assert!(matches!(result, Err(GitError::Damaged { .. })));
    }
}
