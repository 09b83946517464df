//! What a caller sent: the JSON text of a tool's arguments, and the strings of a prompt or a template.

use crate::{ToolError, explain};

/// The arguments of a tool call, as the JSON text in the request: nothing is parsed twice.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a>(&'a str);

impl<'a> Arguments<'a> {
    /// The arguments as JSON text. The caller has checked that it is well-formed JSON.
    pub const fn new(json: &'a str) -> Self {
        Self(json)
    }

    /// No arguments: the same as `{}`.
    pub const fn none() -> Self {
        Self("{}")
    }

    /// The JSON text.
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

/// Named strings: the arguments of a prompt, or what a URI put in the place of a template's variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(Vec<(String, String)>);

impl Variables {
    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// All names and values, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// An error that names the ones not in `known`, each with the nearest known name.
    pub(crate) fn refuse_unknown(&self, known: &[&str]) -> Result<(), ToolError> {
        let unknown: Vec<&str> = self
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !known.contains(name))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(ToolError::invalid_arguments(explain::unknown_names(
            &unknown, known,
        )))
    }
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
