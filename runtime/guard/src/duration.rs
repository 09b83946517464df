//! Times as they stand in a configuration: `"250ms"`, `"30s"`, `"15m"`, `"2h"`.
//!
//! For `#[serde(with = "mcp_factory_guard::duration")]`.

use std::time::Duration;

use mcp_factory_sdk::parse_duration;
use serde::{Deserialize as _, Deserializer, de::Error as _};

/// The longest time that can be written: a day.
pub const LONGEST: Duration = Duration::from_hours(24);

/// Reads a time of one millisecond to a day.
///
/// # Errors
/// When the text is no such time; the message shows the right form.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// A time of one millisecond to a day.
///
/// # Errors
/// See [`deserialize`].
pub fn parse(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text.trim()).map_err(|error| error.to_string())?;
    if duration.is_zero() || duration > LONGEST {
        return Err(format!("`{text}` is out of range: from 1ms to 24h"));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_read() {
        for (text, millis) in [
            ("1ms", 1),
            ("250ms", 250),
            ("30s", 30_000),
            (" 15 m ", 900_000),
            ("24h", 86_400_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_a_duration() {
        for text in ["", "5", "s", "-5s", "+5s", "1.5s", "5 days", "5S"] {
            let error = parse(text).expect_err(text);
            assert!(error.contains("\"250ms\""), "{error}");
        }
        for text in ["0s", "25h", "99999999999999999h"] {
            let error = parse(text).expect_err(text);
            assert!(error.contains("1ms to 24h"), "{error}");
        }
    }

    #[test]
    fn a_number_is_refused_by_serde() {
        #[derive(Debug, serde::Deserialize)]
        struct Table {
            #[serde(with = "super")]
            #[allow(dead_code)]
            time: Duration,
        }
        assert!(serde_json::from_str::<Table>(r#"{"time":"5s"}"#).is_ok());
        assert!(serde_json::from_str::<Table>(r#"{"time":5}"#).is_err());
    }
}
