//! One thing that is wrong with the settings, in words.

use std::fmt;

/// A setting that is wrong, missing or contradicted: where it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, from the section down: `issuer`, `keys[1].sha256`.
    pub path: String,
    /// What is wrong with it and what to write instead. Never holds a secret.
    pub message: String,
}

impl Problem {
    /// A problem of the setting at `path`.
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
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
