//! `search_files`: paths by glob.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::budget::Budget;
use crate::cursor::{Call, Cursor};
use crate::entry::EntryType;
use crate::error::FsError;
use crate::files::Files;
use crate::globs::Globs;
use crate::place::LastLink;
use crate::walk::{Flow, Walk, walk};

/// The most paths one answer holds.
pub(crate) const MOST: u32 = 1_000;

/// What to search for.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// Where to start.
    pub path: String,
    /// The glob.
    pub pattern: String,
    /// Globs to leave out.
    pub exclude: Vec<String>,
    /// Whether `.gitignore` files count.
    pub gitignore: bool,
    /// At most so many paths.
    pub limit: u32,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// Paths that match.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Found {
    /// In the form to pass back; directories end with a slash.
    pub paths: Vec<String>,
    /// How many entries were looked at.
    pub visited: u64,
    /// How many directories could not be read or were nested too deep.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable: u64,
    /// True when the search is not over: the limit, the time or the number of entries was reached.
    pub truncated: bool,
    /// Pass this as `cursor` to go on. There may be one without any match yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(crate) fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl Files {
    /// Finds files and directories by glob.
    ///
    /// # Errors
    /// When the path is refused or is no directory, a glob is not valid, or the cursor is from another call.
    pub fn search(&self, request: &SearchRequest) -> Result<Found, FsError> {
        self.search_until(request, &|| false)
    }

    /// As [`Self::search`], for a call that may be over before: then `is_over` says so, and the search ends as when
    /// its time is up.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn search_until(
        &self,
        request: &SearchRequest,
        is_over: &dyn Fn() -> bool,
    ) -> Result<Found, FsError> {
        if request.limit == 0 || request.limit > MOST {
            return Err(FsError::Argument(format!(
                "limit is {}; pass 1 to {MOST}",
                request.limit
            )));
        }
        let pattern = Globs::new(&[&request.pattern])?;
        let exclude = Globs::new(&request.exclude)?;
        let place = self.roots.resolve(&request.path, LastLink::Follow)?;
        let gitignore = if request.gitignore { "gitignore" } else { "" };
        let exclude_text = request.exclude.join("\0");
        let call = Call::new(
            "search_files",
            &[&place.shown, &request.pattern, &exclude_text, gitignore],
        );
        let after = request
            .cursor
            .as_deref()
            .map(|text| call.decode(text))
            .transpose()?;
        let after = after.map(|cursor| PathBuf::from(OsStr::from_bytes(&cursor.name)));

        let settings = Walk {
            exclude: Some(exclude),
            gitignore: request.gitignore,
            after,
            again: false,
            complete: None,
        };
        let mut budget = Budget::new(self.limits.entries, self.limits.search_time, is_over);
        let mut paths = Vec::new();
        let mut last = None;
        let mut full = false;
        let gaps = walk(&self.roots, &place, &settings, &mut budget, |visited, _| {
            if pattern.matches(visited.below_start) {
                if paths.len() == request.limit as usize {
                    full = true;
                    return Ok(Flow::Stop);
                }
                let mut shown = self.roots.show(place.root, visited.path);
                if visited.entry.kind == EntryType::Directory {
                    shown.push('/');
                }
                paths.push(shown);
            }
            last = Some(visited.below_start.to_path_buf());
            Ok(Flow::GoOn)
        })?;
        let unfinished = full || budget.is_spent();
        let next_cursor = last.filter(|_| unfinished).map(|path| {
            call.encode(&Cursor {
                number: 0,
                name: path.as_os_str().as_bytes().to_vec(),
            })
        });
        Ok(Found {
            paths,
            visited: budget.visited() as u64,
            unreadable: gaps.unreadable,
            truncated: unfinished || gaps.cut,
            next_cursor,
        })
    }
}
