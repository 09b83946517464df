//! Durations as they are written: `"250ms"`, `"30s"`, `"15m"`, `"1h"`, and `"0s"` for none.

use std::time::Duration;

use mcp_factory_sdk::parse_duration;
use serde::{Deserialize as _, Deserializer, de::Error as _};

const LONGEST: Duration = Duration::from_hours(24);

/// For `#[serde(deserialize_with)]` on an optional duration.
pub(super) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map(Some).map_err(D::Error::custom)
}

/// Reads a duration of at most a day.
fn parse(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).map_err(|error| error.to_string())?;
    if duration > LONGEST {
        return Err(format!("`{text}` is out of range: at most 24h"));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, millis) in [
            ("0s", 0),
            ("250ms", 250),
            ("30s", 30_000),
            ("15m", 900_000),
            ("24h", 86_400_000),
            ("5 m", 300_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "s", "-1s", "1.5s", "1d", "99999999999999999999s"] {
            let error = parse(text).expect_err(text);
            assert!(error.contains("write \"250ms\""), "{error}");
        }
        for text in ["25h", "86401s", "18446744073709551615h"] {
            let error = parse(text).expect_err(text);
            assert!(error.contains("at most 24h"), "{error}");
        }
    }
}
