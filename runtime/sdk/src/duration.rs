//! Times as they stand in a configuration: `"250ms"`, `"30s"`, `"15m"`, `"2h"`.
//!
//! In the room: the grammar. Not here: how long a setting may be, which each setting says itself.

use std::time::Duration;

/// A text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no duration: write \"250ms\", \"30s\", \"5m\" or \"1h\"")]
pub struct NotADuration(String);

/// Reads a whole number and its unit: `ms`, `s`, `m` or `h`. What is longer than can be counted is
/// [`Duration::MAX`].
///
/// # Errors
/// When the text is nothing of that form.
pub fn parse_duration(text: &str) -> Result<Duration, NotADuration> {
    let wrong = || NotADuration(text.to_owned());
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let millis = number.checked_mul(factor);
    Ok(millis.map_or(Duration::MAX, Duration::from_millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_read() {
        for (text, millis) in [
            ("0s", 0),
            ("1ms", 1),
            ("250ms", 250),
            ("30s", 30_000),
            ("15 m", 900_000),
            ("24h", 86_400_000),
        ] {
            let read = parse_duration(text);
            assert_eq!(read, Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse_duration("18446744073709551615h"), Ok(Duration::MAX));
    }

    #[test]
    fn nothing_else_is_a_duration() {
        for text in [
            "",
            "5",
            "s",
            "-5s",
            "+5s",
            "1.5s",
            "5 days",
            "5S",
            " 5s",
            "5s ",
            "99999999999999999999s",
        ] {
            let error = parse_duration(text).expect_err(text).to_string();
            assert!(error.contains("\"250ms\""), "{error}");
        }
    }
}
