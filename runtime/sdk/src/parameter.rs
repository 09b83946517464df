//! What a parameter of a plugin's function must be able to do, as traits the expansions name.
//!
//! Each is implemented for every type with the usual derives. They exist for their messages: a type
//! without the derives is one sentence at the type, not a page of what serde could have read.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt::Display,
    str::FromStr,
};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{ToolError, Variables, private, schema::ObjectSchema};

/// A type that an argument of a tool can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a tool",
    label = "cannot be read from a request, or has no schema",
    note = "derive both on it: `#[derive(Deserialize, JsonSchema)]`"
)]
pub trait Argument: Sized {
    /// Reads a value.
    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self, D::Error>;

    /// Reads a value or `null`, which is the same as none.
    fn read_optional<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Self>, D::Error>;

    /// Adds a property of this type to a schema.
    fn describe(
        schema: ObjectSchema,
        name: &str,
        description: &str,
        required: bool,
        more: &[(&str, Value)],
    ) -> ObjectSchema;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> Argument for T {
    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        T::deserialize(source)
    }

    fn read_optional<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Self>, D::Error> {
        Option::deserialize(source)
    }

    fn describe(
        schema: ObjectSchema,
        name: &str,
        description: &str,
        required: bool,
        more: &[(&str, Value)],
    ) -> ObjectSchema {
        schema.property::<T>(name, description, required, more)
    }
}

/// A type that a variable of a URI or an argument of a prompt can have: both are text on the wire.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from text",
    label = "variables of a URI and arguments of a prompt are text",
    note = "take a `String`, or implement `FromStr` for the type"
)]
pub trait TextArgument: Sized {
    /// Reads the value of `name`.
    fn read(variables: &Variables, name: &str) -> Result<Self, ToolError>;

    /// Reads the value of `name`, if there is one.
    fn read_optional(variables: &Variables, name: &str) -> Result<Option<Self>, ToolError>;
}

#[diagnostic::do_not_recommend]
impl<T: FromStr> TextArgument for T {
    fn read(variables: &Variables, name: &str) -> Result<Self, ToolError> {
        private::variable(variables, name)
    }

    fn read_optional(variables: &Variables, name: &str) -> Result<Option<Self>, ToolError> {
        private::optional_variable(variables, name)
    }
}

/// A type that has a default: the schema shows it, so it must have a form in JSON.
#[diagnostic::on_unimplemented(
    message = "a default of type `{Self}` cannot be shown in the schema",
    label = "has no form in JSON",
    note = "derive `Serialize` on it"
)]
pub trait DefaultValue {
    /// The value in JSON; `null` when it has none, such as a number that is not finite.
    fn to_json(&self) -> Value;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> DefaultValue for T {
    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A type whose length can be limited.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no length",
    label = "only texts, lists, sets and maps have one",
    note = "limit a number with `minimum` and `maximum`"
)]
pub trait Length {
    /// The schema's word for the least length.
    const MINIMUM: &'static str;
    /// The schema's word for the greatest length.
    const MAXIMUM: &'static str;

    /// The number of characters or items.
    fn length(&self) -> usize;
}

impl Length for String {
    const MINIMUM: &'static str = "minLength";
    const MAXIMUM: &'static str = "maxLength";

    fn length(&self) -> usize {
        self.chars().count()
    }
}

macro_rules! length {
    ($minimum:literal, $maximum:literal, $([$($parameter:ident),+] $collection:ty),+) => {$(
        impl<$($parameter),+> Length for $collection {
            const MINIMUM: &'static str = $minimum;
            const MAXIMUM: &'static str = $maximum;

            fn length(&self) -> usize {
                self.len()
            }
        }
    )+};
}
length!("minItems", "maxItems", [T] Vec<T>, [T] BTreeSet<T>, [T, S] HashSet<T, S>);
length!("minProperties", "maxProperties", [K, V] BTreeMap<K, V>, [K, V, S] HashMap<K, V, S>);

/// Refuses a number below `minimum`.
pub fn check_minimum<T: PartialOrd + Display>(
    name: &str,
    value: &T,
    minimum: &T,
) -> Result<(), ToolError> {
    // Not `value < minimum`: what cannot be compared is refused too.
    refuse_unless(
        value >= minimum,
        name,
        format_args!("must be at least {minimum}, and is {value}"),
    )
}

/// Refuses a number above `maximum`.
pub fn check_maximum<T: PartialOrd + Display>(
    name: &str,
    value: &T,
    maximum: &T,
) -> Result<(), ToolError> {
    refuse_unless(
        value <= maximum,
        name,
        format_args!("must be at most {maximum}, and is {value}"),
    )
}

/// Refuses a text or collection shorter than `minimum`.
pub fn check_min_length(name: &str, length: usize, minimum: usize) -> Result<(), ToolError> {
    let what = format_args!("must have a length of at least {minimum}, and has {length}");
    refuse_unless(length >= minimum, name, what)
}

/// Refuses a text or collection longer than `maximum`.
pub fn check_max_length(name: &str, length: usize, maximum: usize) -> Result<(), ToolError> {
    let what = format_args!("must have a length of at most {maximum}, and has {length}");
    refuse_unless(length <= maximum, name, what)
}

fn refuse_unless(holds: bool, name: &str, what: impl Display) -> Result<(), ToolError> {
    if holds {
        Ok(())
    } else {
        Err(ToolError::invalid_arguments(format!(
            "argument `{name}` {what}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_include_their_ends() {
        assert!(check_minimum("n", &1, &1).is_ok());
        assert!(check_maximum("n", &10, &10).is_ok());
        assert!(check_min_length("n", 1, 1).is_ok());
        assert!(check_max_length("n", 8, 8).is_ok());
        assert_eq!(
            told(check_minimum("n", &0, &1)),
            "argument `n` must be at least 1, and is 0"
        );
        assert_eq!(
            told(check_maximum("n", &0.75, &0.5)),
            "argument `n` must be at most 0.5, and is 0.75"
        );
        assert_eq!(
            told(check_min_length("n", 0, 1)),
            "argument `n` must have a length of at least 1, and has 0"
        );
        assert_eq!(
            told(check_max_length("n", 9, 8)),
            "argument `n` must have a length of at most 8, and has 9"
        );
    }

    #[test]
    fn what_is_no_number_is_within_no_limit() {
        assert!(check_minimum("n", &f64::NAN, &0.0).is_err());
        assert!(check_maximum("n", &f64::NAN, &0.0).is_err());
    }

    #[test]
    fn a_text_is_measured_in_characters() {
        assert_eq!("größe".to_owned().length(), 5);
        assert_eq!(vec![1, 2].length(), 2);
    }

    fn told(result: Result<(), ToolError>) -> String {
        result.expect_err("it is refused").to_string()
    }
}
