//! Where a secret is, instead of the secret: what stands in a configuration file.
//!
//! In the room: `env:NAME`, `file:PATH`, and the names of what is in a store of secrets. Not here: what a plugin
//! gets (`secret`), and talking to a store, which the server does before plugins start.

use std::{fmt, io::Read as _, path::PathBuf, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::{Secret, kept_secrets};

/// The most that a secret's file may hold: a secret is short, and a wrong path may be a device.
const LARGEST: u64 = 64 << 10;

/// `env:NAME`, `file:PATH`, or what is in a store: `vault:MOUNT/PATH#FIELD`, `awssm:NAME#KEY`. A literal is refused: files of configuration are copied, mailed and committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretReference {
    /// The value of an environment variable, which changes only with a restart.
    Environment(String),
    /// The first line of a file, read anew at every [`read`](Self::read).
    File(PathBuf),
    /// Something in a store of secrets, by its whole text. The server fetches it before plugins start, and keeps
    /// what it fetches anew while it runs: [`read`](Self::read) gives the latest, and asks no store.
    Store(String),
}

/// Why a secret cannot be had. Never holds any of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretProblem {
    /// Not a reference at all; the text is not repeated, since it may be the secret.
    #[error("a secret is named, not written down: use \"env:NAME\" or \"file:/path\"")]
    Literal,
    /// The variable is not set, or empty.
    #[error("the environment variable {0} is not set")]
    Unset(String),
    /// It was not fetched when the server started. A server that could not has told why, and leaves this out.
    #[error("{0} was not fetched when the server started")]
    NotFetched(String),
    /// The file cannot be read.
    #[error("{path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// Others may read, or anybody else write, the file.
    #[error("{path} may be read or written by others (mode {mode:03o}): chmod 600 {path}")]
    Exposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// There is nothing in it.
    #[error("{0} is empty")]
    Empty(String),
    /// Not a text of at most 64 KiB.
    #[error("{0} holds no secret: it is not a text of at most 64 KiB")]
    NotText(String),
}

impl SecretReference {
    /// Whether the secret may become another while the process runs, as a variable's does not: then it is to be read
    /// again at each use.
    pub const fn may_change(&self) -> bool {
        match self {
            Self::Environment(_) => false,
            Self::File(_) | Self::Store(_) => true,
        }
    }

    /// How often a secret of a store was replaced since the start; `None` for all others, and before it is fetched.
    pub fn kept_version(&self) -> Option<u64> {
        match self {
            Self::Environment(_) | Self::File(_) => None,
            Self::Store(text) => kept_secrets::version(text),
        }
    }

    /// The secret as it is now: trimmed, not empty. Reads a file, so it may block for a moment.
    ///
    /// # Errors
    /// Why there is none; a file must belong to its reader alone (mode `600`, or `640` for a group, as
    /// orchestrators mount them).
    pub fn read(&self) -> Result<Secret<String>, SecretProblem> {
        let text = match self {
            Self::Environment(name) => match std::env::var(name) {
                Ok(text) => text,
                Err(_) => kept(self).ok_or_else(|| SecretProblem::Unset(name.clone()))?,
            },
            Self::File(path) => read_private(path)?,
            Self::Store(_) => {
                kept(self).ok_or_else(|| SecretProblem::NotFetched(self.to_string()))?
            }
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(match self {
                Self::Environment(name) => SecretProblem::Unset(name.clone()),
                Self::File(path) => SecretProblem::Empty(path.display().to_string()),
                Self::Store(text) => SecretProblem::Empty(text.clone()),
            });
        }
        kept_secrets::note(&self.to_string(), text);
        Ok(Secret::new(text.to_owned()))
    }
}

fn kept(reference: &SecretReference) -> Option<String> {
    kept_secrets::find(&reference.to_string()).map(|secret| secret.expose().clone())
}

