//! Converts units: what the client sees. The arithmetic is in `temperature.rs`, which knows no protocol.

mod temperature;

use mcp_factory_sdk::prelude::*;

pub use temperature::Scale;

/// Settings of the plugin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How many digits follow the point.
    pub decimals: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self { decimals: 2 }
    }
}

/// The started plugin.
#[derive(Debug)]
pub struct Units {
    config: Config,
}

impl Plugin for Units {
    type Config = Config;

    async fn start(config: Config, _: &StartContext) -> Result<Self, StartError> {
        Ok(Self { config })
    }
}

/// A converted temperature.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Converted {
    /// The number.
    pub value: f64,
    /// Its scale.
    pub scale: Scale,
}

/// Converts between units of measurement.
#[plugin(name = "units")]
impl Units {
    /// Converts a temperature from one scale to another.
    #[tool(scope = "read", title = "Convert a temperature", read_only)]
    async fn convert_temperature(
        &self,
        /// The temperature.
        value: f64,
        /// The scale it is given in.
        from: Scale,
        /// The scale that is wanted.
        to: Scale,
    ) -> Result<Converted, ToolError> {
        let kelvin = from.to_kelvin(value);
        if kelvin < 0.0 {
            return Err(ToolError::new("nothing is colder than absolute zero: give a higher value"));
        }
        let step = 10_f64.powi(self.config.decimals.into());
        let value = (to.of_kelvin(kelvin) * step).round() / step;
        Ok(Converted { value, scale: to })
    }
}
