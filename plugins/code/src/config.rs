//! The settings, as they stand in the configuration file.

use std::time::Duration;

use mcp_factory_sdk::parse_duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the code plugin: how much a script may use.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How many operations a script may make; an expression or a statement is one or a few.
    #[schemars(range(min = 1_000, max = 1_000_000_000))]
    pub max_operations: u64,
    /// How long a script may run, at most "5m".
    pub timeout: String,
    /// How much memory all scripts that run at once may add to the server, in MiB.
    #[schemars(range(min = 16, max = 65_536))]
    pub memory_mib: u64,
    /// How much a script may print, and how much JSON its result may be, in bytes each.
    #[schemars(range(min = 256, max = 4_194_304))]
    pub max_output_bytes: usize,
    /// How many scripts run at once; further calls wait for their turn.
    #[schemars(range(min = 1, max = 64))]
    pub max_concurrent: usize,
    /// How many calls may wait; more are refused.
    #[schemars(range(max = 4096))]
    pub max_waiting: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_operations: 5_000_000,
            timeout: "5s".to_owned(),
            memory_mib: 128,
            max_output_bytes: 64 << 10,
            max_concurrent: 2,
            max_waiting: 32,
        }
    }
}

/// What is wrong with a setting, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("`{0}` is {1}; it must be at least {2} and at most {3}")]
    Range(&'static str, u64, u64, u64),
    #[error("`timeout`: {0}")]
    Duration(String),
    #[error("`timeout` is {0}; it must be at least 1ms and at most 5m")]
    Timeout(String),
}

impl Config {
    /// Judges the settings; returns how long a script may run.
    pub(crate) fn check(&self) -> Result<Duration, ConfigError> {
        for (key, value, least, most) in [
            ("max_operations", self.max_operations, 1_000, 1_000_000_000),
            ("memory_mib", self.memory_mib, 16, 65_536),
            (
                "max_output_bytes",
                self.max_output_bytes as u64,
                256,
                4 << 20,
            ),
            ("max_concurrent", self.max_concurrent as u64, 1, 64),
            ("max_waiting", self.max_waiting as u64, 0, 4096),
        ] {
            if !(least..=most).contains(&value) {
                return Err(ConfigError::Range(key, value, least, most));
            }
        }
        let timeout = parse_duration(&self.timeout);
        let timeout = timeout.map_err(|error| ConfigError::Duration(error.to_string()))?;
        if timeout.is_zero() || timeout > Duration::from_mins(5) {
            return Err(ConfigError::Timeout(self.timeout.clone()));
        }
        Ok(timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        change(&mut config);
        config.check().expect_err("it is refused").to_string()
    }

    #[test]
    fn what_is_out_of_range_is_told() {
        assert_eq!(Config::default().check(), Ok(Duration::from_secs(5)));
        for (error, key) in [
            (
                refused(|config| config.max_operations = 999),
                "max_operations",
            ),
            (
                refused(|config| config.max_operations = 1_000_000_001),
                "max_operations",
            ),
            (refused(|config| config.memory_mib = 15), "memory_mib"),
            (refused(|config| config.memory_mib = 65_537), "memory_mib"),
            (
                refused(|config| config.max_output_bytes = 255),
                "max_output_bytes",
            ),
            (
                refused(|config| config.max_output_bytes = 5 << 20),
                "max_output_bytes",
            ),
            (
                refused(|config| config.max_concurrent = 0),
                "max_concurrent",
            ),
            (
                refused(|config| config.max_concurrent = 65),
                "max_concurrent",
            ),
            (refused(|config| config.max_waiting = 4097), "max_waiting"),
        ] {
            assert!(error.starts_with(&format!("`{key}` is ")), "{error}");
        }
        for text in ["0s", "301s", "6m"] {
            let error = refused(|config| config.timeout = text.to_owned());
            assert!(error.contains("at most 5m"), "{error}");
        }
        let error = refused(|config| config.timeout = "soon".to_owned());
        assert!(error.contains("`soon` is no duration"), "{error}");
    }
}
