//! Which arguments were alike, without what they were.
//!
//! A plain hash of a short argument (a code, a name) is found by trying them all. So it is keyed.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use mcp_factory_sdk::{SecretProblem, SecretReference};
use serde::{Serialize, Serializer};
use sha2::Sha256;

/// A configured key shorter than this could be found by trying.
const SHORTEST: usize = 32;

/// Stands for the arguments of a call in its record: equal ones have equal fingerprints as long as the
/// key is the same, and nothing else can be told from it. Made by [`Audit::fingerprint`](crate::Audit::fingerprint).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What fingerprints are made with; never printed.
pub(super) struct Key(Hmac<Sha256>);

impl Key {
    /// A key that no other process has.
    pub(super) fn random() -> Self {
        Self::new(&rand::random::<[u8; 32]>())
    }

    /// The operator's key.
    pub(super) fn read(reference: &SecretReference) -> Result<Self, BadKey> {
        let secret = reference.read()?;
        let text = secret.expose();
        if text.len() < SHORTEST {
            return Err(BadKey::Short(reference.clone()));
        }
        Ok(Self::new(text.as_bytes()))
    }

    fn new(bytes: &[u8]) -> Self {
        Self(Hmac::new_from_slice(bytes).expect("a key of any length will do"))
    }

    pub(super) fn fingerprint(&self, arguments: &[u8]) -> Fingerprint {
        let full = self
            .0
            .clone()
            .chain_update(arguments)
            .finalize()
            .into_bytes();
        let mut half = [0; 16];
        half.copy_from_slice(&full[..16]);
        Fingerprint(half)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

/// Why there is no key; never holds any of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadKey {
    #[error(transparent)]
    Unread(#[from] SecretProblem),
    #[error(
        "{0} is too short for a key: {SHORTEST} characters or more, as of `openssl rand -hex 32`"
    )]
    Short(SecretReference),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_hmac_sha_256() {
        // RFC 4231, test case 2, cut in half.
        let fingerprint = Key::new(b"Jefe").fingerprint(b"what do ya want for nothing?");
        assert_eq!(fingerprint.to_string(), "5bdcc146bf60754e6a042426089575c7");
    }

    #[test]
    fn only_the_same_key_makes_the_same_of_the_same() {
        let (one, two) = (Key::random(), Key::random());
        assert_eq!(one.fingerprint(b"123456"), one.fingerprint(b"123456"));
        assert_ne!(one.fingerprint(b"123456"), one.fingerprint(b"123457"));
        assert_ne!(one.fingerprint(b"123456"), two.fingerprint(b"123456"));
        assert_eq!(format!("{one:?}"), "Key(…)");
    }

    #[test]
    fn a_short_key_is_refused_and_not_repeated() {
        use std::{fs, os::unix::fs::PermissionsExt as _};
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        fs::write(&path, "canary").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
        let reference = SecretReference::File(path.clone());
        let error = Key::read(&reference).expect_err("too short").to_string();
        assert!(
            error.contains("32 characters") && !error.contains("canary"),
            "{error}"
        );
        fs::write(&path, "c".repeat(32)).expect("a file");
        let key = Key::read(&reference).expect("long enough");
        assert_eq!(
            key.fingerprint(b"a"),
            Key::new(&[b'c'; 32]).fingerprint(b"a")
        );
    }
}
