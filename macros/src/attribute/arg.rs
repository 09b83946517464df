//! `#[arg(default = …, minimum = …, …)]` on a parameter of a tool.

use syn::{Attribute, Expr, Ident, LitStr, Type};

use super::Arguments;
use crate::{errors::Errors, types};

const KEYS: &[&str] = &[
    "name",
    "default",
    "minimum",
    "maximum",
    "min_length",
    "max_length",
];

/// What the attribute on a parameter says.
#[derive(Debug, Default)]
pub(crate) struct ArgArguments {
    /// The argument's name, when it is not the parameter's.
    pub(crate) name: Option<LitStr>,
    /// What an absent argument means.
    pub(crate) default: Option<DefaultValue>,
    /// The least number allowed.
    pub(crate) minimum: Option<Expr>,
    /// The greatest number allowed.
    pub(crate) maximum: Option<Expr>,
    /// The fewest characters or items allowed.
    pub(crate) min_length: Option<Expr>,
    /// The most characters or items allowed.
    pub(crate) max_length: Option<Expr>,
}

/// A default, and the key that set it.
#[derive(Debug)]
pub(crate) struct DefaultValue {
    /// The word `default`.
    pub(crate) key: Ident,
    /// The value; `Default::default()` when the key stands alone.
    pub(crate) value: Option<Expr>,
}

impl ArgArguments {
    /// Reads the attribute of a parameter. `own` is the plugin's type, for values that say `Self`.
    pub(crate) fn parse(attribute: &Attribute, own: &Type, errors: &Errors) -> Self {
        let arguments = Arguments::of_attribute("arg", attribute, KEYS, errors);
        let expression = |key| {
            let mut expression = arguments.expression(key)?;
            types::replace_self_in_expression(&mut expression, own);
            Some(expression)
        };
        let default = arguments.key("default").map(|key| DefaultValue {
            key: key.clone(),
            value: if arguments.is_bare("default") {
                None
            } else {
                expression("default")
            },
        });
        Self {
            name: arguments.name("name"),
            default,
            minimum: expression("minimum"),
            maximum: expression("maximum"),
            min_length: expression("min_length"),
            max_length: expression("max_length"),
        }
    }
}
