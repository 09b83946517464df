//! `grep_files`: lines by text or regular expression. Which files it goes through is `walk.rs`; how one
//! file is searched is `scan.rs`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cap_std::fs::OpenOptions;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::budget::Budget;
use crate::cursor::{Call, Cursor};
use crate::entry::EntryType;
use crate::error::FsError;
use crate::files::Files;
use crate::globs::Globs;
use crate::place::LastLink;
use crate::scan::{Hit, Scan, Scanned};
use crate::search::is_zero;
use crate::walk::{Flow, Walk, walk};

/// The most matches one answer holds.
pub(crate) const MOST: u32 = 1_000;
/// The most lines of context on each side.
pub(crate) const MOST_CONTEXT: u32 = 5;
/// The longest query, in bytes.
const LONGEST_QUERY: usize = 1_000;
/// What a compiled expression may take, in bytes. Searching one line takes time by this times the line's
/// length and cannot be stopped, so both are bounded such that their product is a few seconds.
const REGEX_BYTES: usize = 512 << 10;
/// What the automaton made of it on the way may take, in bytes.
const AUTOMATON_BYTES: usize = 4 << 20;

/// Whether letters match those of the other case: not, always, or (`Smart`) unless the query has a capital.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "a schema reads better as a plain list; the type's words say the rest"
)]
pub enum Case {
    #[default]
    Smart,
    Sensitive,
    Insensitive,
}

/// What to search for.
#[derive(Clone, Debug)]
pub struct GrepRequest {
    /// A directory, or one file.
    pub path: String,
    /// The text or expression.
    pub query: String,
    /// Whether it is an expression.
    pub regex: bool,
    /// How case counts.
    pub case: Case,
    /// Only files whose name or path matches.
    pub glob: Option<String>,
    /// Globs to leave out.
    pub exclude: Vec<String>,
    /// Whether `.gitignore` files count.
    pub gitignore: bool,
    /// Lines shown before and after each match.
    pub context: u32,
    /// At most so many matches.
    pub limit: u32,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// A line that matches.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Match {
    /// The file, in the form to pass back.
    pub path: String,
    /// Number of the line, from 1.
    pub line: u64,
    /// Where in the line the match begins: characters, from 1.
    pub col: u64,
    /// The line without its ending; the part around the match if the line is very long.
    pub text: String,
    /// The lines before it, when context was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// The lines after it, when context was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
}

/// Lines that match.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Matches {
    /// By path, then by line.
    pub matches: Vec<Match>,
    /// How many files were searched.
    pub files: u64,
    /// How many files were not searched to their end: binary, above 16 MiB, with a line above 4 MiB, or not
    /// readable. Directories that could not be read count too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped: u64,
    /// True when the search is not over: the limit, the time, the size of the answer or the number of
    /// entries was reached.
    pub truncated: bool,
    /// Pass this as `cursor` to go on. There may be one without any match yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Files {
    /// Finds lines in files.
    ///
    /// # Errors
    /// When the path is refused, the query or a glob is not valid, or the cursor is from another call.
    pub fn grep(&self, request: &GrepRequest) -> Result<Matches, FsError> {
        self.grep_until(request, &|| false)
    }

    /// As [`Self::grep`], for a call that may be over before: then `is_over` says so, and the search ends as when its
    /// time is up.
    ///
    /// # Errors
    /// As [`Self::grep`].
    pub fn grep_until(
        &self,
        request: &GrepRequest,
        is_over: &dyn Fn() -> bool,
    ) -> Result<Matches, FsError> {
        let matcher = matcher(request)?;
        let glob = request
            .glob
            .as_deref()
            .map(|glob| Globs::new(&[glob]))
            .transpose()?;
        let exclude = Globs::new(&request.exclude)?;
        let place = self.roots.resolve(&request.path, LastLink::Follow)?;
        let call = call(request, &place.shown);
        let after = request
            .cursor
            .as_deref()
            .map(|text| call.decode(text))
            .transpose()?;
        let mut budget = Budget::new(self.limits.entries, self.limits.search_time, is_over);
        let mut scan = Scan::new(
            matcher,
            request.context as usize,
            request.limit as usize,
            self.limits.read_bytes,
            budget.until(),
        );
        let mut results = Results {
            call,
            matches: Vec::new(),
            files: 0,
            skipped: 0,
            last: None,
            full: false,
        };
        // The line up to which the file of the cursor was shown; the walk visits that file once more.
        let resume = after.map(|cursor| {
            (
                PathBuf::from(OsStr::from_bytes(&cursor.name)),
                cursor.number,
            )
        });

        if !place.existing()?.is_dir() {
            let (file, _) = self.roots.open_file(&place)?;
            let from = resume.map_or(0, |(_, line)| line);
            let scanned = scan.file(file, from);
            results.add(&place.shown, Path::new(""), scanned);
            return Ok(results.finish(false, false));
        }
        let settings = Walk {
            exclude: Some(exclude),
            gitignore: request.gitignore,
            after: resume.as_ref().map(|(path, _)| path.clone()),
            again: true,
            complete: None,
        };
        let gaps = walk(&self.roots, &place, &settings, &mut budget, |visited, _| {
            let wanted = visited.entry.kind == EntryType::File
                && glob
                    .as_ref()
                    .is_none_or(|glob| glob.matches(visited.below_start));
            if !wanted {
                results.last = Some((visited.below_start.to_path_buf(), i64::MAX));
                return Ok(Flow::GoOn);
            }
            let shown = self.roots.show(place.root, visited.path);
            let from = resume
                .as_ref()
                .filter(|(path, _)| path == visited.below_start)
                .map_or(0, |(_, line)| *line);
            let opened = if from == i64::MAX {
                None
            } else {
                let opened = self.roots.open_regular(
                    visited.parent,
                    &visited.entry.name,
                    &shown,
                    OpenOptions::new().read(true),
                );
                results.skipped += u64::from(opened.is_err());
                opened.ok()
            };
            let Some((file, _)) = opened else {
                results.last = Some((visited.below_start.to_path_buf(), i64::MAX));
                return Ok(Flow::GoOn);
            };
            let scanned = scan.file(file, from);
            Ok(results.add(&shown, visited.below_start, scanned))
        })?;
        results.skipped += gaps.unreadable;
        Ok(results.finish(budget.is_spent(), gaps.cut))
    }
}

