//! What can go wrong, in words for the model: what is wrong and what to do about it.
//!
//! Paths in here are the ones a caller may use: relative to a root, or as the caller wrote them.
//! What the operating system calls a failure is named by its kind, never by its number.

use std::fmt;
use std::io;

/// A path as it is put into a message: quoted, control characters escaped, cut when very long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// The longest path that is repeated in full, in characters.
    const LONGEST: usize = 300;
}

impl<T: AsRef<str>> From<T> for Shown {
    fn from(path: T) -> Self {
        let path = path.as_ref();
        let mut short: String = path.chars().take(Self::LONGEST).collect();
        if short.len() < path.len() {
            short.push('…');
        }
        Self(short)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Why a tool of this plugin refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum FsError {
    // Addressing.
    #[error("the path is empty; pass \".\" for the top of the first root")]
    EmptyPath,
    #[error("a path cannot contain a NUL character; remove it")]
    NulInPath,
    #[error("the path is longer than {limit} bytes; use a shorter one")]
    PathTooLong { limit: usize },
    #[error(
        "{path} is outside the directories this server may use; call list_allowed_directories and use a path below one of them"
    )]
    Outside { path: Shown },
    #[error(
        "{path} leads out of its root, by `..` or by a symbolic link; use a path that stays inside"
    )]
    Escapes { path: Shown },
    #[error(
        "{path} passes through a symbolic link with an absolute target, which is never followed; use the path of the target inside the root"
    )]
    AbsoluteLink { path: Shown },
    #[error("{path} passes through more than {limit} symbolic links; use the path of the target")]
    TooManyLinks { path: Shown, limit: u32 },
    #[error("{path} is a symbolic link to nothing; use the path of a real file")]
    DanglingLink { path: Shown },
    #[error(
        "{path} is off limits: a deny rule of this server covers it; nothing can be done from here"
    )]
    Denied { path: Shown },
    #[error(
        "{path} holds entries that a deny rule of this server covers, so it cannot be {action} as a whole; name the other entries one by one"
    )]
    HoldsDenied { path: Shown, action: &'static str },
    #[error(
        "the root `{root}` is read-only; write to a root that list_allowed_directories shows with mode rw"
    )]
    ReadOnlyRoot { root: String },
    #[error("{path} is the top of a root and cannot be {action}; name something inside it")]
    IsRoot { path: Shown, action: &'static str },

    // What stands at the path.
    #[error("{path} does not exist; list_directory or search_files show what does")]
    NotFound { path: Shown },
    #[error("the directory {path} does not exist; call create_directory first")]
    NoParent { path: Shown },
    #[error("{path} is not a directory; name a directory")]
    NotDirectory { path: Shown },
    #[error("{path} is a directory; name a file, or use list_directory")]
    IsDirectory { path: Shown },
    #[error("{path} is a {kind}, not a regular file, and is never opened; name a regular file")]
    NotRegular { path: Shown, kind: &'static str },
    #[error(
        "{path} has more than one name on disk (a hard link), which this server refuses; use a file with one name"
    )]
    HardLinked { path: Shown },
    #[error("{path} exists already; {remedy}")]
    Exists { path: Shown, remedy: &'static str },
    #[error("{path} is not empty; pass recursive = true to delete it with all it holds")]
    NotEmpty { path: Shown },
    #[error("{path} changed while it was being opened; call again")]
    Changed { path: Shown },

    // Size and content.
    #[error("{path} has {size} bytes and the limit here is {limit}; {remedy}")]
    TooLarge {
        path: Shown,
        size: u64,
        limit: u64,
        remedy: &'static str,
    },
    #[error(
        "the content has {size} bytes and the limit is {limit}; write it in parts with mode = \"append\""
    )]
    ContentTooLarge { size: u64, limit: u64 },
    #[error("{path} is not text ({mime}); use read_media_file")]
    Binary { path: Shown, mime: String },
    #[error("{path} is text (not an image, audio or other binary file); use read_text_file")]
    IsText { path: Shown },
    #[error("{path} is not valid {encoding}; {remedy}")]
    BadEncoding {
        path: Shown,
        encoding: &'static str,
        remedy: &'static str,
    },
    #[error(
        "{path} has {lines} lines, so there is no line {offset}; use an offset of at most {lines}"
    )]
    NoSuchLine {
        path: Shown,
        lines: u64,
        offset: u64,
    },
    #[error(
        "line {offset} of {path} is further in than can be read ({limit} bytes); use grep_files to find the place, or tail for the end"
    )]
    TooFarIn {
        path: Shown,
        offset: u64,
        limit: u64,
    },
    #[error(
        "{path} is not the file you read: its SHA-256 is now {actual}; read it again and redo the change"
    )]
    ShaMismatch { path: Shown, actual: String },
    #[error(
        "{path} does not exist, so it cannot have the SHA-256 of if_sha256; leave if_sha256 out to create it"
    )]
    ShaOfNothing { path: Shown },

    // Edits.
    #[error("edit {number} has an empty oldText; give the text to be replaced")]
    EmptyOldText { number: usize },
    #[error("edit {number}: oldText does not occur in {path}; {hint}")]
    OldTextMissing {
        number: usize,
        path: Shown,
        hint: String,
    },
    #[error(
        "edit {number}: oldText occurs {count} times in {path}; add surrounding lines to make it unique, or pass replaceAll = true"
    )]
    OldTextAmbiguous {
        number: usize,
        path: Shown,
        count: usize,
    },

    // Arguments.
    #[error("{0}")]
    Argument(String),
    #[error("the glob {pattern} is not valid: {reason}")]
    BadGlob { pattern: Shown, reason: String },
    #[error(
        "the regular expression is not valid: {reason}; pass regex = false to search for it as plain text"
    )]
    BadRegex { reason: String },
    #[error(
        "the cursor does not belong to this call; repeat the arguments of the call that returned it, or leave cursor out"
    )]
    BadCursor,

    // Limits and the operating system.
    #[error(
        "{path} holds more than {limit} entries, too many to be {action} in one call; go directory by directory"
    )]
    TooManyEntries {
        path: Shown,
        limit: usize,
        action: &'static str,
    },
    #[error("{path} is nested more than {limit} directories deep; go part by part")]
    TooDeep { path: Shown, limit: usize },
    #[error(
        "the two paths are on different file systems, so nothing can be moved between them; use copy_file, then delete_file"
    )]
    CrossesDevices,
    #[error("a directory cannot be moved into itself; choose another destination")]
    IntoItself,
    #[error("could not {action} {path}: {reason}")]
    Io {
        action: &'static str,
        path: Shown,
        reason: String,
    },
}

