//! Values for the `?` and `:name` of a statement.

use std::borrow::Cow;

use rusqlite::Statement;
use rusqlite::types::Value as Bound;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::error::SqliteError;

/// Values in the order of the `?`, or by the names of the `:name`.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the type says it")]
pub enum Parameters {
    #[default]
    None,
    InOrder(Vec<Value>),
    ByName(Map<String, Value>),
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By hand instead of `untagged`, which would answer every mistake with "no variant matched".
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::None),
            Value::Array(values) => Ok(Self::InOrder(values)),
            Value::Object(values) => Ok(Self::ByName(values)),
            _ => Err(serde::de::Error::custom(
                "expected an array of values for `?`, or an object of values for `:name`",
            )),
        }
    }
}

impl JsonSchema for Parameters {
    fn schema_name() -> Cow<'static, str> {
        "Parameters".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let value = json_schema!({ "type": ["string", "number", "boolean", "null"] });
        json_schema!({
            "type": ["array", "object"],
            "items": value,
            "additionalProperties": value
        })
    }
}

impl Parameters {
    /// Gives the statement its values: each parameter exactly one.
    pub(crate) fn bind(&self, statement: &mut Statement<'_>) -> Result<(), SqliteError> {
        let wanted = statement.parameter_count();
        let names: Vec<Option<String>> = (1..=wanted)
            .map(|index| statement.parameter_name(index).map(str::to_owned))
            .collect();
        match self {
            Self::ByName(values) => {
                Self::bind_names(statement, &names, values)?;
            }
            Self::None | Self::InOrder(_) => {
                let values: &[Value] = match self {
                    Self::InOrder(values) => values,
                    _ => &[],
                };
                if let Some(name) = names.iter().flatten().find(|name| !name.starts_with('?')) {
                    return Err(wrong(format!(
                        "the statement has the parameter {name}: pass `params` as an object, such as {{\"{}\": 1}}",
                        &name[1..]
                    )));
                }
                if values.len() != wanted {
                    return Err(wrong(format!(
                        "the statement has {wanted} parameters and {} values were passed; pass one value for each, in order",
                        values.len()
                    )));
                }
                for (index, value) in values.iter().enumerate() {
                    put(
                        statement,
                        index + 1,
                        value,
                        &format!("number {}", index + 1),
                    )?;
                }
            }
        }
        Ok(())
    }

    fn bind_names(
        statement: &mut Statement<'_>,
        names: &[Option<String>],
        values: &Map<String, Value>,
    ) -> Result<(), SqliteError> {
        for (index, name) in names.iter().enumerate() {
            let name = match name.as_deref() {
                Some(name) if !name.starts_with('?') => &name[1..],
                _ => {
                    return Err(wrong(
                        "the statement has `?` parameters: pass `params` as an array, in order"
                            .to_owned(),
                    ));
                }
            };
            let value = values.get(name).ok_or_else(|| {
                wrong(format!(
                    "no value was passed for the parameter `{name}`; add it to `params`"
                ))
            })?;
            put(statement, index + 1, value, &format!("`{name}`"))?;
        }
        let known = |key: &str| {
            names
                .iter()
                .flatten()
                .any(|name| name.get(1..) == Some(key))
        };
        match values.keys().find(|key| !known(key)) {
            Some(key) => Err(wrong(format!(
                "the statement has no parameter `{}`; its parameters are {}",
                key.chars().take(80).collect::<String>(),
                list(names)
            ))),
            None => Ok(()),
        }
    }
}

fn list(names: &[Option<String>]) -> String {
    let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn wrong(message: String) -> SqliteError {
    SqliteError::Parameters(message)
}

fn put(
    statement: &mut Statement<'_>,
    index: usize,
    value: &Value,
    which: &str,
) -> Result<(), SqliteError> {
    let bound = match value {
        Value::Null => Bound::Null,
        Value::Bool(yes) => Bound::Integer(i64::from(*yes)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Bound::Integer(whole),
            (None, Some(real)) if !number.is_u64() => Bound::Real(real),
            _ => {
                return Err(wrong(format!(
                    "parameter {which} is greater than SQLite's greatest whole number; pass it as text"
                )));
            }
        },
        Value::String(text) => Bound::Text(text.clone()),
        Value::Array(_) | Value::Object(_) => {
            return Err(wrong(format!(
                "parameter {which} is an array or an object; pass it as JSON text and read it with json_each or ->>"
            )));
        }
    };
    statement
        .raw_bind_parameter(index, bound)
        .map_err(|error| SqliteError::of(error, ""))
}
