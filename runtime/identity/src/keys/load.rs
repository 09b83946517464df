//! Entries of the configuration and of the keys file become keys, or problems.

use std::collections::HashSet;
use std::path::PathBuf;

use mcp_factory_sdk::SecretReference;

use super::file;
use crate::Problem;
use crate::config::{AuthConfig, Expiry, KeyDigest, KeyEntry, is_scope_token};
use crate::credential::is_token68;

/// The most keys of a server: each request is compared with all of them.
const MOST_KEYS: usize = 1_000;
/// The shortest key that is not guessed, if it is random.
const SHORTEST_SECRET: usize = 16;
const LONGEST_SECRET: usize = 8 << 10;
const MOST_SCOPES: usize = 256;

/// A key, ready to be compared.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) digest: KeyDigest,
    pub(super) scopes: Vec<String>,
    pub(super) tenant: Option<String>,
    pub(super) expires: Option<Expiry>,
}

/// Where keys come from.
#[derive(Debug, Clone)]
pub(crate) struct KeySources {
    /// Those of `[[auth.keys]]`.
    pub(crate) entries: Vec<KeyEntry>,
    /// The file with more of them.
    pub(crate) file: Option<PathBuf>,
}

/// An entry and where it stands, for messages.
struct Placed<'a> {
    entry: &'a KeyEntry,
    path: String,
    /// `FILE:LINE: ` in the keys file.
    prefix: String,
}

impl Placed<'_> {
    fn problem(&self, field: &str, message: impl std::fmt::Display) -> Problem {
        if self.prefix.is_empty() {
            return Problem::new(format!("{}.{field}", self.path), message.to_string());
        }
        Problem::new(&self.path, format!("{}`{field}` {message}", self.prefix))
    }
}

impl KeySources {
    /// Those that the configuration names.
    pub(crate) fn of(config: &AuthConfig) -> Self {
        Self {
            entries: config.keys.clone(),
            file: config.keys_file.clone(),
        }
    }

    /// Whether keys may change while the server runs.
    pub(crate) fn may_change(&self) -> bool {
        let changes = |entry: &KeyEntry| {
            let secret = entry.secret.as_ref();
            secret.is_some_and(SecretReference::may_change)
        };
        self.file.is_some() || self.entries.iter().any(changes)
    }

    /// Everything that is wrong with them.
    pub(crate) fn check(&self) -> Vec<Problem> {
        self.load().err().unwrap_or_default()
    }

    /// Reads all keys. Reads files, so it may block.
    ///
    /// # Errors
    /// Everything that is wrong, and then there are no keys.
    pub(super) fn load(&self) -> Result<Vec<Key>, Vec<Problem>> {
        let filed = match &self.file {
            Some(path) => {
                file::read(path).map_err(|message| vec![Problem::new("keys_file", message)])?
            }
            None => Vec::new(),
        };
        let inline = self.entries.iter().enumerate().map(|(at, entry)| Placed {
            entry,
            path: format!("keys[{at}]"),
            prefix: String::new(),
        });
        let filed = filed.iter().map(|(line, entry)| Placed {
            entry,
            path: "keys_file".to_owned(),
            prefix: match &self.file {
                Some(path) => format!("{}:{line}: ", path.display()),
                None => String::new(),
            },
        });
        keys(inline.chain(filed))
    }
}

fn keys<'a>(placed: impl Iterator<Item = Placed<'a>>) -> Result<Vec<Key>, Vec<Problem>> {
    let (mut keys, mut problems) = (Vec::new(), Vec::new());
    let (mut names, mut digests) = (HashSet::new(), HashSet::new());
    for placed in placed {
        if keys.len() == MOST_KEYS {
            problems.push(placed.problem(
                "name",
                format_args!(
                    "is the {}th key: a server has at most {MOST_KEYS}",
                    MOST_KEYS + 1
                ),
            ));
            break;
        }
        if !names.insert(placed.entry.name.as_str()) {
            problems.push(placed.problem("name", "stands twice: give each key a name of its own"));
        }
        match key(&placed) {
            Ok(key) => {
                if !digests.insert(*key.digest.bytes()) {
                    problems.push(placed.problem(
                        if placed.entry.sha256.is_some() {
                            "sha256"
                        } else {
                            "secret"
                        },
                        "is the key of an entry above: give each holder a key of their own",
                    ));
                }
                keys.push(key);
            }
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        Ok(keys)
    } else {
        Err(problems)
    }
}

fn key(placed: &Placed<'_>) -> Result<Key, Vec<Problem>> {
    let entry = placed.entry;
    let mut problems = Vec::new();
    if !is_name(&entry.name) {
        problems.push(placed.problem(
            "name",
            "is missing or not a name: write 1 to 64 letters, digits, `_`, `.` or `-`",
        ));
    }
    if entry.scopes.len() > MOST_SCOPES {
        problems.push(placed.problem(
            "scopes",
            "are more than 256: name a scope that contains them",
        ));
    }
    if !entry.scopes.iter().all(|scope| is_scope_token(scope)) {
        problems.push(placed.problem(
            "scopes",
            "hold something that is no scope: write words such as \"read\", without spaces or quotes",
        ));
    }
    if entry
        .tenant
        .as_deref()
        .is_some_and(|tenant| !is_tenant(tenant))
    {
        problems.push(placed.problem(
            "tenant",
            "is empty or too long: write 1 to 256 characters, or leave it out",
        ));
    }
    match digest(placed) {
        Ok(digest) if problems.is_empty() => Ok(Key {
            name: entry.name.clone(),
            digest,
            scopes: entry.scopes.clone(),
            tenant: entry.tenant.clone(),
            expires: entry.expires,
        }),
        Ok(_) => Err(problems),
        Err(problem) => {
            problems.push(problem);
            Err(problems)
        }
    }
}

fn digest(placed: &Placed<'_>) -> Result<KeyDigest, Problem> {
    let (field, digest) = match (&placed.entry.sha256, &placed.entry.secret) {
        (Some(_), Some(_)) => {
            return Err(placed.problem("secret", "and `sha256` are both given: leave one out"));
        }
        (None, None) => {
            return Err(placed.problem(
                "sha256",
                "is missing: write the hash of the key, or `secret = \"env:NAME\"`",
            ));
        }
        (Some(digest), None) => ("sha256", *digest),
        (None, Some(reference)) => ("secret", digest_of(placed, reference)?),
    };
    // What `printf %s "$KEY" | sha256sum` says when the variable is not set.
    if digest == KeyDigest::of("") {
        return Err(placed.problem(field, "is the hash of nothing: hash the key itself"));
    }
    Ok(digest)
}

fn digest_of(placed: &Placed<'_>, reference: &SecretReference) -> Result<KeyDigest, Problem> {
    let secret = reference
        .read()
        .map_err(|error| placed.problem("secret", format_args!("cannot be had: {error}")))?;
    let secret = secret.expose();
    if secret.len() < SHORTEST_SECRET {
        return Err(placed.problem(
            "secret",
            "is shorter than 16 characters and could be guessed: make one with `openssl rand -hex 32`",
        ));
    }
    if secret.len() > LONGEST_SECRET || !is_token68(secret) {
        return Err(placed.problem(
            "secret",
            "cannot be sent in a header: use at most 8 KiB of letters, digits and `-._~+/`, such as `openssl rand -hex 32` makes",
        ));
    }
    Ok(KeyDigest::of(secret))
}

fn is_name(text: &str) -> bool {
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(in_name)
}

fn is_tenant(text: &str) -> bool {
    (1..=256).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}
