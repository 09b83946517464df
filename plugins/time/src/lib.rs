//! The time now, and the same time elsewhere.
//!
//! Three small parts: the zones by name, a moment as a place shows it, and the conversion. This file is what
//! a client sees.

#![forbid(unsafe_code)]

mod convert;
mod error;
mod moment;
mod zones;

use jiff::Timestamp;
use mcp_factory_sdk::prelude::*;

pub use convert::Conversion;
pub use error::TimeError;
pub use moment::Moment;
pub use zones::Zones;

/// Settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The time zone that is meant when a call names none: an IANA name such as `Europe/Berlin`.
    pub local_timezone: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            local_timezone: "UTC".to_owned(),
        }
    }
}

/// The plugin: the time zones.
#[derive(Debug)]
pub struct Time {
    zones: Zones,
}

impl Plugin for Time {
    type Config = Config;

    async fn start(config: Config, _: &StartContext) -> Result<Self, StartError> {
        let zones = Zones::new(&config.local_timezone)
            .map_err(|error| StartError::new(format!("`local_timezone`: {error}")))?;
        Ok(Self { zones })
    }
}

/// Every mistake here is one in the arguments, and its sentence is for the model.
fn told(error: &TimeError) -> ToolError {
    ToolError::invalid_arguments(error.to_string())
}

/// Clocks and time zones.
#[plugin(name = "time")]
impl Time {
    /// Tells the date and time now in a time zone.
    #[tool(scope = "read", title = "Current time", read_only)]
    fn get_current_time(
        &self,
        /// An IANA name such as `Europe/Berlin`; the server's own zone when left out.
        timezone: Option<String>,
    ) -> Result<Moment, ToolError> {
        let zone = self
            .zones
            .get(timezone.as_deref())
            .map_err(|error| told(&error))?;
        Ok(Moment::new(&Timestamp::now().to_zoned(zone)))
    }

    /// Converts a time of day from one time zone to another.
    #[tool(scope = "read", title = "Convert time", read_only)]
    fn convert_time(
        &self,
        /// Where the time is given; the server's own zone when left out.
        source_timezone: Option<String>,
        /// The time there, as `HH:MM` of the 24-hour clock.
        time: String,
        /// Where it is wanted; the server's own zone when left out.
        target_timezone: Option<String>,
        /// The day there, as `YYYY-MM-DD`; today when left out.
        date: Option<String>,
    ) -> Result<Conversion, ToolError> {
        let zone = |name: &Option<String>| {
            self.zones
                .get(name.as_deref())
                .map_err(|error| told(&error))
        };
        let (source, target) = (zone(&source_timezone)?, zone(&target_timezone)?);
        convert::convert(Timestamp::now(), &source, &time, date.as_deref(), &target)
            .map_err(|error| told(&error))
    }
}