/// Checks the arguments and compiles the query.
fn matcher(request: &GrepRequest) -> Result<RegexMatcher, FsError> {
    if request.limit == 0 || request.limit > MOST {
        return Err(FsError::Argument(format!(
            "limit is {}; pass 1 to {MOST}",
            request.limit
        )));
    }
    if request.context > MOST_CONTEXT {
        return Err(FsError::Argument(format!(
            "context is {}; pass 0 to {MOST_CONTEXT}",
            request.context
        )));
    }
    let length = request.query.len();
    if length == 0 || length > LONGEST_QUERY {
        return Err(FsError::Argument(format!(
            "query has {length} bytes; pass 1 to {LONGEST_QUERY}"
        )));
    }
    if request.query.contains('\n') {
        return Err(FsError::Argument(
            "query holds a line break; lines are searched one by one".to_owned(),
        ));
    }
    RegexMatcherBuilder::new()
        .fixed_strings(!request.regex)
        .case_smart(request.case == Case::Smart)
        .case_insensitive(request.case == Case::Insensitive)
        .line_terminator(Some(b'\n'))
        .size_limit(REGEX_BYTES)
        .dfa_size_limit(AUTOMATON_BYTES)
        .nest_limit(100)
        .build(&request.query)
        .map_err(|error| FsError::BadRegex {
            reason: error
                .to_string()
                .lines()
                .last()
                .unwrap_or_default()
                .to_owned(),
        })
}

/// What a cursor of this search is tied to.
fn call(request: &GrepRequest, shown: &str) -> Call {
    let switches = format!("{} {:?} {}", request.regex, request.case, request.gitignore);
    let glob = request.glob.as_deref().unwrap_or("");
    Call::new(
        "grep_files",
        &[
            shown,
            &request.query,
            glob,
            &request.exclude.join("\0"),
            &switches,
        ],
    )
}

/// The answer while it grows.
struct Results {
    call: Call,
    matches: Vec<Match>,
    files: u64,
    skipped: u64,
    /// What is done: a path below the start, up to and with a line; all lines with `i64::MAX`.
    last: Option<(PathBuf, i64)>,
    /// The answer holds all it may.
    full: bool,
}

impl Results {
    fn add(&mut self, shown: &str, below_start: &Path, scanned: Scanned) -> Flow {
        self.files += 1;
        self.skipped += u64::from(scanned.skipped);
        let line = scanned
            .hits
            .last()
            .map(|hit| i64::try_from(hit.line).unwrap_or(i64::MAX));
        let show = |hit: Hit| Match {
            path: shown.to_owned(),
            line: hit.line,
            col: hit.col,
            text: hit.text,
            before: hit.before,
            after: hit.after,
        };
        self.matches.extend(scanned.hits.into_iter().map(show));
        if !scanned.full {
            self.last = Some((below_start.to_path_buf(), i64::MAX));
            return Flow::GoOn;
        }
        self.full = true;
        // Without a line of its own the file is still to be begun: what was done before it stands.
        if let Some(line) = line {
            self.last = Some((below_start.to_path_buf(), line));
        }
        Flow::Stop
    }

    fn finish(self, spent: bool, cut: bool) -> Matches {
        let unfinished = self.full || spent;
        let next_cursor = self.last.filter(|_| unfinished).map(|(path, number)| {
            self.call.encode(&Cursor {
                number,
                name: path.as_os_str().as_bytes().to_vec(),
            })
        });
        Matches {
            matches: self.matches,
            files: self.files,
            skipped: self.skipped,
            truncated: unfinished || cut,
            next_cursor,
        }
    }
}
