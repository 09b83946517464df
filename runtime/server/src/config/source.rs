//! One layer's text, and how a place in it is called.

use std::borrow::Cow;
use std::ops::Range;

/// How a `--set` is called: by its key alone, for its value may be a secret that belongs elsewhere.
pub(super) fn label(assignment: &str) -> String {
    let key = assignment
        .split_once('=')
        .map_or(assignment, |(key, _)| key);
    format!("--set {}", key.trim())
}

/// TOML with a name.
#[derive(Debug)]
pub(super) struct Source<'a> {
    label: String,
    pub(super) text: Cow<'a, str>,
    /// A `--set` or a variable: its label says it all, lines and columns would mean nothing.
    whole: bool,
}

impl<'a> Source<'a> {
    pub(super) fn new(label: impl Into<String>, text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            label: label.into(),
            text: text.into(),
            whole: false,
        }
    }

    pub(super) fn assignment(assignment: &str, text: String) -> Self {
        Self {
            label: label(assignment),
            text: text.into(),
            whole: true,
        }
    }

    pub(super) fn variable(name: &str, text: String) -> Self {
        Self {
            label: format!("the environment variable {name}"),
            text: text.into(),
            whole: true,
        }
    }

    /// `file:line:column` of a span, both from 1, columns in characters.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        if self.whole {
            return self.label.clone();
        }
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        format!("{}:{line}:{column}", self.label)
    }
}
