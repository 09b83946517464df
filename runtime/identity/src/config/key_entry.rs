//! One API key as it is configured: in `[[auth.keys]]`, or as a `[[key]]` table of the keys file.

use std::{fmt, str::FromStr};

use mcp_factory_sdk::SecretReference;
use serde::{Deserialize, Deserializer, de::Error as _};
use sha2::{Digest as _, Sha256};

use super::Expiry;

/// What a wrong hash is answered with. The text is not repeated: it may be the key itself.
pub(crate) const NOT_A_DIGEST: &str =
    "is not 64 hexadecimal digits: take those of `printf %s \"$KEY\" | sha256sum`";

/// A key, its name, and what its holder may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyEntry {
    /// Who holds it: 1 to 64 letters, digits, `_`, `.` or `-`. The caller's id is `key|NAME`.
    pub name: String,
    /// The SHA-256 of the key in hexadecimal. Only for keys that cannot be guessed (128 random bits or more).
    pub sha256: Option<KeyDigest>,
    /// Where the key is, instead of its hash. A file is read again when keys are.
    pub secret: Option<SecretReference>,
    /// The scopes of the holder. Default: none.
    pub scopes: Vec<String>,
    /// The tenant of the holder, where there are tenants.
    pub tenant: Option<String>,
    /// When it stops working; a date means its first moment in UTC. Default: never.
    pub expires: Option<Expiry>,
}

/// The SHA-256 of a key. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// The hash of `key`.
    pub(crate) fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// The hash itself.
    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyDigest(…)")
    }
}

impl FromStr for KeyDigest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.len() != 64 {
            return Err(NOT_A_DIGEST);
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16);
            let (high, low) = digit(0).zip(digit(1)).ok_or(NOT_A_DIGEST)?;
            *byte = u8::try_from(high * 16 + low).map_err(|_| NOT_A_DIGEST)?;
        }
        Ok(Self(digest))
    }
}

impl<'de> Deserialize<'de> for KeyDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The inner error may quote what it found, which may be the key.
        let text = String::deserialize(deserializer).map_err(|_| D::Error::custom(NOT_A_DIGEST))?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_is_read_in_either_case() {
        assert_eq!(OF_ABC.parse(), Ok(KeyDigest::of("abc")));
        assert_eq!(OF_ABC.to_uppercase().parse(), Ok(KeyDigest::of("abc")));
    }

    #[test]
    fn a_key_in_the_place_of_its_hash_is_not_repeated() {
        for text in [
            "canary",
            &OF_ABC[1..],
            &OF_ABC.replace("ba", "zz"),
            &"é".repeat(32),
        ] {
            assert_eq!(text.parse::<KeyDigest>(), Err(NOT_A_DIGEST));
        }
        let error = serde_json::from_str::<KeyEntry>(r#"{"sha256": 424242}"#).expect_err("number");
        assert!(!error.to_string().contains("424242"), "{error}");
        assert!(error.to_string().contains("sha256sum"), "{error}");
        assert_eq!(format!("{:?}", KeyDigest::of("abc")), "KeyDigest(…)");
    }
}
