//! The keys file: `[[key]]` tables, and who else may write them.
//!
//! Others may read the file, since it holds nothing but hashes and references. They may not write it: who
//! can add a line has every scope.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::config::{KeyEntry, NOT_A_DIGEST, NOT_AN_EXPIRY};

/// The largest file: room for a thousand keys and their comments.
const LARGEST: u64 = 1 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    key: Vec<Spanned<KeyEntry>>,
}

/// The entries of the file at `path`, each with its line.
///
/// # Errors
/// Why not, in words, with the file and the line; never anything of the file's contents.
pub(super) fn read(path: &Path) -> Result<Vec<(usize, KeyEntry)>, String> {
    let shown = path.display();
    let text = text(path)?;
    let document: Document = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| line(&text, span.start));
        format!("{shown}:{line}: {}", explain(error.message()))
    })?;
    let (mut at, mut here) = (0, 1);
    let entries = document.key.into_iter().map(|entry| {
        // From the entry before: a file of many keys is walked once.
        let start = entry.span().start.max(at);
        here += line(&text[at..], start - at) - 1;
        at = start;
        (here, entry.into_inner())
    });
    Ok(entries.collect())
}

fn text(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| format!("{shown} cannot be read: {error}");
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(format!("{shown} is not a file of at most 1 MiB"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let mode = metadata.mode() & 0o777;
        if mode & 0o022 != 0 {
            return Err(format!(
                "{shown} may be written by others (mode {mode:03o}), who could add keys: chmod go-w {shown}"
            ));
        }
    }
    let mut text = String::new();
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|_| format!("{shown} is not a text in UTF-8"))?;
    Ok(text)
}

fn line(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before.split(|byte| *byte == b'\n').count()
}

/// The parser's messages quote what they found, which may be a key in the wrong place. Only those of ours
/// are known to quote nothing.
fn explain(message: &str) -> &'static str {
    let literal = "`secret` is named, not written down: use \"env:NAME\" or \"file:/path\"";
    if message.contains(NOT_A_DIGEST) {
        return "`sha256` is not 64 hexadecimal digits: take those of `printf %s \"$KEY\" | sha256sum`";
    }
    if message.contains(NOT_AN_EXPIRY) {
        return "`expires` is not a date: write \"2027-01-31\", or \"2027-01-31T18:00:00Z\" with its zone";
    }
    if message.contains("a secret is named, not written down") {
        return literal;
    }
    if message.starts_with("unknown field") {
        return "there is no such setting: a [[key]] table has `name`, `sha256` or `secret`, `scopes`, `tenant` and `expires`";
    }
    if message.starts_with("invalid type") {
        return "the setting is of the wrong type: `scopes` is a list of texts, all others are texts";
    }
    "the file is not TOML as it is written here: [[key]] tables with `name`, `sha256`, `scopes`"
}
