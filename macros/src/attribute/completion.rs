//! `#[completion(prompt = "…", argument = "…")]` and `#[completion(resource = "…", argument = "…")]`.

use syn::{Attribute, LitStr};

use super::Arguments;
use crate::errors::Errors;

const KEYS: &[&str] = &["prompt", "resource", "argument"];
const FORMS: &str = "write `prompt = \"name\", argument = \"argument\"` or `resource = \"notes://{day}\", argument = \"day\"`";

/// What a completion completes.
#[derive(Debug)]
pub(crate) enum Target {
    /// An argument of the prompt with this name.
    Prompt(LitStr),
    /// A variable of the resource template with this URI.
    Resource(LitStr),
}

/// What the attribute on a completion says.
#[derive(Debug)]
pub(crate) struct CompletionArguments {
    /// What is completed; `None` only after an error.
    pub(crate) target: Option<Target>,
    /// Which argument or variable of it; `None` only after an error.
    pub(crate) argument: Option<LitStr>,
}

impl CompletionArguments {
    /// Reads the attribute of the function called `function`.
    pub(crate) fn parse(attribute: &Attribute, function: &str, errors: &Errors) -> Self {
        let arguments = Arguments::of_attribute("completion", attribute, KEYS, errors);
        let target = match (arguments.key("prompt"), arguments.key("resource")) {
            (Some(_), None) => arguments.string("prompt").map(Target::Prompt),
            (None, Some(_)) => arguments.string("resource").map(Target::Resource),
            (Some(_), Some(second)) => {
                errors.push(
                    second,
                    format!("the completion `{function}` has two targets"),
                    FORMS,
                );
                None
            }
            (None, None) => {
                let what = format!("the completion `{function}` does not say what it completes");
                errors.push_at(arguments.span(), what, FORMS);
                None
            }
        };
        if target.is_some() && arguments.key("argument").is_none() {
            let what =
                format!("the completion `{function}` does not say which argument it completes");
            errors.push_at(arguments.span(), what, FORMS);
        }
        Self {
            target,
            argument: arguments.string("argument"),
        }
    }
}
