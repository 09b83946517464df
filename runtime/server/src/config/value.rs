//! TOML values to typed ones, with errors that show the right form.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;
use toml::de::DeValue;

pub(super) type Read<T> = Result<T, String>;

pub(super) fn text(value: &DeValue<'_>) -> Read<String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| expected("a string", value))
}

pub(super) fn texts(value: &DeValue<'_>) -> Read<Vec<String>> {
    let items = value
        .as_array()
        .ok_or_else(|| expected("a list of strings", value))?;
    items.iter().map(|item| text(item.get_ref())).collect()
}

pub(super) fn count(value: &DeValue<'_>, range: RangeInclusive<usize>) -> Read<usize> {
    let number = integer(value).ok_or_else(|| expected("a whole number", value))?;
    usize::try_from(number)
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            format!(
                "{number} is out of range: from {} to {}",
                range.start(),
                range.end()
            )
        })
}

/// `"250ms"`, `"30s"`, `"5m"`, `"1h"`: from one millisecond to a day.
pub(super) fn duration(value: &DeValue<'_>) -> Read<Duration> {
    let text = value
        .as_str()
        .ok_or_else(|| format!("{}: {DURATION_FORM}", expected("a duration", value)))?;
    mcp_factory_guard::duration::parse(text)
}

const DURATION_FORM: &str = "write \"250ms\", \"30s\", \"5m\" or \"1h\"";

/// `"64KiB"`, `"4MiB"`, or a number of bytes.
pub(super) fn size(value: &DeValue<'_>, range: RangeInclusive<usize>) -> Read<usize> {
    if let Some(text) = value.as_str() {
        return size_text(text, range);
    }
    let number =
        integer(value).ok_or_else(|| format!("{}: {SIZE_FORM}", expected("a size", value)))?;
    bounded(usize::try_from(number).ok(), &range)
}

const SIZE_FORM: &str = "write \"64KiB\", \"4MiB\" or a number of bytes";

/// The text of a size.
pub(super) fn size_text(text: &str, range: RangeInclusive<usize>) -> Read<usize> {
    let (number, unit) = split_unit(text);
    let wrong = || format!("`{text}` is no size: {SIZE_FORM}");
    let factor: usize = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return Err(wrong()),
    };
    let number: usize = number.parse().map_err(|_| wrong())?;
    bounded(number.checked_mul(factor), &range)
}

fn bounded(bytes: Option<usize>, range: &RangeInclusive<usize>) -> Read<usize> {
    bytes.filter(|bytes| range.contains(bytes)).ok_or_else(|| {
        format!(
            "the size is out of range: from {} to {} bytes",
            range.start(),
            range.end()
        )
    })
}

/// Any TOML value as JSON, for a plugin.
pub(super) fn json(value: &DeValue<'_>) -> Read<Value> {
    Ok(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Integer(_) => {
            Value::from(integer(value).ok_or("the number does not fit 64 bits")?)
        }
        DeValue::Float(float) => {
            let number = float
                .as_str()
                .parse::<f64>()
                .ok()
                .and_then(serde_json::Number::from_f64);
            Value::Number(number.ok_or("`inf` and `nan` have no meaning here")?)
        }
        DeValue::Datetime(datetime) => Value::from(datetime.to_string()),
        DeValue::Array(items) => items
            .iter()
            .map(|item| json(item.get_ref()))
            .collect::<Read<Value>>()?,
        DeValue::Table(table) => {
            let members = table.iter().map(|(key, value)| {
                Ok((key.get_ref().clone().into_owned(), json(value.get_ref())?))
            });
            Value::Object(members.collect::<Read<_>>()?)
        }
    })
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn split_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (&text[..digits], text[digits..].trim_start())
}

fn expected(what: &str, value: &DeValue<'_>) -> String {
    format!("expected {what}, found {}", article(value.type_str()))
}

fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}
