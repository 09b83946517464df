//! Functions of SQL that this crate computes itself.
//!
//! `instr`, `replace` and `trim` as SQLite has them compare every place of one text with every byte of the
//! other: seconds to minutes on texts of a megabyte, and a running function cannot be interrupted. These take
//! time in proportion to the length. And the mathematics that the embedded SQLite is built without.

use std::borrow::Cow;
use std::collections::HashSet;

use memchr::memmem;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, Result, ffi};

/// Teaches a connection all of them. No value they make is longer than `longest` bytes.
pub(crate) fn add(connection: &Connection, longest: usize) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("instr", 2, flags, |context| Ok(instr(context)))?;
    connection.create_scalar_function("replace", 3, flags, move |context| {
        replace(context, longest)
    })?;
    for (name, left, right) in [
        ("trim", true, true),
        ("ltrim", true, false),
        ("rtrim", false, true),
    ] {
        connection.create_scalar_function(name, 2, flags, move |context| {
            Ok(trim(context, left, right))
        })?;
    }
    for (name, function) in ONE {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(number(context.get_raw(0)).and_then(|x| finite(function(x))))
        })?;
    }
    for (name, function) in TWO {
        connection.create_scalar_function(name, 2, flags, move |context| {
            let (x, y) = (number(context.get_raw(0)), number(context.get_raw(1)));
            Ok(x.zip(y).and_then(|(x, y)| finite(function(x, y))))
        })?;
    }
    for (name, function) in ROUNDING {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(match context.get_raw(0) {
                ValueRef::Integer(whole) => Value::Integer(whole),
                other => number(other).map_or(Value::Null, |x| Value::Real(function(x))),
            })
        })?;
    }
    connection.create_scalar_function("pi", 0, flags, |_| Ok(std::f64::consts::PI))
}

type Unary = fn(f64) -> f64;
type Binary = fn(f64, f64) -> f64;

const ONE: [(&str, Unary); 6] = [
    ("sqrt", f64::sqrt),
    ("exp", f64::exp),
    ("ln", f64::ln),
    ("log", f64::log10),
    ("log10", f64::log10),
    ("log2", f64::log2),
];

const TWO: [(&str, Binary); 4] = [
    ("pow", f64::powf),
    ("power", f64::powf),
    ("mod", |x, y| x % y),
    ("log", |base, x| x.log(base)),
];

const ROUNDING: [(&str, Unary); 4] = [
    ("ceil", f64::ceil),
    ("ceiling", f64::ceil),
    ("floor", f64::floor),
    ("trunc", f64::trunc),
];

/// As SQLite does: what is no number, or has no real result, gives NULL.
fn number(value: ValueRef<'_>) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "as SQLite's own functions do")]
        ValueRef::Integer(whole) => Some(whole as f64),
        ValueRef::Real(real) => Some(real),
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
        _ => None,
    }
}

fn finite(number: f64) -> Option<f64> {
    (!number.is_nan()).then_some(number)
}

/// A value as text; `None` is NULL.
fn text(value: ValueRef<'_>) -> Option<Cow<'_, [u8]>> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Integer(whole) => Cow::Owned(whole.to_string().into_bytes()),
        ValueRef::Real(real) => Cow::Owned(real_text(real).into_bytes()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Cow::Borrowed(bytes),
    })
}

/// A number in SQLite's spelling: `1.0`, `0.5`, `1.0e+20`.
fn real_text(real: f64) -> String {
    let plain = format!("{real:?}");
    let Some((digits, exponent)) = plain.split_once('e') else {
        return plain;
    };
    let point = if digits.contains('.') { "" } else { ".0" };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}{point}e{sign}{exponent:0>2}")
}

fn instr(context: &Context<'_>) -> Option<i64> {
    let (within, what) = (context.get_raw(0), context.get_raw(1));
    let bytes = matches!((within, what), (ValueRef::Blob(_), ValueRef::Blob(_)));
    let (within, what) = (text(within)?, text(what)?);
    let Some(at) = memmem::find(&within, &what) else {
        return Some(0);
    };
    let before = if bytes {
        at
    } else {
        // Characters: all bytes but those that continue one.
        let continues = |byte: &&u8| **byte & 0xC0 != 0x80;
        within[..at].iter().filter(continues).count()
    };
    i64::try_from(before + 1).ok()
}

fn replace(context: &Context<'_>, longest: usize) -> Result<Value> {
    let (within, what) = (text(context.get_raw(0)), text(context.get_raw(1)));
    let (Some(within), Some(what)) = (within, what) else {
        return Ok(Value::Null);
    };
    if what.is_empty() {
        return Ok(Value::Text(lossy(within.into_owned())));
    }
    let Some(by) = text(context.get_raw(2)) else {
        return Ok(Value::Null);
    };
    let mut made = Vec::new();
    let mut rest = 0;
    for at in memmem::find_iter(&within, what.as_ref()) {
        made.extend_from_slice(&within[rest..at]);
        made.extend_from_slice(&by);
        rest = at + what.len();
        if made.len() > longest {
            return Err(Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_TOOBIG),
                None,
            ));
        }
    }
    made.extend_from_slice(&within[rest..]);
    Ok(Value::Text(lossy(made)))
}

fn trim(context: &Context<'_>, left: bool, right: bool) -> Option<String> {
    let (within, what) = (text(context.get_raw(0))?, text(context.get_raw(1))?);
    let within = String::from_utf8_lossy(&within);
    let what: HashSet<char> = String::from_utf8_lossy(&what).chars().collect();
    let mut kept: &str = &within;
    if left {
        kept = kept.trim_start_matches(|c| what.contains(&c));
    }
    if right {
        kept = kept.trim_end_matches(|c| what.contains(&c));
    }
    Some(kept.to_owned())
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into())
}
