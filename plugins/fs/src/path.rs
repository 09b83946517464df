//! What a path argument says, before any file is touched.
//!
//! The rules are in the README under "Addressing". Nothing is trimmed, unquoted or normalised besides
//! empty and `.` components: what is checked is what is opened.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::error::FsError;

/// The longest path that is taken, in bytes (`PATH_MAX`).
pub(crate) const MAX_PATH: usize = 4096;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `..`
    Up,
    /// `.` at the end of a link's target: what stands before it must be a directory.
    Here,
    /// A plain name: not empty, not `.` or `..`, no slash, no NUL.
    Down(OsString),
}

/// A path below some root, as steps. It may still try to leave; the resolver refuses that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    /// In order.
    pub(crate) steps: Vec<Step>,
    /// Ends with a slash, so it can only mean a directory.
    pub(crate) only_directory: bool,
}

impl Steps {
    /// Splits a relative path at its slashes.
    pub(crate) fn parse(path: &OsStr) -> Self {
        let bytes = path.as_bytes();
        let mut steps = Vec::new();
        let mut only_directory = false;
        for part in bytes.split(|&byte| byte == b'/') {
            only_directory = matches!(part, b"" | b"." | b"..");
            match part {
                b"" | b"." => {}
                b".." => steps.push(Step::Up),
                name => steps.push(Step::Down(OsStr::from_bytes(name).to_owned())),
            }
        }
        Self {
            steps,
            only_directory,
        }
    }
}

impl Steps {
    /// The steps of a symbolic link's target, which lead on from where the link stands.
    pub(crate) fn of_link(target: &OsStr) -> Vec<Step> {
        let Self {
            mut steps,
            only_directory,
        } = Self::parse(target);
        steps.extend(only_directory.then_some(Step::Here));
        steps
    }
}

/// Refuses what no path may be.
pub(crate) fn check(path: &str) -> Result<(), FsError> {
    if path.is_empty() {
        return Err(FsError::EmptyPath);
    }
    if path.contains('\0') {
        return Err(FsError::NulInPath);
    }
    if path.len() > MAX_PATH {
        return Err(FsError::PathTooLong { limit: MAX_PATH });
    }
    Ok(())
}

/// What is left of the absolute `path` below `base`, component by component; `None` when it is not below.
pub(crate) fn strip(path: &str, base: &Path) -> Option<OsString> {
    let mut rest = path.as_bytes();
    for component in base.components() {
        let std::path::Component::Normal(name) = component else {
            continue;
        };
        loop {
            rest = rest.strip_prefix(b"/")?;
            let end = rest
                .iter()
                .position(|&byte| byte == b'/')
                .unwrap_or(rest.len());
            let part = &rest[..end];
            rest = &rest[end..];
            match part {
                b"" | b"." => {}
                part if part == name.as_bytes() => break,
                _ => return None,
            }
        }
    }
    Some(OsStr::from_bytes(rest).to_owned())
}

/// `directory` with `name` below it.
pub(crate) fn below(directory: &Path, name: &OsStr) -> PathBuf {
    let mut path = directory.to_path_buf();
    path.push(name);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down(name: &str) -> Step {
        Step::Down(name.into())
    }

    #[test]
    fn names_are_kept_exactly() {
        let steps = Steps::parse(OsStr::new("a \"/ b\n/'c'"));
        assert_eq!(steps.steps, [down("a \""), down(" b\n"), down("'c'")]);
        assert!(!steps.only_directory);
    }

    #[test]
    fn dots_and_slashes() {
        assert_eq!(
            Steps::parse(OsStr::new("./a//./b/..")).steps,
            [down("a"), down("b"), Step::Up]
        );
        assert!(Steps::parse(OsStr::new("a/")).only_directory);
        assert!(Steps::parse(OsStr::new("a/.")).only_directory);
        assert!(Steps::parse(OsStr::new(".")).steps.is_empty());
        assert_eq!(Steps::parse(OsStr::new("...")).steps, [down("...")]);
    }

    #[test]
    fn an_absolute_path_is_stripped_by_components_not_by_prefix() {
        let base = Path::new("/srv/docs");
        assert_eq!(strip("/srv/docs/a/b", base).unwrap(), "/a/b");
        assert_eq!(strip("/srv//./docs", base).unwrap(), "");
        assert_eq!(strip("/srv/docs2/a", base), None);
        assert_eq!(strip("/srv/docs\"/a", base), None);
        assert_eq!(strip("/srv/docs /a", base), None);
        assert_eq!(strip("/srv/x/../docs", base), None);
        assert_eq!(strip("/srv", base), None);
        assert_eq!(strip("/etc/passwd", Path::new("/")).unwrap(), "/etc/passwd");
    }
}
