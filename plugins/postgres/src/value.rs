//! A value from the server, as JSON text.
//!
//! Nothing is lost: whole numbers that a JSON reader may round (beyond 2^53 - 1) are strings of digits, and so
//! is every `numeric`; JSON is passed on as it is; `bytea` is `\x` and hexadecimal digits, the form in which
//! it can be given back as a parameter.

use std::{
    error::Error,
    net::{Ipv4Addr, Ipv6Addr},
};

use tokio_postgres::types::{FromSql, Type};

use crate::{moment, numeric, put::put, shape::Shape};

/// The largest whole number that every reader of JSON keeps.
const SAFE: i64 = (1 << 53) - 1;
/// The most dimensions an array has.
const DIMENSIONS: i32 = 6;

/// The bytes of a value, of any type.
pub(crate) struct Raw<'a>(pub(crate) &'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(bytes))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Bytes that are not of their type's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Adds a value to `out` as JSON.
pub(crate) fn write(out: &mut String, shape: &Shape, bytes: &[u8]) -> Result<(), Malformed> {
    match shape {
        Shape::Bool => out.push_str(if fixed::<1>(bytes)? == [0] {
            "false"
        } else {
            "true"
        }),
        Shape::Int2 => number(out, i16::from_be_bytes(fixed(bytes)?)),
        Shape::Int4 => number(out, i32::from_be_bytes(fixed(bytes)?)),
        Shape::Int8 => {
            let value = i64::from_be_bytes(fixed(bytes)?);
            if (-SAFE..=SAFE).contains(&value) {
                number(out, value);
            } else {
                string(out, &value.to_string());
            }
        }
        Shape::Oid => number(out, u32::from_be_bytes(fixed(bytes)?)),
        Shape::Xid8 => string(out, &u64::from_be_bytes(fixed(bytes)?).to_string()),
        Shape::Float4 => float(out, f32::from_be_bytes(fixed(bytes)?)),
        Shape::Float8 => float(out, f64::from_be_bytes(fixed(bytes)?)),
        Shape::Numeric => string(out, &numeric::text(bytes).ok_or(Malformed)?),
        // Only a database without an encoding sends bytes that are not UTF-8.
        Shape::Text => string(out, &String::from_utf8_lossy(bytes)),
        Shape::Json => json(out, bytes)?,
        Shape::Jsonb => {
            let (version, text) = bytes.split_first().ok_or(Malformed)?;
            if *version != 1 {
                return Err(Malformed);
            }
            json(out, text)?;
        }
        Shape::Uuid => uuid(out, fixed(bytes)?),
        Shape::Bytea => {
            out.push_str("\"\\\\x");
            hexadecimal(out, bytes);
            out.push('"');
        }
        Shape::Date => string(out, &moment::date(i32::from_be_bytes(fixed(bytes)?))),
        Shape::Time => string(out, &moment::time(i64::from_be_bytes(fixed(bytes)?))),
        Shape::TimeTz => {
            let (time, zone) = bytes.split_first_chunk().ok_or(Malformed)?;
            let time = moment::time(i64::from_be_bytes(*time));
            let zone = moment::zone(i32::from_be_bytes(fixed(zone)?));
            string(out, &(time + &zone));
        }
        Shape::Timestamp => {
            string(
                out,
                &moment::timestamp(i64::from_be_bytes(fixed(bytes)?), ""),
            );
        }
        Shape::TimestampTz => {
            string(
                out,
                &moment::timestamp(i64::from_be_bytes(fixed(bytes)?), "Z"),
            );
        }
        Shape::Interval => {
            let (micros, rest) = bytes.split_first_chunk().ok_or(Malformed)?;
            let (days, months) = rest.split_first_chunk().ok_or(Malformed)?;
            let text = moment::interval(
                i64::from_be_bytes(*micros),
                i32::from_be_bytes(*days),
                i32::from_be_bytes(fixed(months)?),
            );
            string(out, &text);
        }
        Shape::Inet => string(out, &address(bytes).ok_or(Malformed)?),
        Shape::MacAddr => {
            let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            string(out, &pairs.join(":"));
        }
        Shape::Void => out.push_str("null"),
        Shape::Array(element) => array(out, element, bytes)?,
    }
    Ok(())
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Malformed> {
    bytes.try_into().map_err(|_| Malformed)
}

fn number(out: &mut String, value: impl std::fmt::Display) {
    put!(out, "{value}");
}

fn float<F: Into<f64> + std::fmt::Display + std::fmt::LowerExp + Copy>(out: &mut String, value: F) {
    let wide: f64 = value.into();
    if wide.is_nan() {
        out.push_str("\"NaN\"");
    } else if wide.is_infinite() {
        out.push_str(if wide > 0.0 {
            "\"Infinity\""
        } else {
            "\"-Infinity\""
        });
    } else if wide != 0.0 && !(1e-5..1e16).contains(&wide.abs()) {
        put!(out, "{value:e}");
    } else {
        put!(out, "{value}");
    }
}

/// Adds a JSON string.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    while let Some(at) = rest.bytes().position(special) {
        out.push_str(&rest[..at]);
        let letter = rest.as_bytes()[at];
        match letter {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => {
                put!(out, "\\u{other:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// JSON as the server has it, which has checked it: its numbers may be longer than a reader of ours takes.
fn json(out: &mut String, bytes: &[u8]) -> Result<(), Malformed> {
    out.push_str(std::str::from_utf8(bytes).map_err(|_| Malformed)?);
    Ok(())
}

fn hexadecimal(out: &mut String, bytes: &[u8]) {
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        put!(out, "{byte:02x}");
    }
}

fn uuid(out: &mut String, bytes: [u8; 16]) {
    out.push('"');
    for (index, byte) in bytes.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        put!(out, "{byte:02x}");
    }
    out.push('"');
}

/// An address and, for a network or part of one, the length of its prefix.
fn address(bytes: &[u8]) -> Option<String> {
    let (&[_, bits, is_network, _], address) = bytes.split_first_chunk()?;
    let (text, whole) = match address.len() {
        4 => (
            Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?).to_string(),
            32,
        ),
        16 => (
            Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?).to_string(),
            128,
        ),
        _ => return None,
    };
    Some(if is_network == 1 || bits != whole {
        format!("{text}/{bits}")
    } else {
        text
    })
}

