//! Linear, as this plugin may use it.

use mcp_factory_outbound::Position;
use mcp_factory_sdk::{visible, visible_up_to};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::{Api, Until};
use crate::config::{Listed, Mode};
use crate::documents::Document;
use crate::error::LinearError;
use crate::teams::Directory;

/// The way to Linear, and what may be done there.
#[derive(Debug)]
pub struct Linear {
    pub(crate) api: Api,
    pub(crate) listed: Listed,
    pub(crate) mode: Mode,
    pub(crate) answer_bytes: usize,
    pub(crate) directory: Directory,
}

/// A page of any list of Linear's.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection<T> {
    pub(crate) nodes: Vec<T>,
    #[serde(default)]
    pub(crate) page_info: PageInfo,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl PageInfo {
    /// Linear's cursor of the next page, if there is one.
    pub(crate) fn next(self) -> Option<String> {
        self.end_cursor.filter(|_| self.has_next_page)
    }
}

/// A thing of which only the id is of interest.
#[derive(Debug, Deserialize)]
pub(crate) struct Id {
    pub(crate) id: String,
}

/// A thing of which only the name is of interest.
#[derive(Debug, Deserialize)]
pub(crate) struct Name {
    pub(crate) name: String,
}

impl Name {
    pub(crate) fn plain(self) -> String {
        short(&self.name)
    }
}

impl Linear {
    pub(crate) async fn run<T: DeserializeOwned>(
        &self,
        document: Document,
        variables: &Value,
        until: Until,
    ) -> Result<T, LinearError> {
        self.api.run(document, variables, until).await
    }

    /// Refuses to change anything, unless the settings allow it.
    pub(crate) fn check_mode(&self) -> Result<(), LinearError> {
        match self.mode {
            Mode::Readwrite => Ok(()),
            Mode::Readonly => Err(LinearError::ReadOnly),
        }
    }
}

/// What is sent as `after`: nothing for the first page.
pub(crate) fn after(position: &Position) -> Option<&str> {
    (!position.page.is_empty()).then_some(position.page.as_str())
}

/// A short text that others wrote.
pub(crate) fn short(text: &str) -> String {
    visible_up_to(text, 300).0
}

/// The same of a text that may be missing or empty.
pub(crate) fn short_if_any(text: Option<String>) -> Option<String> {
    text.map(|text| short(&text))
        .filter(|text| !text.is_empty())
}

/// A text that the caller wrote, without invisible characters. It must not be empty.
pub(crate) fn written(argument: &'static str, text: &str) -> Result<String, LinearError> {
    let text = visible(text);
    if text.trim().is_empty() {
        return Err(LinearError::Empty(argument));
    }
    Ok(text)
}

/// Whether it has the form of an id of Linear's: a UUID.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn an_id_is_a_uuid() {
        assert!(is_id("9cfb482a-81e3-4154-b5b9-2c805e70a02d"));
        for bad in [
            "",
            "9cfb482a81e34154b5b92c805e70a02d",
            "9cfb482a-81e3-4154-b5b9-2c805e70a02g",
            "ENG-1",
        ] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
