//! `#[prompt(scope = "…", …)]`.

use syn::{Attribute, LitStr};

use super::Arguments;
use crate::errors::Errors;

const KEYS: &[&str] = &["scope", "name", "title"];

/// What the attribute on a prompt says.
#[derive(Debug)]
pub(crate) struct PromptArguments {
    /// What a caller must hold; `None` only after an error.
    pub(crate) scope: Option<LitStr>,
    /// The name, when it is not the function's.
    pub(crate) name: Option<LitStr>,
    /// A title for people.
    pub(crate) title: Option<LitStr>,
}

impl PromptArguments {
    /// Reads the attribute of the function called `function`.
    pub(crate) fn parse(attribute: &Attribute, function: &str, errors: &Errors) -> Self {
        let arguments = Arguments::of_attribute("prompt", attribute, KEYS, errors);
        Self {
            scope: arguments.scope(&format!("the prompt `{function}`")),
            name: arguments.name("name"),
            title: arguments.text("title"),
        }
    }
}