fn array(out: &mut String, element: &Shape, bytes: &[u8]) -> Result<(), Malformed> {
    let mut bytes = bytes;
    let dimensions = take_i32(&mut bytes)?;
    let _has_nulls = take_i32(&mut bytes)?;
    let _element_type = take_i32(&mut bytes)?;
    if !(0..=DIMENSIONS).contains(&dimensions) {
        return Err(Malformed);
    }
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(usize::try_from(take_i32(&mut bytes)?).map_err(|_| Malformed)?);
        let _lower_bound = take_i32(&mut bytes)?;
    }
    if lengths.is_empty() {
        out.push_str("[]");
        return Ok(());
    }
    elements(out, element, &lengths, &mut bytes)
}

fn elements(
    out: &mut String,
    element: &Shape,
    lengths: &[usize],
    bytes: &mut &[u8],
) -> Result<(), Malformed> {
    let Some((length, deeper)) = lengths.split_first() else {
        let size = take_i32(bytes)?;
        if size < 0 {
            out.push_str("null");
            return Ok(());
        }
        let size = usize::try_from(size).map_err(|_| Malformed)?;
        let (value, rest) = bytes.split_at_checked(size).ok_or(Malformed)?;
        *bytes = rest;
        return write(out, element, value);
    };
    out.push('[');
    for index in 0..*length {
        if index > 0 {
            out.push(',');
        }
        elements(out, element, deeper, bytes)?;
    }
    out.push(']');
    Ok(())
}

fn take_i32(bytes: &mut &[u8]) -> Result<i32, Malformed> {
    let (value, rest) = bytes.split_first_chunk().ok_or(Malformed)?;
    *bytes = rest;
    Ok(i32::from_be_bytes(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_of(shape: &Shape, bytes: &[u8]) -> Result<String, Malformed> {
        let mut out = String::new();
        write(&mut out, shape, bytes).map(|()| out)
    }

    #[test]
    fn numbers_keep_their_value() {
        for (value, expected) in [
            (SAFE, "9007199254740991".to_owned()),
            (SAFE + 1, "\"9007199254740992\"".to_owned()),
            (i64::MIN, "\"-9223372036854775808\"".to_owned()),
        ] {
            assert_eq!(json_of(&Shape::Int8, &value.to_be_bytes()), Ok(expected));
        }
        for (value, expected) in [
            (0.1, "0.1"),
            (-0.0, "-0"),
            (1e300, "1e300"),
            (1e-7, "1e-7"),
            (f64::NAN, "\"NaN\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
        ] {
            let written = json_of(&Shape::Float8, &value.to_be_bytes()).expect("a float");
            assert_eq!(written, expected);
            assert!(serde_json::from_str::<serde_json::Value>(&written).is_ok());
        }
        assert_eq!(
            json_of(&Shape::Float4, &0.1_f32.to_be_bytes()),
            Ok("0.1".into())
        );
    }

    #[test]
    fn strings_are_escaped() {
        let text = "a\"b\\c\n\u{1}é\u{7f}";
        let mut out = String::new();
        string(&mut out, text);
        assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text);
    }

    #[test]
    fn json_keeps_its_digits() {
        let digits = b"\x01{\"a\": 12345678901234567890.123456789}";
        assert_eq!(
            json_of(&Shape::Jsonb, digits),
            Ok("{\"a\": 12345678901234567890.123456789}".into())
        );
    }

    #[test]
    fn what_is_malformed_is_said() {
        for (shape, bytes) in [
            (Shape::Int4, &b"abc"[..]),
            (Shape::Jsonb, b"\x02{}"),
            (Shape::Inet, b"\x02\x20\x00\x04\x01"),
            (
                Shape::Array(Box::new(Shape::Int4)),
                b"\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x17",
            ),
            (
                Shape::Array(Box::new(Shape::Int4)),
                b"\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x7f\xff\xff\xff\x00\x00\x00\x01",
            ),
        ] {
            assert_eq!(json_of(&shape, bytes), Err(Malformed), "{shape:?}");
        }
    }
}
