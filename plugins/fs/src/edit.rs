//! `edit_file`: exact replacements in a text file, shown as a unified diff.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use similar::TextDiff;

use crate::error::FsError;
use crate::files::Files;
use crate::lines::cut;
use crate::place::{LastLink, Place};
use crate::write::{compare_sha256, publish};
use crate::{capped, hash};

/// How many edits one call may make.
pub(crate) const MOST_EDITS: usize = 100;
/// The longest diff that is shown, in bytes.
const LONGEST_DIFF: u64 = 64 << 10;
/// How long the diff may take before it is made coarser.
const DIFF_TIME: Duration = Duration::from_millis(500);

/// One replacement.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Edit {
    /// The text to replace, exactly as it stands in the file, line breaks and indentation included.
    pub old_text: String,
    /// What comes in its stead.
    pub new_text: String,
    /// Replaces every occurrence. Otherwise there must be exactly one.
    #[serde(default)]
    pub replace_all: bool,
}

/// What to edit.
#[derive(Clone, Debug)]
pub struct EditRequest {
    /// The file.
    pub path: String,
    /// Made one after the other, each on the result of the one before. All or none.
    pub edits: Vec<Edit>,
    /// Shows the diff and changes nothing.
    pub dry_run: bool,
    /// The file must have this SHA-256 now.
    pub if_sha256: Option<String>,
}

/// An edited file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Edited {
    /// The file's path, in the form to pass back.
    pub path: String,
    /// What changed, as a unified diff; empty when nothing did.
    pub diff: String,
    /// How many replacements were made.
    pub replacements: u64,
    /// SHA-256 of the file after the edits (or as it would be, with `dryRun`), for the next `if_sha256`.
    pub sha256: String,
    /// Whether the file was written: not with `dryRun`, nor when nothing changed.
    pub written: bool,
    /// True when the diff was too long to be shown whole.
    pub truncated: bool,
}

impl Files {
    /// Edits a text file.
    ///
    /// # Errors
    /// When the path is refused, the root is read-only, the file is not UTF-8 or too large, a text does not
    /// occur or occurs more than once. The file is then as it was.
    pub fn edit(&self, request: &EditRequest) -> Result<Edited, FsError> {
        if request.edits.is_empty() || request.edits.len() > MOST_EDITS {
            let count = request.edits.len();
            return Err(FsError::Argument(format!(
                "edits holds {count} edits; pass 1 to {MOST_EDITS}"
            )));
        }
        let place = self.roots.resolve_target(&request.path, LastLink::Follow)?;
        let _lock = self.locks.hold(place.root, &place.path);
        let (mut file, old) = self.roots.open_to_change(&place, true, false)?;
        let limit = self.limits.write_bytes;
        let (bytes, more) = capped::read(&mut file, limit, old.len())
            .map_err(|error| FsError::io("read", place.shown.as_str(), &error))?;
        if more || old.len() > limit {
            return Err(FsError::TooLarge {
                path: place.shown.as_str().into(),
                size: old.len().max(limit + 1),
                limit,
                remedy: "ask the server's operator to raise max_write_bytes",
            });
        }
        if let Some(expected) = &request.if_sha256 {
            compare_sha256(&place, &bytes, expected)?;
        }
        let before = String::from_utf8(bytes).map_err(|_| FsError::BadEncoding {
            path: place.shown.as_str().into(),
            encoding: "UTF-8",
            remedy: "only UTF-8 files can be edited",
        })?;
        let (after, replacements) = apply(&place, &before, &request.edits, limit)?;
        let (diff, truncated) = diff(&place, &before, &after);
        let written = !request.dry_run && after != before;
        if written {
            publish(&place, after.as_bytes(), Some(&old))?;
        }
        Ok(Edited {
            diff,
            replacements,
            sha256: hash::sha256(after.as_bytes()),
            written,
            truncated,
            path: place.shown,
        })
    }
}

/// Makes the edits one after the other.
fn apply(
    place: &Place<'_>,
    before: &str,
    edits: &[Edit],
    limit: u64,
) -> Result<(String, u64), FsError> {
    let mut text = before.to_owned();
    let mut replacements = 0;
    let crlf = before.contains("\r\n");
    for (at, edit) in edits.iter().enumerate() {
        let number = at + 1;
        if edit.old_text.is_empty() {
            return Err(FsError::EmptyOldText { number });
        }
        let mut old = edit.old_text.clone();
        let mut new = edit.new_text.clone();
        // Models write `\n`; in a file of Windows lines that means its own line ending.
        if crlf && !text.contains(&old) && old.contains('\n') && !old.contains('\r') {
            old = old.replace('\n', "\r\n");
            new = new.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        let count = text.matches(&old).count();
        if count == 0 {
            return Err(FsError::OldTextMissing {
                number,
                path: place.shown.as_str().into(),
                hint: hint(&text, &edit.old_text),
            });
        }
        if count > 1 && !edit.replace_all {
            return Err(FsError::OldTextAmbiguous {
                number,
                path: place.shown.as_str().into(),
                count,
            });
        }
        // Before it is built: a short text replaced by a long one everywhere can be very large.
        let size = (text.len() - count * old.len()) as u64
            + (count as u64).saturating_mul(new.len() as u64);
        if size > limit {
            return Err(FsError::ContentTooLarge { size, limit });
        }
        text = text.replace(&old, &new);
        replacements += count as u64;
    }
    Ok((text, replacements))
}

/// Where the text may be after all: the first line that equals its first line but for blanks.
fn hint(text: &str, old: &str) -> String {
    let wanted = old.lines().map(str::trim).find(|line| !line.is_empty());
    let near = wanted.and_then(|wanted| text.lines().position(|line| line.trim() == wanted));
    match near {
        Some(line) => format!(
            "line {} is alike but for blanks or what follows; read the file again and copy the text exactly",
            line + 1
        ),
        None => "read the file again and copy the text exactly, with its indentation".to_owned(),
    }
}

/// A unified diff with three lines of context. The flag says whether it was cut.
fn diff(place: &Place<'_>, before: &str, after: &str) -> (String, bool) {
    if before == after {
        return (String::new(), false);
    }
    let diff = TextDiff::configure()
        .timeout(DIFF_TIME)
        .diff_lines(before, after);
    let name = place.path.to_string_lossy();
    let text = diff
        .unified_diff()
        .context_radius(3)
        .header(&format!("a/{name}"), &format!("b/{name}"))
        .to_string();
    let shown = cut(&text, LONGEST_DIFF);
    (shown.to_owned(), shown.len() < text.len())
}
