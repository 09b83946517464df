//! One row in the text of a client's file, put in, changed or taken out; everything else stays as it is.
//!
//! In the room: what a change is, whatever the file is written in. How it is done in JSON and in TOML is below.

mod json;
mod toml;

use std::{ops::Range, sync::Arc};

use serde_json::Value;

use self::{json::Json, toml::Toml};
use crate::error::{Code, Failure, Place, Result, Source};

/// What a client's file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// With comments and commas at the end, which most clients read.
    Json,
    Toml,
}

/// A file's text that has been understood.
#[derive(Debug)]
pub(crate) enum Document {
    Json(Json),
    Toml(Box<Toml>),
}

impl Document {
    /// Reads the text of the file at `path`, which is a name for messages.
    ///
    /// # Errors
    /// When it is not what it should be, with the place.
    pub(crate) fn parse(format: Format, path: &str, text: &str) -> Result<Self> {
        Ok(match format {
            Format::Json => Self::Json(Json::parse(path, text)?),
            Format::Toml => Self::Toml(Box::new(Toml::parse(path, text)?)),
        })
    }

    /// The row of `name` in the table; `None` where there is none.
    ///
    /// # Errors
    /// When the table is none.
    pub(crate) fn row(&self, table: &str, name: &str) -> Result<Option<Value>> {
        match self {
            Self::Json(json) => json.row(table, name),
            Self::Toml(toml) => toml.row(table, name),
        }
    }

    /// All rows of the table, by name.
    ///
    /// # Errors
    /// When the table is none.
    pub(crate) fn rows(&self, table: &str) -> Result<Vec<(String, Value)>> {
        match self {
            Self::Json(json) => json.rows(table),
            Self::Toml(toml) => toml.rows(table),
        }
    }

    /// Puts a row in, in the place of the one that has its name.
    ///
    /// # Errors
    /// When the table is none.
    pub(crate) fn put(&mut self, table: &str, name: &str, row: &Value) -> Result<()> {
        match self {
            Self::Json(json) => json.put(table, name, row),
            Self::Toml(toml) => toml.put(table, name, row),
        }
    }

    /// Takes a row out. The table stays, also when it is empty.
    ///
    /// # Errors
    /// When the table is none.
    pub(crate) fn take(&mut self, table: &str, name: &str) -> Result<()> {
        match self {
            Self::Json(json) => json.take(table, name),
            Self::Toml(toml) => toml.take(table, name),
        }
    }

    /// The text as it is now.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Json(json) => json.text(),
            Self::Toml(toml) => toml.text(),
        }
    }
}

/// A place at which a file is not what its client could read.
fn broken(source: &Arc<Source>, span: Range<usize>, problem: &str, label: &str) -> Failure {
    let end = span.end.min(source.text.len());
    let place = Place {
        source: Arc::clone(source),
        span: span.start.min(end)..end,
    };
    Failure::new(
        Code::ClientFile,
        format!("{} {problem}; it is left as it is", source.path),
    )
    .at(Some(&place), label)
    .fix("correct this place, then install again")
}
