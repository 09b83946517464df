//! What a user is told when something cannot be done: one sentence, the place in their file, the fix.
//!
//! A [`Failure`] is one such message; an [`Error`] is all of those that one step found. How they look on
//! a screen is in `render`; which numbers and exit codes exist is in `code`.

mod code;
mod render;

use std::{fmt, io, ops::Range, path::Path, sync::Arc};

pub use code::{Code, Exit};
pub(crate) use render::{render, to_json};

/// Shorthand for this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A file's name and text, to point into.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The path, as the user would type it.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes to underline.
    pub span: Range<usize>,
}

impl Place {
    /// Line and column, both counted from one, the column in characters.
    pub fn line_and_column(&self) -> (usize, usize) {
        let before = self.source.text.get(..self.span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before[line_start..].chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which kind.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where, and what to write under the place.
    pub place: Option<(Place, String)>,
    /// What else helps to understand.
    pub notes: Vec<String>,
    /// The command or edit that fixes it.
    pub fix: Option<String>,
    /// Another program's own words, shown below.
    pub detail: Option<String>,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            place: None,
            notes: Vec::new(),
            fix: None,
            detail: None,
        }
    }

    /// At this place, with a few words to write under it.
    #[must_use]
    pub fn at(mut self, place: Option<&Place>, label: impl Into<String>) -> Self {
        self.place = place.map(|place| (place.clone(), label.into()));
        self
    }

    /// With one more thing to know.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// With the way out.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// With another program's words.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        self.detail = (!detail.trim().is_empty()).then_some(detail);
        self
    }

    /// What reading or writing `path` came to.
    pub fn io(doing: &str, path: &Path, error: &io::Error) -> Self {
        let path = path.display();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::new(
                Code::DiskFull,
                format!("the disk is full: cannot {doing} {path}"),
            )
            .fix("free some space, or point MCP_FACTORY_HOME at another disk"),
            _ => Self::new(
                Code::Files,
                format!("cannot {doing} {path}: {}", plain(error)),
            ),
        }
    }
}

/// The operating system's sentence without its number.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

/// All that is wrong.
#[derive(Debug)]
pub struct Error(pub Vec<Failure>);

impl Error {
    /// The exit code: that of the first failure.
    pub fn exit(&self) -> Exit {
        self.0
            .first()
            .map_or(Exit::Bug, |failure| failure.code.exit())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self(vec![failure])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages: Vec<&str> = self
            .0
            .iter()
            .map(|failure| failure.message.as_str())
            .collect();
        f.write_str(&messages.join("; "))
    }
}

impl std::error::Error for Error {}

/// Gives a file operation its path.
pub(crate) trait AtPath<T> {
    /// On failure, says what could not be done (`write`, `read`, …) and to which path.
    fn at_path(self, doing: &str, path: &Path) -> Result<T>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at_path(self, doing: &str, path: &Path) -> Result<T> {
        self.map_err(|error| Failure::io(doing, path, &error).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_characters() {
        let text = "a = 1\nü = \"x\"\n".to_owned();
        let start = text.find("\"x\"").unwrap();
        let source = Arc::new(Source {
            path: "f".to_owned(),
            text,
        });
        let place = Place {
            source,
            span: start..start + 3,
        };
        assert_eq!(place.line_and_column(), (2, 5));
    }

    #[test]
    fn a_full_disk_has_its_own_message() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let failure = Failure::io("write", Path::new("/cache/x"), &full);
        assert_eq!(failure.code, Code::DiskFull);
        assert_eq!(failure.message, "the disk is full: cannot write /cache/x");
        let other = io::Error::from_raw_os_error(13);
        assert_eq!(
            Failure::io("write", Path::new("/x"), &other).message,
            "cannot write /x: permission denied"
        );
    }
}
