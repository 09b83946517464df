//! `list_directory`: what is in a directory, in pages. Opens nothing but the directory.

use std::cmp::Reverse;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cursor::{Call, Cursor};
use crate::entry::{Entry, EntryType, entries};
use crate::error::FsError;
use crate::files::Files;
use crate::path::below;
use crate::place::LastLink;
use crate::time;

/// The most entries one page holds.
pub(crate) const MOST: u32 = 1_000;

/// How a listing is ordered: by name byte by byte, largest first, or last changed first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "a schema reads better as a plain list; the type's words say the rest"
)]
pub enum SortBy {
    #[default]
    Name,
    Size,
    Mtime,
}

/// Which entries to list.
#[derive(Clone, Debug)]
pub struct ListRequest {
    /// The directory.
    pub path: String,
    /// The order.
    pub sort: SortBy,
    /// Whether sizes and times are wanted.
    pub sizes: bool,
    /// At most so many entries.
    pub limit: u32,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// An entry of a directory.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Listed {
    /// Its name; characters that are not UTF-8 are shown as U+FFFD and such a name cannot be passed back.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: EntryType,
    /// Size in bytes, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// When it was last changed, RFC 3339, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtime: Option<String>,
}

/// A page of a directory.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Listing {
    /// The directory's path, in the form to pass back.
    pub path: String,
    /// The entries of this page.
    pub entries: Vec<Listed>,
    /// How many entries the directory has, those of other pages included.
    pub total: u64,
    /// True when there are entries that are not on this page or an earlier one.
    pub truncated: bool,
    /// Pass this as `cursor` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An entry with what it is sorted by.
struct Row {
    entry: Entry,
    size: Option<u64>,
    changed: Option<(i64, String)>,
}

impl Row {
    /// The number that comes before the name in the order.
    fn key(&self, sort: SortBy) -> Reverse<i64> {
        Reverse(match sort {
            SortBy::Name => 0,
            SortBy::Size => self
                .size
                .map_or(-1, |size| i64::try_from(size).unwrap_or(i64::MAX)),
            SortBy::Mtime => self.changed.as_ref().map_or(i64::MIN, |(nanos, _)| *nanos),
        })
    }
}

impl Files {
    /// Lists a directory.
    ///
    /// # Errors
    /// When the path is refused, is no directory, or the cursor is from another call.
    pub fn list(&self, request: &ListRequest) -> Result<Listing, FsError> {
        if request.limit == 0 || request.limit > MOST {
            return Err(FsError::Argument(format!(
                "limit is {}; pass 1 to {MOST}",
                request.limit
            )));
        }
        let place = self.roots.resolve(&request.path, LastLink::Follow)?;
        let sort = request.sort;
        let call = Call::new("list_directory", &[&place.shown, &format!("{sort:?}")]);
        let after = request
            .cursor
            .as_deref()
            .map(|text| call.decode(text))
            .transpose()?;
        let after = after
            .as_ref()
            .map(|cursor| (Reverse(cursor.number), OsStr::from_bytes(&cursor.name)));

        let dir = place.open_dir()?;
        let (list, cut) = entries(&dir, self.limits.entries)
            .map_err(|error| FsError::io("list", place.shown.as_str(), &error))?;
        let with_sizes = request.sizes || sort != SortBy::Name;
        let look = |entry: Entry| {
            let metadata = with_sizes
                .then(|| dir.symlink_metadata(&entry.name).ok())
                .flatten();
            let changed = metadata
                .as_ref()
                .map(|is| (time::modified_nanos(is), time::modified(is)));
            Row {
                size: metadata.map(|is| is.len()),
                changed,
                entry,
            }
        };
        let allowed = |entry: &Entry| !self.roots.deny.covers(&below(&place.path, &entry.name));
        let mut rows: Vec<Row> = list.into_iter().filter(allowed).map(look).collect();
        if sort != SortBy::Name {
            rows.sort_by(|a, b| (a.key(sort), &a.entry.name).cmp(&(b.key(sort), &b.entry.name)));
        }
        let total = rows.len() as u64;
        let due = |row: &Row| {
            after.is_none_or(|after| (row.key(sort), row.entry.name.as_os_str()) > after)
        };
        let start = rows.partition_point(|row| !due(row));
        let end = rows.len().min(start + request.limit as usize);
        let next_cursor = (end < rows.len()).then(|| {
            let shown = &rows[end - 1];
            call.encode(&Cursor {
                number: shown.key(sort).0,
                name: shown.entry.name.as_bytes().to_vec(),
            })
        });
        let entries = rows.drain(start..end).map(|row| Listed {
            name: row.entry.name.to_string_lossy().into_owned(),
            kind: row.entry.kind,
            size: row.size,
            mtime: row.changed.map(|(_, text)| text),
        });
        let entries = entries.collect();
        Ok(Listing {
            path: place.shown,
            entries,
            total,
            truncated: cut || next_cursor.is_some(),
            next_cursor,
        })
    }
}
