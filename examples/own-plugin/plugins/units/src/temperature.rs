//! Scales of temperature, each by its way to and from kelvin.

use mcp_factory_sdk::prelude::*;

/// A scale of temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Water freezes at 0 and boils at 100.
    Celsius,
    /// Water freezes at 32 and boils at 212.
    Fahrenheit,
    /// From absolute zero, in steps of Celsius.
    Kelvin,
}

impl Scale {
    pub(crate) fn to_kelvin(self, value: f64) -> f64 {
        match self {
            Self::Celsius => value + 273.15,
            Self::Fahrenheit => (value - 32.0) / 1.8 + 273.15,
            Self::Kelvin => value,
        }
    }

    pub(crate) fn of_kelvin(self, kelvin: f64) -> f64 {
        match self {
            Self::Celsius => kelvin - 273.15,
            Self::Fahrenheit => (kelvin - 273.15) * 1.8 + 32.0,
            Self::Kelvin => kelvin,
        }
    }
}
