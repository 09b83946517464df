//! What operators set for a service that is called, under the same names in every plugin.

use std::time::Duration;

use mcp_factory_sdk::{StartError, parse_duration};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::breaker::BreakerSettings;

/// How often a request is sent again at most, if nothing is set.
pub const DEFAULT_RETRIES: u32 = 2;
/// The most that can be set.
const MOST_RETRIES: u32 = 5;

/// When a service that fails is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub struct BreakerConfig {
    /// After how many failures in a row: no connection, no answer in time, or a status of 5xx. 0 is never.
    #[schemars(range(max = 1_000))]
    pub failures: u32,
    /// For how long; then one call tries it.
    pub pause: String,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            failures: 5,
            pause: "30s".to_owned(),
        }
    }
}

/// The settings `retries` and `breaker`, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    /// How often a request is sent again at most.
    pub retries: u32,
    /// When the service is left alone.
    pub breaker: BreakerSettings,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            retries: DEFAULT_RETRIES,
            breaker: BreakerSettings::default(),
        }
    }
}

impl Faults {
    /// Checks them.
    ///
    /// # Errors
    /// What is wrong, by the name of the setting.
    pub fn read(retries: u32, breaker: &BreakerConfig) -> Result<Self, StartError> {
        if retries > MOST_RETRIES {
            return Err(StartError::new(format!(
                "`retries` is {retries}; it must be from 0 to {MOST_RETRIES}"
            )));
        }
        let failures = match breaker.failures {
            0 => u32::MAX,
            failures @ 1..=1_000 => failures,
            failures => {
                return Err(StartError::new(format!(
                    "`breaker.failures` is {failures}; it must be from 0 (never) to 1000"
                )));
            }
        };
        let pause = duration_setting("breaker.pause", &breaker.pause, "1s", "1h")?;
        Ok(Self {
            retries,
            breaker: BreakerSettings::new(failures, pause),
        })
    }
}

/// The duration that `text` says, which must be from `least` to `most`; `key` is the setting it stands in.
///
/// # Errors
/// What is wrong, by the name of the setting.
pub fn duration_setting(
    key: &str,
    text: &str,
    least: &str,
    most: &str,
) -> Result<Duration, StartError> {
    let given =
        parse_duration(text).map_err(|error| StartError::new(format!("`{key}`: {error}")))?;
    if parse_duration(least)? <= given && given <= parse_duration(most)? {
        Ok(given)
    } else {
        Err(StartError::new(format!(
            "`{key}` is {text}; it must be from {least} to {most}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(retries: u32, breaker: &str) -> Result<Faults, String> {
        let breaker = serde_json::from_str(breaker).map_err(|error| error.to_string())?;
        Faults::read(retries, &breaker).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_and_parts_of_them() {
        assert_eq!(read(DEFAULT_RETRIES, "{}"), Ok(Faults::default()));
        let set = read(0, r#"{"pause": "2m"}"#).expect("good");
        assert_eq!(
            (set.retries, set.breaker.failures, set.breaker.pause),
            (0, 5, Duration::from_mins(2))
        );
        let never = read(1, r#"{"failures": 0}"#).expect("good");
        assert_eq!(never.breaker.failures, u32::MAX);
    }

    #[test]
    fn what_is_wrong_is_said_by_its_name() {
        for (retries, breaker, words) in [
            (6, "{}", "`retries` is 6; it must be from 0 to 5"),
            (2, r#"{"failures": 1001}"#, "`breaker.failures` is 1001"),
            (
                2,
                r#"{"pause": "0s"}"#,
                "`breaker.pause` is 0s; it must be from 1s to 1h",
            ),
            (2, r#"{"pause": "2h"}"#, "`breaker.pause` is 2h"),
            (2, r#"{"pause": "soon"}"#, "`breaker.pause`: "),
            (2, r#"{"pauses": "1s"}"#, "unknown field `pauses`"),
        ] {
            let error = read(retries, breaker).expect_err(words);
            assert!(error.contains(words), "{error}");
        }
    }
}
