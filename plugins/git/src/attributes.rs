//! `.gitattributes` and `.gitignore`, as far as they say how files are compared and which are left out.
//!
//! Of attributes only those of line endings count. A filter, a text conversion, a diff or merge driver is
//! a program's name, and no program is run.

use std::path::Path;

use cap_std::fs::Dir;
use gix_attributes::search::{MetadataCollection, Outcome};
use gix_attributes::{Search as Attributes, StateRef};
use gix_ignore::Search as Ignores;
use gix_ignore::search::Ignore;
use gix_object::bstr::ByteSlice as _;

use crate::error::GitError;
use crate::handle::{Read, open_dir, read_file};
use crate::session::Session;

/// The largest file of patterns.
const LARGEST: u64 = 1 << 20;
/// Where patterns pretend to come from, so that they are relative to their directory.
const TOP: &str = "/";

/// What the line endings of a file are in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Eol {
    /// As they are.
    #[default]
    Kept,
    /// LF.
    Text,
    /// LF, if it looks like text and is not CRLF there already.
    Auto,
}

/// The patterns that hold in a directory, in a stack as a walk goes down.
pub(crate) struct Patterns {
    attributes: Attributes,
    known: MetadataCollection,
    ignores: Ignores,
    /// For each directory on the way, whether it brought attributes and ignores.
    levels: Vec<(bool, bool)>,
    default: Eol,
    case: gix_attributes::glob::pattern::Case,
    /// `info/attributes`, which beats all others.
    info: Option<Vec<u8>>,
}

impl Patterns {
    /// The patterns that hold everywhere.
    pub(crate) fn new(session: &Session<'_>) -> Result<Self, GitError> {
        let mut known = MetadataCollection::default();
        let none: [std::path::PathBuf; 0] = [];
        let attributes = Attributes::new_globals(none, &mut Vec::new(), &mut known)
            .map_err(|error| GitError::io("the attributes", error))?;
        let mut ignores = Ignores::default();
        let mut info = None;
        if let Ok(dir) = open_dir(&session.place.git, b"info") {
            if let Some(bytes) = patterns(&dir, b"exclude") {
                add_ignores(&mut ignores, &bytes, b"");
            }
            info = patterns(&dir, b"attributes");
        }
        Ok(Self {
            attributes,
            known,
            ignores,
            levels: Vec::new(),
            default: if session.settings.auto_crlf {
                Eol::Auto
            } else {
                Eol::Kept
            },
            case: if session.settings.ignore_case {
                gix_attributes::glob::pattern::Case::Fold
            } else {
                gix_attributes::glob::pattern::Case::Sensitive
            },
            info,
        })
    }

    /// Enters the directory at `prefix`, which is empty or ends in a slash.
    pub(crate) fn enter(&mut self, dir: &Dir, prefix: &[u8]) {
        let attributes = patterns(dir, b".gitattributes");
        let ignores = patterns(dir, b".gitignore");
        self.levels.push((attributes.is_some(), ignores.is_some()));
        if let Some(bytes) = attributes {
            self.add_attributes(&bytes, prefix);
        }
        if let Some(bytes) = ignores {
            add_ignores(&mut self.ignores, &bytes, prefix);
        }
    }

    /// Leaves the directory entered last.
    pub(crate) fn leave(&mut self) {
        let (attributes, ignores) = self.levels.pop().unwrap_or_default();
        if attributes {
            self.attributes.pop_pattern_list();
        }
        if ignores {
            self.ignores.patterns.pop();
        }
    }

    pub(crate) fn is_ignored(&self, path: &[u8], is_dir: bool) -> bool {
        self.ignores
            .pattern_matching_relative_path(path.as_bstr(), Some(is_dir), self.case)
            .is_some_and(|found| !found.pattern.is_negative())
    }

    /// What the line endings of the file at `path` are, in the directory entered last.
    pub(crate) fn eol(&mut self, path: &[u8]) -> Eol {
        let info = self.info.take();
        if let Some(bytes) = &info {
            self.add_attributes(bytes, b"");
        }
        let mut outcome = Outcome::default();
        outcome.initialize_with_selection(&self.known, ["text", "crlf", "eol"]);
        self.attributes.pattern_matching_relative_path(
            path.as_bstr(),
            self.case,
            Some(false),
            &mut outcome,
        );
        let states: Vec<_> = outcome
            .iter_selected()
            .map(|found| State::of(found.assignment.state))
            .collect();
        if info.is_some() {
            self.attributes.pop_pattern_list();
            self.info = info;
        }
        let [text, crlf, eol] = states[..] else {
            return self.default;
        };
        match (text, crlf) {
            (State::Unset, _) | (State::Unspecified, State::Unset) => Eol::Kept,
            (State::Auto, _) => Eol::Auto,
            (State::Set, _) | (State::Unspecified, State::Set | State::Other) => Eol::Text,
            _ if eol == State::Other => Eol::Text,
            _ => self.default,
        }
    }

    fn add_attributes(&mut self, bytes: &[u8], prefix: &[u8]) {
        let source = Path::new(TOP).join(as_path(prefix)).join("attributes");
        let added = self.attributes.add_patterns_buffer(
            bytes,
            source,
            Some(Path::new(TOP)),
            &mut self.known,
            prefix.is_empty(),
        );
        debug_assert!(added.is_ok(), "the source has a parent directory");
    }
}

/// A value of an attribute, as far as it counts here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Set,
    Unset,
    Auto,
    Other,
    Unspecified,
}

impl State {
    fn of(state: StateRef<'_>) -> Self {
        match state {
            StateRef::Set => Self::Set,
            StateRef::Unset => Self::Unset,
            StateRef::Value(value) if value.as_bstr() == "auto" => Self::Auto,
            StateRef::Value(value)
                if value.as_bstr() == "lf"
                    || value.as_bstr() == "crlf"
                    || value.as_bstr() == "input" =>
            {
                Self::Other
            }
            StateRef::Unspecified | StateRef::Value(_) => Self::Unspecified,
        }
    }
}

fn add_ignores(ignores: &mut Ignores, bytes: &[u8], prefix: &[u8]) {
    let source = Path::new(TOP).join(as_path(prefix)).join("ignore");
    let added = ignores.add_patterns_buffer(bytes, source, Some(Path::new(TOP)), Ignore::default());
    debug_assert!(added.is_ok(), "the source has a parent directory");
}

fn as_path(bytes: &[u8]) -> &Path {
    let text: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(bytes);
    Path::new(text)
}

/// A file of patterns, unless it is missing, a link, or large.
fn patterns(dir: &Dir, name: &[u8]) -> Option<Vec<u8>> {
    match read_file(dir, name, LARGEST) {
        Ok(Read::Bytes(bytes)) => Some(bytes),
        _ => None,
    }
}

impl Session<'_> {
    /// What the line endings of a file of the working tree are.
    pub(crate) fn eol_of(&self, path: &[u8]) -> Result<Eol, GitError> {
        let mut patterns = Patterns::new(self)?;
        let mut dir = self
            .place
            .work()?
            .try_clone()
            .map_err(|error| GitError::io("the working tree", error))?;
        patterns.enter(&dir, b"");
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            let name = path[..at]
                .rsplit(|byte| *byte == b'/')
                .next()
                .unwrap_or_default();
            match open_dir(&dir, name) {
                Ok(below) => dir = below,
                Err(_) => break,
            }
            patterns.enter(&dir, &path[..=at]);
        }
        Ok(patterns.eol(path))
    }
}
