//! The values of `$1`, `$2`, … from JSON.
//!
//! They are sent as text and read by the server, as the types that it infers: what it accepts in quotes is
//! accepted here, to the last digit. Not here: what does not fit at all is refused with a reason.

use std::error::Error;

use bytes::BytesMut;
use serde_json::Value;
use tokio_postgres::types::{Format, IsNull, Kind, ToSql, Type, to_sql_checked};

use crate::{error::PostgresError, shape};

/// A value in PostgreSQL's text form, or NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound(Option<String>);

impl ToSql for Bound {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match &self.0 {
            None => Ok(IsNull::Yes),
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                Ok(IsNull::No)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// Puts values into the form of the types that the server inferred.
///
/// # Errors
/// Which value does not fit, and what would.
pub(crate) fn bind(types: &[Type], values: &[Value]) -> Result<Vec<Bound>, PostgresError> {
    if types.len() != values.len() {
        return Err(PostgresError::ParameterCount {
            expected: types.len(),
            given: values.len(),
        });
    }
    let pairs = types.iter().zip(values).enumerate();
    pairs
        .map(|(index, (type_, value))| one(index + 1, type_, value))
        .collect()
}

fn one(number: usize, type_: &Type, value: &Value) -> Result<Bound, PostgresError> {
    let misfit = |wanted| PostgresError::Parameter {
        number,
        type_name: shape::name(type_),
        got: kind_of(value),
        wanted,
    };
    let text = match (sort(type_), value) {
        (_, Value::Null) => return Ok(Bound(None)),
        (Sort::Json, value) => value.to_string(),
        (_, Value::String(text)) => text.clone(),
        (Sort::Array(element), Value::Array(items)) => {
            let mut literal = String::new();
            array(&mut literal, element, items).map_err(misfit)?;
            literal
        }
        (Sort::Array(_), _) => return Err(misfit("pass an array, or a string such as {1,2}")),
        (Sort::Number | Sort::Text | Sort::Other, Value::Number(digits)) => digits.to_string(),
        (Sort::Bool | Sort::Text, Value::Bool(truth)) => truth.to_string(),
        (Sort::Number, _) => return Err(misfit("pass a number, or its digits as a string")),
        (Sort::Bool, _) => return Err(misfit("pass true or false")),
        (Sort::Text | Sort::Other, _) => return Err(misfit("pass a string")),
    };
    if text.contains('\0') {
        return Err(PostgresError::Nul {
            what: format!("the value of ${number}"),
        });
    }
    Ok(Bound(Some(text)))
}

/// What a type takes.
enum Sort<'a> {
    Bool,
    Number,
    Text,
    Json,
    Array(&'a Type),
    Other,
}

fn sort(type_: &Type) -> Sort<'_> {
    match *type_ {
        Type::BOOL => Sort::Bool,
        Type::INT2
        | Type::INT4
        | Type::INT8
        | Type::FLOAT4
        | Type::FLOAT8
        | Type::NUMERIC
        | Type::OID => Sort::Number,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => Sort::Text,
        Type::JSON | Type::JSONB => Sort::Json,
        _ => match type_.kind() {
            Kind::Array(element) => Sort::Array(element),
            Kind::Domain(base) => sort(base),
            _ => Sort::Other,
        },
    }
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Adds `{…}`, PostgreSQL's form of an array.
fn array(out: &mut String, element: &Type, items: &[Value]) -> Result<(), &'static str> {
    out.push('{');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match (sort(element), item) {
            (_, Value::Null) => out.push_str("NULL"),
            (Sort::Json, item) => quoted(out, &item.to_string()),
            (_, Value::Array(items)) => array(out, element, items)?,
            (_, Value::String(text)) => quoted(out, text),
            (_, Value::Number(digits)) => quoted(out, &digits.to_string()),
            (_, Value::Bool(truth)) => quoted(out, &truth.to_string()),
            (_, Value::Object(_)) => return Err("its elements cannot be objects"),
        }
    }
    out.push('}');
    Ok(())
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_become_text() {
        for (type_, value, expected) in [
            (Type::INT4, json!(5), "5"),
            (
                Type::NUMERIC,
                json!("1.000000000000000000001"),
                "1.000000000000000000001",
            ),
            (Type::TEXT, json!(5), "5"),
            (Type::BOOL, json!(true), "true"),
            (Type::JSONB, json!("a"), "\"a\""),
            (Type::JSONB, json!({ "a": [1] }), "{\"a\":[1]}"),
            (Type::DATE, json!("2026-01-31"), "2026-01-31"),
            (
                Type::TEXT_ARRAY,
                json!(["a\"b\\", null, "NULL"]),
                "{\"a\\\"b\\\\\",NULL,\"NULL\"}",
            ),
            (
                Type::INT4_ARRAY,
                json!([[1, 2], [3, 4]]),
                "{{\"1\",\"2\"},{\"3\",\"4\"}}",
            ),
            (Type::JSONB_ARRAY, json!([[1]]), "{\"[1]\"}"),
        ] {
            let bound = bind(&[type_], &[value]).expect("it fits");
            assert_eq!(bound, [Bound(Some(expected.to_owned()))]);
        }
        assert_eq!(
            bind(&[Type::INT4], &[Value::Null]).expect("NULL"),
            [Bound(None)]
        );
    }

    #[test]
    fn misfits_are_explained() {
        for (type_, value, words) in [
            (
                Type::INT4,
                json!(true),
                "$1 is of type int4: a boolean does not fit; pass a number",
            ),
            (Type::BOOL, json!(1), "pass true or false"),
            (Type::DATE, json!({}), "pass a string"),
            (Type::INT4_ARRAY, json!(1), "pass an array"),
            (Type::INT4_ARRAY, json!([{}]), "cannot be objects"),
            (Type::TEXT, json!("a\0"), "the value of $1 holds a NUL"),
        ] {
            let error = bind(&[type_], &[value]).expect_err("refused").to_string();
            assert!(error.contains(words), "{error}");
        }
        let error = bind(&[Type::INT4], &[]).expect_err("refused").to_string();
        assert!(
            error.contains("has 1 parameters, but `params` holds 0"),
            "{error}"
        );
    }
}
