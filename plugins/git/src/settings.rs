//! The few keys of a repository's own configuration that say how its data is to be read.
//!
//! Every other key is ignored, so nothing that names a program, a file or another configuration is even
//! looked at; system and user configuration and the environment are not read at all.

use cap_std::fs::Dir;
use gix_config::File;
use gix_config::file::{Metadata, init::Options};

use crate::error::GitError;
use crate::handle::{Read, read_file};

/// The largest configuration file.
const LARGEST: u64 = 1 << 20;

/// How files are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Whether the executable bit of files counts.
    pub(crate) file_mode: bool,
    /// Whether letter case counts in patterns.
    pub(crate) ignore_case: bool,
    /// Whether text without attributes loses its CRLF on the way in.
    pub(crate) auto_crlf: bool,
}

impl Settings {
    pub(crate) fn read(git: &Dir) -> Result<Self, GitError> {
        let bytes = match read_file(git, b"config", LARGEST) {
            Ok(Read::Bytes(bytes)) => bytes,
            Ok(Read::TooLarge) => {
                return Err(GitError::refused("config", "is larger than 1 MiB"));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(GitError::io("the file `config`", error)),
        };
        let options = Options {
            lossy: true,
            ..Options::default()
        };
        let file = File::from_bytes_no_includes(&bytes, Metadata::api(), options)
            .map_err(|error| GitError::damaged_by("its file `config`", error))?;
        Self::of(&file)
    }

    fn of(file: &File) -> Result<Self, GitError> {
        let text = |section: &str, key: &str| {
            // A key without `=` is true.
            file.string_implicit_by(section, None, key)
                .map(|value| value.map_or_else(|| "true".to_owned(), |value| value.to_string()))
                .map(|value| value.to_ascii_lowercase())
        };
        let is = |section: &str, key: &str, default: bool| {
            text(section, key).map_or(default, |value| {
                matches!(value.as_str(), "true" | "yes" | "on" | "1")
            })
        };
        let version = text("core", "repositoryformatversion").unwrap_or_default();
        if !matches!(version.as_str(), "" | "0" | "1") {
            return Err(GitError::refused(
                "core.repositoryformatversion",
                "is newer than this server reads",
            ));
        }
        if text("extensions", "objectformat").is_some_and(|format| format != "sha1") {
            return Err(GitError::refused(
                "extensions.objectFormat",
                "is not sha1, and this server reads no other",
            ));
        }
        if text("extensions", "refstorage").is_some_and(|storage| storage != "files") {
            return Err(GitError::refused(
                "extensions.refStorage",
                "is not files, and this server reads no other",
            ));
        }
        Ok(Self {
            file_mode: is("core", "filemode", true),
            ignore_case: is("core", "ignorecase", false),
            auto_crlf: text("core", "autocrlf").as_deref() == Some("input")
                || is("core", "autocrlf", false),
        })
    }
}
