//! What is wrong with a setting.

use std::fmt;

/// A setting that cannot be used, in words for the operator. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which setting, below its table: `url`, `groups.shell.secret`.
    pub path: String,
    /// One sentence of what is wrong and what to write instead.
    pub message: String,
}

impl Problem {
    /// A problem with the setting at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for Problem {}
