//! Notion, as this plugin may use it.

use mcp_factory_sdk::{visible, visible_up_to};
use serde_json::Value;

use crate::api::Api;
use crate::config::{Listed, Mode};
use crate::error::NotionError;
use crate::roots::Parents;

/// The way to Notion, and what may be done there.
#[derive(Debug)]
pub struct Notion {
    pub(crate) api: Api,
    pub(crate) listed: Listed,
    pub(crate) mode: Mode,
    pub(crate) answer_bytes: usize,
    pub(crate) parents: Parents,
}

impl Notion {
    /// Refuses to change anything, unless the settings allow it.
    pub(crate) fn check_mode(&self) -> Result<(), NotionError> {
        match self.mode {
            Mode::Readwrite => Ok(()),
            Mode::Readonly => Err(NotionError::ReadOnly),
        }
    }
}

/// The entries of a list, and Notion's cursor of the next page.
pub(crate) fn list(mut answer: Value) -> Result<(Vec<Value>, Option<String>), NotionError> {
    let Value::Array(results) = answer["results"].take() else {
        return Err(NotionError::Unreadable);
    };
    let next = answer["next_cursor"]
        .as_str()
        .filter(|_| answer["has_more"] == true);
    Ok((results, next.map(str::to_owned)))
}

/// A short text that others wrote.
pub(crate) fn short(text: &str) -> String {
    let (mut text, cut) = visible_up_to(text, 500);
    if cut {
        text.push('…');
    }
    text
}

/// A short text in an answer; empty when there is none.
pub(crate) fn short_of(value: &Value) -> String {
    short(value.as_str().unwrap_or_default())
}

/// A text that the caller wrote, without invisible characters. It must not be empty.
pub(crate) fn written(argument: &'static str, text: &str) -> Result<String, NotionError> {
    let text = visible(text);
    if text.trim().is_empty() {
        return Err(NotionError::Empty(argument));
    }
    Ok(text)
}