/// The text of a file that nobody else may read.
///
/// # Errors
/// See [`SecretReference::read`].
fn read_private(path: &std::path::Path) -> Result<String, SecretProblem> {
    let shown = || path.display().to_string();
    let unreadable = |error| SecretProblem::Unreadable {
        path: shown(),
        error,
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(SecretProblem::NotText(shown()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let mode = metadata.mode() & 0o777;
        // The group may read: that is how an orchestrator gives a secret to a process that is not root.
        if mode & 0o027 != 0 {
            return Err(SecretProblem::Exposed {
                path: shown(),
                mode,
            });
        }
    }
    let mut text = String::new();
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|_| SecretProblem::NotText(shown()))?;
    Ok(text)
}

impl FromStr for SecretReference {
    type Err = SecretProblem;

    fn from_str(text: &str) -> Result<Self, SecretProblem> {
        let (kind, place) = text.split_once(':').ok_or(SecretProblem::Literal)?;
        match kind {
            _ if place.is_empty() => Err(SecretProblem::Literal),
            "env" => Ok(Self::Environment(place.to_owned())),
            "file" => Ok(Self::File(PathBuf::from(place))),
            "vault" | "awssm" => Ok(Self::Store(text.to_owned())),
            _ => Err(SecretProblem::Literal),
        }
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(formatter, "env:{name}"),
            Self::File(path) => write!(formatter, "file:{}", path.display()),
            Self::Store(text) => formatter.write_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for SecretReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The inner error may quote what it found, which may be the secret.
        let text = String::deserialize(deserializer)
            .map_err(|_| serde::de::Error::custom(SecretProblem::Literal))?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for SecretReference {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretReference".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "pattern": "^(env|file|vault|awssm):.+$", "writeOnly": true,
        })
    }

    fn inline_schema() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn file(contents: &[u8], mode: u32) -> (tempfile::TempDir, SecretReference) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        fs::write(&path, contents).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
        (folder, SecretReference::File(path))
    }

    #[test]
    fn a_file_is_read_anew_and_trimmed() {
        let (folder, reference) = file(b"one\n", 0o600);
        assert_eq!(reference.read().expect("readable").expose(), "one");
        fs::write(folder.path().join("secret"), "two").expect("a file");
        assert_eq!(reference.read().expect("readable").expose(), "two");
        let (_folder, mounted) = file(b"one", 0o440);
        assert!(mounted.read().is_ok());
    }

    #[test]
    fn a_file_that_others_see_is_refused() {
        for mode in [0o644, 0o604, 0o620, 0o602, 0o601] {
            let (_folder, reference) = file(b"canary", mode);
            let error = reference.read().expect_err("exposed").to_string();
            assert!(
                error.contains("chmod 600") && !error.contains("canary"),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let (_folder, empty) = file(b" \n", 0o600);
        assert!(matches!(empty.read(), Err(SecretProblem::Empty(_))));
        let (_folder, binary) = file(b"\xff\xfe", 0o600);
        assert!(matches!(binary.read(), Err(SecretProblem::NotText(_))));
        let (_folder, large) = file(&vec![b'a'; 65_537], 0o600);
        assert!(matches!(large.read(), Err(SecretProblem::NotText(_))));
        let endless = SecretReference::File("/dev/zero".into());
        assert!(matches!(endless.read(), Err(SecretProblem::NotText(_))));
        let gone = SecretReference::File("/nowhere/at/all".into());
        assert!(matches!(gone.read(), Err(SecretProblem::Unreadable { .. })));
        let unset = SecretReference::Environment("MCP_FACTORY_NOT_SET".into());
        assert!(matches!(unset.read(), Err(SecretProblem::Unset(_))));
    }

    #[test]
    fn a_literal_is_refused_and_not_repeated() {
        for literal in ["canary", "canary:1", "env:", "file:", ""] {
            let error = literal.parse::<SecretReference>().expect_err("a literal");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        let error = serde_json::from_str::<SecretReference>("424242").expect_err("a number");
        assert!(!error.to_string().contains("424242"), "{error}");
        let reference: SecretReference = "file:/run/secrets/x".parse().expect("a reference");
        assert_eq!(reference.to_string(), "file:/run/secrets/x");
    }

    #[test]
    fn what_a_server_keeps_is_found_by_its_name() {
        let reference: SecretReference = "vault:secret/app#token".parse().expect("a reference");
        assert_eq!(reference.to_string(), "vault:secret/app#token");
        let error = reference.read().expect_err("nothing was fetched");
        assert!(matches!(error, SecretProblem::NotFetched(_)), "{error}");
        crate::keep_secret("vault:secret/app#token", Secret::new("kept\n".to_owned()));
        assert_eq!(reference.read().expect("kept").expose(), "kept");
        // Another one is read at once, and counted; the same one is none.
        assert!(reference.may_change() && reference.kept_version() == Some(0));
        let keep =
            |text: &str| crate::keep_secret("vault:secret/app#token", Secret::new(text.to_owned()));
        assert!(!keep("kept\n") && keep("new") && !keep("new"));
        assert_eq!(reference.read().expect("kept").expose(), "new");
        assert_eq!(reference.kept_version(), Some(1));
        crate::keep_secret("env:MCP_FACTORY_ONLY_KEPT", Secret::new("too".to_owned()));
        let variable = SecretReference::Environment("MCP_FACTORY_ONLY_KEPT".into());
        assert_eq!(variable.read().expect("kept").expose(), "too");
        crate::keep_secret("env:PATH", Secret::new("canary".to_owned()));
        let variable = SecretReference::Environment("PATH".into());
        assert_ne!(variable.read().expect("set").expose(), "canary");
    }
}
