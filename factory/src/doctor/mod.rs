//! What commonly goes wrong, looked for: on this machine, in the manifest, in a built server, in clients' files.
//!
//! In the room: the findings (here), what a machine needs for building (`machine`), what a binary does
//! (`binary`), and what clients start (`configured`). Nothing is repaired, installed or written.

mod binary;
mod configured;
mod machine;

use crate::error::{Error, Failure};

pub(crate) use binary::examine_binary;
pub(crate) use configured::examine_clients;
pub(crate) use machine::examine_machine;

/// What one look came to.
#[derive(Debug)]
pub(crate) enum Finding {
    /// As it should be.
    Fine(String),
    /// Nothing is broken, and somebody may wonder.
    Note(String, Option<String>),
    /// Something will not work.
    Trouble(Failure),
}

/// All of them, in the order in which they were looked for.
#[derive(Debug, Default)]
pub(crate) struct Findings(pub(crate) Vec<Finding>);

impl Findings {
    fn fine(&mut self, text: impl Into<String>) {
        self.0.push(Finding::Fine(text.into()));
    }

    fn note(&mut self, text: impl Into<String>, fix: Option<&str>) {
        self.0
            .push(Finding::Note(text.into(), fix.map(str::to_owned)));
    }

    /// All that is wrong, each a finding of its own.
    pub(crate) fn trouble(&mut self, error: Error) {
        self.0.extend(error.0.into_iter().map(Finding::Trouble));
    }

    /// How many will not work.
    pub(crate) fn troubles(&self) -> usize {
        self.0
            .iter()
            .filter(|finding| matches!(finding, Finding::Trouble(_)))
            .count()
    }
}
