//! Reading the rows of a statement: row by row, and no further than the answer may be long.

use std::fmt::Write;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Statement;
use rusqlite::types::ValueRef;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::SqliteError;
use crate::session::Session;

/// What a statement returned.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows: values in the order of the columns. A blob is an object with `base64`; a whole number beyond
    /// 2^53 is a string.
    #[schemars(with = "Vec<Vec<serde_json::Value>>")]
    pub rows: Vec<Box<RawValue>>,
    /// How many rows these are.
    pub row_count: usize,
    /// There are more rows: ask for fewer columns, or go on with LIMIT and OFFSET.
    pub truncated: bool,
    /// For a change: how many rows it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affected: Option<u64>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// A column of an answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The type its table declares; computed columns have none.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub declared_type: Option<String>,
}

/// How much of a result is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    /// Whether the statement must run to its end, because it changes something.
    pub(crate) to_the_end: bool,
}

/// Steps through the statement, which has its parameters.
pub(crate) fn read(
    session: &Session,
    statement: &mut Statement<'_>,
    sql: &str,
    room: Room,
) -> Result<Answer, SqliteError> {
    let started = Instant::now();
    let columns: Vec<Column> = statement
        .columns()
        .map(|column| Column {
            name: column.name().to_owned(),
            declared_type: column.decl_type().map(str::to_owned),
        })
        .collect();
    let width = columns.len();
    let mut used: usize = columns.iter().map(|column| column.name.len() + 32).sum();
    let mut kept = Vec::new();
    let mut truncated = false;
    let mut rows = statement.raw_query();
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => return Err(session.explain(error, sql)),
        };
        if truncated {
            continue;
        }
        if kept.len() == room.rows {
            truncated = true;
        } else {
            let mut text = String::from("[");
            for index in 0..width {
                if index > 0 {
                    text.push(',');
                }
                let value = row.get_ref(index);
                put(
                    &mut text,
                    value.map_err(|error| session.explain(error, sql))?,
                );
                if used + text.len() > room.bytes {
                    break;
                }
            }
            text.push(']');
            used += text.len() + 1;
            if used <= room.bytes {
                let raw = RawValue::from_string(text).map_err(|_| SqliteError::ValueTooLarge)?;
                kept.push(raw);
                continue;
            }
            if kept.is_empty() && !room.to_the_end {
                return Err(SqliteError::RowTooLarge {
                    row: 1,
                    limit: room.bytes,
                });
            }
            truncated = true;
        }
        if truncated && !room.to_the_end {
            break;
        }
    }
    drop(rows);
    Ok(Answer {
        columns,
        row_count: kept.len(),
        rows: kept,
        truncated,
        affected: None,
        elapsed_ms: started.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
    })
}

/// Whole numbers that every reader of JSON holds exactly.
const EXACT: i64 = 1 << 53;

/// Appends a value as JSON.
fn put(text: &mut String, value: ValueRef<'_>) {
    let done = match value {
        ValueRef::Null => write!(text, "null"),
        ValueRef::Integer(whole) if (-EXACT..=EXACT).contains(&whole) => write!(text, "{whole}"),
        ValueRef::Integer(whole) => write!(text, "\"{whole}\""),
        ValueRef::Real(real) => match serde_json::Number::from_f64(real) {
            Some(number) => write!(text, "{number}"),
            None if real.is_sign_negative() => write!(text, "\"-Infinity\""),
            None => write!(text, "\"Infinity\""),
        },
        ValueRef::Text(bytes) => {
            let shown = String::from_utf8_lossy(bytes);
            write!(text, "{}", serde_json::Value::String(shown.into_owned()))
        }
        ValueRef::Blob(bytes) => {
            write!(text, "{{\"base64\":\"{}\"}}", STANDARD.encode(bytes))
        }
    };
    debug_assert!(done.is_ok(), "writing to a String does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_json() {
        let shown = |value| {
            let mut text = String::new();
            put(&mut text, value);
            text
        };
        assert_eq!(shown(ValueRef::Null), "null");
        assert_eq!(shown(ValueRef::Integer(EXACT)), "9007199254740992");
        assert_eq!(
            shown(ValueRef::Integer(i64::MIN)),
            "\"-9223372036854775808\""
        );
        assert_eq!(shown(ValueRef::Real(1.5)), "1.5");
        assert_eq!(shown(ValueRef::Real(f64::INFINITY)), "\"Infinity\"");
        assert_eq!(shown(ValueRef::Real(f64::NEG_INFINITY)), "\"-Infinity\"");
        assert_eq!(shown(ValueRef::Text(b"a\"\xFF")), "\"a\\\"\u{FFFD}\"");
        assert_eq!(shown(ValueRef::Blob(b"\0\x01")), "{\"base64\":\"AAE=\"}");
    }
}
