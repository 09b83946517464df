//! One thought, and what is told after it was noted.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

/// One step of thinking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thought {
    /// What was thought.
    pub text: String,
    /// Its number, from 1.
    pub number: u32,
    /// How many there will be, by the present guess.
    pub total: u32,
    /// Whether another one follows.
    pub next_needed: bool,
    /// Whether the guess turned out too low.
    pub needs_more: bool,
    /// Whether it corrects an earlier one.
    pub is_revision: bool,
    /// Which one, if that was said.
    pub revises: Option<u32>,
    /// The thought and the name of the branch that begins or goes on here.
    pub branch: Option<(u32, String)>,
}

impl Thought {
    /// Bytes that it takes up.
    pub(crate) fn size(&self) -> usize {
        self.text.len() + self.branch.as_ref().map_or(0, |(_, id)| id.len()) + size_of::<Self>()
    }

    /// As a paragraph for people.
    pub(crate) fn write_to(&self, text: &mut String) {
        let revision = match (self.is_revision, self.revises) {
            (false, _) => String::new(),
            (true, None) => " (revision)".to_owned(),
            (true, Some(revised)) => format!(" (revises {revised})"),
        };
        let branch = self.branch.as_ref().map_or_else(String::new, |(from, id)| {
            format!(" (branch {id}, from {from})")
        });
        let more = if self.needs_more {
            " (more needed)"
        } else {
            ""
        };
        let Self {
            number,
            total,
            text: said,
            ..
        } = self;
        // Writing to a text cannot fail.
        write!(text, "{number}/{total}{revision}{branch}{more}: {said}\n\n").unwrap_or_default();
    }
}

/// Where the thinking stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The number of the thought that was noted.
    pub thought_number: u32,
    /// How many there will be, by the present guess: never less than `thoughtNumber`.
    pub total_thoughts: u32,
    /// Whether another one follows.
    pub next_thought_needed: bool,
    /// The branches so far.
    pub branches: Vec<String>,
    /// How many thoughts of this caller are kept.
    pub thought_history_length: usize,
}
