//! A moment as a place's clock and calendar show it.

use jiff::{Zoned, tz::TimeZone};
use schemars::JsonSchema;
use serde::Serialize;

/// A moment, in one time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Moment {
    /// The time zone.
    pub timezone: String,
    /// Date, time and offset, to the second: `2026-11-21T09:30:00+01:00`.
    pub datetime: String,
    /// The day of the week, in English.
    pub day_of_week: String,
    /// Whether daylight saving time is in force.
    pub is_dst: bool,
}

impl Moment {
    pub(crate) fn new(zoned: &Zoned) -> Self {
        let zone = zoned.time_zone();
        Self {
            timezone: name(zone).to_owned(),
            datetime: zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            day_of_week: zoned.strftime("%A").to_string(),
            is_dst: zone.to_offset_info(zoned.timestamp()).dst().is_dst(),
        }
    }
}

/// Every zone here came by its name.
pub(crate) fn name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}