impl FsError {
    /// Puts a failure of the operating system into words, for what was being done (`action`) to `path`.
    pub(crate) fn io(action: &'static str, path: impl Into<Shown>, error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        let path = path.into();
        let reason = match error.kind() {
            Kind::NotFound => return Self::NotFound { path },
            Kind::NotADirectory => return Self::NotDirectory { path },
            Kind::IsADirectory => return Self::IsDirectory { path },
            Kind::DirectoryNotEmpty => return Self::NotEmpty { path },
            Kind::CrossesDevices => return Self::CrossesDevices,
            Kind::PermissionDenied => {
                "the server's user lacks the permission; ask its operator".to_owned()
            }
            Kind::StorageFull => {
                "the disk is full; nothing was changed; free some space first".to_owned()
            }
            Kind::QuotaExceeded => {
                "the disk quota is used up; nothing was changed; free some space first".to_owned()
            }
            Kind::FileTooLarge => {
                "the file would exceed the size this system allows; nothing was changed".to_owned()
            }
            Kind::ReadOnlyFilesystem => {
                "the file system is read-only; ask the server's operator".to_owned()
            }
            Kind::InvalidFilename => {
                "a name in the path is too long or not allowed by the file system".to_owned()
            }
            _ if is_out_of_descriptors(error) => {
                "too many files are open on the server; try again shortly".to_owned()
            }
            kind => format!("{kind}; try again, or ask the server's operator"),
        };
        Self::Io {
            action,
            path,
            reason,
        }
    }
}

/// Whether the process or the system ran out of file descriptors; `ErrorKind` has no name for it.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE)
    )
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind as Kind;

    use rustix::io::Errno;

    use super::*;

    #[test]
    fn what_the_system_says_is_put_into_words() {
        let told = |error: io::Error| FsError::io("write", "a/b", &error).to_string();
        for (kind, words) in [
            (Kind::NotFound, "\"a/b\" does not exist"),
            (Kind::NotADirectory, "not a directory"),
            (Kind::IsADirectory, "is a directory"),
            (Kind::DirectoryNotEmpty, "not empty"),
            (Kind::CrossesDevices, "different file systems"),
            (
                Kind::PermissionDenied,
                "could not write \"a/b\": the server's user lacks the permission",
            ),
            (Kind::StorageFull, "the disk is full; nothing was changed"),
            (Kind::QuotaExceeded, "quota is used up"),
            (Kind::FileTooLarge, "exceed the size"),
            (Kind::ReadOnlyFilesystem, "the file system is read-only"),
            (Kind::InvalidFilename, "too long or not allowed"),
            (Kind::TimedOut, "timed out; try again"),
        ] {
            assert!(told(kind.into()).contains(words), "{}", told(kind.into()));
        }
        for full in [Errno::MFILE, Errno::NFILE] {
            assert!(told(full.into()).contains("too many files are open"));
        }
        assert!(!told(Errno::IO.into()).contains("os error"));
    }

    #[test]
    fn paths_in_messages_are_quoted_and_short() {
        assert_eq!(Shown::from("a\n\"b").to_string(), r#""a\n\"b""#);
        let long = Shown::from("é".repeat(5_000)).to_string();
        assert!(long.ends_with("é…\"") && long.chars().count() == 303);
    }
}
