//! What all changes have in common: what they answer, and the texts they take. One change is made at a time,
//! and none is repeated when it is not known whether it was made.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::GithubError;

/// GitHub's limits, in characters.
const LONGEST_TITLE: usize = 256;
const LONGEST_BODY: usize = 65_536;

/// What was made or changed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Changed {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

/// What was made in git.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Committed {
    // The branch or the path.
    pub(crate) name: String,
    // Of the file, or of the branch's commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
}

pub(crate) fn something(body: &Map<String, Value>) -> Result<(), GithubError> {
    if body.is_empty() {
        return Err(GithubError::argument(
            "number",
            "alone changes nothing: pass what is to be changed",
        ));
    }
    Ok(())
}

pub(crate) fn title_of(name: &'static str, title: &str) -> Result<String, GithubError> {
    if title.trim().is_empty() || title.chars().count() > LONGEST_TITLE {
        return Err(GithubError::argument(
            name,
            format!("must have 1 to {LONGEST_TITLE} characters"),
        ));
    }
    Ok(title.to_owned())
}

pub(crate) fn text(name: &'static str, text: &str) -> Result<String, GithubError> {
    if text.trim().is_empty() {
        return Err(GithubError::argument(name, "is empty"));
    }
    long(name, text.to_owned())
}

pub(crate) fn long(name: &'static str, text: String) -> Result<String, GithubError> {
    if text.chars().count() > LONGEST_BODY {
        return Err(GithubError::argument(
            name,
            format!("has more than {LONGEST_BODY} characters"),
        ));
    }
    Ok(text)
}
